import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openml } from '../../src/data/openml.js';
import { toRecords } from '../../src/data/records.js';

const arff = `@relation tea
@attribute row integer
@attribute 'leaf size' real
@attribute note string
@attribute kind {green,black}
@data
1,2.5,'good, strong',green
2,?,dull,black
`;
const md5 = createHash('md5').update(arff).digest('hex');

let server: Server;
let base: string;
let asked: string[];
let cache: string;

/** Speaks the routes of OpenML's REST interface for two versions of one data set. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url as string;
    asked.push(path);
    const json = (value: unknown) => response.end(JSON.stringify(value));
    const describe = (id: number, more: object) =>
      json({
        data_set_description: {
          id: String(id),
          name: 'tea',
          version: '1',
          format: 'ARFF',
          url: `${base}/data/v1/download/${id}/tea.arff`,
          md5_checksum: md5,
          default_target_attribute: 'kind',
          row_id_attribute: 'row',
          ignore_attribute: ['note', 'row'],
          ...more,
        },
      });
    if (path === '/api/v1/json/data/list/data_name/tea/limit/100/status/active') {
      json({
        data: {
          dataset: [
            { did: 12, version: 2 },
            { did: 11, version: 1 },
          ],
        },
      });
    } else if (path === '/api/v1/json/data/list/data_name/tea/limit/100/data_version/2') {
      json({ data: { dataset: [{ did: 12, version: 2 }] } });
    } else if (path.startsWith('/api/v1/json/data/list/')) {
      response
        .writeHead(412)
        .end(JSON.stringify({ error: { code: '372', message: 'No results' } }));
    } else if (path === '/api/v1/json/data/11') describe(11, {});
    else if (path === '/api/v1/json/data/12') describe(12, { md5_checksum: '0'.repeat(32) });
    else if (path === '/api/v1/json/data/13') describe(13, { format: 'Sparse_ARFF' });
    else if (path === '/api/v1/json/data/14')
      describe(14, { default_target_attribute: 'kind,note' });
    else if (path === '/api/v1/json/data/15') response.end('<html>');
    else if (path.startsWith('/data/v1/download/')) response.end(arff);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = [];
  cache = mkdtempSync(join(tmpdir(), 'causalmixft-openml-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
  vi.stubEnv('CAUSALMIXFT_OPENML', base);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

describe('openml()', () => {
  it('reads a data set by name, with its target and without its row numbers', async () => {
    const tea = await openml('Tea');
    expect(toRecords(tea)).toEqual([
      { 'leaf size': 2.5, kind: 'green' },
      { 'leaf size': null, kind: 'black' },
    ]);
    expect(tea.target).toBe('kind');
    expect(asked).toHaveLength(3);
  });

  it('asks the server once, unless it is told to ask again', async () => {
    const first = await openml('tea');
    vi.stubEnv('CAUSALMIXFT_OPENML', 'http://127.0.0.1:9');
    expect(await openml('tea')).toEqual(first);
    expect(await openml(11)).toEqual(first);
    expect(asked).toHaveLength(3);
    vi.stubEnv('CAUSALMIXFT_OPENML', base);
    await openml('tea', { refresh: true });
    expect(asked).toHaveLength(6);
  });

  it('reads a data set by number, with another target', async () => {
    const tea = await openml('11', { target: 'note' });
    expect(tea.target).toBe('note');
    expect(tea.columns.map((c) => c.name)).toEqual(['leaf size', 'note', 'kind']);
    const numbers = await openml(11, { types: { 'leaf size': 'categorical' } });
    expect(numbers.columns[0].type).toBe('categorical');
  });

  it('keeps no file whose sum is wrong', async () => {
    await expect(openml('tea', { version: 2 })).rejects.toThrow(
      `MD5 sum must be ${'0'.repeat(32)}: it is ${md5}`,
    );
    expect(existsSync(join(cache, 'causalmixft', 'openml', '12', 'data.arff'))).toBe(false);
    expect(readdirSync(join(cache, 'causalmixft', 'openml', '12'))).toEqual(['description.json']);
  });

  it.each([
    ['coffee', 'there must be such a data set: OpenML has none'],
    ['13', 'its format must be ARFF: it is Sparse_ARFF'],
    ['14', 'it must have one target: OpenML names kind,note'],
    ['15', 'the server must answer in JSON'],
    ['99', 'the server must answer 200: it answered 404 Not Found'],
  ])('refuses %s: %s', async (name, message) => {
    await expect(openml(name)).rejects.toThrow(message);
    await expect(openml(name)).rejects.toThrow(/^Cannot read .*OpenML data set/);
    expect(existsSync(join(cache, 'causalmixft', 'openml', name, 'data.arff'))).toBe(name === '14');
    expect(existsSync(join(cache, 'causalmixft', 'openml', '15'))).toBe(false);
  });

  it('says that the server cannot be reached, and stops when it is told to', async () => {
    vi.stubEnv('CAUSALMIXFT_OPENML', 'http://127.0.0.1:9');
    await expect(openml(11)).rejects.toThrow('the server must be reachable');
    await expect(openml(11, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });

  it('fails clearly where the cache cannot be written', async () => {
    writeFileSync(join(cache, 'causalmixft'), 'a file in the way');
    await expect(openml(11)).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
