import type { CategoricalColumn, Column, NumericColumn, Table } from '../data/table.js';
import type { MimeBundle } from '../work/host.js';
import { type Grid, gridHtml, gridMarkdown, gridText } from './grid.js';
import { shorten } from './markup.js';
import { mimeBundle } from './mime.js';

export interface TableViewOptions {
  /** Rows shown when there are more than that (default `10`). */
  readonly maxRows?: number;
  /** Columns shown when there are more than that (default `20`). */
  readonly maxColumns?: number;
  /** A sentence above the table (default: number of rows and columns, missing values, target). */
  readonly title?: string;
}

/** Show a table as HTML, Markdown and text, capped, with what was left out in words. */
export function tableBundle(table: Table, options: TableViewOptions = {}): MimeBundle {
  const grid = tableGrid(table, options);
  return mimeBundle({
    'text/html': gridHtml(grid),
    'text/markdown': gridMarkdown(grid),
    'text/plain': gridText(grid),
  });
}

/** The texts of a table's first rows. */
export function tableGrid(table: Table, options: TableViewOptions = {}): Grid {
  const { maxRows = 10, maxColumns = 20, title = tableCaption(table) } = options;
  const rows = Math.min(table.rows, maxRows);
  const shown = shownColumns(table, maxColumns);
  const cells = shown.map((column) => columnCells(column, rows));
  const leftOut = [
    ...(table.rows > rows ? [`${plural(table.rows - rows, 'more row')}`] : []),
    ...(table.columns.length > shown.length
      ? [plural(table.columns.length - shown.length, 'more column')]
      : []),
  ];
  return {
    caption: title,
    columns: shown.map((column) => ({
      name: column.name,
      detail: column.name === table.target ? `target · ${column.type}` : column.type,
      align: isNumeric(column) ? 'right' : 'left',
    })),
    rows: Array.from({ length: rows }, (_, i) => cells.map((column) => column[i])),
    ...(leftOut.length > 0 ? { note: `… ${leftOut.join(' and ')} not shown` } : {}),
  };
}

/** "333 rows × 8 columns, 2 missing values, target sex". */
export function tableCaption(table: Table): string {
  const missing = table.columns.reduce((sum, column) => sum + countMissing(column), 0);
  return [
    `${plural(table.rows, 'row')} × ${plural(table.columns.length, 'column')}`,
    ...(missing > 0 ? [plural(missing, 'missing value')] : []),
    ...(table.target === undefined ? [] : [`target ${table.target}`]),
  ].join(', ');
}

/** A count with its noun: "1 row", "1,024 rows". */
export function plural(n: number, noun: string): string {
  return `${String(n).replace(/\B(?=(\d{3})+$)/g, ',')} ${noun}${n === 1 ? '' : 's'}`;
}

/** The first columns, the target among them. */
function shownColumns(table: Table, max: number): readonly Column[] {
  if (table.columns.length <= max) return table.columns;
  const first = table.columns.slice(0, max);
  const target = table.columns.find((c) => c.name === table.target);
  return target && !first.includes(target) ? [...first.slice(0, max - 1), target] : first;
}

function columnCells(column: Column, rows: number): readonly string[] {
  if (!isNumeric(column)) {
    return Array.from(column.codes.subarray(0, rows), (code) =>
      code < 0 ? '–' : shorten(column.categories[code], 40),
    );
  }
  const values = Array.from(column.values.subarray(0, rows));
  const write = numberWriter(values);
  return values.map(write);
}

/** One way of writing numbers for a whole column, so that their decimal points line up. */
export function numberWriter(values: readonly number[], digits = 4): (x: number) => string {
  const finite = values.filter((x) => Number.isFinite(x) && x !== 0).map(Math.abs);
  const largest = Math.max(0, ...finite);
  const smallest = Math.min(Number.POSITIVE_INFINITY, ...finite);
  const whole = finite.every(Number.isInteger);
  const exponential = largest >= 1e9 || (largest > 0 && largest < 1e-4) || largest / smallest > 1e8;
  const needed = Math.max(0, ...finite.map((x) => decimalsOf(Number(x.toPrecision(digits)))));
  const decimals = Math.min(needed, Math.max(0, digits - 1 - Math.floor(Math.log10(largest || 1))));
  return (x) => {
    if (Number.isNaN(x)) return '–';
    if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
    const text = exponential
      ? x.toExponential(digits - 1)
      : whole
        ? String(x)
        : x.toFixed(decimals);
    return text.replaceAll('-', '−');
  };
}

function decimalsOf(x: number): number {
  const text = String(x);
  return text.includes('e') ? 8 : (text.split('.')[1]?.length ?? 0);
}

function countMissing(column: Column): number {
  let missing = 0;
  if (isNumeric(column)) for (const x of column.values) missing += Number.isNaN(x) ? 1 : 0;
  else for (const code of column.codes) missing += code < 0 ? 1 : 0;
  return missing;
}

/** Whether a column holds numbers; `data/` has the same test, but display/ takes only types from it. */
export function isNumeric(column: Column): column is NumericColumn {
  return column.type === 'numeric' || column.type === 'integer';
}

/** Counts of each category of a column, missing ones left out. */
export function categoryCounts(column: CategoricalColumn): Float64Array {
  const counts = new Float64Array(column.categories.length);
  for (const code of column.codes) if (code >= 0) counts[code]++;
  return counts;
}
