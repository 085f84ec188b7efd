// Stratified splits: the rows of each class are shuffled and dealt out so that every part gets its
// share of each class, as near as whole rows allow. A numeric or absent target is split plainly.

import { permutation, type Random, shuffle, stream } from '../math/random.js';
import { column, isNumeric, type Table, takeRows } from './table.js';

export interface SplitOptions {
  /** Seed of the shuffle. */
  readonly seed: number;
  /** Share of the rows that are tested on (default `0.25`). */
  readonly test?: number;
  /** Share of what remains that is validated on (default `0.2`). */
  readonly validation?: number;
}

/** A table in three parts that share no row. */
export interface Split {
  readonly train: Table;
  readonly validation: Table;
  readonly test: Table;
}

/**
 * Split a table into training, validation and test rows, stratified on a categorical target.
 * A class of at least three rows has a row in every part (as far as a part has rows enough); of a
 * rarer class the first row is trained on, the second tested.
 * Rows keep the table's order within each part.
 * @throws RangeError where a share is outside [0, 1) or leaves no row to train on.
 */
export function split(table: Table, options: SplitOptions): Split {
  const { seed, test = 0.25, validation = 0.2 } = options;
  for (const [name, share] of Object.entries({ test, validation })) {
    if (!(share >= 0 && share < 1)) {
      throw new RangeError(
        `Cannot split the table as ${name} must be a share in [0, 1): current value is ${share}`,
      );
    }
  }
  const tested = Math.round(table.rows * test);
  const validated = Math.round((table.rows - tested) * validation);
  if (table.rows - tested - validated < 1) {
    throw new RangeError(
      `Cannot split the table as at least one row must be left to train on: it has ${table.rows} rows, of which ${tested} to test and ${validated} to validate on`,
    );
  }
  const random = stream(seed, 'split');
  const all = Int32Array.from({ length: table.rows }, (_, i) => i);
  const rest = deal(table, all, tested, 3, random);
  const kept = deal(table, rest.left, validated, 2, random);
  return {
    train: takeRows(table, kept.left),
    validation: takeRows(table, kept.taken),
    test: takeRows(table, rest.taken),
  };
}

export interface FoldsOptions {
  /** Seed of the shuffle. */
  readonly seed: number;
  /** Number of folds, at least 2 (default `10`). */
  readonly folds?: number;
}

/** Row indices of one fold, ascending. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Make cross-validation folds, stratified on a categorical target: each row is tested once.
 * The number of rows of a class differs by at most one between folds, and so does the number of
 * rows in all. A class with fewer rows than folds is absent from some.
 * @throws RangeError where there are fewer rows than folds.
 */
export function folds(table: Table, options: FoldsOptions): Fold[] {
  const { seed, folds: count = 10 } = options;
  if (!(Number.isInteger(count) && count >= 2 && count <= table.rows)) {
    throw new RangeError(
      `Cannot make folds as their number must be an integer from 2 to the number of rows, ${table.rows}: current value is ${count}`,
    );
  }
  const random = stream(seed, 'folds');
  const fold = new Int32Array(table.rows);
  // Dealing goes on from class to class where the last one ended, so the folds stay of equal size.
  let next = 0;
  const names = permutation(random, count);
  const all = Int32Array.from({ length: table.rows }, (_, i) => i);
  for (const rows of strata(table, all)) {
    for (const row of shuffle(random, rows)) fold[row] = names[next++ % count];
  }
  return Array.from({ length: count }, (_, k) => ({
    train: all.filter((row) => fold[row] !== k),
    test: all.filter((row) => fold[row] === k),
  }));
}

/** Take `size` of the rows, each class in proportion; both parts ascending. */
function deal(
  table: Table,
  rows: Int32Array,
  size: number,
  parts: number,
  random: Random,
): { taken: Int32Array; left: Int32Array } {
  const groups = strata(table, rows);
  const sizes = groups.map((group) => group.length);
  const shares = apportion(sizes, size, rows.length, parts);
  const taken = new Uint8Array(table.rows);
  for (const [k, group] of groups.entries()) {
    for (const row of shuffle(random, group).subarray(0, shares[k])) taken[row] = 1;
  }
  return { taken: rows.filter((r) => taken[r] === 1), left: rows.filter((r) => taken[r] === 0) };
}

/**
 * Seats per class by largest remainder, within bounds that leave a row for each of the `parts` that
 * the class is dealt to in the end (the one dealt now among them), as far as its rows reach.
 */
function apportion(
  sizes: readonly number[],
  seats: number,
  rows: number,
  parts: number,
): readonly number[] {
  const exact = sizes.map((size) => (size * seats) / Math.max(1, rows));
  const least = sizes.map((size) => (size >= 2 ? 1 : 0));
  const most = sizes.map((size) => Math.min(size - 1, Math.max(1, size - parts + 1)));
  const given = exact.map((e, k) => Math.min(most[k], Math.max(least[k], Math.floor(e))));
  let open = seats - given.reduce((a, b) => a + b, 0);
  const level = (step: 1 | -1, bound: readonly number[]): void => {
    while (step * open > 0) {
      const order = [...sizes.keys()]
        .filter((k) => step * (bound[k] - given[k]) > 0)
        .sort((a, b) => step * (exact[b] - given[b] - exact[a] + given[a]) || sizes[b] - sizes[a])
        .slice(0, Math.abs(open));
      if (order.length === 0) return;
      for (const k of order) given[k] += step;
      open -= step * order.length;
    }
  };
  level(1, most);
  level(1, sizes);
  level(-1, least);
  level(-1, new Array(sizes.length).fill(0));
  return given;
}

/** The rows of each class that occurs, a missing target as a class of its own; else one stratum. */
function strata(table: Table, rows: Int32Array): Int32Array[] {
  const target = table.target === undefined ? undefined : column(table, table.target);
  if (!target || isNumeric(target)) return [rows.slice()];
  const groups: number[][] = Array.from({ length: target.categories.length + 1 }, () => []);
  for (const row of rows) groups[target.codes[row] + 1].push(row);
  return groups.filter((group) => group.length > 0).map((group) => Int32Array.from(group));
}
