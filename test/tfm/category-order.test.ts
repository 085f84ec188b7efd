import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromRecords } from '../../src/data/records.js';
import type { Table } from '../../src/data/table.js';
import { stream } from '../../src/math/random.js';
import { orderByTarget } from '../../src/tfm/category-order.js';
import { encodeRows, prepareContext } from '../../src/tfm/classifier.js';
import { loadClassifier } from '../../src/tfm/load-classifier.js';
import { loadTfm, tfmOf } from '../../src/tfm/load-tfm.js';
import type { LossGradient } from '../../src/tfm/mitra-gradient.js';
import { encodeFeatures, fitEncoding } from '../../src/tfm/preprocess.js';
import { classTask } from '../../src/tfm/tuning-task.js';

/** Rows of levels and classes from counts[level][class]. */
function rowsOf(counts: readonly (readonly number[])[]): [number[], number[]] {
  const pairs = counts.flatMap((row, level) =>
    row.flatMap((n, k) => Array.from({ length: n }, () => [level, k] as const)),
  );
  return [pairs.map(([level]) => level), pairs.map(([, k]) => k)];
}

describe('orderByTarget()', () => {
  it('sorts the categories by the share of the second of two classes', () => {
    const [levels, labels] = rowsOf([
      [3, 7],
      [9, 1],
      [1, 9],
      [6, 4],
    ]);
    expect(orderByTarget(levels, 4, labels).codes).toEqual([2, 0, 3, 1]);
  });

  it('keeps the order of categories that say the same, and shrinks small ones to the middle', () => {
    const [levels, labels] = rowsOf([
      [5, 5],
      [0, 10],
      [0, 30],
      [5, 5],
      [30, 0],
    ]);
    expect(orderByTarget(levels, 5, labels).codes).toEqual([1, 3, 4, 2, 0]);
  });

  it('puts rare and absent categories between those below and above the overall shares', () => {
    const [levels, labels] = rowsOf([
      [8, 2],
      [0, 2],
      [2, 8],
      [0, 0],
      [9, 1],
    ]);
    const { codes, unknown } = orderByTarget(levels, 5, labels);
    expect(unknown).toBe(1.5);
    expect(codes).toEqual([1, 1.5, 2, 1.5, 0]);
  });

  it('places a rare category where its classes are out of the ordinary', () => {
    const [levels, labels] = rowsOf([
      [95, 5],
      [90, 10],
      [0, 4],
      [3, 1],
    ]);
    const { codes, unknown } = orderByTarget(levels, 4, labels);
    expect(codes).toEqual([0, 1, 2, unknown]);
  });

  it('tells the rows of hundreds of categories little of their own labels', () => {
    const random = stream(3, 'categories');
    const levels = Array.from({ length: 800 }, () => Math.floor(random() * 300));
    const labels = levels.map(() => (random() < 0.3 ? 1 : 0));
    const { codes, unknown } = orderByTarget(levels, 300, labels);
    expect(codes.filter((code) => code !== unknown).length).toBeLessThan(5);
  });

  it('finds the axis along which categories of three classes lie', () => {
    // Shares move from class 0 over class 2 to class 1 as s grows.
    const profile = (s: number): number[] => {
      const [a, b, c] = [(1 - s) ** 2, s ** 2, 2 * s * (1 - s)];
      return [a, b, c].map((share) => Math.round(100 * share));
    };
    const places = [0.5, 0.1, 0.9, 0.3, 0.7];
    const { codes } = orderByTarget(...threeOf(places.map(profile)));
    const rising = places.map((s) => [0.1, 0.3, 0.5, 0.7, 0.9].indexOf(s));
    expect([rising, rising.map((code) => 4 - code)]).toContainEqual(codes);
  });

  it('passes over rows without category or class, and gives any column some code', () => {
    const [levels, labels] = rowsOf([
      [9, 0],
      [0, 10],
    ]);
    const codes = orderByTarget([-1, 0, ...levels], 2, [1, -1, ...labels]).codes;
    expect(codes).toEqual([0, 1]);
    expect(orderByTarget([], 2, []).codes).toEqual([-0.5, -0.5]);
  });
});

function threeOf(counts: number[][]): [number[], number, number[]] {
  const [levels, labels] = rowsOf(counts);
  return [levels, counts.length, labels];
}

/** Pearson's correlation. */
function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    sx += x[i];
    sy += y[i];
    sxx += x[i] ** 2;
    syy += y[i] ** 2;
    sxy += x[i] * y[i];
  }
  return (sxy - (sx * sy) / n) / Math.sqrt((sxx - sx ** 2 / n) * (syy - sy ** 2 / n));
}

/** Labels of query rows, read off the gradient of their loss: it is negative at the row's own class. */
function labelsOf(loss: LossGradient, rows: number, outputs: number): number[] {
  const { gradient } = loss(new Float32Array(rows * outputs));
  return Array.from({ length: rows }, (_, i) =>
    gradient.subarray(i * outputs, (i + 1) * outputs).findIndex((each) => each < 0),
  );
}

/** A column of words of which "b" and "d" go with "yes", "a" and "c" with "no", some missing. */
function words(rows: number, seed: number): Table {
  const random = stream(seed, 'words');
  return fromRecords(
    Array.from({ length: rows }, () => {
      const word = 'abcd'[Math.floor(random() * 4)];
      const yes = random() < (word === 'b' || word === 'd' ? 0.9 : 0.1);
      return {
        word: random() < 0.1 ? null : word,
        number: random(),
        label: yes ? 'yes' : 'no',
      };
    }),
    { target: 'label', types: { word: 'categorical', label: 'categorical' } },
  );
}

describe('fitEncoding() in the order of the target', () => {
  it('parts the categories that tell the classes apart, a missing cell among them', () => {
    const table = words(400, 1);
    const encoding = fitEncoding(table, 'target');
    const values = encodeFeatures(encoding, table);
    const word = table.columns[0];
    if (!('categories' in word)) throw new Error('the column must hold categories');
    const codesOf = (name: string): Set<number> => {
      const rows = [...word.codes.keys()].filter((i) => word.categories[word.codes[i]] === name);
      return new Set(rows.map((i) => values[i * 2]));
    };
    for (const name of word.categories) expect(codesOf(name).size).toBe(1);
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => [...codesOf(name)][0]);
    const missing = values[[...word.codes].indexOf(-1) * 2];
    const yesIsUp = b > a;
    for (const low of [a, c]) {
      for (const high of [b, d]) {
        expect(low < missing).toBe(yesIsUp);
        expect(missing < high).toBe(yesIsUp);
      }
    }
  });

  it('gives a category that the context lacks the middle', () => {
    const encoding = fitEncoding(words(400, 1), 'target');
    const [asked] = encodeFeatures(
      encoding,
      fromRecords([{ word: 'z', number: 0 }], { types: { word: 'categorical' } }),
    );
    expect(asked).toBe(encoding.orders?.[0]?.unknown);
  });
});

describe('A model that orders categories by the target', () => {
  it('learns the order in a step of tuning from the support rows alone', async () => {
    const { config } = await loadTfm();
    // Sixteen categories of about twenty rows that know nothing: an order learned from the query's
    // own labels would tell them.
    const random = stream(2, 'idle');
    const idle = fromRecords(
      Array.from({ length: 300 }, () => ({
        word: `w${Math.floor(random() * 16)}`,
        label: random() < 0.5 ? 'yes' : 'no',
      })),
      { target: 'label', types: { word: 'categorical', label: 'categorical' } },
    );
    const context = prepareContext(
      idle,
      { ...config, category_order: 'target', discriminants: 0 },
      { seed: 1 },
    );
    const task = classTask(context, {});
    const correlations = Array.from({ length: 20 }, (_, step) => {
      const { episode, loss } = task.episode(idle, stream(step, 'split'));
      return correlation(episode.query, labelsOf(loss, episode.query.length, config.dim_output));
    });
    const mean = correlations.reduce((a, b) => a + b, 0) / correlations.length;
    expect(Math.abs(mean)).toBeLessThan(0.15);
    // In the context's own order, which saw all labels, they do tell.
    const codes = [...encodeRows(context, idle)];
    const known = idle.columns[1];
    if (!('codes' in known)) throw new Error('the target must be categorical');
    expect(Math.abs(correlation(codes, [...known.codes]))).toBeGreaterThan(0.2);
  });

  it('predicts the same after it was saved and loaded', async () => {
    const tfm = await loadTfm();
    const config = { ...tfm.config, category_order: 'target' as const, discriminants: 3 };
    const ordered = tfmOf({ config, weights: tfm.weights }, 'ordered', tfm.source);
    const model = await ordered.fit(words(80, 4), { seed: 1, members: 3 });
    const folder = await mkdtemp(join(tmpdir(), 'causalmixft-order-'));
    try {
      await model.save(folder);
      const rows = words(40, 5);
      expect((await loadTfm(folder)).config).toEqual(config);
      expect(await (await loadClassifier(folder)).predictProba(rows)).toEqual(
        await model.predictProba(rows),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
