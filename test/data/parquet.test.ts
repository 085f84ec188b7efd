import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseParquet } from '../../src/data/parquet.js';
import { readTable } from '../../src/data/read-table.js';
import { toRecords } from '../../src/data/records.js';

const folder = join(import.meta.dirname, '..', 'fixtures', 'data');
const mixed = (compression: string) => join(folder, `mixed.${compression}.parquet`);

describe('readTable() on Parquet files', () => {
  it.each(['none', 'snappy', 'gzip', 'brotli'])(
    'reads every type (compression: %s)',
    async (name) => {
      const t = await readTable(mixed(name), { target: 'kind' });
      expect(t.columns.map((c) => `${c.name}:${c.type}`).join(' ')).toBe(
        'x:numeric half:numeric n:integer ok:boolean code:categorical kind:categorical day:categorical gone:numeric',
      );
      expect(toRecords(t)).toEqual([
        { x: 1.5, half: 0.5, n: 1, ok: true, code: '01', kind: 'a', day: '2024-02-29', gone: null },
        { x: null, half: 0.25, n: 2, ok: false, code: '1', kind: 'b', day: null, gone: null },
        { x: -0.002, half: null, n: null, ok: null, code: 'NA', kind: null, day: null, gone: null },
        {
          x: 4,
          half: 1,
          n: 2 ** 40,
          ok: true,
          code: null,
          kind: 'a',
          day: '2020-01-01',
          gone: null,
        },
      ]);
      expect(t.target).toBe('kind');
    },
  );

  it('reads Zstandard where Node can, and says so where it cannot', async () => {
    const reading = readTable(mixed('zstd'));
    if ('zstdDecompressSync' in zlib) expect((await reading).rows).toBe(4);
    else await expect(reading).rejects.toThrow('unsupported compression codec: ZSTD');
  });

  it('obeys types and missing tokens', async () => {
    const t = await readTable(mixed('none'), {
      types: { n: 'categorical', code: 'integer' },
      missing: ['NA'],
    });
    expect(t.columns[2]).toMatchObject({
      type: 'categorical',
      categories: ['1', '2', String(2 ** 40)],
    });
    expect(t.columns[4]).toMatchObject({
      type: 'integer',
      values: Float64Array.of(1, 1, Number.NaN, Number.NaN),
    });
  });

  it('refuses lists and damaged files', async () => {
    const path = join(folder, 'list.parquet');
    await expect(readTable(path)).rejects.toThrow(
      `Cannot read ${path} as cells must be numbers, texts, booleans or null: record 1, column "list" is an array`,
    );
    const bytes = readFileSync(mixed('snappy'));
    await expect(parseParquet(bytes.subarray(0, 300))).rejects.toThrow('a sound Parquet file');
    await expect(parseParquet(new Uint8Array(2))).rejects.toThrow('a sound Parquet file');
  });
});
