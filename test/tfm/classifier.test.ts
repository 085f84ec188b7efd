import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../../src/data/bundled.js';
import { split } from '../../src/data/split.js';
import { type Column, type Table, table, takeRows } from '../../src/data/table.js';
import { stream } from '../../src/math/random.js';
import { liveTensors, ready } from '../../src/math/tf.js';
import { classifierOf, prepareContext } from '../../src/tfm/classifier.js';
import { loadClassifier } from '../../src/tfm/load-classifier.js';
import { loadTfm, type Tfm, tfmOf } from '../../src/tfm/load-tfm.js';
import { sourceOf } from '../../src/tfm/network-source.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';

let embedded: Tfm;
beforeAll(async () => {
  await ready();
  embedded = await loadTfm();
});
afterEach(() => expect(liveTensors()).toBe(0));

const config = {
  dim: 16,
  dim_output: 4,
  n_layers: 2,
  n_heads: 2,
  task: 'CLASSIFICATION',
} as const;
const random4: Tfm = tfmOf({ config, weights: initialWeights(config, 3) }, 'random', 'test');

/** Rows of `classes` classes whose two numbers and category depend on the class. */
function clusters(rows: number, classes: number, seed: number): Table {
  const random = stream(seed, 'clusters');
  const codes = Int32Array.from({ length: rows }, (_, i) => i % classes);
  const columns: Column[] = [0, 1].map((j) => ({
    name: `x${j}`,
    type: 'numeric',
    values: Float64Array.from(codes, (c) => Math.sin(3 * c + j) * 3 + random()),
  }));
  const categories = Array.from({ length: classes }, (_, c) => `class ${c}`);
  columns.push({
    name: 'kind',
    type: 'categorical',
    categories: ['b', 'a', 'c'],
    codes: codes.map((c) => (random() < 0.1 ? -1 : c % 3)),
  });
  columns.push({ name: 'y', type: 'categorical', categories, codes });
  return table(columns, { target: 'y' });
}

const labels = (t: Table): Int32Array => {
  const target = t.columns.find((c) => c.name === t.target);
  return (target as { codes: Int32Array }).codes;
};

function accuracy(p: Float64Array, t: Table, classes: number): number {
  const y = labels(t);
  let right = 0;
  for (let i = 0; i < t.rows; i++) {
    const own = p.subarray(i * classes, (i + 1) * classes);
    if (own.indexOf(Math.max(...own)) === y[i]) right++;
  }
  return right / t.rows;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

describe('the embedded model', () => {
  it('names itself and predicts well in context', async () => {
    expect(embedded.name).toBe('embedded (Tab2D 128/4, pre-trained v7)');
    expect(embedded.parameters).toBe(1_589_386);
    expect(embedded.preset).toBe('embedded');
    const { train, test } = split(await bundled('wine'), { seed: 1 });
    const model = await embedded.fit(train, { seed: 1 });
    const p = await model.predictProba(test);
    expect(model.tfm).toBe(embedded.name);
    expect(accuracy(p, test, 3)).toBeGreaterThan(0.93);
  });

  it('predicts a mixed table with missing values', async () => {
    const { train, test } = split(await bundled('penguins'), { seed: 1 });
    const model = await embedded.fit(train, { seed: 1 });
    const p = await model.predictProba(test);
    expect(accuracy(p, test, model.classes.length)).toBeGreaterThan(0.85);
  });
});

describe('FittedClassifier', () => {
  it('gives probabilities that sum to one, in the order of its classes', async () => {
    const t = clusters(60, 3, 1);
    const model = await embedded.fit(t, { seed: 1 });
    const rows = clusters(25, 3, 2);
    const p = await model.predictProba(rows);
    for (let i = 0; i < 25; i++) {
      expect(p[3 * i] + p[3 * i + 1] + p[3 * i + 2]).toBeCloseTo(1, 12);
    }
    const names = await model.predict(rows);
    expect(names.map((name) => model.classes.indexOf(name))).toEqual(
      Array.from({ length: 25 }, (_, i) => {
        const own = p.subarray(3 * i, 3 * i + 3);
        return own.indexOf(Math.max(...own));
      }),
    );
  });

  it('leaves the same probabilities for rows and columns in another order, one row at a time', async () => {
    const t = clusters(40, 3, 1);
    const rows = clusters(9, 3, 2);
    const p = await (await random4.fit(t, { seed: 1 })).predictProba(rows);
    const order = Array.from({ length: 40 }, (_, i) => (7 * i) % 40);
    const shuffled = { ...takeRows(t, order), columns: [...takeRows(t, order).columns].reverse() };
    const model = await random4.fit(shuffled, { seed: 5 });
    expect(largestDifference(p, await model.predictProba(rows))).toBeLessThan(2e-6);
    for (let i = 0; i < 9; i++) {
      const alone = await model.predictProba(takeRows(rows, [i]));
      expect(largestDifference(alone, p.subarray(3 * i, 3 * i + 3))).toBeLessThan(2e-6);
    }
  });

  it('reads the context only: the same rows predict the same whatever stands beside them', async () => {
    const model = await random4.fit(clusters(40, 3, 1), { seed: 1 });
    const rows = clusters(3000, 3, 2);
    const p = await model.predictProba(rows);
    const some = [0, 1, 1500, 2999];
    const q = await model.predictProba(takeRows(rows, some));
    for (const [i, row] of some.entries()) {
      const a = q.subarray(3 * i, 3 * i + 3);
      expect(largestDifference(a, p.subarray(3 * row, 3 * row + 3))).toBeLessThan(2e-6);
    }
  });

  it('averages the probabilities of an ensemble, the same for the same seed', async () => {
    const t = clusters(40, 3, 1);
    const rows = clusters(10, 3, 2);
    const one = await (await random4.fit(t, { seed: 1 })).predictProba(rows);
    const of4 = async (seed: number): Promise<Float64Array> =>
      (await random4.fit(t, { seed, members: 4 })).predictProba(rows);
    const a = await of4(1);
    expect(await of4(1)).toEqual(a);
    expect(largestDifference(await of4(2), a)).toBeGreaterThan(1e-4);
    expect(largestDifference(one, a)).toBeGreaterThan(1e-4);
    for (let i = 0; i < 10; i++) {
      expect(a[3 * i] + a[3 * i + 1] + a[3 * i + 2]).toBeCloseTo(1, 12);
    }
  });

  it('gives the mean of its members, the first of which sees the table as it is', async () => {
    const t = clusters(90, 3, 1);
    const rows = clusters(20, 3, 2);
    const context = prepareContext(t, embedded.config, { seed: 5, members: 8 });
    const alone = (view: number): Promise<Float64Array> => {
      const views = context.views.slice(view, view + 1);
      return classifierOf(sourceOf('alone', embedded), { ...context, views }).predictProba(rows);
    };
    const all = await (await embedded.fit(t, { seed: 5, members: 8 })).predictProba(rows);
    const mean = new Float64Array(60);
    for (let view = 0; view < 8; view++) {
      (await alone(view)).forEach((p, i) => {
        mean[i] += p / 8;
      });
    }
    expect(largestDifference(all, mean)).toBeLessThan(1e-6);
    const plain = await (await embedded.fit(t, { seed: 5 })).predictProba(rows);
    expect(largestDifference(await alone(0), plain)).toBeLessThan(1e-6);
    // Whatever slots the classes take in a member, they come back as themselves.
    for (let view = 0; view < 8; view++) {
      expect(accuracy(await alone(view), rows, 3)).toBeGreaterThan(0.9);
    }
  });

  it('tells more classes apart than the network has outputs', async () => {
    for (const classes of [5, 11, 17]) {
      const model = await random4.fit(clusters(10 * classes, classes, 1), { seed: 1 });
      const rows = clusters(2 * classes, classes, 2);
      const p = await model.predictProba(rows);
      for (let i = 0; i < rows.rows; i++) {
        const sum = p.subarray(i * classes, (i + 1) * classes).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(1, 12);
      }
      expect(model.notes.join()).toMatch(/tree of decisions between at most 4 groups/);
    }
    const rows = clusters(110, 11, 2);
    const model = await embedded.fit(clusters(220, 11, 1), { seed: 1 });
    expect(accuracy(await model.predictProba(rows), rows, 11)).toBeGreaterThan(0.8);
  });

  it('keeps classes that the context lacks, with probability 0', async () => {
    const t = clusters(60, 4, 1);
    const three = takeRows(
      t,
      Array.from({ length: 60 }, (_, i) => i).filter((i) => i % 4 !== 2),
    );
    const p = await (await random4.fit(three, { seed: 1 })).predictProba(clusters(8, 4, 2));
    expect(p.length).toBe(32);
    for (let i = 0; i < 8; i++) expect(p[4 * i + 2]).toBe(0);
  });

  it('subsamples too many rows and features, and says so', async () => {
    const t = clusters(300, 3, 1);
    const model = await random4.fit(t, { seed: 1, maxRows: 50, maxFeatures: 2 });
    expect(model.notes).toEqual([
      '50 of 300 context rows are shown, drawn stratified',
      '2 of 3 features are shown, the best by ANOVA F (of the codes, where there are categories)',
    ]);
    expect((await model.predictProba(t)).length).toBe(900);
  });

  it('takes a million context rows, and shows as many as it may', async () => {
    const model = await random4.fit(clusters(1_000_000, 3, 1), { seed: 1, maxRows: 60 });
    expect(model.notes[0]).toBe('60 of 1000000 context rows are shown, drawn stratified');
    const p = await model.predictProba(clusters(30, 3, 2));
    expect(p.every((each) => each > 0 && each < 1)).toBe(true);
  });

  it('predicts shares where no feature varies, and nothing for no rows', async () => {
    const t = clusters(60, 3, 1);
    const constant = { ...t, columns: t.columns.map((c) => (c.name === 'y' ? c : flat(c))) };
    const model = await random4.fit(takeRows(constant, [0, 1, 3, 6]), { seed: 1 });
    const p = await model.predictProba(takeRows(constant, [0]));
    expect([...p]).toEqual([0.75, 0.25, 0]);
    expect(model.notes.join()).toMatch(/no feature varies/);
    const none = takeRows(t, []);
    expect((await (await random4.fit(t, { seed: 1 })).predictProba(none)).length).toBe(0);
  });

  it('takes missing, unknown and extreme cells', async () => {
    const t = clusters(40, 3, 1);
    const [x0, x1, , y] = t.columns;
    const rows = table(
      [
        { ...x0, values: Float64Array.of(Number.NaN, 1e300, -1e300) } as Column,
        { ...x1, values: Float64Array.of(Number.NaN, 0, 0) } as Column,
        {
          name: 'kind',
          type: 'categorical',
          categories: ['z', 'a'],
          codes: Int32Array.of(0, 1, -1),
        },
        { ...y, codes: Int32Array.of(0, 0, 0) } as Column,
      ],
      { target: 'y' },
    );
    const p = await (await random4.fit(t, { seed: 1 })).predictProba(rows);
    expect(p.every((each) => each >= 0 && each <= 1)).toBe(true);
  });

  it('gives logits whose softmax are its probabilities, and embeddings', async () => {
    const t = clusters(40, 3, 1);
    const rows = clusters(6, 3, 2);
    const model = await random4.fit(t, { seed: 1 });
    const [p, logits] = [await model.predictProba(rows), await model.logits(rows)];
    for (let i = 0; i < 6; i++) {
      const e = [0, 1, 2].map((k) => Math.exp(logits[3 * i + k]));
      const sum = e[0] + e[1] + e[2];
      for (const k of [0, 1, 2]) expect(e[k] / sum).toBeCloseTo(p[3 * i + k], 6);
    }
    const states = await model.embeddings(rows);
    expect(states.length).toBe(6 * 16);
    expect(states.some((x) => x !== 0)).toBe(true);
  });

  it('is saved as one folder and predicts the same after loading', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'classifier-'));
    const t = clusters(40, 6, 1);
    const rows = clusters(10, 6, 2);
    const model = await random4.fit(t, { seed: 1, members: 3 });
    await model.save(folder);
    const loaded = await loadClassifier(folder);
    expect(loaded.classes).toEqual(model.classes);
    expect(loaded.tfm).toBe('random');
    expect(await loaded.predictProba(rows)).toEqual(await model.predictProba(rows));
    expect((await loadTfm(folder)).parameters).toBe(random4.parameters);
    writeFileSync(join(folder, 'classifier.json'), '{"kind":"classifier","version":99}');
    await expect(loadClassifier(folder)).rejects.toThrow(/of version 99/);
    for (const taken of ['classifier.json', join('classifier.json', 'below')]) {
      await expect(model.save(join(folder, taken))).rejects.toThrow(
        /^Cannot save the classifier as .*must be a folder: a file of that name is there/,
      );
    }
    rmSync(folder, { recursive: true });
    await expect(loadClassifier(folder)).rejects.toThrow(/must hold a readable classifier\.json/);
  });

  it('refuses what cannot be fitted or predicted', async () => {
    const t = clusters(40, 3, 1);
    await expect(random4.fit(takeRows(t, [0]), { seed: 1 })).rejects.toThrow(/two classes/);
    await expect(random4.fit(t, { seed: 1, members: 0 })).rejects.toThrow(/members must be/);
    // Plain JavaScript lets options be left out.
    for (const options of [undefined, {}, { seed: 1.5 }]) {
      await expect(random4.fit(t, options as never)).rejects.toThrow(
        /^Cannot fit the classifier as seed must be an integer: .*; give it among the options/,
      );
    }
    const model = await random4.fit(t, { seed: 1 });
    const without = { ...t, columns: t.columns.slice(1) };
    await expect(model.predictProba(without)).rejects.toThrow(/"x0"/);
    const mixed = table(
      [{ ...t.columns[2], name: 'x0' }, t.columns[1], { ...t.columns[2] }, t.columns[3]],
      { target: 'y' },
    );
    await expect(model.predictProba(mixed)).rejects.toThrow(/"x0" must hold numbers/);
  });

  it('stops when it is told to, and frees everything', async () => {
    const model = await embedded.fit(clusters(300, 3, 1), { seed: 1, members: 3 });
    const stop = new AbortController();
    const rows = clusters(2000, 3, 2);
    const done = model.predictProba(rows, {
      signal: stop.signal,
      onProgress: ({ done: rowsDone }) => rowsDone > 0 && stop.abort(new Error('enough')),
    });
    await expect(done).rejects.toThrow('enough');
  });
});

function flat(column: Column): Column {
  return 'values' in column
    ? { ...column, values: column.values.map(() => 1) }
    : { ...column, codes: column.codes.map(() => 0) };
}
