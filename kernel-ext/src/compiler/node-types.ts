import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The types of Node's modules are read when something imports them, not all at every start: only
 * files that declare globals are there from the beginning.
 */
export interface NodeTypes {
  /** The list of files that `@types/node` begins with, cut down to those that declare globals. */
  index(text: string, path: string): string;
  isIndex(path: string): boolean;
  /**
   * File with the types of a module of Node.
   * @returns `undefined` if it is none, an empty text if it is not worth reading for this importer.
   */
  fileOf(name: string, importer: string): string | undefined;
}

/** Modules that files with globals mention in passing, and that are large. */
const onDemand =
  /^(async_hooks|child_process|cluster|crypto|dgram|diagnostics_channel|dns|fs|https?|http2|inspector|readline|repl|tls|v8|vm|zlib)(\/|$)/;

/** Of the package behind `fetch`, the files with what is global; the others are its own interface. */
const webFiles = /^\.\/(fetch|file|filereader|formdata|patch|websocket)$/;

/** @param folder Folder of the package `@types/node`. */
export function nodeTypes(folder: string): NodeTypes {
  return {
    isIndex: (path) => path.startsWith(folder) && path.endsWith('/index.d.ts'),
    index: (text, path) =>
      text.replace(/^\/\/\/ <reference path="(.+?)" \/>$/gm, (line, name: string) =>
        declaresGlobals(join(dirname(path), name)) ? line : '',
      ),
    fileOf(name, importer) {
      if (/\/undici-types\//.test(importer) && /^\.\//.test(name)) {
        return webFiles.test(name) ? undefined : '';
      }
      if (!isBuiltin(folder, name)) return undefined;
      const bare = name.replace(/^node:/, '');
      const from = importer.startsWith(folder)
        ? importer.slice(folder.length + 1).replace(/\.d\.ts$/, '')
        : /\/undici-types\//.test(importer)
          ? 'globals'
          : undefined;
      // The checker finds these by name as soon as anything else has asked for them.
      if (from !== undefined && !onDemand.test(from) && onDemand.test(bare)) return '';
      const files = [bare, bare.split('/')[0]!].map((file) => join(folder, `${file}.d.ts`));
      return files.find((file) => existsSync(file));
    },
  };
}

const known = new Map<string, boolean>();

/** Whether a name is a module of Node's, by its types: they declare it by this name. */
function isBuiltin(folder: string, name: string): boolean {
  if (name.startsWith('node:')) return true;
  if (!/^[a-z_\d]+(\/[a-z]+)?$/.test(name)) return false;
  const found = known.get(name) ?? declaresModule(join(folder, `${name}.d.ts`), name);
  known.set(name, found);
  return found;
}

function declaresModule(path: string, name: string): boolean {
  try {
    return new RegExp(`^declare module ["']${name}["']`, 'm').test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}

function declaresGlobals(path: string): boolean {
  try {
    const text = readFileSync(path, 'utf8');
    return /\bglobal \{/.test(text) || !/^declare module ["']/m.test(text);
  } catch {
    return true;
  }
}
