import { readFileSync } from 'node:fs';
import type { JoinedLibs } from './joined-libs.js';
import type { TypeScript } from './tslab.js';

/**
 * Declarations of Node and of the language are read without their documentation, which is most of
 * their text: that halves the time and the memory of a start. When someone asks for the
 * documentation of a name, it is read from the file.
 */
export function isForeign(path: string): boolean {
  return /\/(@types\/node|undici-types)\/|\/typescript-for-tslab\/lib\//.test(path);
}

/** Remove documentation comments; lines stay where they are. */
export function withoutDocs(text: string): string {
  return text.replace(/\/\*\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]+/g, ''));
}

/** The documentation of a declaration whose file was read without it. */
export function readDocumentation(
  declaration: TypeScript.Declaration,
  origin: JoinedLibs['origin'],
): string {
  const file = declaration.getSourceFile();
  if (!isForeign(file.fileName)) return '';
  const position = file.getLineAndCharacterOfPosition(declaration.getStart(file));
  const { path, line } = origin(file.fileName, position.line);
  let lines: string[];
  try {
    lines = readFileSync(path, 'utf8').split('\n').slice(0, line);
  } catch {
    return '';
  }
  let end = lines.length - 1;
  while (end >= 0 && lines[end]!.trim() === '') end--;
  if (end < 0 || !lines[end]!.trim().endsWith('*/')) return '';
  let start = end;
  while (start >= 0 && !lines[start]!.includes('/**')) start--;
  if (start < 0) return '';
  return lines
    .slice(start, end + 1)
    .map((text) => text.replace(/^\s*\/\*\*\s?|\s*\*\/\s*$/g, '').replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(
      /\{@link\s+([^}\s]+)(?:\s+([^}]+))?\}/g,
      (_, name: string, text?: string) => text ?? name,
    )
    .trim();
}
