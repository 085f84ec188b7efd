import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../../src/data/bundled.js';
import { split } from '../../src/data/split.js';
import type { Table } from '../../src/data/table.js';
import { liveTensors, ready } from '../../src/math/tf.js';
import { averageClassifiers } from '../../src/tfm/average-classifiers.js';
import { calibrate } from '../../src/tfm/calibrate.js';
import type { FittedClassifier } from '../../src/tfm/classifier.js';
import { fineTuneBag } from '../../src/tfm/fine-tune-bag.js';
import { loadClassifier } from '../../src/tfm/load-classifier.js';
import { loadTfm, tfmOf } from '../../src/tfm/load-tfm.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import { timeBudget } from '../../src/work/time-budget.js';

beforeAll(async () => {
  await ready();
});
afterEach(() => expect(liveTensors()).toBe(0));

async function logLoss(model: FittedClassifier, t: Table): Promise<number> {
  const p = await model.predictProba(t);
  const target = t.columns.find((c) => c.name === t.target) as { codes: Int32Array };
  const width = model.classes.length;
  return target.codes.reduce((sum, c, i) => sum - Math.log(p[width * i + c]), 0) / t.rows;
}

describe('calibrate()', () => {
  it('finds the temperature with the smallest log-loss and keeps the order of classes', async () => {
    const { train, validation } = split(await bundled('penguins'), { seed: 2 });
    const model = await (await loadTfm()).fit(train, { seed: 1 });
    const spoiled = model.withTemperature(3);
    const calibrated = await calibrate(spoiled, validation);
    const best = await logLoss(calibrated, validation);
    expect(best).toBeLessThanOrEqual((await logLoss(model, validation)) + 1e-9);
    for (const factor of [0.8, 1.25]) {
      const other = model.withTemperature(calibrated.temperature * factor);
      expect(await logLoss(other, validation)).toBeGreaterThan(best);
    }
    expect(await calibrated.predict(validation)).toEqual(await model.predict(validation));
    const folder = mkdtempSync(join(tmpdir(), 'calibrated-'));
    await calibrated.save(folder);
    const loaded = await loadClassifier(folder);
    expect(loaded.temperature).toBe(calibrated.temperature);
    expect(await loaded.predictProba(validation)).toEqual(
      await calibrated.predictProba(validation),
    );
    rmSync(folder, { recursive: true });
  });
});

describe('fineTuneBag()', () => {
  const config = {
    dim: 16,
    dim_output: 4,
    n_layers: 2,
    n_heads: 2,
    task: 'CLASSIFICATION',
  } as const;
  const tfm = tfmOf({ config, weights: initialWeights(config, 3) }, 'random', 'test');

  it('averages one tuned model a fold and is saved as one folder', async () => {
    const wine = await bundled('wine');
    const heldOut: number[] = [];
    const bag = await fineTuneBag(tfm, wine, {
      seed: 1,
      folds: 3,
      steps: 2,
      onProgress: () => {},
      score: async (candidate, rows) => {
        heldOut.push(rows.rows);
        return logLoss(candidate, rows);
      },
    });
    expect(bag.runs.length).toBe(3);
    expect(heldOut.length).toBe(9);
    expect(heldOut[0] + heldOut[3] + heldOut[6]).toBe(wine.rows);
    expect(bag.tfm).toMatch(/^3 × random/);
    const p = await bag.predictProba(wine);
    for (let i = 0; i < 5; i++) {
      expect(p[3 * i] + p[3 * i + 1] + p[3 * i + 2]).toBeCloseTo(1, 12);
    }
    const folder = mkdtempSync(join(tmpdir(), 'bag-'));
    await bag.save(folder);
    expect(await (await loadClassifier(folder)).predictProba(wine)).toEqual(p);
    rmSync(folder, { recursive: true });
  });

  it('shares one time budget between the folds', async () => {
    const bag = await fineTuneBag(tfm, await bundled('wine'), {
      seed: 1,
      folds: 3,
      steps: 4,
      timeBudget: timeBudget(1e-9),
      score: async () => 1,
      onProgress: () => {},
    });
    expect(bag.runs.map((run) => [run.steps.length, run.stopped])).toEqual(
      Array.from({ length: 3 }, () => [2, 'time']),
    );
  });

  it('refuses to average models of different classes', async () => {
    const [wine, penguins] = [await bundled('wine'), await bundled('penguins')];
    const models = [await tfm.fit(wine, { seed: 1 }), await tfm.fit(penguins, { seed: 1 })];
    expect(() => averageClassifiers(models)).toThrow(/must have the same classes/);
  });
});
