import { readFileSync, statSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import type { LocalModule } from '../compiler/local-modules.js';
import { parameters } from '../compiler/parameters.js';
import { registerSource } from './errors.js';
import { sendToFront } from './pipe.js';

type Exports = Record<string, unknown>;

interface Loaded {
  readonly module: LocalModule;
  /** Set while and after the file runs. */
  exports?: { exports: Exports };
}

const local = new Map<string, Loaded>();

/** Take over local files; those that changed, and what imports them, will run anew. */
export function updateModules(modules: readonly LocalModule[]): void {
  const changed = new Set<string>();
  for (const module of modules) {
    if (local.get(module.path)?.module.version === module.version) continue;
    local.set(module.path, { module });
    changed.add(module.path);
  }
  for (let before = -1; before !== changed.size; ) {
    before = changed.size;
    for (const [path, { module }] of local) {
      if (changed.has(path) || !Object.values(module.resolved).some((p) => changed.has(p)))
        continue;
      local.set(path, { module });
      changed.add(path);
    }
  }
}

const kernel = createRequire(import.meta.url);

/** `require` as a cell sees it: from the notebook's folder, then from the kernel's package. */
export function requireFrom(folder: string): NodeJS.Require {
  const first = createRequire(join(folder, 'notebook.js'));
  const find = ((name: string) => {
    const known = typeScriptFile(name, folder);
    if (known && local.has(known)) return runLocal(known);
    try {
      return first(name) as unknown;
    } catch (error) {
      if (!isNotFound(error, name)) throw error;
      return kernel(name) as unknown;
    }
  }) as NodeJS.Require;
  return Object.assign(find, first);
}

/**
 * Load a module for an `import` of a cell or of a local file.
 * @param name What the import says.
 * @param resolved Where names of local TypeScript files lead.
 * @param folder Folder of the importing file.
 */
export async function load(
  name: unknown,
  resolved: Readonly<Record<string, string>>,
  folder: string,
): Promise<unknown> {
  const specifier = String(name);
  const path = resolved[specifier];
  if (path) return runLocal(path);
  const unforeseen = typeScriptFile(specifier, folder);
  if (unforeseen) {
    updateModules(await compiled(unforeseen));
    return runLocal(unforeseen);
  }
  if (specifier.endsWith('.json') && /^[./]/.test(specifier))
    return readJson(resolve(folder, specifier));
  return compatible(await importFrom(specifier, folder), specifier, folder);
}

/** The TypeScript file that a path means when only the running code knows it. */
function typeScriptFile(specifier: string, folder: string): string | undefined {
  if (!/^([./]|file:)/.test(specifier)) return undefined;
  const name = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier;
  const path = isAbsolute(name) ? name : resolve(folder, name);
  if (isFile(path)) return /\.[cm]?tsx?$/.test(path) ? path : undefined;
  return [
    `${path}.ts`,
    `${path}.tsx`,
    path.replace(/js(x?)$/, 'ts$1'),
    join(path, 'index.ts'),
  ].find(isFile);
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

const waiting = new Map<number, (answer: readonly LocalModule[] | string) => void>();
let asked = 0;

/** Have a local file compiled, with all that it imports. */
async function compiled(path: string): Promise<readonly LocalModule[]> {
  const id = ++asked;
  const answer = await new Promise<readonly LocalModule[] | string>((settle) => {
    waiting.set(id, settle);
    sendToFront({ type: 'compile', id, path });
  });
  if (typeof answer === 'string') throw new SyntaxError(answer);
  return answer;
}

/** Take what the front answers: modules, or why there are none. */
export function receiveModules(id: number, answer: readonly LocalModule[] | string): void {
  waiting.get(id)?.(answer);
  waiting.delete(id);
}

/** What `import.meta` is in a file, or in a cell of a notebook. */
export function metaOf(path: string): ImportMeta {
  const find = createRequire(path);
  return {
    url: pathToFileURL(path).href,
    filename: path,
    dirname: dirname(path),
    resolve: (name: string) => {
      const found = find.resolve(name);
      return isAbsolute(found) ? pathToFileURL(found).href : found;
    },
  } as ImportMeta;
}

/** Name of the script that imports for the cells of a folder; left out of stack traces. */
const importerName = '__causalmixft_import__.js';

type Import = (specifier: string) => Promise<Exports>;
const importers = new Map<string, Import>();

/** Node's `import()` from the notebook's folder, then from the kernel's package. */
async function importFrom(specifier: string, folder: string): Promise<Exports> {
  let from = importers.get(folder);
  if (!from) {
    from = new Script('(specifier) => import(specifier)', {
      filename: join(folder, importerName),
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }).runInThisContext() as Import;
    importers.set(folder, from);
  }
  try {
    return await from(specifier);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`);
    if (!isMissing || /^[./]|^\w+:/.test(specifier)) throw error;
    return (await import(specifier).catch(() => Promise.reject(error))) as Exports;
  }
}

/** Give a CommonJS module all its names, also those that Node's scan of its text does not see. */
function compatible(namespace: Exports, specifier: string, folder: string): unknown {
  if (/^(node|data|https?):/.test(specifier) || Module.isBuiltin(specifier)) return namespace;
  const cached = kernel.cache[findByRequire(specifier, folder) ?? ''];
  // A module of Node's own format is in that cache too, once something has required it.
  if (!cached || !('default' in namespace) || namespace.default !== cached.exports)
    return namespace;
  const exports = cached.exports as Exports;
  if (exports === null || (typeof exports !== 'object' && typeof exports !== 'function')) {
    return namespace;
  }
  if (exports.__esModule) return exports;
  return Object.assign(Object.create(null) as Exports, exports, { default: exports });
}

function findByRequire(specifier: string, folder: string): string | undefined {
  const name = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier;
  for (const from of [createRequire(join(folder, 'notebook.js')), kernel]) {
    try {
      return from.resolve(name);
    } catch {
      // Tried from the next place.
    }
  }
  return undefined;
}

function runLocal(path: string): Exports {
  const entry = local.get(path);
  if (!entry) throw new Error(`Cannot find module '${path}'`);
  if (entry.exports) return entry.exports.exports;
  const { module } = entry;
  const folder = dirname(path);
  const cell = { exports: {} as Exports };
  // Set before the file runs: files that import each other see what there is so far.
  entry.exports = cell;
  const outer = requireFrom(folder);
  const inner = (name: string): unknown => {
    const target = module.resolved[name];
    return target ? runLocal(target) : outer(name);
  };
  const dynamic = (name: unknown): Promise<unknown> => load(name, module.resolved, folder);
  registerSource(path, module.map, { prefix: 0, headerLines: 1 });
  const script = new Script(
    `(function (exports, require, module, ${parameters.load}, ${parameters.meta}, __filename, __dirname) {\n${module.code}\n})`,
    { filename: path },
  );
  try {
    script.runInThisContext()(cell.exports, inner, cell, dynamic, metaOf(path), path, folder);
  } catch (error) {
    delete entry.exports;
    throw error;
  }
  return cell.exports;
}

function readJson(path: string): Exports {
  const value = JSON.parse(readFileSync(path, 'utf8')) as unknown;
  const names = typeof value === 'object' && !Array.isArray(value) ? (value as Exports) : {};
  return { ...names, default: value };
}

function isNotFound(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`);
}
