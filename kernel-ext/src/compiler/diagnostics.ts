import type { TypeScript } from './tslab.js';

/** Something the checker or the parser found. */
export interface CellDiagnostic {
  /** A local file; absent for the cell itself. */
  readonly file?: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Number of characters marked. */
  readonly length: number;
  readonly code: number;
  /** The message, with what explains it on further lines. */
  readonly message: string;
  /** The source line. */
  readonly text: string;
}

/** Lines and characters that tslab puts before the source. */
const prefix = 'export {};\n';

/** Among the codes of syntax errors, those of code that runs all the same. */
const opinions = new Set([
  1117, // a property that an object literal names twice
  1313, // an empty statement as the body of an `if`
  1345, // a test of something without a value
]);

/** Whether the code cannot run at all, whatever is decided about types. */
export function isSyntax({ code }: Pick<TypeScript.Diagnostic, 'code'>): boolean {
  return code < 2000 && !opinions.has(code);
}

/** Turn a diagnostic into positions of the cell as typed. */
export function describe(
  ts: typeof TypeScript,
  diagnostic: TypeScript.Diagnostic,
  cell: TypeScript.SourceFile,
  source: string,
): CellDiagnostic {
  const { file, start = 0, length = 1, code } = diagnostic;
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  const own = !file || file.fileName === cell.fileName;
  const text = own ? source : file.text;
  const offset = own ? Math.min(Math.max(start - prefix.length, 0), text.length) : start;
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const lineStart = before.lastIndexOf('\n') + 1;
  const whole = text.slice(lineStart).split('\n', 1)[0]!;
  const column = offset - lineStart + 1;
  return {
    ...(own ? {} : { file: file.fileName }),
    line,
    column,
    length: Math.max(1, Math.min(length, whole.length - column + 1)),
    code,
    message,
    text: whole,
  };
}

/** A diagnostic as lines of a traceback: place, message, source line, caret. */
export function diagnosticLines(diagnostic: CellDiagnostic, cellName: string): string[] {
  const { file, line, column, length, code, message, text } = diagnostic;
  const tabs = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [
    `${file ?? cellName}:${line}:${column} TS${code} ${message}`,
    `  ${text}`,
    `  ${tabs}${'^'.repeat(length)}`,
  ];
}
