// Folds of the choice between models: shuffled, stratified for classes, drawn once per column.

import { permutation, type Random } from '../math/random.js';

/**
 * Deal rows into folds.
 * @param values The target's column; rows where it is NaN belong to no fold.
 * @param stratified Whether the values are classes, to be dealt evenly.
 * @param folds Number of folds; fewer where there are fewer rows.
 * @returns Fold of each row; 255 where the target is missing.
 */
export function dealFolds(
  values: Float64Array,
  stratified: boolean,
  folds: number,
  random: Random,
): Uint8Array {
  const n = values.length;
  const order = permutation(random, n);
  const dealt = new Uint8Array(n).fill(255);
  if (!stratified) {
    let next = 0;
    for (const r of order) if (!Number.isNaN(values[r])) dealt[r] = next++ % folds;
    return dealt;
  }
  // One class after the other, going on where the last one stopped: folds differ by one row at most.
  const sizes = new Map<number, number>();
  for (let r = 0; r < n; r++) {
    const k = values[r];
    if (!Number.isNaN(k)) sizes.set(k, (sizes.get(k) ?? 0) + 1);
  }
  const next = new Map<number, number>();
  let before = 0;
  for (const k of [...sizes.keys()].sort((a, b) => a - b)) {
    next.set(k, before);
    before += sizes.get(k) ?? 0;
  }
  for (const r of order) {
    const place = next.get(values[r]);
    if (place === undefined) continue;
    dealt[r] = place % folds;
    next.set(values[r], place + 1);
  }
  return dealt;
}
