import { type Column, column, isNumeric, type Table, takeRows } from './table.js';

/** Tell whether a cell is missing. */
export function isMissing(column: Column, row: number): boolean {
  return isNumeric(column) ? Number.isNaN(column.values[row]) : column.codes[row] < 0;
}

/** Count the missing cells of a column. */
export function countMissing(column: Column): number {
  let missing = 0;
  if (isNumeric(column)) {
    for (const value of column.values) if (Number.isNaN(value)) missing++;
  } else {
    for (const code of column.codes) if (code < 0) missing++;
  }
  return missing;
}

/**
 * Leave out the rows in which any of the named columns is missing.
 * @param names Columns to look at (default: all).
 */
export function dropMissing(table: Table, names?: readonly string[]): Table {
  const columns = names ? names.map((name) => column(table, name)) : table.columns;
  const kept: number[] = [];
  for (let i = 0; i < table.rows; i++) {
    if (!columns.some((c) => isMissing(c, i))) kept.push(i);
  }
  return kept.length === table.rows ? table : takeRows(table, kept);
}
