import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** How `parallelMap` runs its tasks. */
export interface PoolOptions<Result = unknown> {
  /** Number of threads (default: one for each core, at most 4). Never changes the results. */
  readonly workers?: number | undefined;
  /** What every task needs, sent once to each worker; `SharedArrayBuffer`s are shared, not copied. */
  readonly setup?: unknown;
  /** Whether a worker may wait for the next call when its part is done (default `true`), with what it holds. */
  readonly keep?: boolean;
  /** Ends the work early: workers are terminated and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called as each task ends, in the order in which they end. */
  readonly onResult?: (result: Result, index: number) => void;
  /** Called with what a task reports while it runs. */
  readonly onReport?: (value: unknown, index: number) => void;
}

/** What a pool sends to its workers: the setup first, then tasks; at the end nothing to hold on to. */
export type PoolMessage =
  | { readonly kind: 'setup'; readonly setup: unknown }
  | { readonly kind: 'task'; readonly index: number; readonly task: unknown };

/** What a worker sends to its pool. */
export type WorkerMessage =
  | { readonly kind: 'report'; readonly index: number; readonly value: unknown }
  | { readonly kind: 'result'; readonly index: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly index: number; readonly error: unknown };

// A worker that has done its part waits a while for the next call: its code is compiled then, which a
// new thread takes as long for as for the first tasks. It does not keep the process from ending.
const idle = new Map<string, Worker[]>();
const KEPT_MS = 10_000;

/** The number of workers that is used where none is asked for. */
export function defaultWorkers(): number {
  return Math.min(4, availableParallelism());
}

/**
 * Check a number of workers that a user gave.
 * @throws RangeError where it is not a positive integer.
 */
export function checkWorkers(workers: number | undefined): number {
  if (workers === undefined) return defaultWorkers();
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(
      `Cannot start workers as their number must be a positive integer: current value is ${workers}`,
    );
  }
  return workers;
}

/**
 * Run tasks in worker threads, each as soon as a worker is free.
 * @param worker The worker's file, a module that calls `serve`; written `new URL('./name.worker.js', import.meta.url)`.
 * @param tasks What is to be done; each must be structured-cloneable.
 * @returns The results in the order of the tasks, whatever the number of workers. Rejects with the first error;
 *   no worker runs on after the promise has settled.
 */
export async function parallelMap<Task, Result>(
  worker: URL,
  tasks: readonly Task[],
  options: PoolOptions<Result> = {},
): Promise<Result[]> {
  const { signal, onResult, onReport } = options;
  const threads = Math.min(checkWorkers(options.workers), tasks.length);
  signal?.throwIfAborted();
  if (threads === 0) return [];
  const file = compiled(worker);
  const results: Result[] = new Array(tasks.length);
  const pool: Worker[] = [];
  let next = 0;
  let finished = 0;
  let onAbort: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const give = (thread: Worker): void => {
        if (next < tasks.length) {
          send(thread, { kind: 'task', index: next, task: tasks[next] });
          next++;
        }
      };
      for (let i = 0; i < threads; i++) {
        const thread = idle.get(file.href)?.pop() ?? new Worker(file, { execArgv: [] });
        thread.removeAllListeners();
        thread.ref();
        pool.push(thread);
        send(thread, { kind: 'setup', setup: options.setup });
        thread.on('message', (message: WorkerMessage) => {
          try {
            if (message.kind === 'report') {
              onReport?.(message.value, message.index);
            } else if (message.kind === 'error') {
              reject(message.error);
            } else {
              results[message.index] = message.value as Result;
              onResult?.(results[message.index], message.index);
              if (++finished === tasks.length) resolve();
              else give(thread);
            }
          } catch (error) {
            reject(error);
          }
        });
        thread.on('error', reject);
        thread.on('exit', (code) => {
          reject(
            new Error(
              `Cannot finish the work as a worker must run to its end: ${fileURLToPath(file)} exited with code ${code}`,
            ),
          );
        });
        give(thread);
      }
    });
    if (options.keep ?? true) for (const thread of pool.splice(0)) keep(file.href, thread);
    return results;
  } finally {
    if (onAbort) signal?.removeEventListener('abort', onAbort);
    for (const thread of pool) thread.removeAllListeners();
    await Promise.all(pool.map((thread) => thread.terminate()));
  }
}

function send(thread: Worker, message: PoolMessage): void {
  thread.postMessage(message);
}

/** Let a worker without a task wait for the next call. */
function keep(file: string, thread: Worker): void {
  const list = idle.get(file) ?? [];
  idle.set(file, list);
  const leave = (): void => {
    const at = list.indexOf(thread);
    if (at >= 0) list.splice(at, 1);
  };
  thread.removeAllListeners();
  if (list.length >= defaultWorkers()) {
    void thread.terminate();
    return;
  }
  send(thread, { kind: 'setup', setup: undefined });
  thread.once('error', leave);
  thread.once('exit', leave);
  thread.unref();
  list.push(thread);
  setTimeout(() => {
    if (!list.includes(thread)) return;
    leave();
    void thread.terminate();
  }, KEPT_MS).unref();
}

/** The file that runs: sources under test name a file of `src`, of which only the build in `dist` can run. */
function compiled(worker: URL): URL {
  const at = worker.href.lastIndexOf('/src/');
  if (at < 0 || (!worker.href.endsWith('.ts') && existsSync(worker))) return worker;
  const built = new URL(
    `${worker.href.slice(0, at)}/dist/${worker.href.slice(at + 5).replace(/\.ts$/, '.js')}`,
  );
  if (!existsSync(built)) {
    throw new Error(
      `Cannot start a worker as the sources must be compiled: ${fileURLToPath(built)} is absent; run npm run build`,
    );
  }
  return built;
}
