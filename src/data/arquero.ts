// Tables to and from arquero and danfo.js by their public methods; neither package is imported, so
// the types name only what is used of them.

import { type Cell, type FromRecordsOptions, fromRecords } from './records.js';
import { type Column, isNumeric, type Table } from './table.js';

/** What is used of an arquero table. */
export interface ArqueroTable {
  columnNames(): string[];
  /** Values of one column in the table's order, rows that are filtered out left out. */
  array(name: string): ArrayLike<unknown>;
}

/** What is used of a danfo.js data frame. */
export interface DanfoFrame {
  readonly columns: readonly string[];
  readonly values: unknown;
}

/** Make a table of an arquero table: filtered and ordered as it is seen. */
export function fromArquero(table: ArqueroTable, options: FromRecordsOptions = {}): Table {
  const names = table.columnNames();
  const columns = names.map((name) => table.array(name));
  const rows = columns[0]?.length ?? 0;
  const records = Array.from({ length: rows }, (_, i) =>
    Object.fromEntries(names.map((name, c) => [name, columns[c][i]])),
  );
  return fromRecords(records, options, 'the arquero table');
}

/**
 * Make an arquero table: `toArquero(table, aq.table)`.
 * @param make arquero's `table` function.
 */
export function toArquero<T>(table: Table, make: (columns: Record<string, Cell[]>) => T): T {
  return make(toColumns(table));
}

/** Make a table of a danfo.js data frame. */
export function fromDanfo(frame: DanfoFrame, options: FromRecordsOptions = {}): Table {
  const { columns, values } = frame;
  const rows = values as readonly (readonly unknown[])[];
  const records = rows.map((row) => Object.fromEntries(columns.map((name, c) => [name, row[c]])));
  return fromRecords(records, options, 'the danfo data frame');
}

/**
 * Make a danfo.js data frame: `toDanfo(table, dfd.DataFrame)`.
 * @param Frame danfo's `DataFrame` class.
 */
export function toDanfo<T>(
  table: Table,
  Frame: new (rows: Cell[][], options: { columns: string[] }) => T,
): T {
  const columns = table.columns.map(toCells);
  const rows = Array.from({ length: table.rows }, (_, i) => columns.map((cells) => cells[i]));
  return new Frame(rows, { columns: table.columns.map((c) => c.name) });
}

/** Return a table as plain arrays by column name; `null` where a cell is missing. */
export function toColumns(table: Table): Record<string, Cell[]> {
  return Object.fromEntries(table.columns.map((column) => [column.name, toCells(column)]));
}

function toCells(column: Column): Cell[] {
  if (isNumeric(column)) return Array.from(column.values, (v) => (Number.isNaN(v) ? null : v));
  const cells: readonly Cell[] = column.type === 'boolean' ? [false, true] : column.categories;
  return Array.from(column.codes, (code) => (code < 0 ? null : cells[code]));
}
