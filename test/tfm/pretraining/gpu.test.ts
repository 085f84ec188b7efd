import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ready } from '../../../src/math/tf.js';
import { clipGradients } from '../../../src/tfm/clip-gradients.js';
import { loadNetwork } from '../../../src/tfm/loaded-network.js';
import type { Batch } from '../../../src/tfm/pretraining/batch.js';
import { exportBatches } from '../../../src/tfm/pretraining/export-batches.js';
import { pretrainConfig } from '../../../src/tfm/pretraining/pretrain-config.js';
import {
  applyGradients,
  batchGradients,
  rateFactor,
  type StepReport,
  train,
} from '../../../src/tfm/pretraining/train.js';
import { startTraining } from '../../../src/tfm/pretraining/training-state.js';
import { readSafetensors } from '../../../src/tfm/safetensors.js';
import { readNetwork } from '../../../src/tfm/weights.js';

const root = join(import.meta.dirname, '..', '..', '..');
const program = join(root, 'src/tfm/pretraining/gpu/train.py');
// A Python with torch and safetensors; without one the stored steps stand for it.
const python = process.env.CAUSALMIXFT_PYTHON;
const config = pretrainConfig({
  seed: 9,
  dim: 16,
  layers: 2,
  heads: 2,
  steps: 3,
  tokens: 700,
  maxTables: 3,
  warmUp: 2,
});
let folder: string;

beforeAll(async () => {
  await ready();
  folder = mkdtempSync(join(tmpdir(), 'gpu-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Read a shard back, as the Python program does. */
function readShard(bytes: Uint8Array): Batch[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const part = (name: string): ArrayBuffer => {
    const [from, to] = header[name].data_offsets;
    return Uint8Array.from(bytes.subarray(8 + length + from, 8 + length + to)).buffer;
  };
  const steps = Object.keys(header).filter((name) => name.endsWith('.support'));
  return steps.map((name) => {
    const step = Number.parseInt(name, 10);
    const [tables, rows, features] = header[`${step}.buckets`].shape;
    const [support] = new Int16Array(part(name));
    const buckets = new Int16Array(part(`${step}.buckets`));
    const labels = new Int8Array(part(`${step}.labels`));
    return { step, tables, rows, features, support, buckets, labels };
  });
}

describe('the PyTorch program for a GPU', () => {
  it('made stored losses and weights that ours equal on the same batches', async () => {
    const fixture = JSON.parse(
      readFileSync(join(root, 'test/fixtures/pretraining/gpu-steps.json'), 'utf8'),
    );
    const stored = pretrainConfig(fixture.run.config);
    writeFileSync(join(folder, 'initial.safetensors'), Buffer.from(fixture.initial, 'base64'));
    const tensors = await readSafetensors(join(folder, 'initial.safetensors'));
    const initial = new Map([...tensors].map(([key, { data }]) => [key, data]));
    const state = startTraining(stored, initial);
    const network = loadNetwork({ config: fixture.run.network, weights: state.weights });
    const shards = fixture.shards as string[];
    const batches = shards.flatMap((shard) => readShard(Buffer.from(shard, 'base64')));
    expect(batches).toHaveLength(3);
    for (const [i, batch] of batches.entries()) {
      const { loss, gradients } = await batchGradients(network, batch);
      expect(Math.abs(loss - fixture.losses[i])).toBeLessThan(2e-5);
      const norm = clipGradients(gradients, stored.clip);
      expect(Math.abs(norm / fixture.norms[i] - 1)).toBeLessThan(1e-4);
      applyGradients(state, gradients, rateFactor(stored, state.step));
      for (const [key, numbers] of state.weights) network.renew(key, numbers);
      state.step++;
    }
    network.free();
    for (const [key, numbers] of Object.entries(fixture.average as Record<string, number[]>)) {
      // The gradient of a key's bias is 0 but for rounding, which Adam and Muon blow up.
      if (key.endsWith('.k.bias')) continue;
      for (const [i, v] of numbers.entries()) {
        expect(Math.abs((state.average.get(key) as Float32Array)[i] - v)).toBeLessThan(1e-4);
      }
    }
  });

  if (python)
    it('runs on an export and its model loads like any other', async () => {
      const at = join(folder, 'export');
      const start = startTraining(config);
      await exportBatches(at, config, start.weights, { workers: 0, perShard: 2 });
      if (process.env.CAUSALMIXFT_KEEP_EXPORT) {
        cpSync(at, process.env.CAUSALMIXFT_KEEP_EXPORT, { recursive: true });
      }
      const out = join(folder, 'out');
      const args = [program, at, out, '--device', 'cpu', '--precision', 'f32'];
      const ran = spawnSync(python, args, { encoding: 'utf8' });
      expect(ran.stderr.includes('Traceback'), ran.stderr).toBe(false);
      expect(ran.status).toBe(0);
      const reports: StepReport[] = [];
      for await (const report of train(start, { workers: 0 })) reports.push(report);
      const log = readFileSync(join(out, 'log.jsonl'), 'utf8').trim().split('\n');
      for (const [i, line] of log.entries()) {
        expect(Math.abs(JSON.parse(line).loss - reports[i].loss)).toBeLessThan(2e-5);
      }
      const { weights } = await readNetwork(out);
      for (const [key, numbers] of start.average) {
        if (key.endsWith('.k.bias')) continue;
        const theirs = weights.get(key) as Float32Array;
        for (let i = 0; i < numbers.length; i++) {
          // Their file holds half floats: 11 bits.
          expect(Math.abs(numbers[i] - theirs[i])).toBeLessThan(1e-3 * Math.abs(numbers[i]) + 1e-4);
        }
      }
    });
});

describe('exportBatches()', () => {
  it('goes on where it was stopped and refuses another configuration', async () => {
    const at = join(folder, 'stopped');
    const weights = startTraining(config).weights;
    const stop = new Error('stop');
    const onBatch = (batch: Batch): void => {
      if (batch.step === 2) throw stop;
    };
    const options = { workers: 1, perShard: 1 };
    await expect(exportBatches(at, config, weights, { ...options, onBatch })).rejects.toBe(stop);
    expect(readdirSync(at)).not.toContain('complete');
    const first = readFileSync(join(at, 'shard-00000.safetensors'));
    await exportBatches(at, config, weights, options);
    expect(readFileSync(join(at, 'shard-00000.safetensors'))).toEqual(first);
    expect(readdirSync(at).filter((name) => name.startsWith('shard'))).toHaveLength(3);
    expect(readdirSync(at)).toContain('complete');
    const other = pretrainConfig({ ...config, tokens: 800 });
    await expect(exportBatches(at, other, weights, options)).rejects.toThrow(
      'tokens: 700 before, 800 now',
    );
  });
});
