import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import type * as TypeScript from '@tslab/typescript-for-tslab';

/** Where compiled code is kept between starts. */
function cacheFile(version: string): string {
  const root = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const name = `typescript-${version}-node-${process.versions.node}-${process.arch}.bin`;
  return join(root, 'causalmixft', 'kernel', name);
}

/**
 * Load the TypeScript that tslab uses, with its machine code from the last start.
 * @param require A `require` of tslab's folder.
 */
export function loadTypeScript(require: NodeJS.Require): {
  ts: typeof TypeScript;
  filename: string;
} {
  const filename = require.resolve('@tslab/typescript-for-tslab');
  const { version } = require('@tslab/typescript-for-tslab/package.json') as { version: string };
  const cache = cacheFile(version);
  const cachedData = readIfThere(cache);
  // Only its comments go beyond ASCII; read this way the text takes half the memory.
  const source = readFileSync(filename, 'latin1');
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${source}\n})`,
    { filename, ...(cachedData ? { cachedData } : {}) },
  );
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, filename, dirname(filename));
  if (!cachedData || script.cachedDataRejected) keepLater(script, cache);
  return { ts: module.exports as typeof TypeScript, filename };
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return existsSync(file) ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  }
}

/** Write the code cache once the functions that a start needs have been compiled. */
function keepLater(script: Script, file: string): void {
  setTimeout(() => {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const partial = `${file}.${process.pid}`;
      writeFileSync(partial, script.createCachedData(), { mode: 0o600 });
      renameSync(partial, file);
    } catch {
      // Only speed is lost where the cache cannot be written.
    }
  }, 5_000).unref();
}
