import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './atomic.mjs';
import { stateFolder } from './places.mjs';

/** What a step noted when it was last done here, or `undefined`. */
export async function readStamp(step) {
  const text = await readFile(join(stateFolder, `${step}.json`), 'utf8').catch(() => undefined);
  try {
    return text && JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Note that a step is done: `inputs` is the hash of all that it depends on. */
export function writeStamp(step, stamp) {
  return writeWhole(join(stateFolder, `${step}.json`), `${JSON.stringify(stamp)}\n`);
}

/** Forget that a step was done. */
export function removeStamp(step) {
  return rm(join(stateFolder, `${step}.json`), { force: true });
}

/**
 * Hash texts and files.
 * @param parts Strings, or `{ path }` of a file or a folder (all files below it, by name and content; absent counts as empty).
 */
export async function hashOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) {
    if (typeof part === 'string') hash.update(`${part.length}:${part}`);
    else await hashPath(hash, part.path);
  }
  return hash.digest('hex').slice(0, 24);
}

async function hashPath(hash, path) {
  const content = await readFile(path).catch((error) => error.code);
  if (content === 'EISDIR') {
    for (const name of (await readdir(path)).sort()) {
      hash.update(`${name}/`);
      await hashPath(hash, join(path, name));
    }
  } else hash.update(`${content.length}:`).update(content);
}
