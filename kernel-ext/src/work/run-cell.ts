import { join } from 'node:path';
import { constants, Script } from 'node:vm';
import type { MimeBundle } from 'causalmixft/display';
import type { Done, RunRequest } from '../channel.js';
import {
  asPartOf,
  begin,
  type CellContext,
  currentCell,
  each,
  Interrupted,
  resume,
  stopCell,
} from './context.js';
import { settings, updateSettings } from './current-settings.js';
import { registerSource, reportError } from './errors.js';
import { displayLibrary, wholeLibrary } from './library.js';
import { load, metaOf, updateModules } from './load.js';
import { sendToFront } from './pipe.js';
import { flushProgress } from './progress.js';
import { quietly, toBundle } from './results.js';
import { setRunning } from './run-state.js';
import { isShown } from './shown.js';

type Scope = Record<string, unknown>;
type CellFunction = (...parameters: unknown[]) => Promise<[unknown] | undefined>;

const scopes = new Map<number, Scope>();

/** The value of a name that a cell declared. */
export function valueOfName(cell: number, name: string): unknown {
  return scopes.get(cell)?.[name];
}

/** Forget the names of cells that nothing can reach any more. */
export function dropScopes(cells: readonly number[]): void {
  for (const cell of cells) scopes.delete(cell);
}

/** Lines of the compiled code before the first emitted one, and of the source before the cell's. */
const layout = { headerLines: 1, prefix: 1 };

let reject: ((reason: unknown) => void) | undefined;
let running: CellContext | undefined;

/** Run one cell and tell the front how it ended. */
export async function runCell(request: RunRequest): Promise<void> {
  const { cell } = request;
  const context: CellContext = { cell, stop: new AbortController(), running: true };
  running = context;
  begin(context);
  updateSettings(request.settings);
  setRunning(cell);
  const ended: { error?: unknown; value?: MimeBundle; failed: boolean } = { failed: false };
  try {
    const stopped = new Promise<never>((_, fail) => {
      reject = fail;
    });
    const body = asPartOf(context, () => execute(request, context));
    // Settled by whichever comes first; what loses the race is of no interest any more.
    body.catch(() => {});
    const bundle = await Promise.race([body, stopped]);
    if (bundle && request.quiet) ended.value = bundle;
    else if (bundle) sendToFront({ type: 'result', cell, bundle });
  } catch (error) {
    ended.failed = true;
    ended.error = context.stop.signal.aborted && isAbort(error) ? new Interrupted() : error;
  }
  // Rejections that nobody handles are reported in this turn, still before the cell has ended.
  await new Promise((resolve) => setImmediate(resolve));
  finish(context, request.names, ended);
}

/** Names of the columns of each table that a cell declared. */
function columnsOf(cell: number, names: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const name of names) {
    try {
      const value = valueOfName(cell, name) as { kind?: unknown; columns?: unknown } | undefined;
      if (value?.kind !== 'table' || !Array.isArray(value.columns)) continue;
      found[name] = (value.columns as { name?: unknown }[]).map((column) => String(column.name));
    } catch {
      // A value that throws when it is looked at has no columns to suggest.
    }
  }
  return found;
}

function finish(
  context: CellContext,
  names: readonly string[],
  { failed, error, value }: { failed: boolean; error?: unknown; value?: MimeBundle },
): void {
  const { cell } = context;
  setRunning(0);
  context.running = false;
  running = undefined;
  reject = undefined;
  flushProgress(cell);
  const done: Done = {
    type: 'done',
    cell,
    ...(failed ? { error: reportError(error) } : {}),
    ...(value ? { value } : {}),
    ...(failed ? {} : { columns: columnsOf(context.cell, names) }),
  };
  sendToFront(done);
}

async function execute(request: RunRequest, context: CellContext): Promise<MimeBundle | undefined> {
  const { code, file, map, source, cell } = request;
  updateModules(request.modules);
  if (/\bcm\b/.test(source)) await wholeLibrary();
  if (/\b(cm|display)\b/.test(source)) await displayLibrary();
  registerSource(file, map, { ...layout, cell });
  const script = new Script(code, {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const run = script.runInThisContext() as CellFunction;
  // From here on in a turn of its own: Stop cuts off all that is on the stack of a loop which never
  // yields, and the caller must not be there.
  await asPartOf(context, async () => {});
  const folder = process.cwd();
  const boxed = await asPartOf(context, () =>
    run(
      (scope: Scope) => {
        scopes.set(cell, scope);
      },
      (name: unknown) => load(name, request.resolved, folder),
      currentCell,
      resume,
      each,
      metaOf(join(folder, 'notebook.ts')),
      ...request.scopes.map((id) => scopes.get(id)),
    ),
  );
  context.stop.signal.throwIfAborted();
  if (!boxed || boxed[0] === undefined) return undefined;
  if (!request.quiet && quietly(() => isShown(boxed[0], cell))) return undefined;
  return toBundle(boxed[0], settings);
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Interrupted || (error as { name?: unknown } | null)?.name === 'AbortError'
  );
}

/** How long a cell that is told to stop may take to end by itself. */
const grace = 60;

/** Stop the running cell: at once for what listens to its signal, else after a short grace. */
export function interrupt(): void {
  const context = running;
  if (!context) return;
  stopCell(context);
  setTimeout(() => {
    if (context.running) reject?.(context.stop.signal.reason);
  }, grace);
}
