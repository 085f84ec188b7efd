import { describe, expect, it } from 'vitest';
import { fromArquero, fromDanfo, toArquero, toColumns, toDanfo } from '../../src/data/arquero.js';
import { bundled } from '../../src/data/bundled.js';
import { conform } from '../../src/data/conform.js';
import { parseCsv } from '../../src/data/csv.js';
import { features, ordinalMatrix, toMatrix } from '../../src/data/encode.js';
import { fromRecords, toRecords } from '../../src/data/records.js';
import { split } from '../../src/data/split.js';
import { summarize } from '../../src/data/summarize.js';
import { dropColumns, takeRows } from '../../src/data/table.js';
import { checkTarget } from '../../src/data/target.js';

const t = fromRecords(
  [
    { x: 1.5, town: 'Ulm', ok: true, y: 'a' },
    { x: null, town: 'Bern', ok: null, y: 'b' },
    { x: 3, town: null, ok: false, y: 'a' },
  ],
  { target: 'y' },
);

describe('toMatrix() and ordinalMatrix()', () => {
  it('encode categories as zeros and ones, or by their code; missing cells as NaN', () => {
    expect(features(t)).toEqual(['x', 'town', 'ok']);
    const m = toMatrix(t, ['town', 'x']);
    expect(m.names).toEqual(['town=Bern', 'town=Ulm', 'x']);
    expect([...m.values]).toEqual([0, 1, 1.5, 1, 0, Number.NaN, Number.NaN, Number.NaN, 3]);
    const o = ordinalMatrix(t);
    expect(o.names).toEqual(['x', 'town', 'ok']);
    expect([...o.values]).toEqual([1.5, 1, 1, Number.NaN, 0, Number.NaN, 3, Number.NaN, 0]);
    expect(() => toMatrix(t, ['z'])).toThrow('Cannot find column "z"');
  });
});

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

describe('summarize()', () => {
  it('tells what each column holds and what looks odd', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({
      id: `p${i}`,
      k: 7,
      gone: null,
      rare: i < 10 ? i : null,
      kind: i % 3 === 0 ? 'a' : 'b',
    }));
    const summary = summarize(fromRecords(rows, { target: 'kind' }));
    expect(summary).toMatchObject({ kind: 'table-summary', rows: 30, target: 'kind', missing: 50 });
    const byName = Object.fromEntries(summary.columns.map((c) => [c.name, c]));
    expect(byName.id.notes).toEqual(['all different']);
    expect(byName.k).toMatchObject({ mean: 7, deviation: 0, distinct: 1, notes: ['constant'] });
    expect(byName.gone).toEqual({
      name: 'gone',
      type: 'numeric',
      missing: 30,
      distinct: 0,
      notes: ['all missing'],
    });
    expect(byName.rare).toMatchObject({
      missing: 20,
      distinct: 10,
      mean: 4.5,
      minimum: 0,
      median: 4.5,
      maximum: 9,
      notes: ['mostly missing'],
    });
    expect(byName.kind.top).toEqual([
      { category: 'b', count: 20 },
      { category: 'a', count: 10 },
    ]);
  });
});

describe('fromArquero(), toArquero(), fromDanfo() and toDanfo()', () => {
  it('go through the other table’s public methods', () => {
    const columns = toColumns(t);
    expect(columns.ok).toEqual([true, null, false]);
    const arquero = {
      columnNames: () => Object.keys(columns),
      array: (name: string) => columns[name],
    };
    expect(fromArquero(arquero, { target: 'y' })).toEqual(t);
    expect(toArquero(t, (made) => made)).toEqual(columns);
    class Frame {
      readonly columns: string[];
      constructor(
        readonly values: unknown,
        options: { columns: string[] },
      ) {
        this.columns = options.columns;
      }
    }
    const frame = toDanfo(t, Frame);
    expect(frame.values).toEqual([
      [1.5, 'Ulm', true, 'a'],
      [null, 'Bern', null, 'b'],
      [3, null, false, 'a'],
    ]);
    expect(fromDanfo(frame, { target: 'y' })).toEqual(t);
  });
});

describe('bundled()', () => {
  it('reads the penguins whose sex is known, without a missing cell', async () => {
    const penguins = await bundled('penguins');
    expect([penguins.rows, penguins.columns.length, penguins.target]).toEqual([333, 7, 'sex']);
    expect(penguins.columns.map((c) => c.type).join()).toBe(
      'categorical,categorical,numeric,numeric,integer,integer,categorical',
    );
    expect(summarize(penguins)).toMatchObject({ missing: 0 });
    const { categories, codes } = checkTarget(penguins);
    expect(categories).toEqual(['female', 'male']);
    expect(codes.filter((code) => code === 1)).toHaveLength(168);
  });

  it('reads all penguins to predict their species', async () => {
    const penguins = await bundled('penguins', { target: 'species' });
    expect(penguins.rows).toBe(344);
    expect(summarize(penguins).missing).toBe(19);
    expect(summarize(penguins).columns[0].top).toEqual([
      { category: 'Adelie', count: 152 },
      { category: 'Gentoo', count: 124 },
      { category: 'Chinstrap', count: 68 },
    ]);
  });

  it('reads heart and wine', async () => {
    const heart = await bundled('heart');
    expect([heart.rows, heart.columns.length, summarize(heart).missing]).toEqual([303, 14, 7]);
    expect(checkTarget(heart).categories).toEqual(['absent', 'present']);
    expect(new Set(heart.columns.map((c) => c.type))).toEqual(
      new Set(['integer', 'numeric', 'categorical', 'boolean']),
    );
    const wine = await bundled('wine');
    expect([wine.rows, wine.columns.length, summarize(wine).missing]).toEqual([178, 14, 0]);
    expect(checkTarget(wine).categories).toEqual(['1', '2', '3']);
    expect(split(wine, { seed: 1 }).test.rows).toBe(45);
  });

  it('refuses other names', async () => {
    await expect(bundled('iris' as 'wine')).rejects.toThrow('penguins, wine, heart');
  });
});
