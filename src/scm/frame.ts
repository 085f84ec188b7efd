// A table as the mechanisms read it: every column one Float64Array, and bin codes shared by all fits.

import type { ColumnType, Table } from '../data/table.js';
import { type Binned, binBy, numbersOf } from './bins.js';

/** What a fitted model must know of a column. */
export interface Variable {
  readonly name: string;
  readonly type: ColumnType;
  /** Names of the categories; absent for numbers. */
  readonly categories?: readonly string[];
}

/** A column of a frame. */
export interface FrameColumn extends Variable {
  /** One value a row: a number or a category's index; NaN where missing. */
  readonly values: Float64Array;
  /** Number of missing cells. */
  readonly missing: number;
  /** Number of distinct values that occur. */
  readonly distinct: number;
  /** Bin codes over the whole table; made when first asked for. */
  binned(): Binned;
}

export interface Frame {
  readonly rows: number;
  readonly columns: readonly FrameColumn[];
  readonly target?: string;
}

/** Most categories a column in an edge may have: bin codes are bytes, one of them for missing cells. */
export const MOST_CATEGORIES = 255;

/**
 * Turn a table into a frame.
 * @param shared Whether what is made of the columns lies in memory that threads can share.
 */
export function frame(table: Table, shared = false): Frame {
  return {
    rows: table.rows,
    columns: table.columns.map((column) =>
      'values' in column
        ? frameColumn({ name: column.name, type: column.type }, column.values, shared)
        : frameColumn(
            { name: column.name, type: column.type, categories: column.categories },
            valuesOfCodes(column.codes, shared),
            shared,
          ),
    ),
    ...(table.target === undefined ? {} : { target: table.target }),
  };
}

/** What a thread need not find out anew about a column. */
export interface ColumnFacts {
  readonly distinct: number;
  readonly binned: Binned;
}

/**
 * Make a column of a frame.
 * @param shared Whether its bin codes lie in memory that threads can share.
 * @param facts What is known of it already.
 */
export function frameColumn(
  variable: Variable,
  values: Float64Array,
  shared = false,
  facts?: ColumnFacts,
): FrameColumn {
  let missing = 0;
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) missing++;
  const { type, categories } = variable;
  let distinct = facts?.distinct;
  let binned = facts?.binned;
  let edges: Float64Array | undefined;
  const sort = (): number => {
    const found = numbersOf(values);
    edges = found.edges;
    return found.distinct;
  };
  return {
    ...variable,
    values,
    missing,
    get distinct() {
      distinct ??= categories ? countCategories(values, categories.length) : sort();
      return distinct;
    },
    binned() {
      if (binned) return binned;
      const into = shared ? new Uint8Array(new SharedArrayBuffer(values.length)) : undefined;
      // Ordinal categories stand in their order, so thresholds suit them.
      if (categories && type !== 'ordinal') {
        binned = binBy(values, { categories: categories.length }, into);
      } else {
        if (!edges) sort();
        binned = binBy(values, { edges: edges ?? new Float64Array(0) }, into);
      }
      return binned;
    },
  };
}

function valuesOfCodes(codes: Int32Array, shared: boolean): Float64Array {
  const values = shared ? sharedNumbers(codes.length) : new Float64Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = codes[i] < 0 ? Number.NaN : codes[i];
  return values;
}

/** So many numbers in memory that threads can share. */
export function sharedNumbers(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * length));
}

function countCategories(values: Float64Array, categories: number): number {
  let distinct = 0;
  const seen = new Uint8Array(categories);
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) seen[values[i]] = 1;
  for (const s of seen) distinct += s;
  return distinct;
}

/** The values of some rows. */
export function valuesAt(values: ArrayLike<number>, rows: Int32Array): Float64Array {
  const found = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) found[i] = values[rows[i]];
  return found;
}

/** Turn columns of values back into a table. */
export function unframe(
  variables: readonly Variable[],
  values: readonly Float64Array[],
  target: string | undefined,
): Table {
  return {
    kind: 'table',
    rows: values[0]?.length ?? 0,
    columns: variables.map(({ name, type, categories }, j) =>
      type === 'numeric' || type === 'integer'
        ? { name, type, values: values[j] }
        : {
            name,
            type,
            categories: categories ?? [],
            codes: codesOf(values[j]),
          },
    ),
    ...(target === undefined ? {} : { target }),
  };
}

function codesOf(values: Float64Array): Int32Array {
  const codes = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) codes[i] = values[i] >= 0 ? values[i] : -1;
  return codes;
}
