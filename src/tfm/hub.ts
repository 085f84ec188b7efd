// Models from a Hugging Face endpoint, in the hub's own cache layout, which Python's huggingface_hub
// shares: blobs/ by hash, snapshots/<commit>/ with links to them, refs/ with commits by name.
// Once a model is there, the network is not asked again.
// Kept together: the protocol (redirects, hashes, ranges, refusals) is one thing, and none of its parts
// is of use elsewhere.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import {
  copyFile,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { withFileLock } from '../work/file-lock.js';
import { type LongWork, longWork, type Work } from '../work/long-work.js';

/** A model as published: which revision, and the hash of its weights where it is known. */
interface Pin {
  readonly revision: string;
  readonly weights?: string;
}

const pins: Readonly<Record<string, Pin>> = {
  'autogluon/mitra-classifier': {
    revision: 'c425e9fa0910a6be1c494321792e7ba2a1367b1a',
    weights: 'e06a055e91a3baeffc37f9cf634d9e69a27d904b6686131dc3b702f9c0126b19',
  },
  'autogluon/mitra-classifier-2': { revision: 'edada0d20759c58ada8c8605c25f22f6e98ea5f0' },
  'autogluon/mitra-regressor-2': { revision: '246c7d310fff04296a2388df5f448e3ffe809283' },
};

export interface HubOptions extends LongWork {
  /** Commit, branch or tag (default: the pinned commit of known models, else `main`). */
  readonly revision?: string;
  /** Milliseconds before a failed request is tried again, doubled each time (default `1000`). */
  readonly retryDelay?: number;
}

/** A model in the cache. */
export interface HubModel {
  /** Folder with `config.json` and the weights. */
  readonly folder: string;
  /** The commit it is of. */
  readonly commit: string;
}

/** Tell whether a source reads as `owner/name` of a hub. */
export function isRepository(source: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(source);
}

/**
 * Give a model's folder in the cache; fetch what is missing. Honours `HF_ENDPOINT`, `HF_HOME`,
 * `HF_HUB_CACHE`, `HF_TOKEN` and `HF_HUB_OFFLINE`.
 * @param repository `owner/name`
 * @throws Error that tells what to do: no network, no access, no such model, damaged file.
 */
export async function fetchModel(repository: string, options: HubOptions = {}): Promise<HubModel> {
  const pin = pins[repository];
  const revision = options.revision ?? pin?.revision ?? 'main';
  const root = join(cacheFolder(), `models--${repository.replace('/', '--')}`);
  const known = await cachedCommit(root, revision);
  if (known && (await isWhole(join(root, 'snapshots', known)))) {
    const weights = await readlink(join(root, 'snapshots', known, 'model.safetensors')).catch(
      () => '',
    );
    // A copy in the place of a link does not tell its hash.
    if (weights !== '') checkPin(repository, known, basename(weights));
    return { folder: join(root, 'snapshots', known), commit: known };
  }
  if (/^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? '')) {
    throw new Error(
      `Cannot load ${repository} as it must be in the cache while HF_HUB_OFFLINE is set: ${root} does not hold revision ${revision}; unset HF_HUB_OFFLINE once, or name a folder`,
    );
  }
  return longWork(`fetching ${repository}`, 0, options, async (work) => {
    const fetchOne = (name: string): Promise<Fetched | undefined> =>
      fetchFile({ repository, revision, root, name, work, delay: options.retryDelay ?? 1000 });
    const config = await fetchOne('config.json');
    if (!config) throw missing(repository, revision, 'config.json');
    const { commit } = config;
    const folder = join(root, 'snapshots', commit);
    const weights = await fetchOne('model.safetensors');
    if (!weights) {
      const index = await fetchOne('model.safetensors.index.json');
      if (!index) throw missing(repository, revision, 'model.safetensors');
      const text = await readFile(join(folder, 'model.safetensors.index.json'), 'utf8');
      const { weight_map } = JSON.parse(text) as { weight_map: Record<string, string> };
      for (const name of new Set(Object.values(weight_map))) {
        if (!/^[\w.-]+$/.test(name) || !(await fetchOne(name))) {
          throw missing(repository, revision, name);
        }
      }
    }
    if (commit !== revision) {
      await mkdir(dirname(join(root, 'refs', revision)), { recursive: true });
      await writeFile(join(root, 'refs', revision), commit);
    }
    return { folder, commit };
  });
}

interface Fetched {
  readonly commit: string;
}

interface Request {
  readonly repository: string;
  readonly revision: string;
  readonly root: string;
  readonly name: string;
  readonly work: Work;
  readonly delay: number;
}

/** Fetch one file into the cache; `undefined` where the model has no such file. */
async function fetchFile(request: Request): Promise<Fetched | undefined> {
  const { repository, revision, root, name, work } = request;
  const endpoint = (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  const url = `${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${name}`;
  const head = await ask(request, url, { method: 'HEAD' });
  if (head.status === 404) return undefined;
  const commit = head.headers.get('x-repo-commit') ?? revision;
  const etag = (head.headers.get('x-linked-etag') ?? head.headers.get('etag') ?? '')
    .replace(/^W\//, '')
    .replaceAll('"', '');
  const size = Number(
    head.headers.get('x-linked-size') ?? head.headers.get('content-length') ?? Number.NaN,
  );
  if (!/^[\w.-]+$/.test(etag) || !/^[\w.-]+$/.test(commit)) {
    throw new Error(
      `Cannot fetch ${url} as the endpoint must speak the hub's protocol (ETag, X-Repo-Commit): it does not; check HF_ENDPOINT`,
    );
  }
  if (name === 'model.safetensors') checkPin(repository, revision, etag);
  const blob = join(root, 'blobs', etag);
  const lock = join(cacheFolder(), '.locks', `${root.slice(root.lastIndexOf('models--'))}`);
  await withFileLock(join(lock, `${etag}.causalmixft.lock`), work.signal, async () => {
    if (!existsSync(blob)) await download(request, url, blob, size, etag);
    await link(blob, join(root, 'snapshots', commit, name));
  });
  return { commit };
}

/** Download to a partial file beside the blob, going on where an earlier try was cut off. */
async function download(
  request: Request,
  url: string,
  blob: string,
  size: number,
  etag: string,
): Promise<void> {
  await mkdir(dirname(blob), { recursive: true });
  const partial = `${blob}.causalmixft.incomplete`;
  const tries = 6;
  for (let attempt = 1; ; attempt++) {
    const have = existsSync(partial) ? (await stat(partial)).size : 0;
    if (have !== size || !Number.isFinite(size)) {
      try {
        await receive(request, url, partial, have < size ? have : 0);
      } catch (error) {
        request.work.signal?.throwIfAborted();
        if (attempt === tries || error instanceof Refused) throw error;
      }
    }
    const { size: got } = await stat(partial).catch(() => ({ size: 0 }));
    if (!Number.isFinite(size) || got === size) break;
    if (attempt === tries) {
      throw new Error(
        `Cannot fetch ${url} as all of its ${size} bytes must arrive: ${got} did after ${tries} tries; try again later, it goes on from there`,
      );
    }
    await wait(request, attempt);
  }
  const met = await hashOf(partial, etag);
  if (met !== undefined && met !== etag) {
    await unlink(partial);
    throw new Error(
      `Cannot use ${url} as its hash must be ${etag}: it is ${met}; the damaged file was deleted, try again`,
    );
  }
  await rename(partial, blob);
}

async function receive(
  request: Request,
  url: string,
  partial: string,
  from: number,
): Promise<void> {
  const range = from > 0 ? { headers: { range: `bytes=${from}-` } } : {};
  const response = await ask(request, url, { method: 'GET', ...range });
  if (!response.body) throw new Error(`Cannot fetch ${url} as it must have a body: it has none`);
  // A server may ignore the range and send everything.
  const handle = await open(partial, from > 0 && response.status === 206 ? 'a' : 'w');
  try {
    let total = response.status === 206 ? from : 0;
    for await (const chunk of response.body) {
      await handle.write(chunk);
      total += chunk.length;
      request.work.tick(chunk.length, `${request.name}, ${(total / 1e6).toFixed(1)} MB`);
      await request.work.breathe();
    }
  } finally {
    await handle.close();
  }
}

/** An answer that trying again will not change. */
class Refused extends Error {}

/** Ask, follow redirects (the token goes to the first host only), try again where that may help. */
async function ask(request: Request, url: string, init: RequestInit): Promise<Response> {
  const { repository, revision, work } = request;
  const tries = 5;
  for (let attempt = 1; ; attempt++) {
    let response: Response;
    try {
      response = await follow(url, init, work.signal);
    } catch (error) {
      work.signal?.throwIfAborted();
      if (attempt < tries) {
        await wait(request, attempt);
        continue;
      }
      const reason = error instanceof Error ? String(error.cause ?? error.message) : String(error);
      throw new Error(
        `Cannot fetch ${url} as the endpoint must be reachable: ${reason}; check the network and HF_ENDPOINT, or name a folder`,
        { cause: error },
      );
    }
    const { status } = response;
    if (status < 400 || (status === 404 && init.method === 'HEAD')) {
      if (status === 404 && /RepoNotFound|RevisionNotFound/.test(errorCode(response))) {
        throw new Refused(
          `Cannot fetch ${repository} as it must be a model of the endpoint with revision ${revision}: ${errorCode(response)}; check the name`,
        );
      }
      return response;
    }
    await response.body?.cancel();
    if (status === 401 || status === 403) {
      throw new Refused(
        `Cannot fetch ${repository} as it must be public or HF_TOKEN must give access: the endpoint answers ${status}; check the name, or set HF_TOKEN`,
      );
    }
    if ((status === 429 || status >= 500) && attempt < tries) {
      await wait(request, attempt, Number(response.headers.get('retry-after')));
      continue;
    }
    throw new Refused(
      `Cannot fetch ${url} as the endpoint must give it: it answers ${status}${status >= 500 || status === 429 ? `, ${tries} times; try again later` : ''}`,
    );
  }
}

async function follow(
  url: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const first = new URL(url);
  let at = first;
  let hub: Headers | undefined;
  for (let hops = 0; hops < 10; hops++) {
    const headers = new Headers(init.headers);
    const token = process.env.HF_TOKEN;
    if (token && at.host === first.host) headers.set('authorization', `Bearer ${token}`);
    headers.set('accept-encoding', 'identity');
    const response = await fetch(at, {
      ...init,
      headers,
      redirect: 'manual',
      ...(signal ? { signal } : {}),
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || !location) {
      return hub ? withHeaders(response, hub) : response;
    }
    await response.body?.cancel();
    // The hub's own headers come with its redirect to the store, not with the store's answer.
    if (response.headers.has('x-repo-commit')) hub = response.headers;
    if (hub?.has('x-linked-etag') && init.method === 'HEAD') {
      return new Response(null, { status: 200, headers: hub });
    }
    at = new URL(location, at);
  }
  throw new Error('more than 10 redirects');
}

function withHeaders(response: Response, more: Headers): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of more) if (/^x-/.test(name)) headers.set(name, value);
  const { status } = response;
  return new Response(status === 204 ? null : response.body, { status, headers });
}

async function wait({ work, delay }: Request, attempt: number, seconds = 0): Promise<void> {
  const most = Math.max(delay * 2 ** (attempt - 1), Math.min(60, seconds || 0) * 1000);
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(work.signal?.reason);
    };
    const timer = setTimeout(() => {
      work.signal?.removeEventListener('abort', stop);
      resolve();
    }, most);
    work.signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Hash a file as its ETag does: SHA-256 of large files, git's blob SHA-1 of small ones. */
async function hashOf(file: string, etag: string): Promise<string | undefined> {
  if (!/^([0-9a-f]{64}|[0-9a-f]{40})$/.test(etag)) return undefined;
  const hash = createHash(etag.length === 64 ? 'sha256' : 'sha1');
  if (etag.length === 40) hash.update(`blob ${(await stat(file)).size}\0`);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** Show a blob under its name; a copy where links are not allowed. */
async function link(blob: string, path: string): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await unlink(path).catch(() => {});
  await symlink(relative(dirname(path), blob), path).catch(() => copyFile(blob, path));
}

/** Compare the hash that the hub, or the name of the blob in the cache, gives with the pinned one. */
function checkPin(repository: string, revision: string, met: string): void {
  const pin = pins[repository];
  if (!pin?.weights || revision !== pin.revision || met === pin.weights) return;
  throw new Error(
    `Cannot use ${repository} as the SHA-256 of its weights must be ${pin.weights}: it is ${met}; check HF_ENDPOINT and the cache`,
  );
}

/** A commit is itself; a branch is what refs/ noted when it was fetched. */
async function cachedCommit(root: string, revision: string): Promise<string | undefined> {
  if (existsSync(join(root, 'snapshots', revision))) return revision;
  return readFile(join(root, 'refs', revision), 'utf8')
    .then((text) => text.trim())
    .catch(() => undefined);
}

async function isWhole(folder: string): Promise<boolean> {
  const has = (name: string): boolean => existsSync(join(folder, name));
  if (!has('config.json')) return false;
  if (has('model.safetensors')) return true;
  const shards = await readFile(join(folder, 'model.safetensors.index.json'), 'utf8')
    .then((text) =>
      Object.values((JSON.parse(text) as { weight_map: Record<string, string> }).weight_map),
    )
    .catch(() => []);
  return shards.length > 0 && shards.every(has);
}

function cacheFolder(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_HUB_CACHE) return HF_HUB_CACHE;
  return join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'), 'hub');
}

function errorCode(response: Response): string {
  return response.headers.get('x-error-code') ?? '';
}

function missing(repository: string, revision: string, name: string): Error {
  return new Refused(
    `Cannot fetch ${repository} as it must be a model with ${name} at revision ${revision}: there is none; check the name`,
  );
}
