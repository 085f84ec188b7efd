import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

// Everything is made under a name that ends so and then renamed: a name without it is complete.
const ending = '.partial';

/** A fresh temporary name beside `path`. */
export function partialName(path) {
  return join(
    dirname(path),
    `${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}${ending}`,
  );
}

/** Fill a file or folder under a temporary name, then rename it to `path`; nothing stays when it fails. */
export async function makeWhole(path, fill) {
  await mkdir(dirname(path), { recursive: true });
  const temporary = partialName(path);
  try {
    await fill(temporary);
    await replace(temporary, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Write a small file so that readers see the old one or the new one. */
export function writeWhole(path, text) {
  return makeWhole(path, (temporary) => writeFile(temporary, text));
}

/** Make or replace a symbolic link in one step. */
export function linkWhole(target, path) {
  return makeWhole(path, (temporary) => symlink(target, temporary));
}

/** Delete what an interrupted run left in `folder`; call it only under the folder's lock. */
export async function sweepPartials(folder) {
  const names = await readdir(folder).catch(() => []);
  for (const name of names)
    if (name.endsWith(ending)) await rm(join(folder, name), { recursive: true, force: true });
}

async function replace(temporary, path) {
  try {
    await rename(temporary, path);
  } catch (error) {
    // A folder cannot be renamed over a folder that has something in it: set the old one aside first.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    const aside = partialName(path);
    await rename(path, aside);
    await rename(temporary, path);
    await rm(aside, { recursive: true, force: true });
  }
}
