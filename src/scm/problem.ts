// One choice between models: a column to explain, its parents, and the folds.

import { MISSING } from './bins.js';
import type { FrameColumn } from './frame.js';
import type { Units } from './grow-tree.js';

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
  const known = new Int32Array(values.length);
  let n = 0;
  for (let r = 0; r < values.length; r++) if (!Number.isNaN(values[r])) known[n++] = r;
  const rows = known.subarray(0, n);
  let grouped: RowUnits | undefined;
  const common = {
    target,
    parents,
    rows,
    foldOf,
    folds,
    units() {
      grouped ??= groupRows(parents, values.length);
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
  const classOf = new Int32Array(values.length).fill(-1);
  for (const r of rows) classOf[r] = place[values[r]];
  return { ...common, classes, classOf };
}

/** Group rows with the same codes; rows stay single once most of them differ. */
function groupRows(parents: readonly FrameColumn[], n: number): RowUnits {
  const binned = parents.map((p) => p.binned());
  const meta = {
    bins: binned.map((b) => b.bins),
    categorical: binned.map((b) => 'categories' in b.binning),
  };
  let unitOf = new Int32Array(n);
  let size = 1;
  for (const { codes } of binned) {
    const place = new Map<number, number>();
    const next = new Int32Array(n);
    for (let r = 0; r < n; r++) {
      const key = unitOf[r] * (MISSING + 1) + codes[r];
      let unit = place.get(key);
      if (unit === undefined) {
        unit = place.size;
        place.set(key, unit);
      }
      next[r] = unit;
    }
    unitOf = next;
    size = place.size;
    if (size > 0.7 * n) {
      return {
        ...meta,
        size: n,
        codes: binned.map((b) => b.codes),
        unitOf: new Int32Array(n).map((_, r) => r),
        first: new Int32Array(n).map((_, r) => r),
        exact: true,
      };
    }
  }
  const first = new Int32Array(size).fill(-1);
  for (let r = n - 1; r >= 0; r--) first[unitOf[r]] = r;
  const codes = binned.map((b) => Uint8Array.from(first, (r) => b.codes[r]));
  // A numeric bin of its own for every value: midpoints, not quantiles.
  const exact = parents.every((p, j) => p.distinct <= binned[j].bins);
  return { ...meta, size, codes, unitOf, first, exact };
}
