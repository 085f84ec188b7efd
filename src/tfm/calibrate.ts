// Temperature scaling (Guo et al. 2017, arXiv 1706.04599): p ∝ exp(logits / T), the one T that makes
// the log-loss of labelled rows smallest. The order of the classes stays as it is.

import { column, isNumeric, type Table } from '../data/table.js';
import type { LongWork } from '../work/long-work.js';
import type { FittedClassifier } from './classifier.js';

/**
 * Calibrate a classifier on rows that it was not tuned on.
 * @param rows Labelled rows: usually the validation rows.
 * @returns The same classifier with the best temperature between 0.05 and 20.
 */
export async function calibrate(
  model: FittedClassifier,
  rows: Table,
  options: LongWork = {},
): Promise<FittedClassifier> {
  const target = column(rows, model.target);
  if (isNumeric(target)) {
    throw new TypeError(
      `Cannot calibrate as the target "${model.target}" must be categorical: it is ${target.type}`,
    );
  }
  const place = target.categories.map((name) => model.classes.indexOf(name));
  const labels = target.codes.map((code) => (code < 0 ? -1 : place[code]));
  const plain = model.withTemperature(1);
  const logits = await plain.logits(rows, options);
  return plain.withTemperature(
    bestTemperature([{ logits, labels, classes: model.classes.length }]),
  );
}

/** Logits of rows whose classes are known. */
export interface LabelledLogits {
  /** rows × classes, row-major. */
  readonly logits: ArrayLike<number>;
  /** Class of each row; −1 where it is unknown. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

/**
 * The temperature between 0.05 and 20 at which the log-loss is smallest, every set counting the same.
 * @throws RangeError if a set has no row of a class that can be predicted.
 */
export function bestTemperature(sets: readonly LabelledLogits[]): number {
  const usable = sets.map(({ logits, labels, classes }) => {
    // Rows of a class that the context lacks have no probability at any temperature.
    const rows = Array.from(labels, (label, i) => (label < 0 ? -1 : i)).filter(
      (i) => i >= 0 && logits[i * classes + labels[i]] > Number.NEGATIVE_INFINITY,
    );
    if (rows.length === 0) {
      throw new RangeError('Cannot calibrate as some rows must have a known class: none has');
    }
    return rows;
  });
  const meanLoss = (t: number): number =>
    sets.reduce((sum, set, k) => sum + logLossAt(set, usable[k], t) / usable[k].length, 0);
  return Math.exp(goldenSection((x) => meanLoss(Math.exp(x)), Math.log(0.05), Math.log(20)));
}

/** Sum of −log p over rows, the logits divided by t. */
function logLossAt({ logits, labels, classes }: LabelledLogits, rows: number[], t: number): number {
  let sum = 0;
  for (const i of rows) {
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < classes; j++) top = Math.max(top, logits[i * classes + j]);
    let total = 0;
    for (let j = 0; j < classes; j++) total += Math.exp((logits[i * classes + j] - top) / t);
    sum += Math.log(total) - (logits[i * classes + labels[i]] - top) / t;
  }
  return sum;
}

/** Smallest value of a function with one minimum in [a, b]: log-loss has one in 1/T. */
function goldenSection(f: (x: number) => number, a: number, b: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [a, b];
  let [x, y] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [fx, fy] = [f(x), f(y)];
  while (high - low > 1e-5) {
    if (fx < fy) {
      [high, y, fy] = [y, x, fx];
      x = high - ratio * (high - low);
      fx = f(x);
    } else {
      [low, x, fx] = [x, y, fy];
      y = low + ratio * (high - low);
      fy = f(y);
    }
  }
  return (low + high) / 2;
}
