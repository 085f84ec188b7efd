import type { Done, ErrorReport, RunRequest, Settings } from '../channel.js';
import { type CellDiagnostic, diagnosticLines, isSyntax } from '../compiler/diagnostics.js';
import type { ReadyCell } from '../compiler/service.js';
import type { Message } from '../protocol/wire.js';
import type { CompilerLink } from './compiler-link.js';
import type { Output } from './output.js';

/** What running cells needs from the rest of the front. */
export interface ExecutionSetup {
  readonly output: Output;
  readonly settings: Settings;
  readonly compiler: Pick<CompilerLink, 'compile' | 'commit'>;
  /** Run compiled code in the worker; resolves also when the worker is lost. */
  run(request: RunRequest): Promise<Done>;
  reply(message: Message, content: object): void;
  status(message: Message, state: 'busy' | 'idle'): void;
  /** Called after each cell with what the worker said of it, if it ran. */
  onDone(done: Done | undefined): void;
  /** Called with the code of each cell that is to be remembered. */
  onInput(count: number, code: string): void;
}

/** Runs execute requests one after the other. */
export interface Execution {
  add(message: Message): void;
  /** The request that runs now. */
  current(): Message | undefined;
  readonly count: number;
}

/** Create the queue of execute requests. */
export function createExecution(setup: ExecutionSetup): Execution {
  const queue: Message[] = [];
  let current: Message | undefined;
  let count = 0;
  let cells = 0;
  let last: Done | undefined;

  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      current = next;
      const dropped = await execute(next).catch((error: unknown) => internalError(next!, error));
      for (const message of dropped) abort(message);
    }
    current = undefined;
  };
  const abort = (message: Message): void => {
    setup.status(message, 'busy');
    setup.reply(message, { status: 'aborted', execution_count: count });
    setup.status(message, 'idle');
  };
  const internalError = (message: Message, error: unknown): Message[] => {
    const { name, message: text, stack = '' } = error as Error;
    const report = { ename: name, evalue: text, traceback: stack.split('\n') };
    setup.reply(message, { status: 'error', execution_count: count, ...report });
    setup.status(message, 'idle');
    return [];
  };

  /** Run one request; returns those that are not to run because it failed. */
  const execute = async (message: Message): Promise<Message[]> => {
    const { content } = message;
    const source = typeof content.code === 'string' ? content.code : '';
    const silent = content.silent === true;
    const counted = !silent && content.store_history !== false;
    if (counted) count++;
    const cell = ++cells;
    setup.status(message, 'busy');
    setup.output.open(cell, message.header, { silent });
    if (!silent) {
      setup.output.publish(cell, {
        type: 'execute_input',
        content: { code: source, execution_count: count },
      });
    }
    if (counted && source.trim()) setup.onInput(count, source);
    const file = silent ? `silent[${cell}].ts` : `cell[${count}].ts`;
    const error = source.trim() ? await runSource(cell, file, source) : undefined;
    if (error) setup.output.publish(cell, { type: 'error', content: error });
    const expressions = error ? {} : await evaluate(content.user_expressions, file);
    setup.output.flush();
    let dropped: Message[] = [];
    if (error && content.stop_on_error !== false) {
      // Requests that were sent before this answer may still lie in the socket.
      await turn();
      dropped = queue.splice(0);
    }
    setup.reply(message, {
      status: error ? 'error' : 'ok',
      execution_count: count,
      ...(error ?? { payload: [], user_expressions: expressions }),
    });
    setup.status(message, 'idle');
    setup.onDone(last);
    last = undefined;
    return dropped;
  };

  const runSource = async (
    cell: number,
    file: string,
    source: string,
  ): Promise<ErrorReport | undefined> => {
    const mode = typeMode(source, setup.settings);
    const compilation = await setup.compiler.compile(cell, source, mode);
    if (!compilation.ok) return typeError(compilation.diagnostics, file);
    const { compiled } = compilation;
    if (compiled.warnings.length > 0) warn(cell, compiled.warnings, file);
    const done = await setup.run(request(compiled, source, file, false));
    last = done;
    if (!done.error) setup.compiler.commit(compiled.cell);
    return done.error;
  };

  const request = (
    compiled: ReadyCell,
    source: string,
    file: string,
    quiet: boolean,
  ): RunRequest => ({
    type: 'run',
    cell: compiled.cell,
    file,
    code: compiled.code,
    map: compiled.map,
    source,
    scopes: compiled.scopes,
    names: compiled.names,
    modules: compiled.modules,
    resolved: compiled.resolved,
    quiet,
    settings: setup.settings,
  });

  const warn = (cell: number, warnings: readonly CellDiagnostic[], file: string): void => {
    const text = warnings.flatMap((d) => diagnosticLines(d, file)).join('\n');
    setup.output.stream(cell, 'stderr', `${text}\n`);
  };

  /** Evaluate the expressions that came with a request; a failing one fails alone. */
  const evaluate = async (expressions: unknown, file: string): Promise<object> => {
    const answers: Record<string, object> = {};
    for (const [name, source] of Object.entries((expressions ?? {}) as Record<string, unknown>)) {
      const cell = ++cells;
      const code = `(${String(source)})`;
      const compilation = await setup.compiler.compile(cell, code, setup.settings.types);
      const done: Pick<Done, 'error' | 'value'> = compilation.ok
        ? await setup.run(request(compilation.compiled, code, `silent[${cell}].ts`, true))
        : { error: typeError(compilation.diagnostics, file) };
      answers[name] = done.error
        ? { status: 'error', ...done.error }
        : { status: 'ok', data: done.value?.data ?? {}, metadata: done.value?.metadata ?? {} };
    }
    return answers;
  };

  return {
    add(message) {
      queue.push(message);
      if (!current) {
        current = message;
        void work();
      }
    },
    current: () => current,
    get count() {
      return count;
    },
  };
}

/** A cell may say `// @types off` (or warn, error) for itself. */
function typeMode(source: string, settings: Settings): Settings['types'] {
  const said = /^\s*\/\/\s*@types\s+(error|warn|off)\b/m.exec(source)?.[1];
  return (said as Settings['types'] | undefined) ?? settings.types;
}

function typeError(diagnostics: readonly CellDiagnostic[], file: string): ErrorReport {
  const first = diagnostics[0];
  const syntax = first !== undefined && isSyntax(first);
  return {
    ename: syntax ? 'SyntaxError' : 'TypeScriptError',
    evalue: first
      ? `${first.message.split('\n')[0]} (${first.file ?? file}:${first.line}:${first.column})`
      : '',
    traceback: diagnostics.flatMap((d) => diagnosticLines(d, file)),
  };
}

/** Let the sockets be read. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
