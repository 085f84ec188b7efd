import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { CompletionSources } from './complete.js';
import type { TypeScript } from './tslab.js';

export interface StringCompletion {
  readonly start: number;
  readonly end: number;
  readonly texts: readonly string[];
  readonly type: 'path' | 'module' | 'property';
}

/** Suggest what a string at the cursor may say: a package, a path or the name of a column. */
export function completeString(
  ts: typeof TypeScript,
  source: string,
  offset: number,
  sources: CompletionSources,
): StringCompletion | undefined {
  const literal = stringAt(ts, source, offset);
  if (!literal) return undefined;
  const start = literal.getStart() + 1;
  const typed = source.slice(start, offset);
  const closed = source[literal.end - 1] === source[literal.getStart()] && literal.end > start;
  const end = closed ? literal.end - 1 : literal.end;
  const isImport =
    ts.isImportDeclaration(literal.parent) ||
    (ts.isCallExpression(literal.parent) &&
      /^(import|require)$/.test(literal.parent.expression.getText()));
  if (isImport && !/^[./]/.test(typed)) {
    return {
      start,
      end,
      type: 'module',
      texts: packages(sources.cwd).filter((p) => p.startsWith(typed)),
    };
  }
  const columns = sources.columns.filter((name) => name.startsWith(typed));
  if (columns.length > 0 && !/^[./~]/.test(typed))
    return { start, end, type: 'property', texts: columns };
  if (!isImport && !takesPath(ts, literal) && !/^(\.{0,2}|~)\//.test(typed)) return undefined;
  const slash = typed.lastIndexOf('/') + 1;
  const texts = entries(sources.cwd, typed.slice(0, slash))
    .filter((name) => name.startsWith(typed.slice(slash)))
    .map((name) => (isImport ? name.replace(/\.ts$/, '') : name));
  return { start: start + slash, end, type: 'path', texts };
}

function stringAt(
  ts: typeof TypeScript,
  source: string,
  offset: number,
): TypeScript.StringLiteralLike | undefined {
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true);
  let found: TypeScript.StringLiteralLike | undefined;
  const look = (node: TypeScript.Node): void => {
    if (offset <= node.getStart(file) || offset > node.end) return;
    if (ts.isStringLiteralLike(node)) found = node;
    ts.forEachChild(node, look);
  };
  look(file);
  // Behind the closing quote the cursor is outside.
  const isOutside =
    found &&
    offset === found.end &&
    /['"`]/.test(source[offset - 1] ?? '') &&
    offset - found.getStart(file) > 1;
  return isOutside ? undefined : found;
}

/** Whether the string is an argument of a function whose name speaks of reading or of files. */
function takesPath(ts: typeof TypeScript, literal: TypeScript.StringLiteralLike): boolean {
  const call = literal.parent;
  if (!ts.isCallExpression(call)) return false;
  return /(read|write|load|open|import|file|folder|path|dir)[A-Za-z]*$/i.test(
    call.expression.getText(),
  );
}

function entries(cwd: string, folder: string): string[] {
  const path = folder.startsWith('~/') ? join(homedir(), folder.slice(2)) : resolve(cwd, folder);
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort();
  } catch {
    return [];
  }
}

/** Packages that can be imported from a folder, then Node's own modules. */
function packages(cwd: string): string[] {
  const names = new Set<string>(['causalmixft']);
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of entries(folder, 'node_modules')) {
      const bare = name.replace(/\/$/, '');
      if (!bare.startsWith('@')) names.add(bare);
      else
        for (const inner of entries(folder, `node_modules/${bare}`))
          names.add(`${bare}/${inner.replace(/\/$/, '')}`);
    }
    if (folder === dirname(folder)) break;
  }
  const ours = [...names].filter((name) => !name.startsWith('@types/')).sort();
  const builtin = process
    .getBuiltinModule('node:module')
    .builtinModules.filter((name) => !name.startsWith('_'));
  return [...ours, ...builtin, ...builtin.map((name) => `node:${name}`)];
}
