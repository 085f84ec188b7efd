// Bin codes of a column for histogram trees: numeric values by thresholds, categories as they are.
// At most 255 distinct values: midpoints between neighbours. More: quantiles, duplicates removed
// (averaged inverse distribution function, as scikit-learn 1.9 has it). Missing cells get code 255.

import { takeKernel } from './kernel/kernel.js';

/** Code of a missing cell, in every column. */
export const MISSING = 255;

/** How a column's values become bin codes. */
export type Binning =
  | {
      /** Value v has code b where edges[b − 1] < v ≤ edges[b]. */
      readonly edges: Float64Array;
    }
  | { readonly categories: number };

/** A column as bin codes. */
export interface Binned {
  readonly binning: Binning;
  /** One code a row; `MISSING` where the cell is missing or its category is unknown. */
  readonly codes: Uint8Array;
  /** Number of codes in use, the missing one left out. */
  readonly bins: number;
  /** Whether any cell is missing. */
  readonly missing: boolean;
}

/**
 * Find at most 254 thresholds that cut a column's values into bins.
 * @param values One value a row, NaN where missing.
 */
export function binEdges(values: Float64Array): Float64Array {
  return numbersOf(values).edges;
}

/** How many different numbers a column holds, and the thresholds that cut them into bins. */
export function numbersOf(values: Float64Array): {
  readonly distinct: number;
  readonly edges: Float64Array;
} {
  const sorted = sortedNumbers(values);
  const few: number[] = [];
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue;
    distinct++;
    if (distinct <= 255) few.push(sorted[i]);
  }
  if (distinct <= 255) {
    const edges = Float64Array.from({ length: Math.max(0, distinct - 1) }, (_, i) => {
      const middle = (few[i] + few[i + 1]) / 2;
      // Two neighbouring doubles may have no double between them.
      return middle < few[i + 1] ? middle : few[i];
    });
    return { distinct, edges };
  }
  const edges: number[] = [];
  const n = sorted.length;
  for (let b = 1; b < 255; b++) {
    // In these steps NumPy's rounding is reproduced: it decides whether a position counts as whole.
    const position = n * ((b * (100 / 255)) / 100);
    const j = Math.floor(position);
    const edge = position > j ? sorted[j] : (sorted[j - 1] + sorted[j]) / 2;
    if (edges.length === 0 || edge > edges[edges.length - 1]) edges.push(edge);
  }
  return { distinct, edges: Float64Array.from(edges) };
}

/**
 * Code a column by a binning made before.
 * @param values One value a row: a number, or a category's index; NaN where missing.
 * @param into Receives the codes (default: a new array).
 */
export function binCodes(values: Float64Array, binning: Binning, into?: Uint8Array): Uint8Array {
  const codes = into ?? new Uint8Array(values.length);
  if ('categories' in binning) {
    for (let i = 0; i < values.length; i++) {
      const v = values[i];
      codes[i] = v >= 0 && v < binning.categories ? v : MISSING;
    }
    return codes;
  }
  const n = values.length;
  const kernel = takeKernel({});
  kernel.prepareNumbers(n);
  const { buffer } = kernel.memory;
  new Float64Array(buffer, kernel.numbers.value, n).set(values);
  const thresholds = new Float64Array(buffer, kernel.edges.value, 256);
  thresholds.fill(Number.POSITIVE_INFINITY).set(binning.edges);
  kernel.codeNumbers(n);
  codes.set(new Uint8Array(buffer, kernel.binCodes.value, n));
  return codes;
}

/**
 * Bin a column.
 * @param values One value a row: a number, or a category's index; NaN where missing.
 * @param categories Number of categories (at most 255), or `undefined` for a column of numbers.
 */
export function bin(values: Float64Array, categories: number | undefined): Binned {
  const binning: Binning = categories === undefined ? { edges: binEdges(values) } : { categories };
  return binBy(values, binning);
}

/** Bin a column by a binning made before; see `binCodes`. */
export function binBy(values: Float64Array, binning: Binning, into?: Uint8Array): Binned {
  const codes = binCodes(values, binning, into);
  return {
    binning,
    codes,
    bins: 'edges' in binning ? binning.edges.length + 1 : binning.categories,
    missing: codes.includes(MISSING),
  };
}

/** The known values in order; of many, in the kernel's memory until it is taken again. */
function sortedNumbers(values: Float64Array): Float64Array {
  let known = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) known++;
  const kernel = known < 500 ? undefined : takeKernel({});
  kernel?.prepareNumbers(known);
  const numbers = kernel
    ? new Float64Array(kernel.memory.buffer, kernel.numbers.value, known)
    : new Float64Array(known);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) numbers[n++] = values[i];
  if (!kernel) return numbers.sort();
  kernel.sortNumbers(known);
  return numbers;
}
