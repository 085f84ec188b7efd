/**
 * Visit the subsets of a given size in lexicographic order.
 * @param visit Called with the same array each time; returning `true` ends the walk.
 * @returns Whether the walk was ended.
 */
export function eachSubset(
  pool: ArrayLike<number>,
  size: number,
  visit: (subset: Int32Array) => boolean | undefined,
): boolean {
  const m = pool.length;
  if (size > m) return false;
  const at = new Int32Array(size);
  const subset = new Int32Array(size);
  for (let k = 0; k < size; k++) {
    at[k] = k;
    subset[k] = pool[k];
  }
  for (;;) {
    if (visit(subset)) return true;
    let k = size - 1;
    while (k >= 0 && at[k] === m - size + k) k--;
    if (k < 0) return false;
    at[k]++;
    subset[k] = pool[at[k]];
    for (let l = k + 1; l < size; l++) {
      at[l] = at[l - 1] + 1;
      subset[l] = pool[at[l]];
    }
  }
}

/** The number of subsets of `size` of m things. */
export function countSubsets(m: number, size: number): number {
  if (size < 0 || size > m) return 0;
  let count = 1;
  for (let k = 1; k <= size; k++) count = (count * (m - size + k)) / k;
  return Math.round(count);
}

/** The members of `pool` other than y and z. */
export function without(pool: ArrayLike<number>, y: number, z: number = -1): number[] {
  const rest: number[] = [];
  for (let i = 0; i < pool.length; i++) if (pool[i] !== y && pool[i] !== z) rest.push(pool[i]);
  return rest;
}
