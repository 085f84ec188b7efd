// Scores of a model on tables with fixed folds: in context, with an ensemble, fine-tuned.

import { split } from '../../../dist/data/split.js';
import { evaluate, labelsOf, scores } from '../../../dist/evaluation/evaluate.js';
import { foldOf } from '../../../dist/experiments/baseline-tables.js';
import { fineTune } from '../../../dist/tfm/fine-tune.js';

/** Each way to predict a fold's query rows: (tfm, context, seed, options) → fitted classifier. */
export const arms = {
  'zero-shot': (tfm, context, seed) => tfm.fit(context, { seed }),
  ensemble8: (tfm, context, seed, { members }) => tfm.fit(context, { seed, members }),
  // A fifth of the context chooses the step; then all of it is shown again.
  'fine-tuned': async (tfm, context, seed, { learningRate, steps }) => {
    const { train, test: validation } = split(context, { seed, test: 0.2, validation: 0 });
    const tuned = await fineTune(tfm, () => train, {
      seed,
      context: train,
      ...(learningRate ? { learningRate } : {}),
      ...(steps ? { steps } : {}),
      evaluateEvery: 5,
      score: async (candidate) => (await evaluate(candidate, validation)).logLoss,
      onProgress: () => {},
    });
    return tuned.tfm.fit(context, { seed });
  },
};

/**
 * Score one way of predicting on one table.
 * @returns means over the folds, the folds' own scores, and the top probability of every row with
 *   whether it was right.
 */
export async function scoreTable(tfm, arm, table, folds, options) {
  const perFold = [];
  const rows = [];
  const started = performance.now();
  for (let k = 0; k < folds; k++) {
    const { context, query } = foldOf(table, k);
    const model = await arms[arm](tfm, context, k, options);
    const probabilities = await model.predictProba(query, { onProgress: () => {} });
    const labels = labelsOf(query, model.classes);
    const classes = model.classes.length;
    const { rocAuc, logLoss, accuracy } = scores(labels, probabilities, classes);
    perFold.push({ rocAuc, logLoss, accuracy });
    for (let i = 0; i < labels.length; i++) {
      const own = probabilities.subarray(i * classes, (i + 1) * classes);
      const top = Math.max(...own);
      rows.push([Number(top.toFixed(4)), own.indexOf(top) === labels[i] ? 1 : 0]);
    }
  }
  const mean = (metric) => round(perFold.reduce((sum, s) => sum + s[metric], 0) / perFold.length);
  return {
    rocAuc: mean('rocAuc'),
    logLoss: mean('logLoss'),
    accuracy: mean('accuracy'),
    folds: perFold.map((s) => [round(s.rocAuc), round(s.logLoss)]),
    rows,
    seconds: round((performance.now() - started) / 1000),
  };
}

const round = (value) => Number(value.toFixed(5));

/** Expected calibration error of top probabilities, bins of equal mass. */
export function pooledCalibration(rows, bins = 15) {
  const sorted = [...rows].sort(([a], [b]) => a - b);
  let error = 0;
  for (let b = 0; b < bins; b++) {
    const from = Math.floor((b * sorted.length) / bins);
    const to = Math.floor(((b + 1) * sorted.length) / bins);
    let [sum, right] = [0, 0];
    for (let i = from; i < to; i++) {
      sum += sorted[i][0];
      right += sorted[i][1];
    }
    error += Math.abs(sum - right) / sorted.length;
  }
  return error;
}

/** How often the first of two lists of scores won, tied (within 0.002) and lost. */
export function wins(ours, theirs, higherIsBetter) {
  const count = { won: 0, tied: 0, lost: 0 };
  for (const [i, score] of ours.entries()) {
    const better = (score - theirs[i]) * (higherIsBetter ? 1 : -1);
    count[Math.abs(better) <= 0.002 ? 'tied' : better > 0 ? 'won' : 'lost']++;
  }
  return count;
}

/**
 * Whether one way of predicting did worse than another by more than 0.005 and one paired standard
 * error over the folds.
 * @param ours Scores of every fold.
 * @param at Which score of a fold.
 * @param sign 1 where lower is better, else −1.
 */
export function isWorse(ours, theirs, at, sign) {
  const gaps = ours.map((fold, k) => sign * (fold[at] - theirs[k][at]));
  const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
  const squares = gaps.reduce((a, gap) => a + (gap - mean) ** 2, 0);
  const error = gaps.length > 1 ? Math.sqrt(squares / (gaps.length - 1) / gaps.length) : 0;
  return mean > Math.max(0.005, error);
}
