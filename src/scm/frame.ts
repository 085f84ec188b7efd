// A table as the mechanisms read it: every column one Float64Array, and bin codes shared by all fits.

import type { ColumnType, Table } from '../data/table.js';
import { type Binned, bin } from './bins.js';

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

/** Turn a table into a frame. */
export function frame(table: Table): Frame {
  return {
    rows: table.rows,
    columns: table.columns.map((column) =>
      'values' in column
        ? frameColumn({ name: column.name, type: column.type }, column.values)
        : frameColumn(
            { name: column.name, type: column.type, categories: column.categories },
            Float64Array.from(column.codes, (c) => (c < 0 ? Number.NaN : c)),
          ),
    ),
    ...(table.target === undefined ? {} : { target: table.target }),
  };
}

/** Make a column of a frame. */
export function frameColumn(variable: Variable, values: Float64Array): FrameColumn {
  const seen = new Set<number>();
  let missing = 0;
  for (const v of values) {
    if (Number.isNaN(v)) missing++;
    else seen.add(v);
  }
  let binned: Binned | undefined;
  return {
    ...variable,
    values,
    missing,
    distinct: seen.size,
    binned() {
      // Ordinal categories stand in their order, so thresholds suit them.
      const { type, categories } = variable;
      binned ??= bin(values, type === 'ordinal' ? undefined : categories?.length);
      return binned;
    },
  };
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
