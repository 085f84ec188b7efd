import type { Compiler } from './compiler.js';
import { completeString } from './complete-string.js';
import { isHiddenName } from './declarations.js';
import { toCodePoints, toUtf16 } from './offsets.js';
import type { TypeScript } from './tslab.js';

/** One suggestion, as JupyterLab's completer takes it. */
export interface Suggestion {
  readonly text: string;
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly signature: string;
}

export interface Completion {
  readonly matches: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly suggestions: readonly Suggestion[];
}

export interface CompletionSources {
  readonly cwd: string;
  /** Names of columns of the tables that the cells have made. */
  readonly columns: readonly string[];
}

const most = 500;
/** How many suggestions get their signature: looking one up takes a moment. */
const described = 15;

/**
 * Suggest what can stand at the cursor.
 * @param position Cursor in code points.
 */
export function complete(
  compiler: Compiler,
  source: string,
  position: number,
  sources: CompletionSources,
): Completion {
  const offset = toUtf16(source, position);
  const inString = completeString(compiler.ts, source, offset, sources);
  const found = compiler.query((converter, declared) =>
    converter.complete(declared, source, offset),
  );
  const own = ranked(compiler, found, source.slice(found.start, offset), offset);
  const [start, end] = inString ? [inString.start, inString.end] : [found.start, found.end];
  const from = toCodePoints(source, start);
  const to = toCodePoints(source, end);
  const extra = (inString?.texts ?? []).map((text) => ({
    text,
    type: inString!.type,
    signature: '',
  }));
  const typed = inString && inString.start !== found.start ? [] : own;
  const all = [...extra, ...typed.filter(({ text }) => !extra.some((e) => e.text === text))].slice(
    0,
    most,
  );
  const suggestions = all.map((one) => ({ ...one, start: from, end: to }));
  return { matches: all.map(({ text }) => text), start: from, end: to, suggestions };
}

type Described = Pick<Suggestion, 'text' | 'type' | 'signature'>;

/** Suggestions that begin with what is typed; where none do, those that contain it. */
function ranked(
  compiler: Compiler,
  found: { readonly candidates: readonly string[]; readonly original?: TypeScript.CompletionInfo },
  typed: string,
  offset: number,
): Described[] {
  const entries = new Map((found.original?.entries ?? []).map((entry) => [entry.name, entry]));
  const names = found.candidates.filter((name) => !name.startsWith('$$cm_') && !isHiddenName(name));
  const lower = typed.toLowerCase();
  const starting = names.filter((name) => name.toLowerCase().startsWith(lower));
  const chosen = (starting.length > 0 ? starting : names).slice(0, most);
  return chosen.map((text, i) => {
    const entry = entries.get(text);
    const shown = entry && i < described ? signature(compiler, text, offset) : '';
    // An import is an alias; what it stands for is in its signature.
    const aliased = /^\(alias\) (\w+)/.exec(shown)?.[1];
    return { text, type: kindOf(aliased ?? entry?.kind), signature: shown };
  });
}

/** Signature and first sentence of the documentation, for a short list of suggestions. */
function signature({ ts, seam }: Compiler, name: string, offset: number): string {
  try {
    const details = (ts as unknown as DetailsApi).Completions.getCompletionEntryDetails(
      seam.program(),
      () => {},
      seam.cell(),
      offset + 'export {};\n'.length,
      { name },
      {},
      undefined,
      {},
      undefined,
    );
    return details ? ts.displayPartsToString(details.displayParts) : '';
  } catch {
    return '';
  }
}

interface DetailsApi {
  readonly Completions: {
    getCompletionEntryDetails(
      program: TypeScript.Program,
      log: () => void,
      file: TypeScript.SourceFile,
      position: number,
      entry: { name: string },
      host: object,
      format: undefined,
      preferences: object,
      token: undefined,
    ): TypeScript.CompletionEntryDetails | undefined;
  };
}

/** The words that JupyterLab has icons for. */
function kindOf(kind: string | undefined): string {
  switch (kind) {
    case 'method':
    case 'function':
    case 'local function':
    case 'construct':
    case 'call':
      return 'function';
    case 'class':
    case 'local class':
      return 'class';
    case 'interface':
    case 'type':
      return 'interface';
    case 'enum':
    case 'enum member':
      return 'enum';
    case 'module':
    case 'external module name':
    case 'alias':
      return 'module';
    case 'property':
    case 'getter':
    case 'setter':
    case 'accessor':
      return 'property';
    case 'keyword':
    case 'primitive type':
      return 'keyword';
    case 'string':
      return 'text';
    default:
      return 'variable';
  }
}
