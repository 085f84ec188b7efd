import type { Tested } from './test.js';

/**
 * Tells which sets a target was not yet tested with from its own side: those with a member that was
 * no neighbour of it. Numbers are places in a list of variables.
 */
export interface FreshSets {
  /** Per place: how many members of the set at hand are no neighbours; never 0 where y's side is not done. */
  readonly outside: Int32Array;
  /** (y, s): 1 where s is a neighbour of y. */
  readonly near: Uint8Array;
}

/** Prepare for a list of variables of which `targets` (places) are tested. */
export function freshSets(
  list: readonly number[],
  targets: readonly number[],
  tested: Tested | undefined,
): FreshSets {
  const m = list.length;
  const outside = new Int32Array(m).fill(1);
  const near = new Uint8Array(tested ? m * m : 0);
  if (tested) {
    for (const y of targets) {
      if (!tested.before(list[y])) continue;
      outside[y] = 0;
      for (let s = 0; s < m; s++) near[y * m + s] = tested.adjacent(list[y], list[s]) ? 1 : 0;
    }
  }
  return { outside, near };
}

/** Count a member in (`by` 1) or out (−1) for the targets that are left. */
export function countMember(
  fresh: FreshSets,
  targets: ArrayLike<number>,
  left: number,
  s: number,
  by: 1 | -1,
): void {
  const m = fresh.outside.length;
  for (let q = 0; q < left; q++) {
    const y = targets[q];
    if (fresh.near[y * m + s] === 0) fresh.outside[y] += by;
  }
}
