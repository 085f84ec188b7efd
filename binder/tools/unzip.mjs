import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
// A default import: a Node too old for `crc32` must still come as far as the message that says so.
import zlib from 'node:zlib';

// APPNOTE.TXT 4.3: local files, then the central directory, then its end record with a comment of at most 64 kB.
const endSignature = 0x06054b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;

/**
 * Unpack chosen entries of a zip archive.
 * @param archive Path of the archive (below 4 GB, without encryption).
 * @param folder Where the entries go.
 * @param place Gives the relative path to write an entry to, or `undefined` to leave it out.
 * @returns The relative paths that were written.
 */
export async function unzip(archive, folder, place) {
  const file = await open(archive);
  try {
    const written = [];
    for (const entry of await readDirectory(file, archive)) {
      const relative = place(entry.name);
      if (relative === undefined) continue;
      const path = normalize(join(folder, relative));
      if (!path.startsWith(normalize(folder) + sep))
        throw new Error(`Cannot unpack ${archive} as entry "${entry.name}" leaves the folder`);
      await mkdir(dirname(path), { recursive: true });
      await unpackEntry(file, entry, path, archive);
      written.push(relative);
    }
    return written;
  } finally {
    await file.close();
  }
}

async function readDirectory(file, archive) {
  const { size } = await file.stat();
  const tailSize = Math.min(size, 22 + 0xffff);
  const tail = await readAt(file, size - tailSize, tailSize);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end--;
  if (end < 0) throw broken(archive, 'it has no end record: the download is incomplete');
  const count = tail.readUInt16LE(end + 10);
  const length = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  if (count === 0xffff || offset === 0xffffffff) throw broken(archive, 'it is a zip64 archive');
  if (offset + length > size) throw broken(archive, 'its directory lies outside the file');
  const directory = await readAt(file, offset, length);
  const entries = [];
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > length || directory.readUInt32LE(at) !== centralSignature)
      throw broken(archive, `directory entry ${entries.length} of ${count} is damaged`);
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function unpackEntry(file, { name, method, crc, packed, offset }, path, archive) {
  const header = await readAt(file, offset, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== localSignature)
    throw broken(archive, `entry "${name}" has no header`);
  if (method !== 0 && method !== 8)
    throw broken(archive, `entry "${name}" is packed by method ${method}`);
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  let sum = 0;
  async function* packedBytes() {
    const step = 1 << 20;
    for (let at = 0; at < packed; at += step)
      yield await readAt(file, start + at, Math.min(step, packed - at));
  }
  async function* summed(source) {
    for await (const chunk of source) {
      sum = zlib.crc32(chunk, sum);
      yield chunk;
    }
  }
  const inflate = method === 8 ? [zlib.createInflateRaw({ chunkSize: 1 << 18 })] : [];
  try {
    await pipeline(packedBytes, ...inflate, summed, createWriteStream(path));
  } catch (error) {
    throw error.code?.startsWith?.('Z_')
      ? broken(archive, `entry "${name}": ${error.message}`)
      : error;
  }
  if (sum !== crc)
    throw broken(archive, `entry "${name}" has another checksum than its directory says`);
}

async function readAt(file, position, length) {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function broken(archive, reason) {
  return new Error(`Cannot unpack ${archive} as ${reason}`);
}
