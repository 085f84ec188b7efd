import { dirname, join } from 'node:path';

/** The declarations of the language, which come in some sixty files, as one. */
export interface JoinedLibs {
  /** What to read as a file; `undefined` for files that have nothing to do with it. */
  read(path: string): string | undefined;
  /** The file and line, from 0, in which a line of the joined file is written. */
  origin(path: string, line: number): { readonly path: string; readonly line: number };
}

/**
 * Join a file of declarations with all that it refers to.
 *
 * The checker of every cell would else merge the parts of each interface anew, which takes a third
 * of its time.
 * @param root Path of the file that refers to the others.
 * @param read Reads a file.
 */
export function joinLibs(root: string, read: (path: string) => string | undefined): JoinedLibs {
  const folder = dirname(root);
  const parts: { readonly path: string; readonly start: number }[] = [];
  const texts: string[] = [];
  const seen = new Set<string>();
  let lines = 0;
  const add = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = read(path) ?? '';
    for (const [, name] of text.matchAll(/^\/\/\/ <reference lib="(.+?)" \/>/gm)) {
      add(join(folder, `lib.${name}.d.ts`));
    }
    parts.push({ path, start: lines });
    texts.push(text.replace(/^\/\/\/ <reference .*$/gm, ''));
    lines += text.split('\n').length;
  };
  add(root);
  const whole = texts.join('\n');
  return {
    read: (path) => (path === root ? whole : seen.has(path) ? '' : undefined),
    origin(path, line) {
      const part = path === root && parts.findLast(({ start }) => start <= line);
      return part ? { path: part.path, line: line - part.start } : { path, line };
    },
  };
}
