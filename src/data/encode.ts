// Tables as matrices of numbers, row-major: value of row i and column j at [i · d + j].

import { type Column, column, isNumeric, type Table } from './table.js';

/** A table as numbers. */
export interface Matrix {
  /** n × d numbers, row-major; NaN where a cell is missing. */
  readonly values: Float64Array;
  /** Number of rows n. */
  readonly rows: number;
  /** What each of the d columns holds. */
  readonly names: readonly string[];
}

/**
 * Encode columns as numbers: numeric columns as they are, each category as a column of zeros and
 * ones called `column=category`.
 * @param names Columns to encode, in this order (default: all but the target).
 */
export function toMatrix(table: Table, names: readonly string[] = features(table)): Matrix {
  const parts = names.map((name) => {
    const source = column(table, name);
    return isNumeric(source)
      ? { source, labels: [name] }
      : { source, labels: source.categories.map((category) => `${name}=${category}`) };
  });
  const labels = parts.flatMap((part) => part.labels);
  const d = labels.length;
  const values = new Float64Array(table.rows * d);
  let at = 0;
  for (const { source, labels: own } of parts) {
    for (let i = 0; i < table.rows; i++) {
      if (isNumeric(source)) values[i * d + at] = source.values[i];
      else if (source.codes[i] < 0) values.fill(Number.NaN, i * d + at, i * d + at + own.length);
      else values[i * d + at + source.codes[i]] = 1;
    }
    at += own.length;
  }
  return { values, rows: table.rows, names: labels };
}

/**
 * Encode columns as one number each: numeric columns as they are, categories by their code.
 * @param names Columns to encode, in this order (default: all but the target).
 */
export function ordinalMatrix(table: Table, names: readonly string[] = features(table)): Matrix {
  const d = names.length;
  const values = new Float64Array(table.rows * d);
  for (const [j, name] of names.entries()) {
    const numbers = ordinalValues(column(table, name));
    for (let i = 0; i < table.rows; i++) values[i * d + j] = numbers[i];
  }
  return { values, rows: table.rows, names };
}

/** Return a column as one number a row: its values, or the codes of its categories; NaN where missing. */
export function ordinalValues(column: Column): Float64Array {
  return isNumeric(column)
    ? column.values
    : Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : code));
}

/** The names of the columns to predict from: all but the target. */
export function features(table: Table): string[] {
  return table.columns.map((c) => c.name).filter((name) => name !== table.target);
}
