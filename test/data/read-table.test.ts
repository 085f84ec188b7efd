import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countMissing } from '../../src/data/missing.js';
import { readTable } from '../../src/data/read-table.js';
import { toRecords } from '../../src/data/records.js';
import { type CategoricalColumn, column } from '../../src/data/table.js';

const csv = 'a,b\n1,x\n2,y\n';
const rows = [
  { a: 1, b: 'x' },
  { a: 2, b: 'y' },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causalmixft-read-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('readTable()', () => {
  it.each([
    ['t.csv', csv],
    ['t.txt', csv],
    ['t.data', csv],
    ['t.tsv', 'a\tb\n1\tx\n2\ty\n'],
    ['t.csv.gz', gzipSync(csv)],
    ['packed-without-saying.csv', gzipSync(csv)],
    ['t.arff', '@attribute a real\n@attribute b {x,y}\n@data\n1,x\n2,y\n'],
    ['t.ARFF.gz', gzipSync('@attribute a real\n@attribute b {x,y}\n@data\n1,x\n2,y\n')],
    ['t.json', JSON.stringify(rows)],
    ['t.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')],
  ])('reads %s', async (name, content) => {
    const t = await readTable(file(name, content), { target: 'b' });
    expect(toRecords(t)).toEqual(rows);
    expect(t.target).toBe('b');
  });

  it('reads file addresses and any ending whose format is named', async () => {
    const path = file('table of mine', csv);
    expect(toRecords(await readTable(path, { format: 'csv' }))).toEqual(rows);
    const address = pathToFileURL(file('t 2.csv', csv));
    expect(toRecords(await readTable(address))).toEqual(rows);
  });

  it.each([
    ['x.xlsx', 'no', 'its ending must be one of csv, txt'],
    ['x.json', '{"a": 1}', 'it must be an array of row objects: it is object'],
    ['x.json', '[1]', 'every row must be an object: element 1 is 1'],
    ['x.json', '[{', 'it must be JSON'],
    ['x.json', '[{"a": {"b": 1}}]', 'record 1, column "a" is object'],
    ['x.jsonl', '{"a": 1}\n{"a": \n', 'every line must be a JSON object: line 2'],
    ['x.csv', Uint8Array.of(97, 44, 0xff, 10), 'it must be text in UTF-8'],
    ['x.csv.gz', gzipSync(csv).subarray(0, 20), 'its gzip data must be whole'],
    ['x.csv', 'a,b\n1\n', 'line 2, column 2'],
  ])('refuses %s: %s', async (name, content, message) => {
    const path = file(name, content);
    await expect(readTable(path)).rejects.toThrow(message);
    await expect(readTable(path)).rejects.toThrow(`Cannot read ${path} as `);
  });

  it('refuses a file that is not there and a folder', async () => {
    await expect(readTable(join(folder, 'none.csv'))).rejects.toThrow('there is none');
    await expect(readTable(folder, { format: 'csv' })).rejects.toThrow('it is a folder');
  });
});

describe('readTable() from an address', () => {
  let server: Server;
  let base: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/t.csv?version=2') response.end(csv);
      else if (request.url === '/t.csv.gz') response.end(gzipSync(csv));
      else if (request.url === '/moved.csv') {
        response.writeHead(302, { location: '/t.csv.gz' }).end();
      } else if (request.url !== '/slow.csv') response.writeHead(404).end('nothing');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('reads what the server gives, packed or moved', async () => {
    for (const name of ['t.csv?version=2', 't.csv.gz', 'moved.csv']) {
      expect(toRecords(await readTable(`${base}/${name}`)), name).toEqual(rows);
    }
  });

  it('says what the server answered, or that there is none', async () => {
    await expect(readTable(`${base}/other.csv`)).rejects.toThrow('it answered 404 Not Found');
    await expect(readTable('http://127.0.0.1:9/t.csv')).rejects.toThrow(
      'the server must be reachable',
    );
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const reading = readTable(`${base}/slow.csv`, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});

const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const index = join(shared, 'index.json');

interface Item {
  kind: string;
  file: string;
  target: string;
  rows: number;
  features: number;
  classes: Record<string, number>;
  header: boolean | null;
  columns?: string[];
  skipLines?: number;
  targetFile?: string;
  missingCells: number;
}

const items = existsSync(index)
  ? (JSON.parse(readFileSync(index, 'utf8')) as { items: Item[] }).items.filter(
      ({ kind }) => kind === 'table',
    )
  : [];

describe.skipIf(items.length === 0)(
  'readTable() on published tables (needs ../shared/data)',
  () => {
    it.each(items.map((item) => [item.file, item] as const))('reads %s', async (name, item) => {
      const apart = item.targetFile !== undefined; // the classes are in a file of their own
      const names = apart ? item.columns?.filter((c) => c !== item.target) : item.columns;
      const t = await readTable(join(shared, name), {
        ...(item.header === false ? { header: names } : {}),
        ...(item.skipLines ? { skipLines: item.skipLines } : {}),
        ...(apart ? {} : { target: item.target }),
      });
      const labels = apart
        ? await readTable(join(shared, item.targetFile as string), {
            header: [item.target],
            target: item.target,
          })
        : t;
      expect(t.rows).toBe(item.rows);
      expect(t.columns.length - (apart ? 0 : 1)).toBe(item.features);
      const { categories, codes } = column(labels, item.target) as CategoricalColumn;
      const counts = Object.fromEntries(
        categories.map((category, code) => [category, codes.filter((c) => c === code).length]),
      );
      expect(counts).toEqual(item.classes);
      expect(t.columns.reduce((sum, c) => sum + countMissing(c), 0)).toBe(item.missingCells);
    });
  },
);
