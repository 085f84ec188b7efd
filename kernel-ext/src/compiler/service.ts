import type { CompiledCell, Compiler, TypeMode } from './compiler.js';
import { type Completion, complete } from './complete.js';
import type { CellDiagnostic } from './diagnostics.js';
import { inspectCode } from './inspect.js';
import { type Completeness, isComplete } from './is-complete.js';
import type { LocalModule } from './local-modules.js';

/** What the front asks of the compiler's process. */
export type CompilerRequest =
  | { readonly op: 'open'; readonly folder: string }
  | {
      readonly op: 'compile';
      readonly cell: number;
      readonly source: string;
      readonly mode: TypeMode;
    }
  /** The cell ran: later ones may use its names. */
  | { readonly op: 'commit'; readonly cell: number }
  | {
      readonly op: 'complete';
      readonly code: string;
      readonly position: number;
      readonly columns: readonly string[];
    }
  | { readonly op: 'inspect'; readonly code: string; readonly position: number }
  | { readonly op: 'isComplete'; readonly code: string }
  /** Compile a local file, with all that it imports. */
  | { readonly op: 'modules'; readonly path: string }
  | { readonly op: 'reset' };

/** A compiled cell as it travels: what only the compiler needs stays with it. */
export type ReadyCell = Omit<CompiledCell, 'declarations' | 'parameters'>;

export type CompileAnswer =
  | { readonly ok: true; readonly compiled: ReadyCell }
  | { readonly ok: false; readonly diagnostics: readonly CellDiagnostic[] };

/** What each request is answered with. */
export interface CompilerAnswers {
  readonly open: null;
  readonly compile: CompileAnswer;
  readonly commit: null;
  readonly complete: Completion;
  readonly inspect: Record<string, string> | null;
  readonly isComplete: Completeness;
  readonly modules: readonly LocalModule[] | string;
  readonly reset: null;
}

/** Answers requests, one after the other. */
export function createService(compiler: Compiler): (request: CompilerRequest) => unknown {
  let folder = '/';
  let last: CompiledCell | undefined;
  return (request) => {
    switch (request.op) {
      case 'open':
        folder = request.folder;
        compiler.open(folder);
        return null;
      case 'compile': {
        const made = compiler.compile(request.cell, request.source, request.mode);
        if (!made.ok) return made;
        last = made.compiled;
        const { declarations: _kept, parameters: _inCode, ...ready } = made.compiled;
        return { ok: true, compiled: ready };
      }
      case 'commit':
        if (last?.cell === request.cell) compiler.commit(last);
        return null;
      case 'complete':
        return complete(compiler, request.code, request.position, {
          cwd: folder,
          columns: request.columns,
        });
      case 'inspect':
        return inspectCode(compiler, request.code, request.position) ?? null;
      case 'isComplete':
        return isComplete(compiler.ts, request.code);
      case 'modules': {
        const made = compiler.compile(0, `import ${JSON.stringify(request.path)}`, 'off');
        if (made.ok) return made.compiled.modules;
        const [first] = made.diagnostics;
        return `${first?.message} (${first?.file}:${first?.line}:${first?.column})`;
      }
      case 'reset':
        compiler.reset();
        return null;
    }
  };
}
