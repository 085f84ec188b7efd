// Tables of openml.org, by its REST interface: a name is looked up, the description says where the
// ARFF file is, what its MD5 sum must be, and which columns are target, row number or to be ignored.
// What was fetched stays in the cache, so a second reading needs no network.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArff } from './arff.js';
import { download } from './download.js';
import type { ReadTypes } from './infer.js';
import { dropColumns, type Table } from './table.js';

export interface OpenmlOptions extends ReadTypes {
  /** Name of the column to predict (default: the one that OpenML names). */
  readonly target?: string | undefined;
  /** Version of a data set named by its name (default: the first that is active). */
  readonly version?: number | undefined;
  /** Ask again in place of reading the cache (default `false`). */
  readonly refresh?: boolean | undefined;
  /** Ends a download early. */
  readonly signal?: AbortSignal | undefined;
}

/** What is used of OpenML's description of a data set. */
interface Description {
  readonly name: string;
  readonly version: string;
  readonly format: string;
  readonly url: string;
  readonly md5_checksum?: string;
  readonly default_target_attribute?: string;
  readonly row_id_attribute?: string | readonly string[];
  readonly ignore_attribute?: string | readonly string[];
}

/**
 * Read a table of OpenML: `openml('credit-g')`, `openml(31)`.
 *
 * Kept in `${XDG_CACHE_HOME:-~/.cache}/causalmixft/openml`; another server by the environment
 * variable `CAUSALMIXFT_OPENML`. Columns that OpenML calls row numbers or to be ignored are left out.
 * @param data Name, or number of the data set.
 * @throws Error where the server cannot be reached, has no such data set, or the file is damaged.
 */
export async function openml(data: string | number, options: OpenmlOptions = {}): Promise<Table> {
  const { types, missing, signal, refresh = false } = options;
  const server = (process.env.CAUSALMIXFT_OPENML ?? 'https://www.openml.org').replace(/\/$/, '');
  const kept = (path: string, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> =>
    cached(path, refresh, fetch);
  const named = typeof data === 'string' && !/^\d+$/.test(data);
  const id = named ? await lookUp(server, data, options.version, kept, signal) : Number(data);
  const source = `OpenML data set ${named ? `"${data}" (${id})` : id}`;
  const described = await kept(`${id}/description.json`, async () => {
    const address = `${server}/api/v1/json/data/${id}`;
    const answer = await download(address, `the description of ${source}`, signal);
    parseDescription(answer, source); // only a sound answer is kept
    return answer;
  });
  const description = parseDescription(described, source);
  const bytes = await kept(`${id}/data.arff`, async () => {
    const file = await download(description.url, source, signal);
    checkSum(file, description, source);
    return file;
  });
  const target = options.target ?? description.default_target_attribute;
  if (target?.includes(',') && options.target === undefined) {
    throw new RangeError(
      `Cannot read ${source} as it must have one target: OpenML names ${target}; name one as { target }`,
    );
  }
  const table = parseArff(new TextDecoder().decode(bytes), { types, missing, target }, source);
  const out = [description.row_id_attribute, description.ignore_attribute]
    .flatMap((names) => (typeof names === 'string' ? names.split(',') : (names ?? [])))
    .filter((name) => name !== target && table.columns.some((column) => column.name === name));
  return dropColumns(table, [...new Set(out)]);
}

type Kept = (path: string, fetch: () => Promise<Uint8Array>) => Promise<Uint8Array>;

async function lookUp(
  server: string,
  name: string,
  version: number | undefined,
  kept: Kept,
  signal: AbortSignal | undefined,
): Promise<number> {
  const safe = encodeURIComponent(name.toLowerCase());
  const which = version === undefined ? 'status/active' : `data_version/${version}`;
  const source = `OpenML data set "${name}"${version === undefined ? '' : ` version ${version}`}`;
  const none =
    'there must be such a data set: OpenML has none; look for its name at openml.org, or give its number';
  const list = await kept(
    `names/${safe}${version === undefined ? '' : `-${version}`}.json`,
    async () => {
      const address = `${server}/api/v1/json/data/list/data_name/${safe}/limit/100/${which}`;
      const answer = await download(address, source, signal, { 412: none });
      parseJson(answer, source);
      return answer;
    },
  );
  const { data } = parseJson(list, source) as {
    data?: { dataset?: readonly { did: number; version: number }[] };
  };
  const found = [...(data?.dataset ?? [])].sort((a, b) => a.version - b.version)[0];
  if (!found) throw new RangeError(`Cannot read ${source} as ${none}`);
  return found.did;
}

/** Bytes of a file of the cache; where it is not there, they are fetched and kept. */
async function cached(
  path: string,
  refresh: boolean,
  fetch: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const root = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const file = join(root, 'causalmixft', 'openml', path);
  if (!refresh) {
    try {
      return await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  const bytes = await fetch();
  // Whole or not at all, also where two processes fetch the same.
  const part = `${file}.${process.pid}.part`;
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(part, bytes);
  await rename(part, file);
  return bytes;
}

function parseDescription(bytes: Uint8Array, source: string): Description {
  const { data_set_description: description } = parseJson(bytes, source) as {
    data_set_description?: Description;
  };
  if (!description?.url) {
    throw new SyntaxError(
      `Cannot read ${source} as its description must name a file: it names none`,
    );
  }
  if (!/^arff$/i.test(description.format)) {
    throw new TypeError(
      `Cannot read ${source} as its format must be ARFF: it is ${description.format}; choose another version`,
    );
  }
  return description;
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new SyntaxError(
      `Cannot read ${source} as the server must answer in JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function checkSum(bytes: Uint8Array, { md5_checksum: wanted }: Description, source: string): void {
  if (!wanted) return;
  const sum = createHash('md5').update(bytes).digest('hex');
  if (sum !== wanted.toLowerCase()) {
    throw new Error(
      `Cannot read ${source} as the file's MD5 sum must be ${wanted}: it is ${sum}; fetch it again`,
    );
  }
}
