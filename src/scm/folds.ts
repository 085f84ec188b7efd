// Folds of the choice between models: shuffled, stratified for classes, drawn once per column.

import { type Random, shuffle } from '../math/random.js';
import { inScratch, scratchBytes, scratchIntegers } from './scratch.js';

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
  const dealt = scratchBytes(n).fill(255);
  inScratch(() => {
    const order = scratchIntegers(n);
    for (let r = 0; r < n; r++) order[r] = r;
    deal(dealt, shuffle(random, order), values, stratified, folds);
  });
  return dealt;
}

function deal(
  dealt: Uint8Array,
  order: Int32Array,
  values: Float64Array,
  stratified: boolean,
  folds: number,
): void {
  const n = dealt.length;
  if (!stratified) {
    let next = 0;
    for (const r of order) if (!Number.isNaN(values[r])) dealt[r] = next++ % folds;
    return;
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
}
