import { type Column, isNumeric, type Table } from '../../data/table.js';

// Columns made ready for independence tests: rows that count, categories that occur, constants told apart.

/** A column as the tests see it. */
export interface Variable {
  readonly name: string;
  readonly numeric: boolean;
  /** The numbers of a numeric column, NaN where missing. */
  readonly values: Float64Array;
  /** Codes 0 … levels − 1 of the values that occur, in their order; −1 where missing. */
  readonly codes: Int32Array;
  /** Number of different values that occur. */
  readonly levels: number;
  /** Whether two different values occur. */
  readonly varies: boolean;
  /** Whether a row that counts misses this column. */
  readonly missing: boolean;
}

/** All columns of a table, ready for tests. */
export interface Variables {
  readonly names: readonly string[];
  readonly columns: readonly Variable[];
  /** Number of rows, those that count and those that do not. */
  readonly length: number;
  /** How often each row counts; absent where each counts once. */
  readonly weights?: Int32Array | undefined;
  /** Sum of the weights. */
  readonly rows: number;
  /** Columns with fewer than two different values. */
  readonly constant: readonly number[];
  readonly missing: boolean;
}

/**
 * Make the columns of a table ready for tests.
 * @param weights How often each row counts (default: once).
 * @throws RangeError for infinite values.
 */
export function variables(table: Table, weights?: Int32Array): Variables {
  const columns = table.columns.map((column) => variable(column, weights));
  let rows = table.rows;
  if (weights) {
    rows = 0;
    for (const w of weights) rows += w;
  }
  return {
    names: table.columns.map((c) => c.name),
    columns,
    length: table.rows,
    weights,
    rows,
    constant: [...columns.keys()].filter((i) => !columns[i].varies),
    missing: columns.some((c) => c.missing),
  };
}

function variable(column: Column, weights: Int32Array | undefined): Variable {
  return isNumeric(column)
    ? numericVariable(column.name, column.values, weights)
    : categoricalVariable(column.name, column.codes, column.categories.length, weights);
}

function categoricalVariable(
  name: string,
  given: Int32Array,
  categories: number,
  weights: Int32Array | undefined,
): Variable {
  const occurs = new Uint8Array(categories);
  let missing = false;
  for (let i = 0; i < given.length; i++) {
    if (weights && weights[i] === 0) continue;
    if (given[i] < 0) missing = true;
    else occurs[given[i]] = 1;
  }
  const place = new Int32Array(categories).fill(-1);
  let levels = 0;
  for (let c = 0; c < categories; c++) if (occurs[c]) place[c] = levels++;
  const codes = new Int32Array(given.length);
  for (let i = 0; i < given.length; i++) codes[i] = given[i] < 0 ? -1 : place[given[i]];
  return {
    name,
    numeric: false,
    values: new Float64Array(0),
    codes,
    levels,
    varies: levels > 1,
    missing,
  };
}

function numericVariable(
  name: string,
  values: Float64Array,
  weights: Int32Array | undefined,
): Variable {
  let missing = false;
  let first = Number.NaN;
  let varies = false;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    // v − v is 0 for numbers, and NaN where v is missing or infinite.
    if (v - v !== 0 && !Number.isNaN(v)) {
      throw new RangeError(
        `Cannot test independence as numbers must be finite, or NaN where missing: row ${i + 1} of "${name}" is ${v}`,
      );
    }
    if (weights && weights[i] === 0) continue;
    if (Number.isNaN(v)) missing = true;
    else if (Number.isNaN(first)) first = v;
    else if (v !== first) varies = true;
  }
  let coded: { codes: Int32Array; levels: number } | undefined;
  const code = (): { codes: Int32Array; levels: number } => {
    coded ??= codesOf(values, weights);
    return coded;
  };
  return {
    name,
    numeric: true,
    values,
    get codes() {
      return code().codes;
    },
    get levels() {
      return code().levels;
    },
    varies,
    missing,
  };
}

function codesOf(
  values: Float64Array,
  weights: Int32Array | undefined,
): { codes: Int32Array; levels: number } {
  const few = smallIntegers(values, weights);
  if (few) return few;
  const seen = new Set<number>();
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]) && !(weights && weights[i] === 0)) seen.add(values[i]);
  }
  const sorted = Float64Array.from(seen).sort();
  const place = new Map<number, number>();
  sorted.forEach((v, k) => {
    place.set(v, k);
  });
  return { codes: Int32Array.from(values, (v) => place.get(v) ?? -1), levels: sorted.length };
}

/** Codes of integers from a narrow range, without a search per value. */
function smallIntegers(
  values: Float64Array,
  weights: Int32Array | undefined,
): { codes: Int32Array; levels: number } | undefined {
  const range = 4096;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if ((v | 0) !== v) {
      if (Number.isNaN(v)) continue;
      return undefined;
    }
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (!(high - low < range)) return undefined;
  const place = new Int32Array(high - low + 1).fill(-1);
  const codes = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    codes[i] = Number.isNaN(v) ? -1 : v - low;
    if (codes[i] >= 0 && !(weights && weights[i] === 0)) place[codes[i]] = 0;
  }
  let levels = 0;
  for (let k = 0; k < place.length; k++) if (place[k] === 0) place[k] = levels++;
  if (levels < place.length) {
    for (let i = 0; i < codes.length; i++) if (codes[i] >= 0) codes[i] = place[codes[i]];
  }
  return { codes, levels };
}
