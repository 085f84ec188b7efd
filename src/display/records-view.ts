import type { MimeBundle } from '../work/host.js';
import { type Grid, gridHtml, gridMarkdown, gridText } from './grid.js';
import { shorten } from './markup.js';
import { mimeBundle } from './mime.js';
import { numberWriter, plural } from './table-view.js';

export interface RecordsViewOptions {
  readonly title?: string;
  /** Rows shown (default `50`). */
  readonly maxRows?: number;
  /** Columns shown (default `20`). */
  readonly maxColumns?: number;
}

type Cell = string | number | boolean | bigint | null | undefined;
type PlainRecord = Readonly<Record<string, Cell>>;

/** Whether a value is a list of plain records of texts and numbers, which reads best as a table. */
export function isRecords(value: unknown): value is readonly PlainRecord[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.slice(0, 100).every((row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return false;
    const prototype = Object.getPrototypeOf(row);
    // Objects from another realm (a notebook's vm context) have another Object.prototype.
    const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
    const cells = Object.values(row);
    return plain && cells.length > 0 && cells.every((c) => c === null || typeof c !== 'object');
  });
}

/** Show a list of records as a table: HTML, Markdown and text, capped. */
export function recordsBundle(
  records: readonly PlainRecord[],
  options: RecordsViewOptions = {},
): MimeBundle {
  const grid = recordsGrid(records, options);
  return mimeBundle({
    'text/html': gridHtml(grid),
    'text/markdown': gridMarkdown(grid),
    'text/plain': gridText(grid),
  });
}

/** The texts of a list of records; its columns are the names met, in the order met. */
export function recordsGrid(
  records: readonly PlainRecord[],
  { title, maxRows = 50, maxColumns = 20 }: RecordsViewOptions = {},
): Grid {
  const rows = records.slice(0, maxRows);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const shown = names.slice(0, maxColumns);
  const writers = shown.map((name) => {
    const cells = rows.map((row) => row[name]);
    const numbers = cells.filter((c): c is number => typeof c === 'number');
    const isNumeric = numbers.length > 0 && cells.every((c) => typeof c === 'number' || c == null);
    const write = numberWriter(numbers);
    return {
      isNumeric,
      write: (c: Cell): string =>
        c == null ? '–' : typeof c === 'number' ? write(c) : shorten(String(c), 60),
    };
  });
  const left = [
    ...(records.length > rows.length ? [plural(records.length - rows.length, 'more row')] : []),
    ...(names.length > shown.length ? [plural(names.length - shown.length, 'more column')] : []),
  ];
  return {
    ...(title === undefined ? {} : { caption: title }),
    columns: shown.map((name, j) => ({ name, align: writers[j].isNumeric ? 'right' : 'left' })),
    rows: rows.map((row) => shown.map((name, j) => writers[j].write(row[name]))),
    ...(left.length > 0 ? { note: `… ${left.join(' and ')} not shown` } : {}),
  };
}
