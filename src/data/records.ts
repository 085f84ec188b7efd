import { checkTypes, columnFromCells, missingTokens, type ReadTypes, wantedType } from './infer.js';
import { isNumeric, type Table, table } from './table.js';

/** A cell as plain JavaScript has it; `null` where it is missing. */
export type Cell = number | string | boolean | null;

/** One row as an object: column name → cell. */
export type TableRecord = Readonly<Record<string, Cell>>;

export interface FromRecordsOptions extends ReadTypes {
  /** Name of the column to predict. */
  readonly target?: string | undefined;
}

/**
 * Make a table of row objects. Columns come in the order in which their names are first met; a
 * name that a row lacks, `null`, `undefined` and NaN are missing cells.
 * @param source What is read, for messages.
 * @throws TypeError where a cell is neither number, string, boolean nor missing.
 */
export function fromRecords(
  records: readonly Readonly<Record<string, unknown>>[],
  options: FromRecordsOptions = {},
  source = 'records',
): Table {
  const names = new Map<string, unknown[]>();
  for (const [row, record] of records.entries()) {
    for (const name of Object.keys(record)) {
      let cells = names.get(name);
      if (!cells) {
        cells = new Array(records.length).fill(null);
        names.set(name, cells);
      }
      cells[row] = record[name];
    }
  }
  checkTypes(options.types, [...names.keys()], source);
  const missing = new Set(options.missing ?? missingTokens);
  const columns = [...names].map(([name, cells]) =>
    columnFromCells(
      cells,
      { name, type: wantedType(options.types, name), missing, target: name === options.target },
      { name: source, place: (row) => `record ${row + 1}` },
    ),
  );
  return table(columns, options);
}

/** Return the rows of a table as objects: numbers, category names, booleans; `null` where missing. */
export function toRecords(table: Table): Record<string, Cell>[] {
  const records: Record<string, Cell>[] = Array.from({ length: table.rows }, () => ({}));
  for (const column of table.columns) {
    const { name } = column;
    if (isNumeric(column)) {
      const { values } = column;
      for (let i = 0; i < table.rows; i++) {
        records[i][name] = Number.isNaN(values[i]) ? null : values[i];
      }
    } else {
      const { codes } = column;
      const cells: readonly Cell[] = column.type === 'boolean' ? [false, true] : column.categories;
      for (let i = 0; i < table.rows; i++) records[i][name] = codes[i] < 0 ? null : cells[codes[i]];
    }
  }
  return records;
}
