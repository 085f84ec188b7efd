/** A cell that runs or has run, or the handling of a message from the browser. */
export interface CellContext {
  readonly cell: number;
  /** Aborted by Stop. */
  readonly stop: AbortController;
  running: boolean;
}

// Node's AsyncLocalStorage would do this, but its hooks make the process abort when Stop ends a
// loop in the middle of a promise's continuation.
let active: CellContext | undefined;
let stopped = 0;

/** The cell to which the running code belongs: the one that started it, else the last one. */
export function currentCell(): CellContext | undefined {
  return active;
}

/** Say that a cell begins: output that belongs nowhere else goes to the last one. */
export function begin(context: CellContext): void {
  active = context;
}

/** Run something as part of a cell. */
export function asPartOf<T>(context: CellContext | undefined, work: () => T): T {
  const before = active;
  active = context;
  try {
    return work();
  } finally {
    active = before;
  }
}

/** What Stop throws into a cell. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('the cell was stopped');
    // Where the kernel threw it says nothing about the cell.
    this.stack = '';
  }
}

/** Abort the signal of a cell; its awaits throw from now on. */
export function stopCell(context: CellContext): void {
  if (context.stop.signal.aborted) return;
  stopped++;
  context.stop.abort(new Interrupted());
}

/** Go on after an `await` as part of the cell before it, unless Stop has ended that meanwhile. */
export function resume<T>(context: CellContext | undefined, value: T): T {
  active = context;
  if (stopped > 0 && context?.stop.signal.aborted) throw context.stop.signal.reason;
  return value;
}

/** The same for each turn of a `for await`. */
export function each<T>(items: AsyncIterable<T> | Iterable<T | PromiseLike<T>>): AsyncIterable<T> {
  const context = active;
  const asynchronous = (items as Partial<AsyncIterable<T>>)[Symbol.asyncIterator];
  if (!asynchronous) return eachOf(items as Iterable<T>, context);
  return {
    [Symbol.asyncIterator]() {
      const inner = asynchronous.call(items);
      return {
        next: async (...args) => resume(context, await inner.next(...args)),
        ...(inner.return
          ? { return: async (value?: unknown) => resume(context, await inner.return!(value)) }
          : {}),
      };
    },
  };
}

async function* eachOf<T>(
  items: Iterable<T | PromiseLike<T>>,
  context: CellContext | undefined,
): AsyncIterable<T> {
  for (const item of items) yield resume(context, await item);
}

type Callback = (...args: unknown[]) => unknown;

/** Make callbacks of timers and promises run as part of the cell that gave them. */
export function followCallbacks(): void {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'] as const) {
    const original = globalThis[name] as unknown as (
      callback: unknown,
      ...rest: unknown[]
    ) => unknown;
    const following = (callback: unknown, ...rest: unknown[]): unknown =>
      original(bound(callback), ...rest);
    // Such as the form that `util.promisify` uses.
    Object.defineProperties(following, Object.getOwnPropertyDescriptors(original));
    globalThis[name] = following as never;
  }
  const { then } = Promise.prototype;
  Object.defineProperty(Promise.prototype, 'then', {
    configurable: true,
    writable: true,
    value(this: Promise<unknown>, fulfilled: unknown, rejected: unknown) {
      return then.call(this, bound(fulfilled) as Callback, bound(rejected) as Callback);
    },
  });
}

function bound(callback: unknown): unknown {
  const context = active;
  if (typeof callback !== 'function' || !context) return callback;
  return function (this: unknown, ...args: unknown[]): unknown {
    return asPartOf(context, () => (callback as Callback).apply(this, args));
  };
}
