// One choice between models: a column to explain, its parents, and the folds.

import { MISSING } from './bins.js';
import type { FrameColumn } from './frame.js';
import type { Units } from './grow-tree.js';
import { inScratch, scratchDoubles, scratchIntegers } from './scratch.js';

export interface Problem {
  readonly target: FrameColumn;
  readonly parents: readonly FrameColumn[];
  /** Rows of the table whose target is known. */
  readonly rows: Int32Array;
  /** Fold of each row of the table; 255 where the target is missing. */
  readonly foldOf: Uint8Array;
  readonly folds: number;
  /** Categories of the target that occur, in their order; absent for a number. */
  readonly classes?: Int32Array;
  /** Index into `classes` of each row of the table; −1 where the target is missing. */
  readonly classOf?: Int32Array;
  /** Rows grouped by the parents' bin codes, for trees. */
  units(): RowUnits;
}

/** Groups of rows with the same bin codes in every parent. */
export interface RowUnits extends Omit<Units, 'count'> {
  /** Unit of each row of the table. */
  readonly unitOf: Int32Array;
  /** First row of each unit. */
  readonly first: Int32Array;
  /** Whether rows of a unit have the very same parents, not only the same codes. */
  readonly exact: boolean;
}

/**
 * Set up a choice between models.
 * @param foldOf Fold of each row, as `dealFolds` gives it.
 */
export function problem(
  target: FrameColumn,
  parents: readonly FrameColumn[],
  foldOf: Uint8Array,
  folds: number,
): Problem {
  const { values } = target;
  const known = scratchIntegers(values.length);
  let n = 0;
  for (let r = 0; r < values.length; r++) if (!Number.isNaN(values[r])) known[n++] = r;
  const rows = known.subarray(0, n);
  // Grouped when first asked for, by when the caller's scratch may be at an end: what lasts is taken now.
  const unitOf = scratchIntegers(values.length);
  let grouped: RowUnits | undefined;
  const common = {
    target,
    parents,
    rows,
    foldOf,
    folds,
    units() {
      grouped ??= groupRows(parents, unitOf);
      return grouped;
    },
  };
  if (target.categories === undefined) return common;
  const seen = new Uint8Array(target.categories.length);
  for (const r of rows) seen[values[r]] = 1;
  const classes = Int32Array.from(seen.keys()).filter((c) => seen[c] === 1);
  const place = new Int32Array(seen.length).fill(-1);
  classes.forEach((c, k) => {
    place[c] = k;
  });
  const classOf = scratchIntegers(values.length).fill(-1);
  for (const r of rows) classOf[r] = place[values[r]];
  return { ...common, classes, classOf };
}

/** Group rows with the same codes; rows stay single once most of them differ. */
function groupRows(parents: readonly FrameColumn[], unitOf: Int32Array): RowUnits {
  const n = unitOf.length;
  const binned = parents.map((p) => p.binned());
  const meta = {
    bins: binned.map((b) => b.bins),
    categorical: binned.map((b) => 'categories' in b.binning),
  };
  let size = 1;
  for (const { codes } of binned) {
    const before = size;
    size = inScratch(() => splitUnits(unitOf, before, codes, 0.7 * n));
    if (size > 0.7 * n) {
      for (let r = 0; r < n; r++) unitOf[r] = r;
      return {
        ...meta,
        size: n,
        codes: binned.map((b) => b.codes),
        unitOf,
        first: unitOf,
        exact: true,
      };
    }
  }
  const first = new Int32Array(size).fill(-1);
  for (let r = n - 1; r >= 0; r--) first[unitOf[r]] = r;
  const codes = binned.map((b) => {
    const own = new Uint8Array(size);
    for (let u = 0; u < size; u++) own[u] = b.codes[first[u]];
    return own;
  });
  // A numeric bin of its own for every value: midpoints, not quantiles.
  const exact = parents.every((p, j) => p.distinct <= binned[j].bins);
  return { ...meta, size, codes, unitOf, first, exact };
}

/**
 * Split units by one more code a row, numbered in the order in which rows meet them.
 * @param unitOf Changed in place.
 * @returns How many there are now; no more are told apart than just above `most`.
 */
function splitUnits(unitOf: Int32Array, size: number, codes: Uint8Array, most: number): number {
  const n = unitOf.length;
  let found = 0;
  if (size * (MISSING + 1) <= 4 * n + 65_536) {
    const place = scratchIntegers(size * (MISSING + 1)).fill(-1);
    for (let r = 0; r < n; r++) {
      const key = unitOf[r] * (MISSING + 1) + codes[r];
      if (place[key] < 0) place[key] = found++;
      unitOf[r] = place[key];
    }
    return found;
  }
  // Open addressing in flat arrays: a Map of as many keys takes four times their memory.
  const slots = 2 ** Math.ceil(Math.log2(1.4 * most + 16));
  const keys = scratchDoubles(slots).fill(-1);
  const units = scratchIntegers(slots);
  for (let r = 0; r < n; r++) {
    const key = unitOf[r] * (MISSING + 1) + codes[r];
    const hash = Math.imul(key, 0x9e3779b1);
    let at = (hash ^ (hash >>> 15)) & (slots - 1);
    while (keys[at] >= 0 && keys[at] !== key) at = (at + 1) & (slots - 1);
    if (keys[at] < 0) {
      if (found > most) return found;
      keys[at] = key;
      units[at] = found++;
    }
    unitOf[r] = units[at];
  }
  return found;
}
