import { checkTypes, columnFromTexts, type ReadTypes, wantedType } from './infer.js';
import { type Column, isNumeric, type Table, table } from './table.js';

/**
 * Give columns other types: codes that are really categories, categories in an order, texts that
 * are numbers. Other columns stay as they are.
 * @param types By column name; a list of categories makes the column ordinal, in that order.
 * @throws SyntaxError or RangeError that names the row whose cell does not fit.
 */
export function withTypes(from: Table, types: NonNullable<ReadTypes['types']>): Table {
  const names = from.columns.map((column) => column.name);
  checkTypes(types, names, 'the table');
  const columns = from.columns.map((column) => {
    const type = wantedType(types, column.name);
    if (type === undefined || type === column.type) return column;
    return columnFromTexts(
      texts(column),
      { name: column.name, type, missing: new Set([gap]), target: false },
      { name: 'the table', place: (row) => `row ${row + 1}` },
    );
  });
  return table(columns, { target: from.target });
}

const gap = '\u0000'; // stands for a missing cell

function texts(column: Column): string[] {
  return isNumeric(column)
    ? Array.from(column.values, (value) => (Number.isNaN(value) ? gap : String(value)))
    : Array.from(column.codes, (code) => (code < 0 ? gap : column.categories[code]));
}
