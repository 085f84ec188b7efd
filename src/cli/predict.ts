import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { conform } from '../data/conform.js';
import { writeCsv } from '../data/csv.js';
import { toRecords } from '../data/records.js';
import { type Column, type Table, table } from '../data/table.js';
import type { FittedClassifier } from '../tfm/classifier.js';
import { loadClassifier } from '../tfm/load-classifier.js';
import type { StoredClassifier } from '../tfm/save-classifier.js';
import type { LongWork } from '../work/long-work.js';
import {
  addCommand,
  type Context,
  jsonText,
  longWorkOf,
  readSource,
  type Shared,
  tableHelp,
} from './command.js';

/** `causalmixft predict`. */
export function addPredict(program: Command, context: Context): void {
  addCommand(
    program,
    'predict',
    'Predict the class of every row with a classifier that `fit` has saved; CSV on stdout.',
    'causalmixft predict model/ new-rows.csv --probabilities > predictions.csv',
  )
    .argument('<folder>', 'folder of a classifier')
    .argument('<table>', tableHelp)
    .option(
      '--probabilities',
      'one column per class with its probability, in the order of the classes',
      false,
    )
    .action(async (folder: string, source: string, options: PredictOptions) => {
      const model = await loadClassifier(folder);
      const read = await readSource(source, context);
      const { table: rows, unknown } = conform(read, { columns: await features(folder) });
      for (const [name, cells] of Object.entries(unknown)) {
        process.stderr.write(
          `Note: ${cells} ${cells === 1 ? 'cell' : 'cells'} of "${name}" hold categories that the model has not seen; they count as missing\n`,
        );
      }
      const work = longWorkOf(context, options);
      const predicted = options.probabilities
        ? await probabilities(model, rows, work)
        : await classes(model, rows, work);
      await context.write(options.json ? jsonText(toRecords(predicted)) : writeCsv(predicted));
    });
}

interface PredictOptions extends Shared {
  readonly probabilities: boolean;
}

/** The feature columns of a saved classifier, without rows. */
async function features(folder: string): Promise<Column[]> {
  const text = await readFile(join(folder, 'classifier.json'), 'utf8');
  const { encoding } = JSON.parse(text) as StoredClassifier;
  return encoding.names.map((name, j) => {
    const categories = encoding.categories[j];
    return categories
      ? { name, type: 'categorical', categories, codes: new Int32Array() }
      : { name, type: 'numeric', values: new Float64Array() };
  });
}

async function probabilities(
  { classes, predictProba }: FittedClassifier,
  rows: Table,
  work: LongWork,
): Promise<Table> {
  const p = await predictProba(rows, work);
  const k = classes.length;
  return table(
    classes.map((name, c) => ({
      name,
      type: 'numeric',
      values: Float64Array.from({ length: rows.rows }, (_, i) => p[i * k + c]),
    })),
  );
}

async function classes(model: FittedClassifier, rows: Table, work: LongWork): Promise<Table> {
  const place = new Map(model.classes.map((name, code) => [name, code]));
  const predicted = await model.predict(rows, work);
  const codes = Int32Array.from(predicted, (name) => place.get(name) as number);
  return table([{ name: model.target, type: 'categorical', categories: model.classes, codes }]);
}
