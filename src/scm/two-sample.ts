// Classifier two-sample test (Lopez-Paz & Oquab 2017): how well can a classifier tell two tables'
// rows apart? AUC by 5 folds of boosted trees, which see any difference, and of a logistic
// regression, which sees differences of means; 0.5 = not at all.

import { childSeed, type Random, stream } from '../math/random.js';
import { dealFolds } from './folds.js';
import { type FrameColumn, frameColumn, type Variable } from './frame.js';
import { classifiers } from './learners.js';
import { problem } from './problem.js';

export interface TwoSampleResult {
  /** Area under the ROC curve of boosted trees on held-out rows. */
  readonly boosting: number;
  /** The same of a logistic regression. */
  readonly logistic: number;
}

/**
 * Test how well rows of two tables can be told apart.
 * @param a One Float64Array a variable.
 * @param b The same columns of the other table.
 */
export function twoSampleTest(
  variables: readonly Variable[],
  a: readonly Float64Array[],
  b: readonly Float64Array[],
  random: Random,
): TwoSampleResult {
  const n = a[0].length;
  const m = b[0].length;
  const columns = variables.map((variable, j): FrameColumn => {
    const values = new Float64Array(n + m);
    values.set(a[j]);
    values.set(b[j], n);
    return frameColumn(variable, values);
  });
  const origin = new Float64Array(n + m).fill(1, n);
  const target = frameColumn(
    { name: 'origin', type: 'categorical', categories: ['first', 'second'] },
    origin,
  );
  const seed = childSeed(random);
  const foldOf = dealFolds(origin, true, 5, random);
  const used = columns.filter((c) => c.distinct > 1 && (c.categories?.length ?? 0) <= 255);
  if (used.length === 0) return { boosting: 0.5, logistic: 0.5 };
  const p = problem(target, used, foldOf, 5);
  const auc = (name: 'boosting' | 'logistic'): number => {
    let sum = 0;
    for (let fold = 0; fold < 5; fold++) {
      const held = p.rows.filter((r) => foldOf[r] === fold);
      const train = p.rows.filter((r) => foldOf[r] !== fold);
      const { predicted } = classifiers[name].fit(p, train, held, stream(seed, name, fold));
      sum += areaUnderCurve(
        predicted.subarray(held.length),
        Float64Array.from(held, (r) => origin[r]),
      );
    }
    return sum / 5;
  };
  return { boosting: auc('boosting'), logistic: auc('logistic') };
}

/** Share of (positive, negative) pairs in the right order, ties counted half. */
function areaUnderCurve(score: Float64Array, positive: Float64Array): number {
  const order = Array.from(score.keys()).sort((i, j) => score[i] - score[j]);
  let ranks = 0;
  let positives = 0;
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && score[order[j]] === score[order[i]]) j++;
    for (let k = i; k < j; k++) {
      if (positive[order[k]] === 1) {
        ranks += (i + j + 1) / 2;
        positives++;
      }
    }
    i = j;
  }
  const negatives = order.length - positives;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}
