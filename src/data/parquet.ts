import * as zlib from 'node:zlib';
import { type FromRecordsOptions, fromRecords } from './records.js';
import type { ColumnType, Table } from './table.js';

/**
 * Read a table from a Parquet file's bytes: numbers, texts, booleans, dates (as ISO text) and
 * their missing values; texts stay categorical even if they look like numbers.
 * @param source What is read, for messages.
 * @throws Error where the file is damaged, or a column holds lists, records or bytes.
 */
export async function parseParquet(
  bytes: Uint8Array,
  options: FromRecordsOptions = {},
  source = 'the Parquet file',
): Promise<Table> {
  const { parquetReadObjects } = await import('hyparquet');
  const file = new Uint8Array(bytes).buffer; // a copy of its own: `bytes` may be part of a pool
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file, compressors });
  } catch (error) {
    throw new SyntaxError(
      `Cannot read ${source} as it must be a sound Parquet file: ${(error as Error).message}`,
      { cause: error },
    );
  }
  if (rows.length === 0) {
    throw new SyntaxError(`Cannot read ${source} as it must hold rows: there are none`);
  }
  for (const row of rows) {
    for (const name of Object.keys(row)) row[name] = plain(row[name]);
  }
  const types: Record<string, ColumnType | readonly string[]> = {};
  for (const name of Object.keys(rows[0])) {
    if (rows.some((row) => typeof row[name] === 'string')) types[name] = 'categorical';
  }
  const { missing = [], target } = options;
  return fromRecords(rows, { target, missing, types: { ...types, ...options.types } }, source);
}

/** Cells as JavaScript has them in a table. */
function plain(cell: unknown): unknown {
  if (typeof cell === 'bigint') return Number(cell);
  if (!(cell instanceof Date)) return cell;
  const text = cell.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text;
}

// Node 22.15 and newer have Zstandard; the types of Node 20 do not name it.
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (input: Uint8Array) => Uint8Array };

/** Node's own decompression; hyparquet brings Snappy. */
const compressors = {
  GZIP: (input: Uint8Array): Uint8Array => zlib.gunzipSync(input),
  BROTLI: (input: Uint8Array): Uint8Array => zlib.brotliDecompressSync(input),
  ...(zstdDecompressSync ? { ZSTD: zstdDecompressSync } : {}),
};
