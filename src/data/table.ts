/** What a column holds. Ordinal categories stand in their order. */
export type ColumnType = 'numeric' | 'integer' | 'ordinal' | 'categorical' | 'boolean';

/** A column of numbers. */
export interface NumericColumn {
  readonly name: string;
  readonly type: 'numeric' | 'integer';
  /** One value a row; NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of named categories. */
export interface CategoricalColumn {
  readonly name: string;
  readonly type: 'ordinal' | 'categorical' | 'boolean';
  /** The categories' names; all of them need not occur. */
  readonly categories: readonly string[];
  /** One index into `categories` a row; −1 where it is missing. */
  readonly codes: Int32Array;
}

export type Column = NumericColumn | CategoricalColumn;

/** Rows of typed columns, one of which may be the target. Plain data: never changed in place. */
export interface Table {
  readonly kind: 'table';
  /** Number of rows. */
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Name of the column to predict. */
  readonly target?: string;
}

/**
 * Make a table of columns, checked.
 * @param columns Columns of the same length with different names.
 * @param options.target Name of the column to predict.
 * @throws TypeError or RangeError where lengths, names, codes or values do not fit.
 */
export function table(
  columns: readonly Column[],
  options: { readonly target?: string | undefined } = {},
): Table {
  const rows = columns.length > 0 ? length(columns[0]) : 0;
  const names = new Set<string>();
  for (const [i, col] of columns.entries()) {
    if (typeof col.name !== 'string' || col.name === '') {
      fail(`column names must not be empty: column ${i + 1} has none; give it a name`);
    }
    if (names.has(col.name)) {
      fail(`column names must differ: "${col.name}" is there twice; rename one`);
    }
    names.add(col.name);
    if (length(col) !== rows) {
      fail(
        `columns must have the same length: "${columns[0].name}" has ${rows} rows and "${col.name}" has ${length(col)}`,
      );
    }
    if (isNumeric(col)) checkNumbers(col);
    else checkCodes(col);
  }
  return withTarget({ kind: 'table', rows, columns }, options.target);
}

/** Tell whether a column holds numbers (numeric or integer) rather than categories. */
export function isNumeric(column: Column): column is NumericColumn {
  return column.type === 'numeric' || column.type === 'integer';
}

/**
 * Find a column by its name.
 * @throws RangeError that lists the names there are.
 */
export function column(table: Table, name: string): Column {
  return table.columns[columnIndex(table, name)];
}

/**
 * Find the place of a column by its name.
 * @throws RangeError that lists the names there are.
 */
export function columnIndex(table: Table, name: string): number {
  const index = table.columns.findIndex((c) => c.name === name);
  if (index < 0) {
    throw new RangeError(
      `Cannot find column "${name}" as the name must be one of the table's: ${list(table)}`,
    );
  }
  return index;
}

/** Keep the named columns, in the order of the names; the target stays the target if it is kept. */
export function selectColumns(table: Table, names: readonly string[]): Table {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new RangeError(
      `Cannot select columns as names must differ: "${repeated}" is there twice`,
    );
  }
  const { target } = table;
  return {
    kind: 'table',
    rows: table.rows,
    columns: names.map((name) => column(table, name)),
    ...(target !== undefined && names.includes(target) ? { target } : {}),
  };
}

/** Leave the named columns out. */
export function dropColumns(table: Table, names: readonly string[]): Table {
  const dropped = new Set(names.map((name) => column(table, name).name));
  return selectColumns(
    table,
    table.columns.map((c) => c.name).filter((name) => !dropped.has(name)),
  );
}

/**
 * Take rows by their index, in the order given; an index may occur several times.
 * @throws RangeError where an index is not a row of the table.
 */
export function takeRows(table: Table, indices: ArrayLike<number>): Table {
  const rows = indices.length;
  for (let i = 0; i < rows; i++) {
    const at = indices[i];
    if (!(at >= 0 && at < table.rows && Number.isInteger(at))) {
      throw new RangeError(
        `Cannot take rows as every index must be an integer from 0 to ${table.rows - 1}: current value is ${at}`,
      );
    }
  }
  return {
    ...table,
    rows,
    columns: table.columns.map((c): Column => {
      if (isNumeric(c)) {
        const values = new Float64Array(rows);
        for (let i = 0; i < rows; i++) values[i] = c.values[indices[i]];
        return { ...c, values };
      }
      const codes = new Int32Array(rows);
      for (let i = 0; i < rows; i++) codes[i] = c.codes[indices[i]];
      return { ...c, codes };
    }),
  };
}

/**
 * Put the rows of the second table under those of the first.
 *
 * Columns must have the same names in the same order. Categories that only the second table has
 * come after the first's; numbers of which one side is not integer become numeric.
 * @throws TypeError where names differ, or a column is numbers on one side and categories on the other.
 */
export function concatRows(first: Table, second: Table): Table {
  const count = Math.max(first.columns.length, second.columns.length);
  const columns: Column[] = [];
  for (let i = 0; i < count; i++) {
    const a = first.columns[i];
    const b = second.columns[i];
    if (a?.name !== b?.name || isNumeric(a) !== isNumeric(b)) {
      throw new TypeError(
        `Cannot put rows together as both tables must have the same columns: column ${i + 1} is ${describe(a)} in the first and ${describe(b)} in the second`,
      );
    }
    columns.push(concatColumns(a, b));
  }
  return { ...first, rows: first.rows + second.rows, columns };
}

/**
 * Name the column to predict; `undefined` takes the mark away.
 * @throws RangeError that lists the names there are.
 */
export function withTarget(table: Table, name: string | undefined): Table {
  const { kind, rows, columns } = table;
  if (name === undefined) return { kind, rows, columns };
  if (!columns.some((c) => c.name === name)) {
    throw new RangeError(
      `Cannot use "${name}" as target as it must be a column of the table: ${list(table)}`,
    );
  }
  return { kind, rows, columns, target: name };
}

function length(column: Column): number {
  return isNumeric(column) ? column.values.length : column.codes.length;
}

function checkNumbers({ name, type, values }: NumericColumn): void {
  if (!(values instanceof Float64Array)) {
    fail(`values of a ${type} column must be a Float64Array: those of "${name}" are not`);
  }
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY) {
      fail(
        `numbers must be finite, or NaN where missing: row ${i + 1} of "${name}" is ${v}`,
        RangeError,
      );
    }
    if (type === 'integer' && v % 1 !== 0 && !Number.isNaN(v)) {
      fail(
        `values of an integer column must be integers: row ${i + 1} of "${name}" is ${v}; make it numeric`,
        RangeError,
      );
    }
  }
}

function checkCodes({ name, type, categories, codes }: CategoricalColumn): void {
  if (type !== 'categorical' && type !== 'ordinal' && type !== 'boolean') {
    fail(
      `a column's type must be numeric, integer, ordinal, categorical or boolean: that of "${name}" is ${type}`,
    );
  }
  if (!(codes instanceof Int32Array)) {
    fail(`codes of a ${type} column must be an Int32Array: those of "${name}" are not`);
  }
  if (new Set(categories).size !== categories.length) {
    fail(`categories must differ: "${name}" has one of ${categories.join(', ')} twice`);
  }
  if (type === 'boolean' && categories.length !== 2) {
    fail(
      `a boolean column must have two categories, false first: "${name}" has ${categories.length}`,
    );
  }
  for (let i = 0; i < codes.length; i++) {
    if (codes[i] < -1 || codes[i] >= categories.length) {
      fail(
        `codes must be from −1 (missing) to ${categories.length - 1}: row ${i + 1} of "${name}" is ${codes[i]}`,
        RangeError,
      );
    }
  }
}

function concatColumns(a: Column, b: Column): Column {
  if (isNumeric(a) && isNumeric(b)) {
    const values = new Float64Array(a.values.length + b.values.length);
    values.set(a.values);
    values.set(b.values, a.values.length);
    return { name: a.name, type: a.type === b.type ? a.type : 'numeric', values };
  }
  const [x, y] = [a as CategoricalColumn, b as CategoricalColumn];
  const place = new Map(x.categories.map((name, code) => [name, code]));
  for (const name of y.categories) if (!place.has(name)) place.set(name, place.size);
  const recode = y.categories.map((name) => place.get(name) as number);
  const codes = new Int32Array(x.codes.length + y.codes.length);
  codes.set(x.codes);
  const offset = x.codes.length;
  for (let i = 0; i < y.codes.length; i++) {
    codes[offset + i] = y.codes[i] < 0 ? -1 : recode[y.codes[i]];
  }
  // A third category makes a boolean column categorical, and a new one has no place in an order.
  const type = place.size > x.categories.length || x.type !== y.type ? 'categorical' : x.type;
  return { name: x.name, type, categories: [...place.keys()], codes };
}

function describe(column: Column | undefined): string {
  return column ? `"${column.name}" (${column.type})` : 'absent';
}

function list(table: Table): string {
  const names = table.columns.map((c) => `"${c.name}"`);
  const shown = names.slice(0, 20).join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown || '(no columns)';
}

function fail(requirement: string, type: typeof TypeError | typeof RangeError = TypeError): never {
  throw new type(`Cannot make a table as ${requirement}`);
}
