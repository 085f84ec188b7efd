// Sharp rules II: an ordered list of rules "if these conditions, then this class", the first that fits
// decides, on mixed columns of levels and numbers.

import { type Random, randomInteger } from '../../../math/random.js';
import { quantiles } from '../column-math.js';
import { between, distinct, integerBetween, pick } from '../draws.js';
import { roots } from '../roots.js';
import { levelColumns } from '../rule-columns.js';
import type { Prior } from '../synthetic-table.js';

/** Draw a table whose classes a list of rules decides, without noise. */
export const ruleList: Prior = (random, { rows, features, classes }) => {
  const share = random() < 0.4 ? 1 : random();
  const levels = Array.from({ length: features }, () => random() < share);
  const coded = levelColumns(random, rows, features);
  const numbers = roots(random, rows, features);
  const columns = levels.map((isLevel, j) => (isLevel ? coded[j].codes : numbers[j]));
  const pool = distinct(random, features, Math.min(features, integerBetween(random, 1, 6)));
  const condition = (): Condition => {
    const j = pick(random, pool);
    return levels[j] ? levelIn(random, columns[j], coded[j].count) : numberIn(random, columns[j]);
  };
  const count = classes - 1 + randomInteger(random, 6);
  const rules = Array.from({ length: count }, (_, r) => ({
    conditions: Array.from({ length: integerBetween(random, 1, 3) }, condition),
    // Every class but the default has a rule of its own before classes repeat.
    label: r < classes - 1 ? r : randomInteger(random, classes),
  }));
  const labels = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const rule = rules.find(({ conditions }) => conditions.every((holds) => holds(i)));
    labels[i] = rule ? rule.label : classes - 1;
  }
  return { columns, labels, levels, sharp: true };
};

/** Tells whether a row fulfils it. */
export type Condition = (row: number) => boolean;

/** A condition on a column of levels: one of a random set, a single level most often. */
export function levelIn(random: Random, codes: Float64Array, count: number): Condition {
  const size = random() < 0.6 ? 1 : integerBetween(random, 1, Math.max(1, count - 1));
  const set = new Set(distinct(random, count, size));
  return (row) => set.has(codes[row]);
}

/** A condition on a column of numbers: above or below a value, sometimes between two. */
export function numberIn(random: Random, column: Float64Array): Condition {
  const shares = [between(random, 0.1, 0.9), between(random, 0.1, 0.9)].sort();
  const [low, high] = quantiles(column, shares);
  const kind = random();
  if (kind < 0.4) return (row) => column[row] > low;
  if (kind < 0.8) return (row) => column[row] <= low;
  return (row) => column[row] > low && column[row] <= high;
}
