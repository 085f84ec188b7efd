import { describe, expect, it } from 'vitest';
import { fromRecords } from '../../src/data/records.js';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { ready } from '../../src/math/tf.js';
import { encodeRows, prepareContext } from '../../src/tfm/classifier.js';
import { applyDiscriminants, fitDiscriminants } from '../../src/tfm/discriminants.js';
import { shownTo } from '../../src/tfm/in-context.js';
import { loadTfm } from '../../src/tfm/load-tfm.js';
import { classTask } from '../../src/tfm/tuning-task.js';

/** Normal features whose mean moves with the class. */
function shifted(
  rows: number,
  means: readonly (readonly number[])[],
  seed: number,
): { x: Float32Array; labels: Int32Array } {
  const random = stream(seed, 'shifted');
  const width = means[0].length;
  const labels = Int32Array.from({ length: rows }, () => Math.floor(random() * means.length));
  const x = Float32Array.from(
    { length: rows * width },
    (_, at) => means[labels[Math.floor(at / width)]][at % width] + randomNormal(random),
  );
  return { x, labels };
}

function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xy / Math.sqrt(xx * yy);
}

/** One of two columns: the near reach's, or the far one's. */
function columnOf(scores: ArrayLike<number>, which: number): number[] {
  return Array.from({ length: scores.length / 2 }, (_, i) => scores[2 * i + which]);
}

describe('fitDiscriminants()', () => {
  it('finds the direction along which two normal classes differ', () => {
    const means = [
      [0, 0, 0, 0],
      [1, -1, 0.5, 0],
    ];
    const train = shifted(400, means, 2);
    const found = fitDiscriminants(train.x, train.labels, 3);
    expect(found?.axes).toBe(1);
    const { x } = shifted(300, means, 3);
    const scores = applyDiscriminants(found as NonNullable<typeof found>, x);
    const best = Array.from(
      { length: 300 },
      (_, i) => x[i * 4] - x[i * 4 + 1] + 0.5 * x[i * 4 + 2],
    );
    for (const which of [0, 1]) {
      expect(Math.abs(correlation(columnOf(scores, which), best))).toBeGreaterThan(0.95);
    }
  });

  it('finds what is not straight: a ring around a centre', () => {
    const random = stream(8, 'ring');
    const x = Float32Array.from({ length: 2 * 400 }, () => randomNormal(random));
    const radius = Float64Array.from({ length: 400 }, (_, i) => Math.hypot(x[2 * i], x[2 * i + 1]));
    const labels = Int32Array.from(radius, (r) => (r > 1.2 ? 1 : 0));
    const found = fitDiscriminants(x.subarray(0, 600), labels.subarray(0, 300), 1);
    const scores = applyDiscriminants(found as NonNullable<typeof found>, x.subarray(600));
    for (const which of [0, 1]) {
      const r = correlation(columnOf(scores, which), labels.subarray(300));
      expect(Math.abs(r)).toBeGreaterThan(0.8);
    }
  });

  it.each([
    // The fit itself would repeat the labels, and the mean without a row would tell them turned round.
    ['few rows', 60, 40],
    // Weights of features that have seen a row's label would tell it.
    ['rows enough to weigh the features by', 200, 20],
  ])('tells nothing of the own label where there is nothing to learn: %s', (_, rows, width) => {
    const correlations = Array.from({ length: 30 }, (_, seed) => {
      const { x } = shifted(rows, [new Array(width).fill(0)], seed);
      const labels = Int32Array.from({ length: rows }, (_, i) => i % 2);
      const { own = [] } = fitDiscriminants(x, labels, 3) ?? {};
      return [0, 1].map((which) => correlation(columnOf(own, which), labels));
    });
    for (const which of [0, 1]) {
      const mean = correlations.reduce((sum, each) => sum + each[which], 0) / 30;
      expect(Math.abs(mean)).toBeLessThan(0.06);
    }
  });

  it('gives one axis less than classes, at most as many as asked, twice, and none without classes', () => {
    const means = [0, 1, 2, 3, 4].map((k) => [k, k % 2, k % 3]);
    const { x, labels } = shifted(100, means, 4);
    expect(fitDiscriminants(x, labels, 9)?.axes).toBe(4);
    expect(fitDiscriminants(x, labels, 3)?.own).toHaveLength(600);
    expect(fitDiscriminants(x, new Int32Array(100), 3)).toBeUndefined();
    expect(fitDiscriminants(x, labels, 0)).toBeUndefined();
    expect(fitDiscriminants(new Float32Array(), labels, 3)).toBeUndefined();
  });

  it('learns from 1,024 rows at most, and scores the others as rows to predict', async () => {
    await ready();
    const { x, labels } = shifted(1060, [new Array(3).fill(0), new Array(3).fill(0.7)], 7);
    const found = fitDiscriminants(x, labels, 3);
    const scores = applyDiscriminants(found as NonNullable<typeof found>, x);
    const own = found?.own ?? new Float32Array();
    const asPredicted = labels.filter((_, i) =>
      [0, 1].every((c) => own[2 * i + c] === scores[2 * i + c]),
    );
    expect(asPredicted).toHaveLength(36);
    for (const which of [0, 1]) {
      expect(Math.abs(correlation(columnOf(own, which), labels))).toBeGreaterThan(0.4);
    }
  });

  it('copes with constant and equal features, and with more features than rows', () => {
    const { x, labels } = shifted(30, [new Array(50).fill(0), new Array(50).fill(1)], 5);
    for (let i = 0; i < 30; i++) {
      x[i * 50] = 7;
      x[i * 50 + 1] = x[i * 50 + 2];
    }
    const found = fitDiscriminants(x, labels, 3);
    expect(found?.own.every(Number.isFinite)).toBe(true);
    for (const which of [0, 1]) {
      const r = correlation(columnOf(found?.own ?? [], which), labels);
      expect(Math.abs(r)).toBeGreaterThan(0.8);
    }
  });
});

describe('A model that shows discriminants', () => {
  it('learns them in a step of tuning from the support rows alone', async () => {
    const { config } = await loadTfm();
    const random = stream(6, 'idle');
    const names = Array.from({ length: 30 }, (_, j) => `x${j}`);
    const idle = fromRecords(
      Array.from({ length: 80 }, (_, i) => ({
        ...Object.fromEntries(names.map((name) => [name, randomNormal(random)])),
        label: i % 2 ? 'yes' : 'no',
      })),
      { target: 'label', types: { label: 'categorical' } },
    );
    const context = prepareContext(idle, { ...config, discriminants: 3 }, { seed: 1 });
    expect(context.support.features).toBe(30);
    const task = classTask(context, {});
    const last = (z: ArrayLike<number>, which: number): number[] =>
      Array.from({ length: z.length / 32 }, (_, i) => z[i * 32 + 30 + which]);
    const found = Array.from({ length: 20 }, (_, step) => {
      const { episode, loss } = task.episode(idle, stream(step, 'split'));
      const rows = episode.query.length / 32;
      const { gradient } = loss(new Float32Array(rows * config.dim_output));
      const labels = Array.from({ length: rows }, (_, i) =>
        Math.sign(gradient[i * config.dim_output]),
      );
      return [0, 1].map((which) => correlation(last(episode.query, which), labels));
    });
    // Rows of the context are recognised where they come back as rows to predict.
    const [view] = context.views;
    const { support, query: again } = shownTo(view, context.support, encodeRows(context, idle));
    expect(support.features).toBe(32);
    const labels = Array.from({ length: 80 }, (_, i) => i % 2);
    for (const which of [0, 1]) {
      const mean = found.reduce((sum, each) => sum + each[which], 0) / 20;
      expect(Math.abs(mean)).toBeLessThan(0.2);
      expect(Math.abs(correlation(last(again, which), labels))).toBeGreaterThan(0.4);
    }
  });

  it('shows each member of an ensemble directions of its own', async () => {
    const { config } = await loadTfm();
    const { x, labels } = shifted(200, [new Array(6).fill(0), new Array(6).fill(0.4)], 9);
    const table = fromRecords(
      Array.from({ length: 200 }, (_, i) => ({
        ...Object.fromEntries(Array.from({ length: 6 }, (_, j) => [`x${j}`, x[i * 6 + j]])),
        label: labels[i] ? 'yes' : 'no',
      })),
      { target: 'label', types: { label: 'categorical' } },
    );
    const ensemble = { seed: 1, members: 3 };
    const { views } = prepareContext(table, { ...config, discriminants: 3 }, ensemble);
    const [first, ...others] = views.map((view) => view.discriminants?.own ?? []);
    for (const other of others) {
      const r = correlation(first, other);
      expect(r).toBeGreaterThan(0.8);
      expect(r).toBeLessThan(0.9999);
    }
  });
});
