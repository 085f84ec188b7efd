import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillNormal } from '../../../src/math/draws.js';
import { stream } from '../../../src/math/random.js';
import { liveTensors, ready } from '../../../src/math/tf.js';
import { clipGradients } from '../../../src/tfm/clip-gradients.js';
import { loadNetwork } from '../../../src/tfm/loaded-network.js';
import { drawBatch } from '../../../src/tfm/pretraining/batch.js';
import {
  hasCheckpoint,
  readCheckpoint,
  saveCheckpoint,
} from '../../../src/tfm/pretraining/checkpoint.js';
import { initialWeights } from '../../../src/tfm/pretraining/initial-weights.js';
import { orthogonalized } from '../../../src/tfm/pretraining/muon.js';
import { networkConfig, pretrainConfig } from '../../../src/tfm/pretraining/pretrain-config.js';
import {
  applyGradients,
  batchGradients,
  rateFactor,
  type StepReport,
  TrainingDiverged,
  train,
} from '../../../src/tfm/pretraining/train.js';
import { startTraining, type TrainingState } from '../../../src/tfm/pretraining/training-state.js';

const config = pretrainConfig({
  seed: 5,
  dim: 16,
  layers: 2,
  heads: 2,
  steps: 8,
  tokens: 900,
  maxTables: 4,
  warmUp: 2,
});
let folder: string;

beforeAll(async () => {
  await ready();
  folder = mkdtempSync(join(tmpdir(), 'pretrain-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(state: TrainingState, steps: number, workers = 0): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for await (const report of train(state, { workers })) {
    reports.push(report);
    if (reports.length === steps) break;
  }
  return reports;
}

describe('orthogonalized()', () => {
  it('brings singular values near 1 and leaves the singular vectors of a diagonal matrix', () => {
    const diagonal = new Float32Array(16);
    for (let i = 0; i < 4; i++) diagonal[i * 5] = [3, 1, 0.5, 0.2][i];
    const x = orthogonalized(diagonal, 1, 4, 4);
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        if (i === j) expect(Math.abs(x[i * 4 + j] - 0.95)).toBeLessThan(0.3);
        else expect(Math.abs(x[i * 4 + j])).toBeLessThan(1e-5);
      }
    }
  });

  it.each([
    [6, 20],
    [20, 6],
  ])('gives %i × %i matrices rows or columns that are nearly orthonormal', (rows, columns) => {
    const given = fillNormal(stream(1, 'muon'), new Float32Array(2 * rows * columns));
    const x = orthogonalized(given, 2, rows, columns).subarray(rows * columns);
    // The Gram matrix of the shorter side has the squared singular values on its diagonal, about.
    const side = Math.min(rows, columns);
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        let sum = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) {
          sum +=
            rows < columns
              ? x[i * columns + k] * x[j * columns + k]
              : x[k * columns + i] * x[k * columns + j];
        }
        expect(Math.abs(sum - (i === j ? 0.9 : 0))).toBeLessThan(i === j ? 0.5 : 0.35);
      }
    }
  });
});

describe('rateFactor()', () => {
  it('rises linearly, stays, and falls linearly to 0', () => {
    const c = pretrainConfig({ steps: 100, warmUp: 10, decay: 0.5 });
    expect(rateFactor(c, 0)).toBeCloseTo(0.1);
    expect(rateFactor(c, 9)).toBe(1);
    expect(rateFactor(c, 50)).toBe(1);
    expect(rateFactor(c, 75)).toBeCloseTo(0.5);
    expect(rateFactor(c, 99)).toBeCloseTo(0.02);
  });
});

describe('initialWeights()', () => {
  it('draws embeddings standard normal and matrices within ±1/√inputs', () => {
    const weights = initialWeights(networkConfig(pretrainConfig({ dim: 64, layers: 1 })), 3);
    const spread = (key: string): number => {
      const w = weights.get(key) as Float32Array;
      return Math.sqrt(w.reduce((sum, v) => sum + v * v, 0) / w.length);
    };
    expect(Math.abs(spread('y_embedding.y_embedding.weight') - 1)).toBeLessThan(0.1);
    expect(Math.abs(spread('layers.0.linear2.weight') - 1 / 16 / Math.sqrt(3))).toBeLessThan(1e-3);
    expect(Math.max(...(weights.get('layers.0.linear1.bias') as Float32Array))).toBeLessThan(1 / 8);
    expect(weights.get('final_layer_norm.weight')?.every((v) => v === 1)).toBe(true);
  });
});

describe('train()', () => {
  it('lowers the loss of a batch that it sees again and again', async () => {
    const state = startTraining(config);
    const batch = drawBatch(config, 0);
    const network = loadNetwork({ config: networkConfig(config), weights: state.weights });
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) {
      const { loss, gradients } = await batchGradients(network, batch);
      losses.push(loss);
      clipGradients(gradients, 1);
      applyGradients(state, gradients, 1);
      for (const [key, numbers] of state.weights) network.renew(key, numbers);
    }
    network.free();
    expect(losses[59]).toBeLessThan(losses[0] / 2);
  });

  it('gives the same curve and weights whole, stopped and resumed, with or without workers', async () => {
    const whole = startTraining(config);
    const curve = await run(whole, 8);
    expect(curve.map((r) => r.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const first = startTraining(config);
    const before = await run(first, 3, 1);
    const at = join(folder, 'resume');
    await saveCheckpoint(at, first);
    const second = await readCheckpoint(at, config);
    const after = await run(second, 5, 2);
    expect([...before, ...after]).toEqual(curve);
    expect(second.average).toEqual(whole.average);
    expect(second.tables).toBe(whole.tables);
  });

  it('keeps no tensors', async () => {
    const alive = liveTensors();
    await run(startTraining(config), 2);
    expect(liveTensors()).toBe(alive);
  });

  it('stops at a loss that is no number, the weights as they were', async () => {
    const weights = new Map(initialWeights(networkConfig(config), 1));
    weights.set('final_layer.bias', new Float32Array(10).fill(Number.NaN));
    const state = startTraining(config, weights);
    const alive = liveTensors();
    await expect(run(state, 1)).rejects.toThrow(TrainingDiverged);
    await expect(run(state, 1)).rejects.toThrow('at step 1 it is NaN');
    expect(state.step).toBe(0);
    expect(state.weights.get('layers.0.linear1.weight')).toEqual(
      weights.get('layers.0.linear1.weight'),
    );
    expect(liveTensors()).toBe(alive);
  });
});

describe('checkpoints', () => {
  it('refuse another configuration and list what differs', async () => {
    const at = join(folder, 'other');
    await saveCheckpoint(at, startTraining(config));
    const other = pretrainConfig({ ...config, steps: 9, seed: 6 });
    await expect(readCheckpoint(at, other)).rejects.toThrow(
      /seed: 5 before, 6 now; steps: 8 before, 9 now/,
    );
  });

  it('leave the one before in force where the disk does not take the next', async () => {
    const at = join(folder, 'full');
    const state = startTraining(config);
    await saveCheckpoint(at, state);
    await run(state, 1);
    // A folder where the file is to be stands for a disk that does not take it.
    mkdirSync(join(at, 'state-1.safetensors'));
    await expect(saveCheckpoint(at, state)).rejects.toThrow('as the disk must take it');
    expect(hasCheckpoint(at)).toBe(true);
    expect((await readCheckpoint(at, config)).step).toBe(0);
  });

  it('keep only the newest state', async () => {
    const at = join(folder, 'newest');
    const state = startTraining(config);
    await saveCheckpoint(at, state);
    await run(state, 2);
    await saveCheckpoint(at, state);
    expect(readdirSync(at).sort()).toEqual(['state-2.safetensors', 'state.json']);
  });
});
