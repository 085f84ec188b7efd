import { AsyncLocalStorage } from 'node:async_hooks';

/** A cell that runs or has run, or the handling of a message from the browser. */
export interface CellContext {
  readonly cell: number;
  /** Aborted by Stop. */
  readonly stop: AbortController;
  running: boolean;
}

const storage = new AsyncLocalStorage<CellContext>();
let last: CellContext | undefined;
let stopped = 0;

/** Run something as part of a cell; what it starts belongs to the cell, however late it ends. */
export function asPartOf<T>(context: CellContext, work: () => T): T {
  return storage.run(context, work);
}

/** Say that a cell begins: output that belongs nowhere else goes to the last one. */
export function begin(context: CellContext): void {
  last = context;
}

/** The cell to which the running code belongs: the one that started it, else the last one. */
export function currentCell(): CellContext | undefined {
  return storage.getStore() ?? last;
}

/** What Stop throws into a cell. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('the cell was stopped');
  }
}

/** Abort the signal of a cell; its awaits throw from now on. */
export function stopCell(context: CellContext): void {
  if (context.stop.signal.aborted) return;
  stopped++;
  context.stop.abort(new Interrupted());
}

/** Pass a value on after an `await`, unless Stop has ended the cell meanwhile. */
export function resume<T>(value: T): T {
  if (stopped > 0) {
    const context = storage.getStore();
    if (context?.stop.signal.aborted) throw context.stop.signal.reason;
  }
  return value;
}
