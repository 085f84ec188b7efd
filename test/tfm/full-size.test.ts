import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bundled } from '../../src/data/bundled.js';
import { takeRows } from '../../src/data/table.js';
import { liveTensors, ready } from '../../src/math/tf.js';
import { fineTune } from '../../src/tfm/fine-tune.js';
import { loadTfm } from '../../src/tfm/load-tfm.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import { writeNetwork } from '../../src/tfm/weights.js';

const folder = mkdtempSync(join(tmpdir(), 'full-size-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a network of the published size', () => {
  it('is written, loads, predicts and takes a step', async () => {
    await ready();
    const config = {
      dim: 512,
      dim_output: 10,
      n_layers: 12,
      n_heads: 4,
      task: 'CLASSIFICATION',
    } as const;
    await writeNetwork(folder, { config, weights: initialWeights(config, 1) });
    expect(statSync(join(folder, 'config.json')).size).toBe(86);
    // The header's padding is ours; the numbers are 4 bytes each.
    const { size } = statSync(join(folder, 'model.safetensors'));
    expect(size).toBeGreaterThan(4 * 75_670_026);
    expect(size).toBeLessThan(4 * 75_670_026 + 60_000);
    const stop = new AbortController();
    const stopped = loadTfm(folder, {
      signal: stop.signal,
      onProgress: ({ label }) => stop.abort(new Error(`${label} was stopped`)),
    });
    await expect(stopped).rejects.toThrow(/^loading full-size-\S+ was stopped$/);
    const tfm = await loadTfm(folder);
    expect(tfm.parameters).toBe(75_670_026);
    expect(tfm.preset).toBe('stock');
    const wine = await bundled('wine');
    const context = takeRows(wine, [0, 60, 140, 1, 61, 141, 2, 62, 142, 3, 63, 143]);
    const model = await tfm.fit(context, { seed: 1 });
    const p = await model.predictProba(takeRows(wine, [5, 65, 145]));
    for (let i = 0; i < 3; i++) {
      expect(p[3 * i] + p[3 * i + 1] + p[3 * i + 2]).toBeCloseTo(1, 12);
    }
    const tuned = await fineTune(tfm, () => context, {
      seed: 1,
      context,
      steps: 1,
      score: async () => 0,
      keepLast: true,
      onProgress: () => {},
    });
    expect(tuned.preset).toBe('stock');
    expect(tuned.steps[1].learningRate).toBeCloseTo(1e-7, 15);
    expect(tuned.steps[1].trainLoss).toBeGreaterThan(0);
    const [key] = ['layers.11.linear4.weight'];
    expect(tuned.tfm.weights.get(key)).not.toEqual(tfm.weights.get(key));
    expect(liveTensors()).toBe(0);
  }, 240_000);
});
