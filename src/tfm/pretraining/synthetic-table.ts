import type { Random } from '../../math/random.js';

/** How large a table to draw. */
export interface TableShape {
  readonly rows: number;
  readonly features: number;
  /** Classes wanted; a table may come out with fewer. */
  readonly classes: number;
}

/** A table of a prior: numbers only, as the network sees them. */
export interface SyntheticTable {
  /** One array of `rows` values a feature. NaN where a number is missing, −1 where a level is. */
  readonly columns: Float64Array[];
  /** One class id a row. */
  readonly labels: Int32Array;
  /** Which columns hold levels (codes 0, 1, …) rather than measured numbers. */
  readonly levels: boolean[];
  /** True where labels follow from the columns exactly, so that columns must not be coarsened. */
  readonly sharp: boolean;
}

/** A distribution over tables. */
export type Prior = (random: Random, shape: TableShape) => SyntheticTable;

/** Put columns of measured numbers and labels together. */
export function measured(columns: Float64Array[], labels: Int32Array): SyntheticTable {
  return { columns, labels, levels: columns.map(() => false), sharp: false };
}
