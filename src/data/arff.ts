// ARFF, the format of Weka and OpenML: a header of @attribute lines, then comma-separated rows.
// Nominal attributes keep their declared order, without the values that do not occur; `?` is missing,
// quoted or not, because files in circulation write it both ways.

import {
  checkTypes,
  columnFromTexts,
  isNumberText,
  ownText,
  type ReadTypes,
  type Source,
  wantedType,
} from './infer.js';
import { type Column, isNumeric, type Table, table } from './table.js';

export interface ParseArffOptions extends ReadTypes {
  /** Name of the column to predict. */
  readonly target?: string | undefined;
}

interface Attribute {
  readonly name: string;
  /** The declared categories, or whether values are numbers or texts. */
  readonly type: 'number' | 'text' | readonly string[];
}

/**
 * Read a table from ARFF text: nominal, numeric, real, integer, string and date attributes.
 * @param source What is read, for messages.
 * @throws SyntaxError with line and column where the text is malformed; sparse rows and relational
 *   attributes are refused.
 */
export function parseArff(
  text: string,
  options: ParseArffOptions = {},
  source = 'the ARFF text',
): Table {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const { attributes, dataLine } = parseHeader(lines, source);
  const names = attributes.map(({ name }) => name);
  checkTypes(options.types, names, source);
  if (options.target !== undefined && !names.includes(options.target)) {
    throw new RangeError(
      `Cannot read ${source} as the target must be one of its attributes: "${options.target}" is none of ${names.join(', ')}`,
    );
  }
  const cells = attributes.map((): string[] => []);
  const lineOf: number[] = [];
  for (let at = dataLine; at < lines.length; at++) {
    const line = lines[at].trim();
    if (line === '' || line.startsWith('%')) continue;
    if (line.startsWith('{')) {
      fail(source, at, 1, 'rows must be dense: this one is sparse', 'write every value out');
    }
    const row = /['"]/.test(line) ? quotedCells(line, source, at) : line.split(',');
    if (row.length !== attributes.length) {
      const column = Math.min(row.length, attributes.length) + 1;
      const requirement = `every row must have ${attributes.length} values: this one has ${row.length}`;
      fail(source, at, column, requirement, 'mend the line');
    }
    for (let c = 0; c < row.length; c++) cells[c].push(row[c]);
    lineOf.push(at + 1);
  }
  if (lineOf.length === 0) {
    throw new SyntaxError(`Cannot read ${source} as rows must follow @data: there are none`);
  }
  const where: Source = { name: source, place: (row) => `line ${lineOf[row]}` };
  const missing = new Set(['?', ...(options.missing ?? [])]);
  const columns = attributes.map(({ name, type }, c) => {
    const wanted = {
      name,
      missing,
      target: name === options.target,
      type: wantedType(options.types, name),
    };
    if (wanted.type !== undefined) return columnFromTexts(cells[c], wanted, where);
    if (type === 'text')
      return columnFromTexts(cells[c], { ...wanted, type: 'categorical' }, where);
    if (type !== 'number') return nominal(cells[c], name, type, missing, where);
    const found = columnFromTexts(cells[c], wanted, where);
    // Texts among the numbers: read again as numbers, which says where they are.
    return isNumeric(found) || found.categories.every(isNumberText)
      ? found
      : columnFromTexts(cells[c], { ...wanted, type: 'numeric' }, where);
  });
  return table(columns, { target: options.target });
}

function parseHeader(
  lines: readonly string[],
  source: string,
): { attributes: readonly Attribute[]; dataLine: number } {
  const attributes: Attribute[] = [];
  for (const [at, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('%') || /^@relation\b/i.test(line)) continue;
    if (/^@data\b/i.test(line)) {
      if (attributes.length === 0) fail(source, at, 1, 'attributes must come before @data');
      return { attributes, dataLine: at + 1 };
    }
    const declared = /^@attribute\s+(.*)$/i.exec(line);
    if (!declared) {
      fail(
        source,
        at,
        1,
        `the header must hold @relation, @attribute and @data: this is "${line.slice(0, 40)}"`,
      );
    }
    const attribute = parseAttribute(declared[1], source, at);
    if (attributes.some(({ name }) => name === attribute.name)) {
      fail(
        source,
        at,
        1,
        `attribute names must differ: "${attribute.name}" is there twice`,
        'rename one',
      );
    }
    attributes.push(attribute);
  }
  throw new SyntaxError(
    lines.every((line) => line.trim() === '')
      ? `Cannot read ${source} as it must hold attributes and rows: it is empty`
      : `Cannot read ${source} as it must have a line @data: there is none in ${lines.length} lines`,
  );
}

function parseAttribute(text: string, source: string, at: number): Attribute {
  const quoted = /^(['"])((?:\\.|(?!\1).)*)\1\s*(.*)$/.exec(text);
  const plain = /^([^\s{]+)\s*(.*)$/.exec(text);
  const [raw, rest] = quoted
    ? [resolve(quoted[2]), quoted[3]]
    : [plain?.[1] ?? '', plain?.[2] ?? ''];
  const name = ownText(raw.trim());
  if (name === '') fail(source, at, 1, 'every attribute must have a name', 'name it');
  if (rest.startsWith('{')) {
    const end = rest.lastIndexOf('}');
    if (end < 0) fail(source, at, 1, `the values of "${name}" must end with "}" in the same line`);
    const values = quotedCells(rest.slice(1, end), source, at).map((value) =>
      ownText(value.trim()),
    );
    return { name, type: [...new Set(values)] };
  }
  const type = /^\w*/.exec(rest)?.[0].toLowerCase() ?? '';
  if (type === 'numeric' || type === 'real' || type === 'integer') return { name, type: 'number' };
  if (type === 'string' || type === 'date') return { name, type: 'text' };
  return fail(
    source,
    at,
    1,
    `the type of an attribute must be numeric, real, integer, string, date or {values}: that of "${name}" is "${rest}"`,
  );
}

/** Split at commas outside quotes, take the quotes away and resolve backslashes inside them. */
function quotedCells(line: string, source: string, at: number): string[] {
  const found: string[] = [];
  const cell = /\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|((?:[^,'"\s][^,]*)?))\s*(,|$)/y;
  while (cell.lastIndex <= line.length) {
    const start = cell.lastIndex;
    const match = cell.exec(line);
    if (!match) {
      fail(
        source,
        at,
        found.length + 1,
        `every quote must be closed: that at character ${start + 1} is not`,
      );
    }
    const inner = match[1] ?? match[2];
    found.push(inner === undefined ? match[3] : resolve(inner));
    if (match[4] === '') break;
  }
  return found;
}

function resolve(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

function nominal(
  cells: readonly string[],
  name: string,
  declared: readonly string[],
  missing: ReadonlySet<string>,
  where: Source,
): Column {
  const place = new Map(declared.map((category, code) => [category, code]));
  const used = new Uint8Array(declared.length);
  const codes = Int32Array.from(cells, (text, row) => {
    const cell = text.trim();
    if (missing.has(cell)) return -1;
    const code = place.get(cell);
    if (code === undefined) {
      throw new SyntaxError(
        `Cannot read ${where.name} as values of "${name}" must be declared (${declared.slice(0, 12).join(', ')}${declared.length > 12 ? ' …' : ''}): ${where.place(row)} has "${cell}"`,
      );
    }
    used[code] = 1;
    return code;
  });
  const kept = [...declared.keys()].filter((code) => used[code] === 1);
  const recode = new Map(kept.map((code, index) => [code, index]));
  return {
    name,
    type: 'categorical',
    categories: kept.map((code) => declared[code]),
    codes: codes.map((code) => recode.get(code) ?? -1),
  };
}

function fail(
  source: string,
  at: number,
  column: number,
  requirement: string,
  remedy?: string,
): never {
  throw new SyntaxError(
    `Cannot read ${source} as ${requirement} (line ${at + 1}, column ${column})${remedy ? `; ${remedy}` : ''}`,
  );
}
