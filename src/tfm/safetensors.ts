// The safetensors format: 8 bytes of little-endian header length, a JSON header, the tensors' bytes.
// Read tensor by tensor from the open file, so that no more than one is held twice.

import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from './half-floats.js';
import type { Pause } from './pieces.js';
import { writeWhole } from './write-whole.js';

/** One tensor, row-major. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Number type of the tensors in a file. */
export type StoredType = 'F32' | 'F16';

/** Where a tensor lies in its file. */
interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const bytesOf: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };
const maxHeader = 100_000_000;

/**
 * Read a safetensors file, or all files that a `.index.json` names.
 * @param path The file.
 * @param check Called with every name and shape before any tensor is read; it throws to refuse.
 * @param pause Awaited after every tensor.
 * @returns Name → tensor, all as float32.
 * @throws TypeError that tells what does not fit: header, offsets, length, number type.
 */
export async function readSafetensors(
  path: string,
  check: (shapes: ReadonlyMap<string, readonly number[]>) => void = () => {},
  pause: Pause = async () => {},
): Promise<Map<string, TensorData>> {
  const files = path.endsWith('.index.json') ? await shards(path) : [path];
  const opened: { handle: FileHandle; entries: Entry[]; start: number }[] = [];
  try {
    const shapes = new Map<string, readonly number[]>();
    for (const file of files) {
      const handle = await open(file, 'r');
      opened.push({ handle, entries: [], start: 0 });
      const header = await readHeader(handle, file);
      Object.assign(opened[opened.length - 1], header);
      for (const { name, shape } of header.entries) {
        if (shapes.has(name)) refuse(file, `a tensor must be there once: "${name}" is there twice`);
        shapes.set(name, shape);
      }
    }
    check(shapes);
    const tensors = new Map<string, TensorData>();
    for (const { handle, entries, start } of opened) {
      for (const entry of entries) {
        tensors.set(entry.name, {
          shape: entry.shape,
          data: await readTensor(handle, entry, start),
        });
        await pause();
      }
    }
    return tensors;
  } finally {
    for (const { handle } of opened) await handle.close();
  }
}

/**
 * Write a safetensors file: names in alphabetical order, no metadata. The file appears whole or
 * not at all.
 * @param type Number type; F16 rounds to nearest (default `F32`).
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  type: StoredType = 'F32',
): Promise<void> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { shape, data }] of sorted) {
    const end = offset + data.length * bytesOf[type];
    header[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const head = Buffer.alloc(8 + length, ' ');
  head.writeBigUInt64LE(BigInt(length));
  text.copy(head, 8);
  await writeWhole(path, async (handle) => {
    await handle.writeFile(head);
    for (const [, { data }] of sorted) {
      const stored = type === 'F32' ? data : float32ToFloat16(data);
      await handle.writeFile(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    }
  });
}

async function readHeader(
  handle: FileHandle,
  file: string,
): Promise<{ entries: Entry[]; start: number }> {
  const { size } = await handle.stat();
  const prefix = Buffer.alloc(8);
  if (size < 8) refuse(file, `it must have at least 8 bytes: it has ${size}`);
  await handle.read(prefix, 0, 8, 0);
  const length = prefix.readBigUInt64LE();
  if (length > maxHeader || Number(length) + 8 > size) {
    refuse(
      file,
      `its header must fit into the file (${size} bytes) and 100 MB: it claims ${length} bytes; the file is damaged or no safetensors file`,
    );
  }
  const text = Buffer.alloc(Number(length));
  await handle.read(text, 0, text.length, 8);
  let header: unknown;
  try {
    header = JSON.parse(text.toString('utf8'));
  } catch {
    refuse(file, 'its header must be JSON: it is not; the file is damaged or no safetensors file');
  }
  if (header === null || typeof header !== 'object' || Array.isArray(header)) {
    refuse(file, 'its header must be a JSON object: it is not; the file is damaged');
  }
  const start = 8 + text.length;
  const entries = Object.entries(header as Record<string, unknown>)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => entryOf(file, name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) {
      refuse(
        file,
        `tensors must lie one after the other: "${name}" begins at ${begin} where ${at} is due`,
      );
    }
    at = end;
  }
  if (start + at !== size) {
    refuse(
      file,
      `it must have the ${start + at} bytes that its header tells: it has ${size}; ${size < start + at ? 'it is cut off, fetch it again' : 'something was appended'}`,
    );
  }
  return { entries, start };
}

function entryOf(file: string, name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  const integers = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!integers(shape) || !integers(data_offsets) || data_offsets.length !== 2) {
    refuse(
      file,
      `"${name}" must have a shape and two data_offsets: it has ${JSON.stringify(value)}`,
    );
  }
  if (typeof dtype !== 'string' || !(dtype in bytesOf)) {
    refuse(file, `numbers must be F32, F16 or BF16: those of "${name}" are ${dtype}`);
  }
  const [begin, end] = data_offsets;
  const wanted = shape.reduce((a, b) => a * b, bytesOf[dtype]);
  if (end - begin !== wanted) {
    refuse(
      file,
      `"${name}" of shape [${shape}] in ${dtype} must have ${wanted} bytes: its offsets give ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

async function readTensor(handle: FileHandle, entry: Entry, start: number): Promise<Float32Array> {
  const bytes = new Uint8Array(entry.end - entry.begin);
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + entry.begin + at);
    if (bytesRead === 0) throw new TypeError(`Cannot read "${entry.name}" as the file ends in it`);
    at += bytesRead;
  }
  if (entry.dtype === 'F32') return new Float32Array(bytes.buffer);
  const halves = new Uint16Array(bytes.buffer);
  return entry.dtype === 'F16' ? float16ToFloat32(halves) : bfloat16ToFloat32(halves);
}

async function shards(path: string): Promise<string[]> {
  const index = JSON.parse(await readFile(path, 'utf8')) as { weight_map?: Record<string, string> };
  const names = new Set(Object.values(index.weight_map ?? {}));
  if (names.size === 0) refuse(path, 'it must have a "weight_map" that names files: it has none');
  for (const name of names) {
    if (name.includes('/') || name.includes('\\') || name.startsWith('.')) {
      refuse(path, `its files must lie beside it: it names "${name}"`);
    }
  }
  return [...names].sort().map((name) => join(dirname(path), name));
}

function refuse(file: string, requirement: string): never {
  throw new TypeError(`Cannot read ${file} as ${requirement}`);
}
