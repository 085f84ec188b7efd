// Batches as files, for a trainer elsewhere (gpu/train.py): `run.json` with the configuration,
// `initial.safetensors` with the weights to begin with, and shards of batches. A shard is a
// safetensors file; batch k has `k.buckets` (I16: tables, rows, features), `k.labels` (I8: tables,
// rows) and `k.support` (I16: 1). The file `complete` is written last.

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensorShapes } from '../config.js';
import { writeSafetensors } from '../safetensors.js';
import type { Weights } from '../weights.js';
import { writeWhole } from '../write-whole.js';
import type { Batch } from './batch.js';
import { batchStream } from './batch-stream.js';
import { configDifferences, networkConfig, type PretrainConfig } from './pretrain-config.js';

export interface ExportOptions {
  /** Threads that draw tables. */
  readonly workers: number;
  /** Batches a shard (default `100`). */
  readonly perShard?: number;
  /** Called after each batch. */
  readonly onBatch?: (batch: Batch) => void | Promise<void>;
}

/**
 * Write all batches of a configuration and the weights to begin with.
 *
 * Shards that are there already are kept, so an export goes on where it was stopped.
 * @param folder Made if it is not there.
 */
export async function exportBatches(
  folder: string,
  config: PretrainConfig,
  initial: Weights,
  { workers, perShard = 100, onBatch }: ExportOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await refuseOther(folder, config);
  const network = networkConfig(config);
  const shapes = tensorShapes(network);
  await writeSafetensors(
    join(folder, 'initial.safetensors'),
    new Map([...initial].map(([key, data]) => [key, { shape: shapes.get(key) ?? [], data }])),
  );
  await writeWhole(join(folder, 'run.json'), (handle) =>
    handle.writeFile(`${JSON.stringify({ format: 1, network, config }, null, 1)}\n`),
  );
  const file = (shard: number): string =>
    join(folder, `shard-${String(shard).padStart(5, '0')}.safetensors`);
  let shard = 0;
  while (existsSync(file(shard))) shard++;
  let batches: Batch[] = [];
  const from = Math.min(config.steps, shard * perShard);
  if (from < config.steps) {
    for await (const batch of batchStream(config, { from, to: config.steps, workers })) {
      batches.push(batch);
      await onBatch?.(batch);
      if (batches.length === perShard || batch.step === config.steps - 1) {
        await writeWhole(file(shard++), (handle) => handle.writeFile(shardBytes(batches)));
        batches = [];
      }
    }
  }
  await writeFile(join(folder, 'complete'), '');
}

/** Shards of another configuration must not be mixed with this one's. */
async function refuseOther(folder: string, config: PretrainConfig): Promise<void> {
  const file = join(folder, 'run.json');
  if (!existsSync(file)) return;
  const { config: before } = JSON.parse(await readFile(file, 'utf8')) as { config: PretrainConfig };
  const differences = configDifferences(before, config);
  if (differences.length > 0) {
    throw new RangeError(
      `Cannot export to ${folder} as the configuration must be that of its shards: ${differences.join('; ')}. Choose another folder`,
    );
  }
}

/** The bytes of a shard. */
export function shardBytes(batches: readonly Batch[]): Uint8Array {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  const put = (
    name: string,
    dtype: string,
    shape: number[],
    data: Int8Array | Int16Array,
  ): void => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  };
  for (const { step, tables, rows, features, support, buckets } of batches) {
    put(`${step}.buckets`, 'I16', [tables, rows, features], buckets);
    put(`${step}.support`, 'I16', [1], Int16Array.of(support));
  }
  // Bytes after two-byte numbers, so that these stay aligned.
  for (const { step, tables, rows, labels } of batches) {
    put(`${step}.labels`, 'I8', [tables, rows], labels);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(text, 8);
  return Buffer.concat([head, ...parts]);
}
