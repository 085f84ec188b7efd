// Tables of the world on which a model in training is scored: two folds of each.

import { bundled, bundledNames } from '../data/bundled.js';
import { folds } from '../data/split.js';
import { type Table, takeRows } from '../data/table.js';
import { evaluate, labelsOf } from '../evaluation/evaluate.js';
import { foldOf, readBaselineTables } from '../experiments/baseline-tables.js';
import { bestTemperature, type LabelledLogits } from '../tfm/calibrate.js';
import { tfmOf } from '../tfm/load-tfm.js';
import type { Network } from '../tfm/weights.js';
import type { EvaluationLine } from './training-log.js';

/** Folds of a table: what the model is shown, and what it is asked. */
export interface Watched {
  readonly name: string;
  readonly folds: readonly { readonly context: Table; readonly query: Table }[];
}

/**
 * Read the tables to watch.
 * @param folder Tables with fixed folds; absent: the bundled ones.
 * @param names Which of the folder's tables (default: all).
 */
export async function watchedTables(
  folder: string | undefined,
  names: readonly string[] | undefined,
): Promise<Watched[]> {
  if (folder !== undefined) {
    const read = await readBaselineTables(folder, names && [...names]);
    return read.map((t) => ({ name: t.name, folds: [foldOf(t, 0), foldOf(t, 1)] }));
  }
  return Promise.all(
    bundledNames.map(async (name) => {
      const whole = await bundled(name);
      const parts = folds(whole, { seed: 0, folds: 5 }).slice(0, 2);
      return {
        name,
        folds: parts.map(({ train, test }) => ({
          context: takeRows(whole, train),
          query: takeRows(whole, test),
        })),
      };
    }),
  );
}

/** Mean scores of a network over the folds of all tables, zero-shot. */
export async function scoreTables(
  network: Network,
  watched: readonly Watched[],
): Promise<Pick<EvaluationLine, 'rocAuc' | 'logLoss' | 'tables' | 'folds'>> {
  const tfm = tfmOf(network, 'in training', 'pretrain');
  let [rocAuc, logLoss, counted] = [0, 0, 0];
  for (const { folds } of watched) {
    for (const { context, query } of folds) {
      const scores = await evaluate(await tfm.fit(context, { seed: 0 }), query);
      rocAuc += scores.rocAuc;
      logLoss += scores.logLoss;
      counted++;
    }
  }
  const round = (sum: number): number => Number((sum / counted).toFixed(5));
  return { rocAuc: round(rocAuc), logLoss: round(logLoss), tables: watched.length, folds: 2 };
}

/** The temperature at which the tables' mean log-loss is smallest, zero-shot. */
export async function temperatureOf(
  network: Network,
  watched: readonly Watched[],
): Promise<number> {
  const tfm = tfmOf(network, 'in training', 'pretrain');
  const sets: LabelledLogits[] = [];
  for (const { folds } of watched) {
    for (const { context, query } of folds) {
      const model = await tfm.fit(context, { seed: 0 });
      const logits = await model.logits(query);
      sets.push({
        logits,
        labels: labelsOf(query, model.classes, model.target),
        classes: model.classes.length,
      });
    }
  }
  return bestTemperature(sets);
}
