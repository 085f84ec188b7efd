import { rmSync } from 'node:fs';
import type { TypeMode } from '../compiler/compiler.js';
import type { Completion } from '../compiler/complete.js';
import type { Completeness } from '../compiler/is-complete.js';
import type { LocalModule } from '../compiler/local-modules.js';
import type { CompileAnswer, CompilerAnswers, CompilerRequest } from '../compiler/service.js';
import { CompilerLost, type CompilerProcess, startCompilerProcess } from './compiler-process.js';

/** The compiler as the front uses it: one that is replaced when its process ends. */
export interface CompilerLink {
  compile(cell: number, source: string, mode: TypeMode): Promise<CompileAnswer>;
  /** Make the names of a cell that ran known to later ones. */
  commit(cell: number): void;
  complete(code: string, position: number, columns: readonly string[]): Promise<Completion>;
  inspect(code: string, position: number): Promise<Record<string, string> | null>;
  isComplete(code: string): Promise<Completeness>;
  /** Compile a local file with all that it imports; a text says why that cannot be done. */
  modules(path: string): Promise<readonly LocalModule[] | string>;
  /** Names of the cells that ran, with the cell of each. */
  owners(): ReadonlyMap<string, number>;
  /** Forget all cells. */
  reset(): void;
  /** Give up a compilation that takes too long. */
  interrupt(): void;
  close(): void;
}

interface Cell {
  readonly cell: number;
  readonly source: string;
  readonly mode: TypeMode;
  readonly names: readonly string[];
}

/** How long a compilation may go on after Stop. */
const patience = 1_000;

/**
 * Start the compiler for a folder.
 * @param snapshot Where its snapshot is, if there is one.
 */
export function createCompilerLink(folder: string, snapshot: string | undefined): CompilerLink {
  /** The cells that ran, for a compiler that has to take over. */
  let ran: Cell[] = [];
  let owners = new Map<string, number>();
  let last: Cell | undefined;
  let compiling = 0;
  let stopped = false;
  let closed = false;
  let from = snapshot;
  let failures = 0;
  let current = start();

  function start(): CompilerProcess {
    const made = startCompilerProcess(from, (answered) => {
      if (closed) return;
      failures = answered ? 0 : failures + 1;
      if (!answered && from) {
        // A snapshot that does not start is of no use to the next kernel either.
        rmSync(from, { force: true });
        from = undefined;
      }
      if (failures < 3) current = start();
    });
    const unheard = (): void => {};
    void made.ask({ op: 'open', folder }).catch(unheard);
    for (const { cell, source, mode } of ran) {
      void made.ask({ op: 'compile', cell, source, mode }).catch(unheard);
      void made.ask({ op: 'commit', cell }).catch(unheard);
    }
    return made;
  }

  /** Ask, and ask once more where the process ended meanwhile: it may have had another reason. */
  async function ask<R extends CompilerRequest>(request: R): Promise<CompilerAnswers[R['op']]> {
    try {
      return await current.ask(request);
    } catch (error) {
      if (!(error instanceof CompilerLost) || closed || stopped) throw error;
      return current.ask(request);
    }
  }

  return {
    async compile(cell, source, mode) {
      compiling = cell;
      try {
        const answer = await ask({ op: 'compile', cell, source, mode });
        if (answer.ok) last = { cell, source, mode, names: answer.compiled.names };
        return answer;
      } catch (error) {
        if (stopped) throw new Interrupted();
        throw error;
      } finally {
        compiling = 0;
        stopped = false;
      }
    },
    commit(cell) {
      if (last?.cell !== cell) return;
      const { source, names } = last;
      // A cell that declares nothing and is empty of types leaves nothing to take over.
      if (
        /\b(const|let|var|function|class|type|interface|enum|namespace|module|import|declare)\b/.test(
          source,
        )
      )
        ran.push(last);
      for (const name of names) owners.set(name, cell);
      void ask({ op: 'commit', cell }).catch(() => {});
    },
    complete: (code, position, columns) => ask({ op: 'complete', code, position, columns }),
    inspect: (code, position) => ask({ op: 'inspect', code, position }),
    isComplete: (code) => ask({ op: 'isComplete', code }),
    modules: (path) => ask({ op: 'modules', path }),
    owners: () => owners,
    reset() {
      ran = [];
      owners = new Map();
      last = undefined;
      void ask({ op: 'reset' }).catch(() => {});
    },
    interrupt() {
      const cell = compiling;
      if (cell === 0) return;
      setTimeout(() => {
        if (compiling !== cell) return;
        stopped = true;
        current.kill();
      }, patience).unref();
    },
    close() {
      closed = true;
      current.kill();
    },
  };
}

/** What Stop makes of a compilation. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('the cell was stopped while it was compiled');
    this.stack = 'Interrupted: the cell was stopped while it was compiled';
  }
}
