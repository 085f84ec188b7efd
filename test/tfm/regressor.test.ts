import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Column, type Table, table } from '../../src/data/table.js';
import { permutation, stream } from '../../src/math/random.js';
import { liveTensors, ready } from '../../src/math/tf.js';
import type { Tab2DConfig } from '../../src/tfm/config.js';
import { fineTuneRegressor } from '../../src/tfm/fine-tune.js';
import { loadRegressor } from '../../src/tfm/load-regressor.js';
import { loadTfm, type Tfm, tfmOf } from '../../src/tfm/load-tfm.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import type { FittedRegressor } from '../../src/tfm/regressor.js';
import {
  decodeTargets,
  encodeTargets,
  fitTargetCode,
  targetLoss,
} from '../../src/tfm/target-bins.js';

const shape = { dim: 16, n_layers: 2, n_heads: 2 } as const;
const number: Tab2DConfig = { ...shape, dim_output: 1, task: 'REGRESSION' };
const bins: Tab2DConfig = { ...shape, dim_output: 1000, task: 'REGRESSION' };
const classes: Tab2DConfig = { ...shape, dim_output: 10, task: 'CLASSIFICATION' };
const model = (config: Tab2DConfig): Tfm =>
  tfmOf({ config, weights: initialWeights(config, 3) }, 'random', 'test');

beforeAll(async () => {
  await ready();
});
afterEach(() => expect(liveTensors()).toBe(0));

/** y = 3·x0 − x1² + a category's part. */
function line(rows: number, seed: number, shift = 0): Table {
  const random = stream(seed, 'line');
  const x = [0, 1].map(() => Float64Array.from({ length: rows }, () => 2 * random() - 1));
  const codes = Int32Array.from({ length: rows }, () => Math.floor(2 * random()));
  const y = x[0].map((v, i) => shift + 3 * v - x[1][i] ** 2 + codes[i]);
  const columns: Column[] = x.map((values, j) => ({ name: `x${j}`, type: 'numeric', values }));
  columns.push({ name: 'kind', type: 'categorical', categories: ['a', 'b'], codes });
  columns.push({ name: 'y', type: 'numeric', values: y });
  return table(columns, { target: 'y' });
}

const targets = (t: Table): Float64Array => (t.columns[3] as { values: Float64Array }).values;

async function squares(m: FittedRegressor, t: Table): Promise<number> {
  const p = await m.predict(t);
  return targets(t).reduce((sum, y, i) => sum + (y - p[i]) ** 2, 0) / t.rows;
}

describe('target codes', () => {
  const y = Float64Array.of(-2, 0, 1, 3, 3, 8);

  it('scale to [0, 1] for a plain regressor and back', () => {
    const code = fitTargetCode(number, y);
    const scaled = encodeTargets(code, y);
    expect([...scaled]).toEqual([0, 0.2, 0.3, 0.5, 0.5, 1]);
    expect([...encodeTargets(code, y, true)]).toEqual([1, 0.8, 0.7, 0.5, 0.5, 0]);
    const back = decodeTargets(code, Float32Array.from([0, 0.5, 1, 1.5]), 1);
    expect([...back]).toEqual([-2, 3, 8, 13]);
    expect([...decodeTargets(code, Float32Array.from([0, 1]), 1, true)]).toEqual([8, -2]);
  });

  it('use 1000 bins on [−0.5, 1.5] of the scaled target', () => {
    const code = fitTargetCode(bins, y);
    // The smallest target lies on the edge between bins 249 and 250 and counts to the lower.
    expect([...encodeTargets(code, y)]).toEqual([249, 349, 399, 499, 499, 749]);
    expect([...encodeTargets(code, Float64Array.of(-1e9, 1e9))]).toEqual([0, 999]);
    const sure = new Float32Array(1000).fill(-1e4);
    sure[499] = 0;
    expect(decodeTargets(code, sure, 1000)[0]).toBeCloseTo(3 - 0.01, 10);
    const even = decodeTargets(code, new Float32Array(1000), 1000);
    expect(even[0]).toBeCloseTo(3, 10);
  });

  it('tell groups of equal size apart for a classifier, whose means come back', () => {
    const many = Float64Array.from({ length: 100 }, (_, i) => i);
    const code = fitTargetCode(classes, many);
    expect(code.centres).toEqual([4.5, 14.5, 24.5, 34.5, 44.5, 54.5, 64.5, 74.5, 84.5, 94.5]);
    const labels = encodeTargets(code, many);
    expect([labels[0], labels[9], labels[10], labels[99]]).toEqual([0, 0, 1, 9]);
    // Ties stay together, however many.
    const tied = fitTargetCode(classes, Float64Array.of(0, 0, 0, 0, 0, 0, 0, 1, 2, 2));
    expect(tied.centres).toEqual([0, 1, 2]);
  });

  it('come with the loss of their kind', () => {
    const squared = targetLoss(fitTargetCode(number, y), Float64Array.of(1, 2), 1);
    expect(squared(Float32Array.of(1, 4)).loss).toBe(2);
    const entropy = targetLoss(fitTargetCode(bins, y), Float64Array.of(3), 1000);
    expect(entropy(new Float32Array(1000)).loss).toBeCloseTo(Math.log(1000), 6);
  });
});

describe('FittedRegressor', () => {
  it('predicts with the embedded classifier far better than the mean', async () => {
    const m = await (await loadTfm()).fitRegressor(line(200, 1), { seed: 1 });
    expect(m.notes.join()).toMatch(/tells 10 groups of the target apart/);
    const test = line(100, 2);
    const y = targets(test);
    const mean = y.reduce((a, b) => a + b, 0) / y.length;
    const variance = y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / y.length;
    expect(await squares(m, test)).toBeLessThan(0.2 * variance);
  });

  it('moves with the target: shifted targets, shifted predictions', async () => {
    for (const config of [number, bins, classes]) {
      const tfm = model(config);
      const p = await (await tfm.fitRegressor(line(40, 1), { seed: 1 })).predict(line(9, 2));
      const q = await (await tfm.fitRegressor(line(40, 1, 100), { seed: 1 })).predict(line(9, 2));
      for (let i = 0; i < 9; i++) expect(q[i] - p[i]).toBeCloseTo(100, 3);
    }
  });

  it('gives quantiles that grow with their level and have the median near the mean of an even net', async () => {
    const m = await model(bins).fitRegressor(line(40, 1), { seed: 1, members: 2 });
    const levels = [0.05, 0.5, 0.95];
    const q = await m.predictQuantiles(line(7, 2), levels);
    for (let i = 0; i < 7; i++) {
      expect(q[3 * i]).toBeLessThan(q[3 * i + 1]);
      expect(q[3 * i + 1]).toBeLessThan(q[3 * i + 2]);
    }
    await expect(m.predictQuantiles(line(7, 2), [0])).rejects.toThrow(/in \(0, 1\)/);
    const plain = await model(number).fitRegressor(line(40, 1), { seed: 1 });
    await expect(plain.predictQuantiles(line(7, 2), levels)).rejects.toThrow(/predict bins/);
  });

  it('is saved as one folder and predicts the same after loading', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'regressor-'));
    for (const config of [number, bins, classes]) {
      const m = await model(config).fitRegressor(line(30, 1), { seed: 1, members: 3 });
      await m.save(join(folder, `${config.dim_output}`));
      const loaded = await loadRegressor(join(folder, `${config.dim_output}`));
      expect(await loaded.predict(line(5, 2))).toEqual(await m.predict(line(5, 2)));
    }
    const few = await model(number).fitRegressor(line(30, 1), { seed: 1, maxFeatures: 2 });
    await few.save(join(folder, 'few'));
    const loaded = await loadRegressor(join(folder, 'few'));
    expect(loaded.notes).toEqual(few.notes);
    expect(await loaded.predict(line(5, 2))).toEqual(await few.predict(line(5, 2)));
    rmSync(folder, { recursive: true });
    await expect(loadRegressor(folder)).rejects.toThrow(/must hold a readable regressor\.json/);
  });

  it('takes any number of rows, and says what it left out', async () => {
    const m = await model(number).fitRegressor(line(90, 1), {
      seed: 1,
      maxRows: 30,
      maxFeatures: 1,
    });
    expect(m.notes).toEqual([
      '30 of 90 context rows are shown, drawn at random',
      '1 principal components of 3 features are shown (codes, where there are categories)',
    ]);
    expect((await m.predict(line(3, 2))).length).toBe(3);
  });

  it('refuses targets that are no numbers', async () => {
    const tfm = model(number);
    const t = line(20, 1);
    await expect(tfm.fitRegressor({ ...t, target: 'kind' }, { seed: 1 })).rejects.toThrow(
      /"kind" is categorical; use fit for classes/,
    );
    const missing = table([...t.columns.slice(0, 3), gap(t.columns[3])], { target: 'y' });
    await expect(tfm.fitRegressor(missing, { seed: 1 })).rejects.toThrow(/missing in 1 of 20/);
    await expect(tfm.fit(t, { seed: 1 })).rejects.toThrow(/it is a regressor; use fitRegressor/);
    await expect(tfm.fitRegressor(t, { seed: 1, members: 0 })).rejects.toThrow(
      /members must be an integer >= 1: current value is 0/,
    );
  });
});

describe('fineTuneRegressor()', () => {
  it('lowers the error of every kind of network', async () => {
    const train = line(60, 1);
    const validation = line(40, 2);
    for (const config of [number, bins, classes]) {
      const tuned = await fineTuneRegressor(
        model(config),
        (random) => ({ ...train, ...pick(train, permutation(random, 60).subarray(0, 50)) }),
        {
          seed: 1,
          context: train,
          steps: 12,
          learningRate: 3e-3,
          score: (m) => squares(m, validation),
          onProgress: () => {},
        },
      );
      const scores = tuned.steps.map((s) => s.score);
      expect(scores[tuned.chosenStep], config.task).toBeLessThan(scores[0]);
      const m = await tuned.tfm.fitRegressor(train, { seed: 1 });
      expect(await squares(m, validation)).toBeCloseTo(scores[tuned.chosenStep], 4);
    }
  });
});

function pick(t: Table, rows: Int32Array): Table {
  const columns = t.columns.map(
    (c): Column =>
      'values' in c
        ? { ...c, values: Float64Array.from(rows, (i) => c.values[i]) }
        : { ...c, codes: Int32Array.from(rows, (i) => c.codes[i]) },
  );
  return table(columns, { target: 'y' });
}

function gap(c: Column): Column {
  if (!('values' in c)) return c;
  const values = c.values.slice();
  values[0] = Number.NaN;
  return { ...c, values };
}
