// What tables of the world have and causal models have not: coarse and coded columns, counts, piles of
// one value, columns that know nothing, cells that are missing, scales that point the other way.

import { randomChoice } from '../../math/draws.js';
import { permutation, type Random } from '../../math/random.js';
import { pieces, quantiles, standardize } from './column-math.js';
import { between, dirichlet, geometric, logUniform, normals } from './draws.js';
import type { SyntheticTable } from './synthetic-table.js';

/**
 * Coarsen, code, blur and blank the columns of a table, in place.
 *
 * In a sharp table only what leaves the labels exact is done: codes are permuted, columns that know
 * nothing of the class are coarsened or not, a scale may be turned round; few cells go missing.
 */
export function finishColumns(random: Random, table: SyntheticTable): void {
  const { columns, levels, sharp } = table;
  const u = random();
  const levelShare = u < 0.4 ? 0 : u < 0.88 ? random() : 1;
  const idle = !sharp && random() < 0.35 ? between(random, 0, 0.6) : 0;
  for (const [j, column] of columns.entries()) {
    if (random() < idle) forget(random, column, levels[j]);
    if (levels[j]) {
      if (random() < 0.5) recode(random, column);
    } else if (!sharp && random() < levelShare) {
      coarsen(random, column);
      levels[j] = true;
    } else if (!sharp) {
      pileOrRound(random, column);
    }
    if (random() < 0.5 && !levels[j]) for (let i = 0; i < column.length; i++) column[i] *= -1;
  }
  if (random() < (sharp ? 0.05 : 0.15)) blank(random, table);
}

/** Replace a column by its own values in another order, or, where it is measured, by noise. */
function forget(random: Random, column: Float64Array, level: boolean): void {
  if (level || random() < 0.7) {
    const old = Float64Array.from(column);
    for (const [i, from] of permutation(random, column.length).entries()) column[i] = old[from];
  } else {
    column.set(normals(random, column.length));
  }
}

/** Cut a column into levels at random quantiles; half of the time their codes are in random order. */
function coarsen(random: Random, column: Float64Array): void {
  const n = column.length;
  const count =
    random() < 0.35
      ? 2
      : random() < 0.85
        ? Math.min(1 + geometric(random, 0.25), 40)
        : Math.round(logUniform(random, 10, Math.max(12, n / 2)));
  const even = random() < 0.5;
  const shares = dirichlet(random, count, 1.5);
  let sum = 0;
  const at = even
    ? Float64Array.from({ length: count - 1 }, random).sort()
    : shares.subarray(0, count - 1).map((share) => {
        sum += share;
        return sum;
      });
  column.set(pieces(column, quantiles(column, at)));
  if (random() < 0.5) recode(random, column);
}

/** Give the codes of a column of levels another order. */
function recode(random: Random, column: Float64Array): void {
  let top = 0;
  for (const code of column) top = Math.max(top, code);
  const codeOf = permutation(random, top + 1);
  for (let i = 0; i < column.length; i++) column[i] = codeOf[column[i]];
}

/** Pile values up at one end (many zeros), or round them to counts; mostly neither. */
function pileOrRound(random: Random, column: Float64Array): void {
  const kind = random();
  if (kind < 0.07) {
    const [floor] = quantiles(column, [between(random, 0.1, 0.9)]);
    for (let i = 0; i < column.length; i++) column[i] = Math.max(column[i], floor);
  } else if (kind < 0.18) {
    const steps = logUniform(random, 1, 12);
    standardize(column);
    for (let i = 0; i < column.length; i++) column[i] = Math.round(column[i] * steps);
  }
}

/** Make cells missing: anywhere, or where the column's own value is large. */
function blank(random: Random, { columns, levels }: SyntheticTable): void {
  const some = between(random, 0.1, 1);
  for (const [j, column] of columns.entries()) {
    if (random() >= some) continue;
    const share = between(random, 0, 0.3);
    const [high] = quantiles(column, [between(random, 0.3, 0.9)]);
    const own = random() < 0.25;
    const missing = levels[j] ? -1 : Number.NaN;
    for (let i = 0; i < column.length; i++) {
      if (random() < (own && column[i] <= high ? share / 4 : share)) column[i] = missing;
    }
    keepOne(random, column);
  }
}

/** Leave at least one cell known, so that the column has a mean. */
function keepOne(random: Random, column: Float64Array): void {
  if (column.some((value) => !Number.isNaN(value))) return;
  column[
    randomChoice(
      random,
      column.map(() => 1),
    )
  ] = 0;
}
