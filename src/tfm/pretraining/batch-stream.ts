// Batches in order of their steps, drawn ahead by worker threads. Workers share nothing and a batch
// depends on its step alone, so the stream is the same for any number of workers.

import { Worker } from 'node:worker_threads';
import { type Batch, drawBatch } from './batch.js';
import type { PretrainConfig } from './pretrain-config.js';

/** How to draw a stream of batches. */
export interface BatchStreamOptions {
  /** First step. */
  readonly from: number;
  /** Step at which it ends, not included. */
  readonly to: number;
  /** Worker threads; 0 draws in the calling thread (default `1`). */
  readonly workers?: number;
  /** Batches drawn ahead for each worker (default `4`). */
  readonly ahead?: number;
}

/**
 * Draw the batches of steps `from` … `to` − 1, in order.
 *
 * Workers end when the loop over the stream ends, also early.
 */
export async function* batchStream(
  config: PretrainConfig,
  { from, to, workers = 1, ahead = 4 }: BatchStreamOptions,
): AsyncGenerator<Batch, void, undefined> {
  if (workers === 0) {
    for (let step = from; step < to; step++) yield drawBatch(config, step);
    return;
  }
  const ready = new Map<number, Batch>();
  let failure: Error | undefined;
  let wake: () => void = () => {};
  const pool = Array.from({ length: Math.min(workers, to - from) }, () => {
    const worker = new Worker(workerFile(), { workerData: config });
    worker.on('message', (batch: Batch) => {
      ready.set(batch.step, batch);
      wake();
    });
    worker.on('error', (error: Error) => {
      failure = error;
      wake();
    });
    worker.on('exit', (code) => {
      failure ??= new Error(
        `Cannot draw batches as a worker thread must go on: it ended with ${code}`,
      );
      wake();
    });
    return worker;
  });
  let asked = from;
  const askUpTo = (end: number): void => {
    for (; asked < Math.min(end, to); asked++) pool[asked % pool.length].postMessage(asked);
  };
  try {
    for (let step = from; step < to; step++) {
      askUpTo(step + ahead * pool.length);
      while (!ready.has(step)) {
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const batch = ready.get(step) as Batch;
      ready.delete(step);
      yield batch;
    }
  } finally {
    for (const worker of pool) {
      worker.removeAllListeners('exit');
      void worker.terminate();
    }
  }
}

/** The compiled worker, also where tests run the sources. */
function workerFile(): URL {
  const { href } = new URL('./batch.worker.js', import.meta.url);
  const at = href.lastIndexOf('/src/');
  if (!import.meta.url.endsWith('.ts') || at < 0) return new URL(href);
  return new URL(`${href.slice(0, at)}/dist/${href.slice(at + 5)}`);
}
