import { describe, expect, it } from 'vitest';
import { conform } from '../../src/data/conform.js';
import { parseCsv } from '../../src/data/csv.js';
import { fromRecords, toRecords } from '../../src/data/records.js';
import { dropColumns, takeRows } from '../../src/data/table.js';

const t = fromRecords(
  [
    { x: 1.5, town: 'Ulm', ok: true, y: 'a' },
    { x: null, town: 'Bern', ok: null, y: 'b' },
    { x: 3, town: null, ok: false, y: 'a' },
  ],
  { target: 'y' },
);

describe('conform()', () => {
  it('gives rows that were read apart the schema of the others', () => {
    const other = parseCsv('ok,extra,town,x\nTRUE,1,Ulm,2\nFALSE,2,Paris,\n');
    const { table, unknown } = conform(other, t);
    expect(table.columns.map((c) => [c.name, c.type])).toEqual([
      ['x', 'numeric'],
      ['town', 'categorical'],
      ['ok', 'boolean'],
    ]);
    expect(toRecords(table)).toEqual([
      { x: 2, town: 'Ulm', ok: true },
      { x: null, town: null, ok: false },
    ]);
    expect(unknown).toEqual({ town: 1 });
    expect('target' in table).toBe(false);
  });

  it('keeps the target where there is one, and a table in form as it is', () => {
    expect(conform(t, t)).toEqual({ table: t, unknown: {} });
    expect(conform(takeRows(t, [2]), t).table.target).toBe('y');
  });

  it('reads numbers as the categories they name, and texts as numbers', () => {
    const codes = fromRecords([{ c: 1 }, { c: 2 }], { types: { c: 'categorical' } });
    const read = conform(fromRecords([{ c: 2 }, { c: 3 }]), codes);
    expect(read.table.columns[0]).toMatchObject({ codes: Int32Array.of(1, -1) });
    expect(read.unknown).toEqual({ c: 1 });
    const numbers = conform(codes, fromRecords([{ c: 1 }]));
    expect(numbers.table.columns[0]).toMatchObject({
      type: 'integer',
      values: Float64Array.of(1, 2),
    });
    expect(() => conform(t, fromRecords([{ town: 1 }]))).toThrow('row 1 has "Ulm"');
  });

  it('refuses rows that lack a column', () => {
    expect(() => conform(dropColumns(t, ['x']), t)).toThrow(
      'must have a column "x": it has "town"',
    );
  });
});
