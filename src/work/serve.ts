import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerMessage } from './pool.js';

/**
 * Answer the tasks of a pool, one after the other. A worker's file calls this once.
 * @param handle Does one task. `setup` is what the pool sent once; `report` sends word of progress.
 */
export function serve<Task, Setup, Result>(
  handle: (task: Task, setup: Setup, report: (value: unknown) => void) => Result | Promise<Result>,
): void {
  const port = parentPort;
  if (!port) {
    throw new Error(
      'Cannot serve tasks as this file must run in a worker thread: it was loaded in the main one; use parallelMap',
    );
  }
  const send = (message: WorkerMessage): void => port.postMessage(message);
  port.on('message', async ({ index, task }: { index: number; task: Task }) => {
    try {
      const value = await handle(task, workerData as Setup, (report) =>
        send({ kind: 'report', index, value: report }),
      );
      send({ kind: 'result', index, value });
    } catch (error) {
      send({ kind: 'error', index, error });
    }
  });
}
