import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { conform } from '../data/conform.js';
import { writeCsv } from '../data/csv.js';
import { toRecords } from '../data/records.js';
import { type Column, type Table, table } from '../data/table.js';
import type { FittedClassifier } from '../tfm/classifier.js';
import { loadClassifier } from '../tfm/load-classifier.js';
import { loadRegressor } from '../tfm/load-regressor.js';
import type { FittedRegressor } from '../tfm/regressor.js';
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
    'Predict the target of every row with a model that `fit` has saved; CSV on stdout.',
    'causalmixft predict model/ new-rows.csv --probabilities > predictions.csv',
  )
    .argument('<folder>', 'folder of the model')
    .argument('<table>', tableHelp)
    .option(
      '--probabilities',
      'one column per class with its probability, in the order of the classes',
      false,
    )
    .action(async (folder: string, source: string, options: PredictOptions) => {
      const regression = existsSync(join(folder, 'regressor.json'));
      const model = regression ? await loadRegressor(folder) : await loadClassifier(folder);
      const read = await readSource(source, context);
      const schema = join(folder, regression ? 'regressor.json' : 'classifier.json');
      const { table: rows, unknown } = conform(read, { columns: await features(schema) });
      for (const [name, cells] of Object.entries(unknown)) {
        process.stderr.write(
          `Note: ${cells} ${cells === 1 ? 'cell' : 'cells'} of "${name}" hold categories that the model has not seen; they count as missing\n`,
        );
      }
      const predicted = await predict(model, rows, options, longWorkOf(context, options));
      await context.write(options.json ? jsonText(toRecords(predicted)) : writeCsv(predicted));
    });
}

interface PredictOptions extends Shared {
  readonly probabilities: boolean;
}

/** The feature columns that a saved model's description names, without rows. */
async function features(description: string): Promise<Column[]> {
  const text = await readFile(description, 'utf8');
  const { encoding } = JSON.parse(text) as Pick<StoredClassifier, 'encoding'>;
  return encoding.names.map((name, j) => {
    const categories = encoding.categories[j];
    return categories
      ? { name, type: 'categorical', categories, codes: new Int32Array() }
      : { name, type: 'numeric', values: new Float64Array() };
  });
}

async function predict(
  model: FittedClassifier | FittedRegressor,
  rows: Table,
  options: PredictOptions,
  work: LongWork,
): Promise<Table> {
  if (model.kind === 'classifier') {
    return options.probabilities ? probabilities(model, rows, work) : classes(model, rows, work);
  }
  if (options.probabilities) {
    throw new TypeError(
      'Cannot predict probabilities as the model must be a classifier: it is a regressor; leave --probabilities out',
    );
  }
  const values = await model.predict(rows, work);
  return table([{ name: model.target, type: 'numeric', values }]);
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
