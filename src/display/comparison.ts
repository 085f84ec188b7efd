// Real rows against synthetic ones, column by column: shares per bin or category and one distance
// each. Kolmogorov–Smirnov for numbers, total variation for categories; both are 0 for equal
// distributions and 1 for disjoint ones.

import type { CategoricalColumn, Column, NumericColumn, Table } from '../data/table.js';
import { categoryCounts, isNumeric } from './table-view.js';

/** How the distribution of one column differs between two tables. */
export interface ColumnComparison {
  readonly name: string;
  readonly type: Column['type'];
  /** Bounds of the bins, one more than bins; of numeric columns with many values. */
  readonly edges?: readonly number[];
  /** Categories, or the values of a few integers; the rarest of many categories are one. */
  readonly categories?: readonly string[];
  /** Share of rows in each bin or category; missing values have no part in it. */
  readonly real: readonly number[];
  readonly synthetic: readonly number[];
  /** Share of missing values. */
  readonly missing: { readonly real: number; readonly synthetic: number };
  /** Kolmogorov–Smirnov or total variation distance, 0–1; NaN where a side has no values. */
  readonly distance: number;
  /** Mean of a numeric column. */
  readonly mean?: { readonly real: number; readonly synthetic: number };
}

/** Two tables side by side. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly rows: { readonly real: number; readonly synthetic: number };
  readonly target?: string;
  readonly columns: readonly ColumnComparison[];
}

export interface ComparisonOptions {
  /** Bins of numeric columns (default `20`). */
  readonly bins?: number;
  /** Categories told apart; the others are taken together (default `8`). */
  readonly maxCategories?: number;
}

/**
 * Compare the columns of real and synthetic rows.
 * @param real Rows as collected.
 * @param synthetic Rows with the same columns.
 */
export function comparison(
  real: Table,
  synthetic: Table,
  options: ComparisonOptions = {},
): Comparison {
  const columns = real.columns.map((column) => {
    const other = synthetic.columns.find((c) => c.name === column.name);
    if (!other) {
      throw new TypeError(
        `Cannot compare tables as the synthetic one must have all columns of the real one: "${column.name}" is absent`,
      );
    }
    if (isNumeric(column) && isNumeric(other)) return numeric(column, other, options);
    if (!isNumeric(column) && !isNumeric(other)) return categorical(column, other, options);
    throw new TypeError(
      `Cannot compare tables as columns must have the same type: "${column.name}" is ${column.type} and ${other.type}`,
    );
  });
  return {
    kind: 'comparison',
    rows: { real: real.rows, synthetic: synthetic.rows },
    ...(real.target === undefined ? {} : { target: real.target }),
    columns,
  };
}

function numeric(
  a: NumericColumn,
  b: NumericColumn,
  { bins = 20 }: ComparisonOptions,
): ColumnComparison {
  const x = a.values.filter(Number.isFinite).sort();
  const y = b.values.filter(Number.isFinite).sort();
  const low = Math.min(x[0] ?? Number.POSITIVE_INFINITY, y[0] ?? Number.POSITIVE_INFINITY);
  const high = Math.max(x.at(-1) ?? Number.NEGATIVE_INFINITY, y.at(-1) ?? Number.NEGATIVE_INFINITY);
  const few = a.type === 'integer' && high - low < 12;
  const edges = few
    ? Array.from({ length: high - low + 2 }, (_, k) => low - 0.5 + k)
    : binEdges(low, high, bins);
  return {
    name: a.name,
    type: a.type,
    // A few integers are told apart by their values, as categories are.
    ...(few ? { categories: edges.slice(1).map((edge) => String(edge - 0.5)) } : { edges }),
    real: histogram(x, edges),
    synthetic: histogram(y, edges),
    missing: { real: 1 - x.length / a.values.length, synthetic: 1 - y.length / b.values.length },
    distance: kolmogorovSmirnov(x, y),
    mean: { real: meanOf(x), synthetic: meanOf(y) },
  };
}

/** Bounds of equal bins over a range. */
function binEdges(low: number, high: number, bins: number): readonly number[] {
  if (!(high >= low)) return [0, 1];
  const width = (high - low || 1) / bins;
  return Array.from({ length: bins + 1 }, (_, k) => low + k * width);
}

function histogram(sorted: Float64Array, edges: readonly number[]): readonly number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < counts.length - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  return counts.map((n) => (sorted.length > 0 ? n / sorted.length : 0));
}

/** Largest difference of two empirical distribution functions. */
function kolmogorovSmirnov(x: Float64Array, y: Float64Array): number {
  if (x.length === 0 || y.length === 0) return Number.NaN;
  let [i, j, largest] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i], y[j]);
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / x.length - j / y.length));
  }
  return largest;
}

function categorical(
  a: CategoricalColumn,
  b: CategoricalColumn,
  { maxCategories = 8 }: ComparisonOptions,
): ColumnComparison {
  const names = [...new Set([...a.categories, ...b.categories])];
  const shares = (column: CategoricalColumn): readonly number[] => {
    const counts = categoryCounts(column);
    const total = counts.reduce((sum, n) => sum + n, 0);
    return names.map((name) => {
      const k = column.categories.indexOf(name);
      return k < 0 || total === 0 ? 0 : counts[k] / total;
    });
  };
  const [real, synthetic] = [shares(a), shares(b)];
  const empty = [real, synthetic].some((list) => list.every((v) => v === 0));
  const ordered =
    a.type === 'categorical' && names.length > maxCategories
      ? names.map((_, k) => k).sort((i, j) => real[j] - real[i])
      : names.map((_, k) => k);
  const kept = ordered.slice(0, names.length > maxCategories ? maxCategories - 1 : names.length);
  const rest = ordered.slice(kept.length);
  const pick = (list: readonly number[]): readonly number[] => [
    ...kept.map((k) => list[k]),
    ...(rest.length > 0 ? [rest.reduce((sum, k) => sum + list[k], 0)] : []),
  ];
  const missing = (column: CategoricalColumn): number =>
    column.codes.reduce((n, code) => n + (code < 0 ? 1 : 0), 0) / Math.max(1, column.codes.length);
  return {
    name: a.name,
    type: a.type,
    categories: [
      ...kept.map((k) => names[k]),
      ...(rest.length > 0 ? [`${rest.length} others`] : []),
    ],
    real: pick(real),
    synthetic: pick(synthetic),
    missing: { real: missing(a), synthetic: missing(b) },
    distance: empty
      ? Number.NaN
      : real.reduce((sum, v, k) => sum + Math.abs(v - synthetic[k]), 0) / 2,
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
