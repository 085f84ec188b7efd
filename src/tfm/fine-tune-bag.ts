// Bagging over folds, as the recipe of Mitra v2 has it (arXiv 2609.04540): one model a fold, tuned on
// the other folds and chosen on its own, which then joins that model's context. Their probabilities
// are averaged.

import { folds } from '../data/split.js';
import { type Table, takeRows } from '../data/table.js';
import { childSeed, stream } from '../math/random.js';
import type { LongWork } from '../work/long-work.js';
import { timeBudget } from '../work/time-budget.js';
import { averageClassifiers } from './average-classifiers.js';
import type { FittedClassifier } from './classifier.js';
import { type DrawTable, type FineTuned, type FineTuneOptions, fineTune } from './fine-tune.js';
import type { Tfm } from './load-tfm.js';

export interface FineTuneBagOptions
  extends Omit<FineTuneOptions, 'context' | 'score' | 'monitor' | 'checkpoint'> {
  /** Number of folds (default `8`). */
  readonly folds?: number;
  /** Score a candidate on the fold that it was not tuned on; lower is better. */
  readonly score: (candidate: FittedClassifier, heldOut: Table) => Promise<number>;
  /** What a fold's steps draw from (default: its training rows themselves). */
  readonly drawFrom?: (train: Table) => DrawTable;
  /** Members of each fold's own ensemble (default `1`). */
  readonly members?: number;
}

/** A bag of fine-tuned models, with the way each went. */
export interface TunedBag extends FittedClassifier {
  readonly runs: readonly Omit<FineTuned, 'tfm'>[];
}

/**
 * Fine-tune one model a fold and average them. A time budget is shared by all folds.
 * @param rows Labelled rows.
 */
export async function fineTuneBag(
  tfm: Tfm,
  rows: Table,
  options: FineTuneBagOptions & LongWork,
): Promise<TunedBag> {
  const {
    folds: count = 8,
    score,
    drawFrom = (t) => () => t,
    members = 1,
    seed,
    ...rest
  } = options;
  const budget =
    typeof rest.timeBudget === 'number' ? timeBudget(rest.timeBudget) : rest.timeBudget;
  const models: FittedClassifier[] = [];
  const runs: Omit<FineTuned, 'tfm'>[] = [];
  for (const [k, fold] of folds(rows, { seed, folds: count }).entries()) {
    const [train, heldOut] = [takeRows(rows, fold.train), takeRows(rows, fold.test)];
    const own = childSeed(stream(seed, 'fold', k));
    const { tfm: tuned, ...run } = await fineTune(tfm, drawFrom(train), {
      ...rest,
      ...(budget ? { timeBudget: budget } : {}),
      seed: own,
      context: train,
      score: (candidate) => score(candidate, heldOut),
    });
    models.push(await tuned.fit(rows, { seed: own, members }));
    runs.push(run);
  }
  return { ...averageClassifiers(models), runs };
}
