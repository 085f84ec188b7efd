import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parseArff } from './arff.js';
import { type ParseCsvOptions, parseCsv } from './csv.js';
import { download } from './download.js';
import { parseParquet } from './parquet.js';
import { fromRecords } from './records.js';
import type { Table } from './table.js';

/** The formats that `readTable` knows; `json` is an array of row objects, `jsonl` one object a line. */
export type TableFormat = 'csv' | 'tsv' | 'arff' | 'parquet' | 'json' | 'jsonl';

export interface ReadTableOptions extends ParseCsvOptions {
  /** The format (default: by the ending `.csv`, `.tsv`, `.txt`, `.data`, `.arff`, `.parquet`, `.json`, `.jsonl`, each also `.gz`). */
  readonly format?: TableFormat | undefined;
  /** Ends a download early. */
  readonly signal?: AbortSignal | undefined;
}

const formats: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  txt: 'csv',
  data: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  arff: 'arff',
  parquet: 'parquet',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
};

/**
 * Read a table from a file or a web address: CSV, TSV, ARFF, Parquet or JSON rows, plain or gzip.
 * @param path A path, an http(s) or file address.
 * @throws Error that names the file and what is wrong, with line and column where it is malformed.
 */
export async function readTable(
  path: string | URL,
  options: ReadTableOptions = {},
): Promise<Table> {
  const source = String(path);
  const format = options.format ?? formatOf(source);
  const bytes = await unpack(await load(path, source, options.signal), source);
  if (format === 'parquet') return parseParquet(bytes, options, source);
  if (!isUtf8(bytes)) {
    throw new TypeError(
      `Cannot read ${source} as it must be text in UTF-8: it holds other bytes; save it as UTF-8 text`,
    );
  }
  if (format === 'csv') return parseCsv(bytes, options, source);
  if (format === 'tsv') return parseCsv(bytes, { delimiter: '\t', ...options }, source);
  const text = new TextDecoder().decode(bytes);
  if (format === 'arff') return parseArff(text, options, source);
  return fromRecords(format === 'json' ? rows(text, source) : lines(text, source), options, source);
}

function formatOf(source: string): TableFormat {
  const name = /^https?:/.test(source) ? new URL(source).pathname : source;
  const ending = /\.([a-z]+)$/i.exec(name.replace(/\.gz$/i, ''))?.[1].toLowerCase() ?? '';
  const format = formats[ending];
  if (!format) {
    throw new TypeError(
      `Cannot read ${source} as its ending must be one of ${Object.keys(formats).join(', ')} (or that and .gz): current value is "${ending}"; name the format: { format: 'csv' }`,
    );
  }
  return format;
}

async function load(path: string | URL, source: string, signal?: AbortSignal): Promise<Uint8Array> {
  if (/^https?:/.test(source)) return download(source, source, signal);
  try {
    return await readFile(source.startsWith('file:') ? fileURLToPath(source) : path, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there must be such a file: there is none'
        : code === 'EISDIR'
          ? 'it must be a file: it is a folder'
          : `it must be readable: ${(error as Error).message}`;
    throw new Error(`Cannot read ${source} as ${why}`, { cause: error });
  }
}

async function unpack(bytes: Uint8Array, source: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (error) {
    throw new Error(
      `Cannot read ${source} as its gzip data must be whole: ${(error as Error).message}; fetch the file again`,
      { cause: error },
    );
  }
}

function rows(text: string, source: string): Record<string, unknown>[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${source} as it must be JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!Array.isArray(value)) {
    throw new SyntaxError(
      `Cannot read ${source} as it must be an array of row objects: it is ${value === null ? 'null' : typeof value}`,
    );
  }
  return value.map((row, i) => record(row, `element ${i + 1}`, source));
}

function lines(text: string, source: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [record(JSON.parse(line), `line ${i + 1}`, source)];
    } catch (error) {
      if (!(error instanceof SyntaxError) || error.message.startsWith('Cannot')) throw error;
      throw new SyntaxError(
        `Cannot read ${source} as every line must be a JSON object: line ${i + 1}: ${error.message}`,
        { cause: error },
      );
    }
  });
}

function record(row: unknown, place: string, source: string): Record<string, unknown> {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new SyntaxError(
      `Cannot read ${source} as every row must be an object: ${place} is ${JSON.stringify(row)?.slice(0, 40)}`,
    );
  }
  return row as Record<string, unknown>;
}
