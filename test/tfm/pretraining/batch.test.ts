import { describe, expect, it } from 'vitest';
import { columnsPerAxis } from '../../../src/tfm/discriminants.js';
import { type Batch, batchShape, drawBatch, zScores } from '../../../src/tfm/pretraining/batch.js';
import { batchStream } from '../../../src/tfm/pretraining/batch-stream.js';
import {
  configDifferences,
  defaultPretrainConfig,
  pretrainConfig,
} from '../../../src/tfm/pretraining/pretrain-config.js';
import { applyQuantileStep, fitQuantileStep } from '../../../src/tfm/quantile-step.js';

const config = pretrainConfig({ steps: 400, tokens: 3000 });

async function collect(workers: number, from: number, to: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of batchStream(config, { from, to, workers })) batches.push(batch);
  return batches;
}

describe('batchShape()', () => {
  it('grows from small tables to large ones and keeps to the tokens', () => {
    const whole = defaultPretrainConfig;
    let [large, steps] = [0, 0];
    for (let step = 0; step < whole.steps; step += 7) {
      const { tables, rows, support, features, discriminants } = batchShape(whole, step);
      const own = features - columnsPerAxis * discriminants;
      expect(discriminants).toBeGreaterThanOrEqual(1);
      expect(discriminants).toBeLessThanOrEqual(whole.discriminants);
      if (step < 0.06 * whole.steps) expect(rows * own).toBeLessThanOrEqual(130 * 6);
      expect(rows).toBeLessThanOrEqual(1250);
      expect(own).toBeLessThanOrEqual(100);
      expect(tables * rows * (features + 1)).toBeLessThanOrEqual(whole.largeTokens);
      expect(support).toBeGreaterThanOrEqual(20);
      expect(support).toBeLessThanOrEqual(rows - 10);
      expect(tables).toBeGreaterThanOrEqual(1);
      if (step >= 0.75 * whole.steps) {
        steps++;
        if (rows * features > 12_000) large++;
      }
    }
    expect(large).toBeGreaterThan(0);
    expect(large / steps).toBeLessThan(0.1);
  });

  it('gives the tables of a batch as many classes as their discriminants need', () => {
    const wide = pretrainConfig({ seed: 3, steps: 100, tokens: 3000 });
    const seen = new Set<number>();
    for (let step = 0; step < 25; step++) {
      const { tables, rows, support, labels } = drawBatch(wide, step);
      const { discriminants } = batchShape(wide, step);
      seen.add(discriminants);
      for (let t = 0; t < tables; t++) {
        const classes = new Set(labels.subarray(t * rows, t * rows + support)).size;
        expect(classes).toBeGreaterThan(discriminants);
        if (discriminants < wide.discriminants) expect(classes).toBe(discriminants + 1);
      }
    }
    expect([...seen].sort()).toEqual([1, 2, 3]);
  });

  it('ends where there are fewer classes than discriminants ask for', () => {
    const few = pretrainConfig({ seed: 3, steps: 30, tokens: 1500, classes: 2 });
    const rare = pretrainConfig({ seed: 3, steps: 30, tokens: 1500, mix: { rareClass: 1 } });
    for (const given of [few, rare]) {
      for (let step = 0; step < 8; step++) {
        const { tables, rows, features, buckets, labels } = drawBatch(given, step);
        expect(buckets).toHaveLength(tables * rows * features);
        expect(labels.every((y) => y < given.classes)).toBe(true);
      }
      expect(batchShape(given, 0).discriminants).toBeLessThan(given.classes);
    }
  });

  it('varies the share of the support', () => {
    const shares = Array.from({ length: 300 }, (_, step) => {
      const { support, rows } = batchShape(config, step);
      return support / rows;
    });
    expect(Math.min(...shares)).toBeLessThan(0.4);
    expect(Math.max(...shares)).toBeGreaterThan(0.8);
  });
});

describe('drawBatch()', () => {
  it('repeats a batch from its step and draws another at another', () => {
    expect(drawBatch(config, 3)).toEqual(drawBatch(config, 3));
    expect(drawBatch(config, 3).buckets).not.toEqual(drawBatch(config, 4).buckets);
  });

  it('asks for no class that the support lacks', () => {
    for (let step = 0; step < 30; step++) {
      const { tables, rows, support, labels } = drawBatch(config, step);
      for (let t = 0; t < tables; t++) {
        const own = [...labels.subarray(t * rows, (t + 1) * rows)];
        const seen = new Set(own.slice(0, support));
        expect(seen.has(-1)).toBe(false);
        expect(own.slice(support).every((y) => y === -1 || seen.has(y))).toBe(true);
        expect(own.slice(support).some((y) => y >= 0)).toBe(true);
      }
    }
  });
});

describe('zScores()', () => {
  it("equals the network's own quantile step", () => {
    const rows = 50;
    const support = 30;
    const values = Float32Array.from({ length: rows * 2 }, (_, i) =>
      i % 2 ? Math.sin(i * 7) : i % 3,
    );
    const step = fitQuantileStep(values.subarray(0, support * 2), support, 2);
    const expected = applyQuantileStep(step, values);
    const count = (row: number, c: number): number =>
      step.boundaries.subarray(c * 999, (c + 1) * 999).filter((q) => q < values[row * 2 + c])
        .length;
    const buckets = Int16Array.from({ length: rows * 2 }, (_, i) => count(i >> 1, i % 2));
    const labels = new Int8Array(rows);
    const z = zScores({ step: 0, tables: 1, rows, support, features: 2, buckets, labels });
    for (let i = 0; i < z.length; i++) expect(Math.abs(z[i] - expected[i])).toBeLessThan(1e-6);
  });

  it('gives every column mean 0 and deviation 1 over its support rows, or zeros', () => {
    const batch = drawBatch(config, 11);
    const z = zScores(batch);
    const { tables, rows, support, features } = batch;
    for (let c = 0; c < tables * features; c++) {
      const first = Math.floor(c / features) * rows * features + (c % features);
      let [sum, squares] = [0, 0];
      for (let i = 0; i < support; i++) {
        sum += z[first + i * features];
        squares += z[first + i * features] ** 2;
      }
      expect(Math.abs(sum / support)).toBeLessThan(1e-5);
      const variance = squares / support;
      expect(variance === 0 || Math.abs(variance - 1) < 1e-4).toBe(true);
    }
  });
});

describe('batchStream()', () => {
  it('gives the same batches in the same order with 0, 1 and 2 workers, from any step', async () => {
    const here = await collect(0, 0, 9);
    expect(here.map((b) => b.step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await collect(1, 0, 9)).toEqual(here);
    expect(await collect(2, 5, 9)).toEqual(here.slice(5));
  });

  it('ends its workers when the loop ends early', async () => {
    for await (const batch of batchStream(config, { from: 0, to: 50, workers: 2 })) {
      if (batch.step === 2) break;
    }
    const running = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort');
    expect(running.length).toBeLessThanOrEqual(2);
  });
});

describe('pretrainConfig()', () => {
  it.each([
    [{ dim: 10, heads: 4 }, 'heads must divide dim: current values are 4 and 10'],
    [{ steps: 0 }, 'steps must be an integer >= 1: current value is 0'],
    [{ colour: 1 }, '"colour" must be a field'],
    [{ mix: { mlp: 1 } }, 'the mix must name priors: "mlp"'],
    [{ mix: { forest: 0 } }, 'some prior a positive weight'],
    [{ mix: { forest: -1 } }, 'weights of the mix must be >= 0'],
    [{ phases: [] }, 'the last phase must end at 1'],
    [{ classes: 11 }, 'classes must be an integer from 2 to 10'],
    [{ muonRate: 'fast' }, 'muonRate must be a number from 0 to 1: current value is "fast"'],
  ])('refuses %j', (given, message) => {
    expect(() => pretrainConfig(given)).toThrow(message);
  });

  it('lists what differs from another', () => {
    const other = pretrainConfig({ steps: 400, tokens: 3000, dim: 64 });
    expect(configDifferences(config, other)).toEqual(['dim: 128 before, 64 now']);
    expect(configDifferences(config, pretrainConfig({ ...config }))).toEqual([]);
  });
});
