import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchModel } from '../../src/tfm/hub.js';
import { loadTfm } from '../../src/tfm/load-tfm.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import { writeNetwork } from '../../src/tfm/weights.js';

// A server that speaks the hub's routes: HEAD and GET of /owner/name/resolve/revision/file, large
// files redirected to a store on another host name, ranges, and every way of failing.

const commit = 'a'.repeat(40);
const config = {
  dim: 8,
  dim_output: 3,
  n_layers: 1,
  n_heads: 2,
  task: 'CLASSIFICATION',
} as const;
const quick = { retryDelay: 5, onProgress: () => {} };
const environment = { ...process.env };
const folder = mkdtempSync(join(tmpdir(), 'hub-'));
const files = new Map<string, Buffer>();
let server: Server;
let port: number;
let home: string;
let requests: { method: string; url: string; range?: string; token?: string }[] = [];
/** Answers in place of the usual ones, used up in order; `undefined` lets one pass. */
let faults: ((request: IncomingMessage, response: ServerResponse) => boolean)[] = [];

beforeAll(async () => {
  const network = { config, weights: initialWeights(config, 1) };
  await writeNetwork(folder, network);
  for (const name of ['config.json', 'model.safetensors']) {
    files.set(name, readFileSync(join(folder, name)));
  }
  server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({
      method,
      url,
      ...(headers.range ? { range: headers.range } : {}),
      ...(headers.authorization ? { token: headers.authorization } : {}),
    });
    const fault = faults.shift();
    if (fault?.(request, response)) return;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

beforeEach(() => {
  home = mkdtempSync(join(folder, 'home-'));
  process.env.HF_ENDPOINT = `http://127.0.0.1:${port}`;
  process.env.HF_HOME = home;
  for (const name of ['HF_TOKEN', 'HF_HUB_OFFLINE', 'HF_HUB_CACHE']) delete process.env[name];
  requests = [];
  faults = [];
});

afterEach(() => {
  process.env = { ...environment };
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, , repository, kind, revision, name = ''] = (request.url ?? '').split('/');
  const body = files.get(name);
  if (repository === 'absent') {
    response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end();
  } else if (kind === 'store') {
    sendBytes(request, response, body as Buffer, {});
  } else if (!body) {
    response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
  } else if (name === 'model.safetensors') {
    const hash = createHash('sha256').update(body).digest('hex');
    response
      .writeHead(302, {
        'x-repo-commit': revision === 'main' ? commit : revision,
        'x-linked-etag': `"${hash}"`,
        'x-linked-size': body.length,
        etag: '"pointer"',
        location: `http://localhost:${port}/x/y/store/${revision}/${name}`,
      })
      .end();
  } else {
    const git = createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex');
    sendBytes(request, response, body, {
      'x-repo-commit': revision === 'main' ? commit : revision,
      etag: `"${git}"`,
    });
  }
}

function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  headers: Record<string, string>,
): void {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const part = body.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, { ...headers, 'content-length': part.length });
  response.end(request.method === 'HEAD' ? undefined : part);
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse): boolean => {
    response.writeHead(code, headers).end();
    return true;
  };
const pass = (): boolean => false;
/** What the client has reported as received. */
let received = 0;
/** Send the first `bytes` of the weights, then cut the connection. */
const cut =
  (bytes: number) =>
  (request: IncomingMessage, response: ServerResponse): boolean => {
    const body = files.get('model.safetensors') as Buffer;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length - from });
    response.write(body.subarray(from, from + bytes));
    // Not before they have arrived: a stream that fails drops what nobody has read yet.
    const before = received;
    const arrival = setInterval(() => {
      if (received === before) return;
      clearInterval(arrival);
      response.destroy();
    }, 1);
    return true;
  };
// HEAD and GET of config.json, HEAD of the weights, GET of the weights at the hub, at the store.
const untilStore = [pass, pass, pass, pass];

describe('fetchModel()', () => {
  it('fetches into the cache layout of the hub, once', async () => {
    const model = await fetchModel('owner/name', quick);
    const root = join(home, 'hub', 'models--owner--name');
    expect(model).toEqual({ folder: join(root, 'snapshots', commit), commit });
    expect(readFileSync(join(root, 'refs', 'main'), 'utf8')).toBe(commit);
    const link = join(model.folder, 'model.safetensors');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    const hash = createHash('sha256').update(files.get('model.safetensors') as Buffer);
    expect(readlinkSync(link)).toBe(join('..', '..', 'blobs', hash.digest('hex')));
    const asked = requests.length;
    expect(await fetchModel('owner/name', quick)).toEqual(model);
    process.env.HF_HUB_OFFLINE = '1';
    expect(await fetchModel('owner/name', quick)).toEqual(model);
    expect(requests.length).toBe(asked);
  });

  it('loads as a model that names its repository, shape and revision', async () => {
    const tfm = await loadTfm('owner/name', quick);
    expect(tfm.name).toBe('owner/name (Tab2D 8/1)');
    expect(tfm.source).toBe(`owner/name@${commit}`);
    expect(tfm.weights).toEqual(initialWeights(config, 1));
  });

  it('asks for the revision that is named', async () => {
    const revision = 'b'.repeat(40);
    expect((await fetchModel('owner/name', { ...quick, revision })).commit).toBe(revision);
    expect(requests.every(({ url }) => url.includes(revision))).toBe(true);
  });

  it('refuses a known model whose weights have another hash than the pinned one', async () => {
    const fetched = fetchModel('autogluon/mitra-classifier', quick);
    await expect(fetched).rejects.toThrow(/SHA-256 of its weights must be e06a055e/);
    expect(requests[0].url).toContain('c425e9fa0910a6be1c494321792e7ba2a1367b1a');
    // Nor are they fetched, or taken from the cache, where another program has put them.
    expect(requests.every(({ url }) => !url.includes('/store/'))).toBe(true);
    const revision = 'c425e9fa0910a6be1c494321792e7ba2a1367b1a';
    const cached = join(home, 'hub', 'models--autogluon--mitra-classifier', 'snapshots', revision);
    symlinkSync(join('..', '..', 'blobs', 'f'.repeat(64)), join(cached, 'model.safetensors'));
    writeFileSync(
      join(cached, '..', '..', 'blobs', 'f'.repeat(64)),
      files.get('model.safetensors') as Buffer,
    );
    await expect(fetchModel('autogluon/mitra-classifier', quick)).rejects.toThrow(/it is f{64}/);
  });

  it('fetches the shards that an interrupted run has left out', async () => {
    const whole = files.get('model.safetensors') as Buffer;
    const index = { weight_map: { a: 'part-1.safetensors', b: 'part-2.safetensors' } };
    files.delete('model.safetensors');
    files.set('model.safetensors.index.json', Buffer.from(JSON.stringify(index)));
    for (const name of Object.values(index.weight_map)) files.set(name, Buffer.from(name));
    try {
      const revision = 'd'.repeat(40);
      const { folder: got } = await fetchModel('owner/name', { ...quick, revision });
      unlinkSync(join(got, 'part-2.safetensors'));
      await fetchModel('owner/name', { ...quick, revision });
      expect(readFileSync(join(got, 'part-2.safetensors'), 'utf8')).toBe('part-2.safetensors');
    } finally {
      files.set('model.safetensors', whole);
      files.delete('model.safetensors.index.json');
      for (const name of Object.values(index.weight_map)) files.delete(name);
    }
  });

  it('sends the token to the endpoint, never to the store', async () => {
    process.env.HF_TOKEN = 'secret';
    await fetchModel('owner/name', quick);
    for (const { url, token } of requests) {
      expect(token, url).toBe(url.includes('/store/') ? undefined : 'Bearer secret');
    }
    expect(requests.some(({ url }) => url.includes('/store/'))).toBe(true);
  });

  it('tries again after 429 and 5xx, and goes on where a body was cut off', async () => {
    faults = [
      status(503),
      status(429, { 'retry-after': '0' }),
      ...untilStore,
      cut(300),
      pass,
      cut(500),
    ];
    const told: number[] = [];
    const { folder: got } = await fetchModel('owner/name', {
      ...quick,
      onProgress: ({ done }) => {
        told.push(done);
        received = done;
      },
    });
    const whole = files.get('model.safetensors') as Buffer;
    expect(readFileSync(join(got, 'model.safetensors')).equals(whole)).toBe(true);
    const ranges = requests.filter(({ url, range }) => range && url.includes('/store/'));
    expect(ranges.length).toBeGreaterThan(0);
    expect(told.at(-1)).toBeGreaterThanOrEqual(whole.length);
  });

  it('goes on in another run where the first was stopped', async () => {
    const stop = new AbortController();
    faults = [
      ...untilStore,
      (_, response) => {
        const body = files.get('model.safetensors') as Buffer;
        response.writeHead(200, { 'content-length': body.length });
        // The rest never comes: the reader has to be stopped.
        response.write(body.subarray(0, 400), () => setTimeout(() => stop.abort(), 50));
        return true;
      },
    ];
    await expect(fetchModel('owner/name', { ...quick, signal: stop.signal })).rejects.toThrow();
    requests = [];
    await fetchModel('owner/name', quick);
    expect(requests.some(({ range }) => range === 'bytes=400-')).toBe(true);
  });

  it('deletes a file whose hash is wrong and says so', async () => {
    const wrong = Buffer.from(files.get('model.safetensors') as Buffer);
    wrong[wrong.length - 1] ^= 1;
    faults = [
      ...untilStore,
      (_, response) => {
        response.writeHead(200, { 'content-length': wrong.length }).end(wrong);
        return true;
      },
    ];
    await expect(fetchModel('owner/name', quick)).rejects.toThrow(/its hash must be/);
    await fetchModel('owner/name', quick);
  });

  it('tells what to do about every refusal', async () => {
    const refused = async (message: RegExp, name = 'owner/name'): Promise<void> => {
      await expect(fetchModel(name, quick)).rejects.toThrow(message);
      faults = [];
    };
    faults = [status(401)];
    await refused(/set HF_TOKEN/);
    await refused(/RepoNotFound; check the name/, 'owner/absent');
    faults = [status(404, { 'x-error-code': 'EntryNotFound' })];
    await refused(/a model with config\.json/);
    faults = Array.from({ length: 5 }, () => status(500));
    await refused(/answers 500, 5 times; try again later/);
    faults = [status(200)];
    await refused(/must speak the hub's protocol/);
    process.env.HF_ENDPOINT = 'http://127.0.0.1:1';
    await refused(/endpoint must be reachable.*or name a folder/);
    process.env.HF_HUB_OFFLINE = '1';
    await refused(/HF_HUB_OFFLINE is set/);
    await expect(loadTfm('no such folder')).rejects.toThrow(/is neither/);
  });

  it('fetches once where several ask at once', async () => {
    const models = await Promise.all([1, 2, 3].map(() => fetchModel('owner/name', quick)));
    expect(new Set(models.map((m) => m.folder)).size).toBe(1);
    const stored = requests.filter(({ url }) => url.includes('/store/'));
    expect(stored.length).toBe(1);
    expect(existsSync(join(models[0].folder, 'config.json'))).toBe(true);
  });

  it('takes over the lock of a process that is gone', async () => {
    const { folder: got } = await fetchModel('owner/name', quick);
    const etag = readlinkSync(join(got, 'config.json')).split('/').at(-1);
    rmSync(got, { recursive: true });
    const lock = join(home, 'hub', '.locks', 'models--owner--name', `${etag}.causalmixft.lock`);
    writeFileSync(lock, '999999999');
    await fetchModel('owner/name', quick);
    expect(existsSync(lock)).toBe(false);
  });
});
