import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { startupSnapshot } from 'node:v8';
import type { Script } from 'node:vm';
import type * as TypeScript from '@tslab/typescript-for-tslab';

/** Folder for what makes later starts faster. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const root = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(root, 'causalmixft', 'kernel');
}

const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];

/**
 * Load the TypeScript that tslab uses.
 * @param filename Path of `typescript.js`.
 * @param shortened File with the same code to read instead.
 */
export function loadTypeScript(filename: string, shortened: string = filename): typeof TypeScript {
  // Only its comments go beyond ASCII; read this way the text takes half the memory.
  const source = readFileSync(shortened, 'latin1');
  const module = { exports: {} };
  const run = startupSnapshot.isBuildingSnapshot()
    ? new Function(...parameters, source)
    : withCachedCode(source, filename);
  run(module.exports, allowed, module, filename, dirname(filename));
  return module.exports as typeof TypeScript;
}

/** What TypeScript may require: nothing that a snapshot cannot hold; it does without the rest. */
function allowed(name: string): unknown {
  if (['buffer', 'fs', 'os', 'path'].includes(name)) return process.getBuiltinModule(name);
  throw new Error(`Cannot find module '${name}'`);
}

type Run = (...values: unknown[]) => void;

/** Compile the text with the machine code of an earlier start. */
function withCachedCode(source: string, filename: string): Run {
  const stamp = `node-${process.versions.node}-${process.arch}`;
  const cache = join(cacheFolder(), `typescript-${source.length}-${stamp}.bin`);
  const cachedData = readIfThere(cache);
  const { Script } = process.getBuiltinModule('node:vm');
  const script = new Script(`(function (${parameters.join(', ')}) {${source}\n})`, {
    filename,
    ...(cachedData ? { cachedData } : {}),
  });
  if (!cachedData || script.cachedDataRejected) waiting = { script, cache };
  return script.runInThisContext() as Run;
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return existsSync(file) ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  }
}

let waiting: { readonly script: Script; readonly cache: string } | undefined;

/** Keep the machine code, where it is new, once what a start needs has been compiled. */
export function keepCode(): void {
  if (!waiting) return;
  const { script, cache } = waiting;
  waiting = undefined;
  try {
    mkdirSync(dirname(cache), { recursive: true, mode: 0o700 });
    const partial = `${cache}.${process.pid}`;
    writeFileSync(partial, script.createCachedData(), { mode: 0o600 });
    renameSync(partial, cache);
  } catch {
    // Only speed is lost where the cache cannot be written.
  }
}
