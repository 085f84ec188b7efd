import type { TypeScript } from './tslab.js';

export type Completeness =
  | { readonly status: 'complete' | 'invalid' | 'unknown' }
  | { readonly status: 'incomplete'; readonly indent: string };

/** Codes of what the parser says when the text ends inside a string, template, comment or regex. */
const unterminated = new Set([1002, 1010, 1126, 1160, 1161]);

/** Tell whether code can run as it is, needs more lines, or can never become right. */
export function isComplete(ts: typeof TypeScript, source: string): Completeness {
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true);
  const { parseDiagnostics } = file as unknown as {
    parseDiagnostics: readonly TypeScript.Diagnostic[];
  };
  if (parseDiagnostics.length === 0) return { status: 'complete' };
  const end = source.trimEnd().length;
  const first = parseDiagnostics[0]!;
  const start = first.start ?? 0;
  const stop = start + (first.length ?? 0);
  // What goes wrong only because the text ends there may be cured by more text.
  const atEnd = start >= end || (unterminated.has(first.code) && stop >= end);
  if (!atEnd || (first.code === 1002 && !source.trimEnd().endsWith('\\'))) {
    return { status: 'invalid' };
  }
  return { status: 'incomplete', indent: nextIndent(source) };
}

/** Two spaces more than the last line where that opens a bracket, else as much. */
function nextIndent(source: string): string {
  const line = source.split('\n').findLast((text) => text.trim() !== '') ?? '';
  const current = /^\s*/.exec(line)![0];
  return /[{([]\s*$/.test(line) ? `${current}  ` : current;
}
