import { parentPort } from 'node:worker_threads';
import type { PoolMessage, WorkerMessage } from './pool.js';

/**
 * Answer the tasks of a pool, one after the other. A worker's file calls this once. The thread may go on
 * to serve later calls with other setups: what a file keeps between tasks must be kept by setup.
 * @param handle Does one task. `setup` is what the pool sent before it; `report` sends word of progress.
 * @param ownBuffers The buffers of a result that nothing else in the worker uses: they are moved, not copied.
 */
export function serve<Task, Setup, Result>(
  handle: (task: Task, setup: Setup, report: (value: unknown) => void) => Result | Promise<Result>,
  ownBuffers?: (result: Result) => ArrayBuffer[],
): void {
  const port = parentPort;
  if (!port) {
    throw new Error(
      'Cannot serve tasks as this file must run in a worker thread: it was loaded in the main one; use parallelMap',
    );
  }
  const send = (message: WorkerMessage, moved: ArrayBuffer[] = []): void =>
    port.postMessage(message, moved);
  let setup: unknown;
  port.on('message', async (message: PoolMessage) => {
    if (message.kind === 'setup') {
      setup = message.setup;
      return;
    }
    const { index, task } = message;
    try {
      const value = await handle(task as Task, setup as Setup, (report) =>
        send({ kind: 'report', index, value: report }),
      );
      send({ kind: 'result', index, value }, ownBuffers?.(value));
    } catch (error) {
      send({ kind: 'error', index, error });
    }
  });
}
