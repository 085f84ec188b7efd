import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unzip } from '../../binder/tools/unzip.mjs';
import { zip } from './zip.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causalmixft-unzip-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const long = 'a line that repeats\n'.repeat(200_000);

function archive(bytes: Buffer): string {
  const path = join(folder, 'a.zip');
  writeFileSync(path, bytes);
  return path;
}

it('unzip() writes the chosen entries, byte for byte, and no others', async () => {
  const path = archive(zip({ 'lib/a.txt': long, 'b.txt': 'b', 'empty.txt': '' }));
  const written = await unzip(path, join(folder, 'out'), (name: string) =>
    name === 'b.txt' ? undefined : `x/${name}`,
  );
  expect(written).toEqual(['x/lib/a.txt', 'x/empty.txt']);
  expect(readFileSync(join(folder, 'out/x/lib/a.txt'), 'utf8')).toBe(long);
  expect(readFileSync(join(folder, 'out/x/empty.txt'), 'utf8')).toBe('');
  expect(existsSync(join(folder, 'out/x/b.txt'))).toBe(false);
});

it('unzip() names the reason when an archive is cut short', async () => {
  const whole = zip({ 'a.txt': long });
  const path = archive(whole.subarray(0, whole.length - 40));
  await expect(unzip(path, join(folder, 'out'), (name: string) => name)).rejects.toThrow(
    /Cannot unpack .*a\.zip as it has no end record: the download is incomplete/,
  );
});

it('unzip() refuses an entry whose bytes were changed', async () => {
  const bytes = zip({ 'a.txt': 'one two three four five six seven' });
  bytes[40] = (bytes[40] ?? 0) ^ 0x10;
  await expect(unzip(archive(bytes), join(folder, 'out'), (name: string) => name)).rejects.toThrow(
    /Cannot unpack .*a\.zip as entry "a\.txt"/,
  );
});

it('unzip() lets no entry out of the folder', async () => {
  const path = archive(zip({ '../evil.txt': 'evil' }));
  await expect(unzip(path, join(folder, 'out'), (name: string) => name)).rejects.toThrow(
    /entry "\.\.\/evil\.txt" leaves the folder/,
  );
  expect(existsSync(join(folder, 'evil.txt'))).toBe(false);
});
