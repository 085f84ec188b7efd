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
  const width = model.classes.length;
  // Rows of a class that the context lacks have no probability at any temperature.
  const usable = [...labels.keys()].filter(
    (i) => labels[i] >= 0 && logits[i * width + labels[i]] > Number.NEGATIVE_INFINITY,
  );
  if (usable.length === 0) {
    throw new RangeError('Cannot calibrate as some rows must have a known class: none has');
  }
  const loss = (logT: number): number => {
    const t = Math.exp(logT);
    let sum = 0;
    for (const i of usable) {
      let top = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < width; j++) top = Math.max(top, logits[i * width + j]);
      let total = 0;
      for (let j = 0; j < width; j++) total += Math.exp((logits[i * width + j] - top) / t);
      sum += Math.log(total) - (logits[i * width + labels[i]] - top) / t;
    }
    return sum;
  };
  return plain.withTemperature(Math.exp(goldenSection(loss, Math.log(0.05), Math.log(20))));
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
