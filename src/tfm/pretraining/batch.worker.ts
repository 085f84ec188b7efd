import { parentPort, workerData } from 'node:worker_threads';
import { drawBatch } from './batch.js';
import type { PretrainConfig } from './pretrain-config.js';

const config = workerData as PretrainConfig;

parentPort?.on('message', (step: number) => {
  const batch = drawBatch(config, step);
  parentPort?.postMessage(batch, [
    batch.buckets.buffer as ArrayBuffer,
    batch.labels.buffer as ArrayBuffer,
  ]);
});
