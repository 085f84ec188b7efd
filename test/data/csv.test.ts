import { describe, expect, it } from 'vitest';
import { type ParseCsvOptions, parseCsv, writeCsv } from '../../src/data/csv.js';
import { fromRecords, toRecords } from '../../src/data/records.js';
import { column, type Table } from '../../src/data/table.js';

/** "name:type" of each column. */
function types(t: Table): string {
  return t.columns.map((c) => `${c.name}:${c.type}`).join(' ');
}

function categories(t: Table, name: string): readonly string[] {
  const found = column(t, name);
  return 'categories' in found ? found.categories : [];
}

describe('parseCsv()', () => {
  it('infers numeric, integer, boolean and categorical columns and missing cells', () => {
    const t = parseCsv('x,n,ok,town\n1.5,2,TRUE,Ulm\n-2e3,NA,FALSE,?\n.5,+7,,Bern\n');
    expect(types(t)).toBe('x:numeric n:integer ok:boolean town:categorical');
    expect(toRecords(t)).toEqual([
      { x: 1.5, n: 2, ok: true, town: 'Ulm' },
      { x: -2000, n: null, ok: false, town: null },
      { x: 0.5, n: 7, ok: null, town: 'Bern' },
    ]);
  });

  it('reads quoted cells: numbers, delimiters, line breaks and doubled quotes', () => {
    const t = parseCsv('a,b\r\n"1","x, ""y""\r\nz"\r\n"2",\r\n');
    expect(toRecords(t)).toEqual([
      { a: 1, b: 'x, "y"\r\nz' },
      { a: 2, b: null },
    ]);
  });

  it('reads the same with and without quotes, byte-order mark, blanks and line ends of any kind', () => {
    const plain = toRecords(parseCsv('a,b\n1,x y\n,z\n'));
    for (const text of [
      '\uFEFFa,b\n1,x y\n,z',
      '"a","b"\n"1","x y"\n"","z"\n',
      'a , b\r\n1 , x y \r\n , z\r\n',
      'a,b\r1,x y\r,z\r',
      'a,b\n\n1,x y\n\n\n,z\n\n',
      'a;b\n1;x y\n;z\n',
      'a\tb\n1\tx y\n\tz\n',
      'a|b\n1|x y\n|z\n',
    ]) {
      expect(toRecords(parseCsv(text)), JSON.stringify(text)).toEqual(plain);
    }
    expect(toRecords(parseCsv(Buffer.from('\uFEFFa,b\n1,x y\n,z')))).toEqual(plain);
  });

  it('takes the delimiter that both first lines have equally often', () => {
    const t = parseCsv('weight, dry;height;kind\n1,5;2,0;a\n2,5;3,0;b\n');
    expect(t.columns.map((c) => c.name)).toEqual(['weight, dry', 'height', 'kind']);
    expect(types(parseCsv('a:b\n1:2\n', { delimiter: ':' }))).toBe('a:integer b:integer');
  });

  it('keeps integers integers, except for a target of few different ones', () => {
    const text = 'x,y\n1,10\n0,9\n1,10\n';
    expect(types(parseCsv(text))).toBe('x:integer y:integer');
    const t = parseCsv(text, { target: 'y' });
    expect(types(t)).toBe('x:integer y:categorical');
    expect(categories(t, 'y')).toEqual(['9', '10']);
    expect(t.target).toBe('y');
    expect(types(parseCsv(text, { target: 'y', types: { y: 'integer' } }))).toBe(
      'x:integer y:integer',
    );
    const many = `y\n${Array.from({ length: 11 }, (_, i) => i).join('\n')}\n`;
    expect(types(parseCsv(many, { target: 'y' }))).toBe('y:integer');
    expect(types(parseCsv('y\n0.5\n1\n', { target: 'y' }))).toBe('y:numeric');
  });

  it('obeys types: codes as categories, an order, numbers as numeric', () => {
    const t = parseCsv('code,size,n,flag\n01,M,1,1\n2,S,2,0\n', {
      types: { code: 'categorical', size: ['S', 'M', 'L'], n: 'numeric', flag: 'boolean' },
    });
    expect(types(t)).toBe('code:categorical size:ordinal n:numeric flag:boolean');
    expect(categories(t, 'code')).toEqual(['01', '2']);
    expect(categories(t, 'size')).toEqual(['S', 'M', 'L']);
    expect(toRecords(t)[0]).toEqual({ code: '01', size: 'M', n: 1, flag: true });
  });

  it('sorts categories as numbers where all are numbers, else by their characters', () => {
    const t = parseCsv('a,b\n10,b\n9,B\n9.5,a\n', { types: { a: 'categorical' } });
    expect(categories(t, 'a')).toEqual(['9', '9.5', '10']);
    expect(categories(t, 'b')).toEqual(['B', 'a', 'b']);
  });

  it('takes no dates, hexadecimals, grouped digits or lone signs for numbers', () => {
    const odd = ['2024-01-02', '0x10', '0b1', '1_000', '-', '.', '1e', '+-1', '12 3', '1y'];
    for (const cell of odd) expect(types(parseCsv(`a\n1\n${cell}\n`)), cell).toBe('a:categorical');
    for (const cell of ['0e3', '007', '-0', '5.', '+.5', '1E-5', '0.0']) {
      expect(column(parseCsv(`a\n${cell}\n`), 'a'), cell).toMatchObject({
        values: Float64Array.of(Number(cell)),
      });
    }
  });

  it('reads the missing tokens that are named, also numbers', () => {
    const t = parseCsv('a,b\n1,.\n-999,2\nNA,3\n', { missing: ['.', '-999', 'NA'] });
    expect(toRecords(t)).toEqual([
      { a: 1, b: null },
      { a: null, b: 2 },
      { a: null, b: 3 },
    ]);
    expect(categories(parseCsv('a\nNA\nx\n', { missing: [''] }), 'a')).toEqual(['NA', 'x']);
  });

  it('reads a column without any value as numeric, all missing', () => {
    const t = parseCsv('a,b\n1,\n2,NA\n');
    expect(column(t, 'b')).toEqual({
      name: 'b',
      type: 'numeric',
      values: Float64Array.of(Number.NaN, Number.NaN),
    });
  });

  it('keeps constant columns and texts that all differ', () => {
    const rows = Array.from({ length: 500 }, (_, i) => `1,id-${i}`);
    const t = parseCsv(['k,id', ...rows].join('\n'));
    expect(types(t)).toBe('k:integer id:categorical');
    expect(categories(t, 'id')).toHaveLength(500);
  });

  it('keeps empty lines of a single column as missing cells', () => {
    expect(toRecords(parseCsv('a\n1\n\n3\n'))).toEqual([{ a: 1 }, { a: null }, { a: 3 }]);
  });

  it('reads text without a header line, or after lines to pass over', () => {
    expect(types(parseCsv('1,x\n2,y\n', { header: false }))).toBe(
      'column1:integer column2:categorical',
    );
    expect(types(parseCsv('1,x\n2,y\n', { header: ['n', 'c'] }))).toBe('n:integer c:categorical');
    expect(types(parseCsv('2020,2021\n1,2\n', { header: true }))).toBe('2020:integer 2021:integer');
    expect(types(parseCsv('by hand\na,b\n1,2\n', { skipLines: 1 }))).toBe('a:integer b:integer');
  });

  it('calls an unnamed first column so, as row names are written', () => {
    expect(types(parseCsv('"","a"\n"1",2\n'))).toBe('(unnamed):integer a:integer');
  });

  it('never takes __proto__ and its like for anything but names', () => {
    const t = parseCsv('__proto__,constructor\n1,toString\n');
    expect(types(t)).toBe('__proto__:integer constructor:categorical');
    expect(types(parseCsv('constructor\n1\n', { types: {} }))).toBe('constructor:integer');
  });

  it.each<[string, string, string, ParseCsvOptions?]>([
    [
      'a short row',
      'a,b,c\n1,2,3\n4,5\n',
      'every row must have 3 cells, as the first: line 3, column 3',
    ],
    [
      'a long row',
      'a,b\n"x\ny",1\n1,2,3\n',
      'line 4, column 3 is where the row with 3 cells goes wrong',
    ],
    [
      'a quote that stays open',
      'a,b\n1,2\n3,"4\n5,6\n',
      'that in line 3, column 2 is open at the end',
    ],
    ['a stray quote', 'a,b\n1,2\n1,5"6\n', 'line 3, column 2 has a stray one'],
    ['text after a quote', 'a,b\n1,"2"3\n', 'line 2, column 2 has a stray one'],
    ['no text', '', 'it is empty'],
    ['blank lines only', '\n \n\n', 'it is empty'],
    ['a header only', 'a,b\n', 'rows must follow the header line: there are none'],
    ['a repeated name', 'a,b,a\n1,2,3\n', 'line 1, columns 1 and 3 are both "a"'],
    ['an empty name', 'a,,c\n1,2,3\n', 'line 1, column 2 is empty'],
    ['numbers for names', '1,2\n3,4\n', 'it holds only numbers (1, 2); pass header: false'],
    ['an infinite number', 'a,b\n1,2\n3,-inf\n', 'line 3, column "b" has "-inf"'],
    ['a number too large', 'a\n1e999\n', 'line 2, column "a" has "1e999"'],
    ['an unknown target', 'a,b\n1,2\n', '"y" is none of a, b', { target: 'y' }],
    ['types of no column', 'a\n1\n', '"z" is none of a', { types: { z: 'integer' } }],
    ['an unknown type', 'a\n1\n', 'that of "a" is float', { types: { a: 'float' as 'numeric' } }],
    [
      'a text in a numeric column',
      'a,b\n1,2\n\n1,?\n1,x\n',
      'line 5 has "x"',
      { types: { b: 'numeric' } },
    ],
    [
      'a fraction in an integer column',
      'a\n1.5\n',
      'line 2 has "1.5"',
      { types: { a: 'integer' } },
    ],
    [
      'a word in a boolean column',
      'a\ntrue\nyes\n',
      'line 3 has "yes"',
      { types: { a: 'boolean' } },
    ],
    ['a category not listed', 'a\nS\nXL\n', 'line 3 has "XL"', { types: { a: ['S', 'M'] } }],
    ['too few names', '1,2\n', 'header must name its 2 columns: there are 1', { header: ['a'] }],
  ])('refuses %s', (_, text, message, options) => {
    expect(() => parseCsv(text, options, 'my.csv')).toThrow(message);
    expect(() => parseCsv(text, options, 'my.csv')).toThrow(/^Cannot read my\.csv as /);
  });
});

describe('writeCsv()', () => {
  it('writes what reads back the same', () => {
    const t = fromRecords([
      { x: 0.1 + 0.2, n: 3, ok: false, 'a, "name"': 'plain' },
      { x: -1e-300, n: null, ok: true, 'a, "name"': 'with, comma' },
      { x: null, n: -7, ok: null, 'a, "name"': 'two\nlines "here"' },
      { x: 12345678.9, n: 0, ok: true, 'a, "name"': null },
    ]);
    expect(parseCsv(writeCsv(t))).toEqual(t);
  });

  it('keeps missing cells of a single column, at the end too', () => {
    const t = fromRecords([{ a: 1 }, { a: null }, { a: 2 }, { a: null }]);
    expect(parseCsv(writeCsv(t))).toEqual(t);
  });

  it('writes a header line for no rows', () => {
    const t = fromRecords([{ a: 1, b: 'x' }]);
    expect(writeCsv({ ...t, rows: 0 })).toBe('a,b\n');
  });
});
