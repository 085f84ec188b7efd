import { CsvError, type Options } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import {
  checkTypes,
  columnFromTexts,
  isNumberText,
  missingTokens,
  ownText,
  type ReadTypes,
  type Source,
  wantedType,
} from './infer.js';
import { isNumeric, type Table, table } from './table.js';

export interface ParseCsvOptions extends ReadTypes {
  /** Name of the column to predict. */
  readonly target?: string | undefined;
  /** What separates cells (default: the comma, semicolon, tab or bar that the first lines agree on). */
  readonly delimiter?: string | undefined;
  /**
   * The column names where the text has no header line; `false` numbers them `column1`, `column2` …;
   * `true` takes the first line as it is, even if it holds only numbers (default: the first line).
   */
  readonly header?: boolean | readonly string[] | undefined;
  /** Lines to pass over at the beginning (default `0`). */
  readonly skipLines?: number | undefined;
}

/**
 * Read a table from comma-, semicolon- or tab-separated text with a header line.
 *
 * Types are inferred from the cells unless `types` names them: whole numbers are integer, other
 * numbers numeric, true and false boolean, everything else categorical. A target of up to ten
 * different integers is read as classes. An unnamed first column, as R and pandas write it for row
 * names, is called `(unnamed)`.
 * @param text The text, or its bytes in UTF-8.
 * @param source What is read, for messages.
 * @throws SyntaxError with line and column where the text is malformed.
 */
export function parseCsv(
  text: string | Uint8Array,
  options: ParseCsvOptions = {},
  source = 'the CSV text',
): Table {
  const { header, target, skipLines = 0 } = options;
  const start = firstLines(text, skipLines);
  const delimiter = options.delimiter ?? sniffDelimiter(start);
  const format: Options = {
    bom: true,
    delimiter,
    from_line: skipLines + 1,
    // In a single column an empty line is a missing cell.
    skip_empty_lines: cells(start[0] ?? '', delimiter) > 1,
  };
  const records = parseRecords(text, format, source);
  const named = Array.isArray(header) ? header : undefined;
  const first = records[0];
  if (!first || records.every((record) => record.length === 1 && record[0].trim() === '')) {
    throw new SyntaxError(
      `Cannot read ${source} as it must hold a header line and rows: it is empty`,
    );
  }
  if (header === undefined && first.every((name) => isNumberText(name.trim()))) {
    throw new SyntaxError(
      `Cannot read ${source} as line ${skipLines + 1} must name the columns: it holds only numbers (${first.slice(0, 3).join(', ')}${first.length > 3 ? ' …' : ''}); pass header: false, or the names as header: [...]`,
    );
  }
  const hasHeader = header === undefined || header === true;
  const names = hasHeader
    ? columnNames(first, source, skipLines + 1)
    : (named ?? first.map((_, i) => `column${i + 1}`));
  if (names.length !== first.length) {
    throw new RangeError(
      `Cannot read ${source} as header must name its ${first.length} columns: there are ${names.length} names`,
    );
  }
  const skipped = hasHeader ? 1 : 0;
  const rows = records.length - skipped;
  if (rows === 0) {
    throw new SyntaxError(
      `Cannot read ${source} as rows must follow the header line: there are none`,
    );
  }
  checkTypes(options.types, names, source);
  if (target !== undefined && !names.includes(target)) {
    throw new RangeError(
      `Cannot read ${source} as the target must be one of its columns: "${target}" is none of ${names.slice(0, 20).join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''}`,
    );
  }
  const missing = new Set(options.missing ?? missingTokens);
  const where: Source = {
    name: source,
    place: (row) => `line ${lineOf(text, format, row + skipped)}`,
  };
  const columns = names.map((name, c) => {
    const texts = new Array<string>(rows);
    for (let i = 0; i < rows; i++) texts[i] = records[i + skipped][c];
    const type = wantedType(options.types, name);
    return columnFromTexts(texts, { name, type, missing, target: name === target }, where);
  });
  return table(columns, { target });
}

/**
 * Write a table as comma-separated text with a header line; missing cells are empty.
 * Numbers are written so that reading gives the same ones back.
 */
export function writeCsv(table: Table): string {
  const columns = table.columns.map((column): ((row: number) => string) => {
    if (isNumeric(column)) {
      const { values } = column;
      return (row) => (Number.isNaN(values[row]) ? '' : String(values[row]));
    }
    const { codes } = column;
    const texts = column.categories.map(quote);
    return (row) => (codes[row] < 0 ? '' : texts[codes[row]]);
  });
  const lines = [table.columns.map((column) => quote(column.name)).join(',')];
  for (let row = 0; row < table.rows; row++) {
    let line = '';
    for (let c = 0; c < columns.length; c++) line += (c > 0 ? ',' : '') + columns[c](row);
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return /[",;\t|\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function parseRecords(text: string | Uint8Array, format: Options, source: string): string[][] {
  const plain = splitPlain(text, format);
  if (plain) return plain;
  try {
    return parse(text, format);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new SyntaxError(`Cannot read ${source} as ${malformed(text, format, error)}`, {
      cause: error,
    });
  }
}

/**
 * Split text without quotes, where lines and delimiters are all there is: three times faster than
 * the parser, which is asked as soon as anything else comes up, uneven rows included.
 */
function splitPlain(text: string | Uint8Array, format: Options): string[][] | undefined {
  if (text.length > 2 ** 28) return undefined; // near the longest string there can be
  let whole = typeof text === 'string' ? text : new TextDecoder().decode(text);
  if (whole.includes('"')) return undefined;
  if (whole.startsWith('\uFEFF')) whole = whole.slice(1);
  if (whole.includes('\r')) whole = whole.replaceAll('\r\n', '\n');
  if (whole.includes('\r')) return undefined;
  const lines = whole.split('\n').slice(Number(format.from_line) - 1);
  if (lines.at(-1) === '') lines.pop();
  const delimiter = format.delimiter as string;
  const records: string[][] = [];
  for (const line of lines) {
    if (line === '' && format.skip_empty_lines) continue;
    const record = line.split(delimiter);
    if (records.length > 0 && record.length !== records[0].length) return undefined;
    records.push(record);
  }
  return records;
}

/** What is malformed and where, in words. */
function malformed(text: string | Uint8Array, format: Options, error: CsvError): string {
  const { lines, column, records, record } = error as CsvError & {
    lines: number;
    column: number;
    records: number;
    record?: string[];
  };
  const skipped = Number(format.from_line) - 1;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const wanted = /expect (\d+)/.exec(error.message)?.[1] ?? 'as many';
      return `every row must have ${wanted} cells, as the first: line ${lines}, column ${Math.min(Number(wanted), record?.length ?? 0) + 1} is where the row with ${record?.length} cells goes wrong; mend the line, or name the right delimiter (now ${JSON.stringify(format.delimiter)})`;
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return `every quote must be closed: that in line ${lineOf(text, format, records - 1) + 1}, column ${column + 1} is open at the end`;
    default:
      return `a quote inside a cell must be doubled and the cell quoted: line ${lines || skipped + 1}, column ${column + 1} has a stray one`;
  }
}

/** The line in which record number `record` (from 0) ends; found by reading again, as errors are rare. */
function lineOf(text: string | Uint8Array, format: Options, record: number): number {
  if (record < 0) return Number(format.from_line) - 1;
  const read = parse(text, { ...format, to: record + 1, info: true }) as unknown as {
    info: { lines: number };
  }[];
  return read[read.length - 1].info.lines;
}

function columnNames(header: readonly string[], source: string, line: number): string[] {
  const place = new Map<string, number>();
  return header.map((cell, i) => {
    const name = ownText(cell.trim()) || (i === 0 && header.length > 1 ? '(unnamed)' : '');
    if (name === '') {
      throw new SyntaxError(
        `Cannot read ${source} as every column must have a name: line ${line}, column ${i + 1} is empty; name it, or pass the names as header: [...] with skipLines: ${line}`,
      );
    }
    const before = place.get(name);
    if (before !== undefined) {
      throw new SyntaxError(
        `Cannot read ${source} as column names must differ: line ${line}, columns ${before + 1} and ${i + 1} are both "${name}"; rename one`,
      );
    }
    place.set(name, i);
    return name;
  });
}

/** The first two lines after those passed over. */
function firstLines(text: string | Uint8Array, skip: number): string[] {
  // 1 MiB holds two lines of any table that is meant to be one.
  const head =
    typeof text === 'string'
      ? text.slice(0, 2 ** 20)
      : new TextDecoder().decode(text.subarray(0, 2 ** 20));
  return head
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/, skip + 3)
    .slice(skip)
    .filter((line) => line !== '')
    .slice(0, 2);
}

/** The candidate that both first lines have equally often, the commonest first. */
function sniffDelimiter([first = '', second = first]: readonly string[]): string {
  const counts = [',', ';', '\t', '|'].map((mark) => ({
    mark,
    count: cells(first, mark),
    agreed: cells(first, mark) === cells(second, mark),
  }));
  const [best] = counts.sort(
    (a, b) =>
      Number(b.agreed && b.count > 1) - Number(a.agreed && a.count > 1) || b.count - a.count,
  );
  return best.count > 1 ? best.mark : ',';
}

/** Number of cells of a line, delimiters inside quotes not counted. */
function cells(line: string, delimiter: string): number {
  return line.replace(/"(?:[^"]|"")*"?/g, '').split(delimiter).length;
}
