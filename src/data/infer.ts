// Columns from cells whose types nobody declared. A column whose every cell is a number is numeric,
// or integer where all are whole; true and false alone make it boolean; anything else is categorical.
// Guesses that would change numbers (codes with few values read as categories) are made for the
// target only, because a classifier needs classes; `types` overrides every guess.

import type { CategoricalColumn, Column, ColumnType, NumericColumn } from './table.js';

/** How cells become columns. */
export interface ReadTypes {
  /**
   * Types of columns by name, in place of inference; a list of categories makes the column ordinal,
   * in that order.
   */
  readonly types?: Readonly<Record<string, ColumnType | readonly string[]>> | undefined;
  /** Texts that mean a missing cell (default: empty, `NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`, `?`). */
  readonly missing?: readonly string[] | undefined;
}

/** The texts that mean a missing cell where nothing else is said. */
export const missingTokens: readonly string[] = [
  '',
  'NA',
  'N/A',
  'NaN',
  'nan',
  'null',
  'NULL',
  '?',
];

/** A target with integer codes is read as classes up to this many different codes. */
export const mostIntegerClasses = 10;

/** Where cells come from, for messages. */
export interface Source {
  /** What is being read: a path, "records". */
  readonly name: string;
  /** Where a row is: "line 12", "record 11". */
  place(row: number): string;
}

/** What to make of one column. */
export interface Wanted {
  readonly name: string;
  /** Its type, where it is known. */
  readonly type?: ColumnType | readonly string[] | undefined;
  readonly missing: ReadonlySet<string>;
  /** Whether it is the column to predict. */
  readonly target: boolean;
}

const infinite = /^[+-]?inf(?:inity)?$/i;

/**
 * Read a decimal number such as `-1.5e3`; NaN where the text is none. Characters are looked at
 * before `Number`, which would take blanks, `0x10` and `Infinity`; a pattern costs three times more.
 */
export function parseNumber(text: string): number {
  const first = text.charCodeAt(0);
  if (!((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46)) {
    return Number.NaN;
  }
  if (first === 48 && text.length > 1 && (text.charCodeAt(1) | 32) > 97 && !/^0e/i.test(text)) {
    return Number.NaN; // 0x, 0b, 0o
  }
  const last = text.charCodeAt(text.length - 1);
  return last <= 32 || last === 121 ? Number.NaN : Number(text); // 121: the y of -Infinity
}

/** Tell whether a text is a decimal number. */
export function isNumberText(text: string): boolean {
  return !Number.isNaN(parseNumber(text));
}

/**
 * Make a column of texts.
 * @param texts One text a row; blanks around it do not count.
 */
export function columnFromTexts(texts: readonly string[], wanted: Wanted, source: Source): Column {
  const { name, type, missing } = wanted;
  const found = type === undefined ? guessNumbers(texts, wanted, source) : undefined;
  if (found) return wanted.target ? asClasses(found) : found;
  const cells = texts.map((text) => tidy(text, missing));
  if (type === 'numeric' || type === 'integer') return numbers(cells, wanted, source, type);
  if (type === 'boolean') return booleans(cells, wanted, source);
  if (type !== undefined) return categories(cells, name, type, source);
  const first = cells.find((cell) => cell !== undefined);
  if (
    first !== undefined &&
    isBoolean(first) &&
    cells.every((c) => c === undefined || isBoolean(c))
  ) {
    return booleans(cells, wanted, source);
  }
  return categories(cells, name, 'categorical', source);
}

/**
 * Make a column of JavaScript values: numbers, booleans, texts; `null`, `undefined` and NaN are missing.
 * Where texts are among them, all are read as texts.
 */
export function columnFromCells(cells: readonly unknown[], wanted: Wanted, source: Source): Column {
  const texts = new Array<string>(cells.length);
  const gap = '\u0000'; // no file's token
  const known: Wanted = { ...wanted, missing: new Set([...wanted.missing, gap]) };
  for (const [row, cell] of cells.entries()) {
    if (cell === null || cell === undefined || Number.isNaN(cell)) texts[row] = gap;
    else if (typeof cell === 'string') texts[row] = cell;
    else if (typeof cell === 'number' || typeof cell === 'boolean' || typeof cell === 'bigint') {
      texts[row] = String(cell);
    } else {
      const met = cell instanceof Date ? 'a Date' : Array.isArray(cell) ? 'an array' : typeof cell;
      throw new TypeError(
        `Cannot read ${source.name} as cells must be numbers, texts, booleans or null: ${source.place(row)}, column "${wanted.name}" is ${met}; turn it into one of these`,
      );
    }
  }
  return columnFromTexts(texts, known, source);
}

/** The type that a column is to have, where one is named. */
export function wantedType(types: ReadTypes['types'], name: string): Wanted['type'] {
  return types && Object.hasOwn(types, name) ? types[name] : undefined;
}

/**
 * Refuse types that name no column.
 * @param names The columns there are.
 */
export function checkTypes(
  types: ReadTypes['types'],
  names: readonly string[],
  source: string,
): void {
  const known = ['numeric', 'integer', 'ordinal', 'categorical', 'boolean'];
  for (const [name, type] of Object.entries(types ?? {})) {
    if (!names.includes(name)) {
      throw new RangeError(
        `Cannot read ${source} as types must name its columns: "${name}" is none of ${names.slice(0, 20).join(', ')}`,
      );
    }
    if (!Array.isArray(type) && !known.includes(type as string)) {
      throw new TypeError(
        `Cannot read ${source} as the type of a column must be ${known.join(', ')} or a list of categories: that of "${name}" is ${String(type)}`,
      );
    }
  }
}

/** The cell without blanks around it; undefined where it is missing. */
function tidy(text: string, missing: ReadonlySet<string>): string | undefined {
  const blank =
    text.length > 0 && (text.charCodeAt(0) <= 32 || text.charCodeAt(text.length - 1) <= 32);
  const cell = blank ? text.trim() : text;
  return missing.has(cell) ? undefined : cell;
}

type Cells = readonly (string | undefined)[];

function guessNumbers(
  texts: readonly string[],
  { name, missing }: Wanted,
  source: Source,
): NumericColumn | undefined {
  const values = new Float64Array(texts.length);
  let whole = true;
  let some = false;
  let odd = -1;
  for (let i = 0; i < texts.length; i++) {
    const cell = tidy(texts[i], missing);
    const value = cell === undefined ? Number.NaN : parseNumber(cell);
    values[i] = value;
    if (cell === undefined) continue;
    some = true;
    if (Number.isFinite(value)) {
      if (whole && !Number.isSafeInteger(value)) whole = false;
    } else if (!Number.isNaN(value) || infinite.test(cell)) odd = i;
    else return undefined;
  }
  if (odd >= 0) refuseInfinite(texts[odd].trim(), name, odd, source);
  return { name, type: whole && some ? 'integer' : 'numeric', values };
}

function numbers(
  cells: Cells,
  { name }: Wanted,
  source: Source,
  type: 'numeric' | 'integer',
): NumericColumn {
  const values = Float64Array.from(cells, (cell, row) => {
    if (cell === undefined) return Number.NaN;
    if (infinite.test(cell)) refuseInfinite(cell, name, row, source);
    const value = parseNumber(cell);
    if (!(type === 'integer' ? Number.isInteger(value) : Number.isFinite(value))) {
      throw new SyntaxError(
        `Cannot read ${source.name} as column "${name}" must be ${type}: ${source.place(row)} has "${cell}"; mend the cell, list it in \`missing\`, or give the column another type`,
      );
    }
    return value;
  });
  return { name, type, values };
}

function refuseInfinite(cell: string, name: string, row: number, source: Source): never {
  throw new RangeError(
    `Cannot read ${source.name} as numbers must be finite: ${source.place(row)}, column "${name}" has "${cell}"; list it in \`missing\` to read it as missing`,
  );
}

function asClasses(column: NumericColumn): Column {
  const distinct = new Set<number>();
  for (const value of column.values) {
    if (!Number.isNaN(value)) distinct.add(value);
    if (distinct.size > mostIntegerClasses) return column;
  }
  if (column.type !== 'integer') return column;
  const codes = [...distinct].sort((a, b) => a - b);
  const place = new Map(codes.map((value, code) => [value, code]));
  return {
    name: column.name,
    type: 'categorical',
    categories: codes.map(String),
    codes: Int32Array.from(column.values, (value) => place.get(value) ?? -1),
  };
}

function isBoolean(cell: string): boolean {
  const lower = cell.length <= 5 ? cell.toLowerCase() : '';
  return lower === 'true' || lower === 'false';
}

/** A boolean column; the file's own spelling of false and true stays where there is only one. */
function booleans(cells: Cells, { name }: Wanted, source: Source): CategoricalColumn {
  const spellings = [new Set<string>(), new Set<string>()];
  const codes = Int32Array.from(cells, (cell, row) => {
    if (cell === undefined) return -1;
    const lower = cell.toLowerCase();
    const code =
      lower === 'true' || lower === '1' ? 1 : lower === 'false' || lower === '0' ? 0 : -1;
    if (code < 0) {
      throw new SyntaxError(
        `Cannot read ${source.name} as column "${name}" must be boolean (true, false, 1, 0): ${source.place(row)} has "${cell}"`,
      );
    }
    spellings[code].add(cell);
    return code;
  });
  const [no, yes] = spellings.map((set) => [...set]);
  const same = no.length <= 1 && yes.length <= 1 && no.length + yes.length === 2;
  return { name, type: 'boolean', categories: same ? [no[0], yes[0]] : ['false', 'true'], codes };
}

function categories(
  cells: Cells,
  name: string,
  type: 'categorical' | 'ordinal' | readonly string[],
  source: Source,
): CategoricalColumn {
  const place = new Map<string, number>();
  const met = Int32Array.from(cells, (cell) => {
    if (cell === undefined) return -1;
    let code = place.get(cell);
    if (code === undefined) {
      code = place.size;
      place.set(cell, code);
    }
    return code;
  });
  const names = typeof type === 'string' ? sortCategories(Array.from(place.keys(), ownText)) : type;
  const rank = new Map(names.map((category, code) => [category, code]));
  const recode = Int32Array.from(place.keys(), (category) => rank.get(category) ?? -1);
  const strange = recode.indexOf(-1);
  if (strange >= 0) {
    const row = met.indexOf(strange);
    throw new RangeError(
      `Cannot read ${source.name} as cells of "${name}" must be one of ${names.join(', ')}: ${source.place(row)} has "${cells[row]}"`,
    );
  }
  return {
    name,
    type: typeof type === 'string' ? type : 'ordinal',
    categories: names,
    codes: met.map((code) => (code < 0 ? -1 : recode[code])),
  };
}

/** Copy a text: a part cut out of a file's text would keep all of that text in memory. */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}

/** Sort category names: as numbers where all are numbers, else by their characters. */
export function sortCategories(names: readonly string[]): string[] {
  return names.every(isNumberText)
    ? [...names].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
    : [...names].sort();
}
