// A contingency table as classifier: class shares in each cell of the categorical parents' values,
// drawn by one row's weight to the overall shares. Missing counts as one more category.

import { scratchDoubles } from './scratch.js';

export interface ContingencyFit {
  /** Number of categories of each parent, the one for missing cells included. */
  readonly sizes: Int32Array;
  /** Numbers of the cells that occurred, in order: parents' codes in mixed radix. */
  readonly cells: Float64Array;
  /** Shares of class k in cell c at c · classes + k. */
  readonly shares: Float64Array;
  /** Shares over all rows, for cells that did not occur. */
  readonly overall: Float64Array;
}

/** Fewest rows in a cell, on average, for a table to be worth trying. */
const ROWS_PER_CELL = 10;

/** Number the cell of each row; a code outside a parent's categories counts as missing. */
export function cellNumbers(
  values: readonly Float64Array[],
  sizes: Int32Array,
  n: number,
): Float64Array {
  const numbers = scratchDoubles(n);
  values.forEach((column, j) => {
    const last = sizes[j] - 1;
    for (let i = 0; i < n; i++) {
      const v = column[i];
      numbers[i] = numbers[i] * sizes[j] + (v >= 0 && v < last ? v : last);
    }
  });
  return numbers;
}

/** Whether cells hold enough rows on average. */
export function enoughPerCell(cells: Float64Array): boolean {
  return cells.length >= ROWS_PER_CELL * new Set(cells).size;
}

/**
 * Count classes per cell.
 * @param cells Number of each row's cell.
 * @param y Class index of each row.
 */
export function fitContingency(
  cells: Float64Array,
  sizes: Int32Array,
  y: Int32Array,
  classes: number,
): ContingencyFit {
  const overall = new Float64Array(classes);
  for (const k of y) overall[k] += 1 / y.length;
  const distinct = Float64Array.from(new Set(cells)).sort();
  const place = new Map(Array.from(distinct, (cell, c) => [cell, c]));
  const counts = new Float64Array(distinct.length * classes);
  const rows = new Float64Array(distinct.length);
  cells.forEach((cell, i) => {
    const c = place.get(cell) as number;
    counts[c * classes + y[i]]++;
    rows[c]++;
  });
  const shares = counts.map((count, at) => {
    const c = Math.floor(at / classes);
    return (count + overall[at % classes]) / (rows[c] + 1);
  });
  return { sizes, cells: distinct, shares, overall };
}

/** Probability of class k for row i at k · n + i. */
export function predictContingency(
  { sizes, cells, shares, overall }: ContingencyFit,
  values: readonly Float64Array[],
  n: number,
): Float64Array {
  const classes = overall.length;
  const place = new Map(Array.from(cells, (cell, c) => [cell, c]));
  const numbers = cellNumbers(values, sizes, n);
  const p = scratchDoubles(classes * n);
  for (let i = 0; i < n; i++) {
    const c = place.get(numbers[i]);
    for (let k = 0; k < classes; k++) {
      p[k * n + i] = c === undefined ? overall[k] : shares[c * classes + k];
    }
  }
  return p;
}
