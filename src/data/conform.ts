import { type CategoricalColumn, type Column, isNumeric, type Table, table } from './table.js';
import { withTypes } from './with-types.js';

/** What `conform` made. */
export interface Conformed {
  readonly table: Table;
  /** Cells of categories that the schema does not know, by column; they are missing in the table. */
  readonly unknown: Readonly<Record<string, number>>;
}

/**
 * Give a table the columns of another one, by name: same order, types, categories and codes.
 * Needed where rows are read apart from those a model was fitted to. Columns that the other table
 * lacks are left out; a column that only the other one has is refused, unless it is the target.
 * @param rows The rows to bring into form.
 * @param like The table whose schema counts, or its columns.
 * @throws RangeError where a column is absent, SyntaxError where a cell is no number but must be.
 */
export function conform(rows: Table, like: Pick<Table, 'columns' | 'target'>): Conformed {
  const unknown: Record<string, number> = {};
  const columns: Column[] = [];
  for (const wanted of like.columns) {
    const found = rows.columns.find((c) => c.name === wanted.name);
    if (!found) {
      if (wanted.name === like.target) continue;
      throw new RangeError(
        `Cannot bring the table into form as it must have a column "${wanted.name}": it has ${rows.columns.map((c) => `"${c.name}"`).join(', ')}`,
      );
    }
    columns.push(
      isNumeric(wanted) ? numbers(rows, found, wanted.type) : recode(found, wanted, unknown),
    );
  }
  const target = columns.some((c) => c.name === like.target) ? like.target : undefined;
  return { table: table(columns, { target }), unknown };
}

function numbers(rows: Table, found: Column, type: 'numeric' | 'integer'): Column {
  if (found.type === type) return found;
  if (!isNumeric(found)) {
    const [column] = withTypes({ ...rows, columns: [found], target: undefined } as Table, {
      [found.name]: 'numeric',
    }).columns;
    return { ...column, type: asInteger(column, type) } as Column;
  }
  return { ...found, type: asInteger(found, type) };
}

/** Fractions in what was an integer column stay as they are; the column is numeric then. */
function asInteger(column: Column, type: 'numeric' | 'integer'): 'numeric' | 'integer' {
  const whole = isNumeric(column) && column.values.every((v) => Number.isNaN(v) || v % 1 === 0);
  return type === 'integer' && whole ? 'integer' : 'numeric';
}

function recode(
  found: Column,
  wanted: CategoricalColumn,
  unknown: Record<string, number>,
): CategoricalColumn {
  const place = new Map(wanted.categories.map((name, code) => [name, code]));
  // Booleans are written in many ways: TRUE, true, 1.
  if (wanted.type === 'boolean') {
    for (const [code, names] of [
      ['false', '0'],
      ['true', '1'],
    ].entries()) {
      for (const name of names) if (!place.has(name)) place.set(name, code);
    }
  }
  const find = (name: string): number => place.get(name) ?? place.get(name.toLowerCase()) ?? -1;
  const codeOf = isNumeric(found) ? undefined : found.categories.map(find);
  let strange = 0;
  const codes = Int32Array.from(
    { length: isNumeric(found) ? found.values.length : found.codes.length },
    (_, i) => {
      if (isNumeric(found) ? Number.isNaN(found.values[i]) : found.codes[i] < 0) return -1;
      const code = isNumeric(found)
        ? find(String(found.values[i]))
        : (codeOf as number[])[found.codes[i]];
      if (code < 0) strange++;
      return code;
    },
  );
  if (strange > 0) unknown[wanted.name] = strange;
  return { ...wanted, codes };
}
