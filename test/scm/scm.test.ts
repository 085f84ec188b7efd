import { describe, expect, it } from 'vitest';
import { dag } from '../../src/discovery/dag.js';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { drawRows, fitScm, sampleScm } from '../../src/scm/scm.js';
import { summarizeScm } from '../../src/scm/summarize-scm.js';
import {
  categorical,
  covariance,
  linearTable,
  mean,
  mixedEdges,
  mixedTable,
  numeric,
  quiet,
  tableOf,
  valuesOf,
} from './tables.js';

const linear = linearTable(4000, 1);
const linearDag = dag(linear, 'a -> b -> c; a -> c');

describe('fitScm() and sampleScm()', { timeout: 300_000 }, () => {
  it('reproduce means and covariances of a linear Gaussian SCM', async () => {
    const scm = await fitScm(linear, linearDag, { seed: 1, ...quiet });
    expect(scm.nodes.map((n) => n.choice?.chosen)).toEqual([undefined, 'linear', 'linear']);
    const rows = sampleScm(scm, 40_000, { seed: 2 });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => valuesOf(rows, name));
    // Standard errors: of the fit about 1/√4000 = 0.016, of the draw 0.005; times the path coefficients.
    expect(Math.abs(mean(a) - 1)).toBeLessThan(0.06);
    expect(Math.abs(mean(b) - 2)).toBeLessThan(0.08);
    expect(Math.abs(mean(c))).toBeLessThan(0.1);
    // var a = 1, cov(a, b) = 0.8, var b = 1.64, cov(a, c) = 0.8, cov(b, c) = 0.14, var c = 1.89
    const known = { aa: 1, ab: 0.8, bb: 1.64, ac: 0.8, bc: 0.14, cc: 1.89 };
    const columns = { a, b, c };
    for (const [pair, value] of Object.entries(known)) {
      const [x, y] = pair as unknown as [keyof typeof columns, keyof typeof columns];
      expect(Math.abs(covariance(columns[x], columns[y]) - value)).toBeLessThan(0.15);
    }
  });

  it('keep columns, types, categories and target, and fill every cell', async () => {
    const table = mixedTable(400, 1);
    const scm = await fitScm(table, dag(table, mixedEdges), { seed: 1, ...quiet });
    const rows = sampleScm(scm, 500, { seed: 1 });
    expect(rows.rows).toBe(500);
    expect(rows.target).toBe('colour');
    expect(rows.columns.map((c) => [c.name, c.type])).toEqual(
      table.columns.map((c) => [c.name, c.type]),
    );
    for (const column of rows.columns) {
      if ('values' in column) {
        expect(column.values.every(Number.isFinite)).toBe(true);
        if (column.type === 'integer') expect(column.values.every(Number.isInteger)).toBe(true);
      } else {
        expect(column.categories).toEqual(['red', 'green', 'blue']);
        expect(column.codes.every((c) => c >= 0 && c < 3)).toBe(true);
      }
    }
  });

  it('bring back missing cells as often as the columns have them, where asked to', async () => {
    const table = mixedTable(1000, 2, 0.2);
    const scm = await fitScm(table, dag(table, mixedEdges), { seed: 1, missing: 'keep', ...quiet });
    const rows = sampleScm(scm, 4000, { seed: 1 });
    for (const name of ['size', 'colour', 'count']) {
      const share = mean(valuesOf(rows, name).map((v) => (Number.isNaN(v) || v === -1 ? 1 : 0)));
      expect(Math.abs(share - 0.2)).toBeLessThan(0.04);
    }
    expect(valuesOf(rows, 'price').some(Number.isNaN)).toBe(false);
  });

  it('give the same rows for the same seed and other rows for another', async () => {
    const table = mixedTable(300, 3);
    const graph = dag(table, mixedEdges);
    const one = await fitScm(table, graph, { seed: 5, ...quiet });
    const two = await fitScm(table, graph, { seed: 5, ...quiet });
    expect(two).toEqual(one);
    expect(sampleScm(one, 50, { seed: 1 })).toEqual(sampleScm(two, 50, { seed: 1 }));
    expect(sampleScm(one, 50, { seed: 2 })).not.toEqual(sampleScm(one, 50, { seed: 1 }));
    const random = stream(1, 'test');
    expect(drawRows(one, 50, random)).not.toEqual(drawRows(one, 50, random));
  });

  it('leave the draws of other nodes alone when a node is added', async () => {
    const { columns } = linear;
    const small = tableOf(columns.slice(0, 2));
    const fewer = await fitScm(small, dag(small, 'a -> b'), { seed: 1, ...quiet });
    const more = await fitScm(linear, linearDag, { seed: 1, ...quiet });
    const [x, y] = [fewer, more].map((scm) => sampleScm(scm, 100, { seed: 3 }));
    expect(valuesOf(y, 'b')).toEqual(valuesOf(x, 'b'));
  });

  it('draw equal shares from several DAGs, and fit what they share once', async () => {
    const table = linearTable(500, 4);
    const dags = [linearDag, dag(table, 'a -> b'), dag(table, 'a -> b; a -> c'), dag(table, '')];
    const scm = await fitScm(table, dags, { seed: 1, ...quiet });
    // Distinct pairs: a; b | a, b; c | a b, c | a, c.
    expect(scm.cache).toEqual({ pairs: 12, fitted: 6, hitRate: 0.5 });
    // The DAG without edges gives rows 76–100 of 100: a and b are then unrelated.
    const rows = sampleScm(scm, 8000, { seed: 1 });
    const [a, b] = ['a', 'b'].map((name) => valuesOf(rows, name));
    const of = (m: number): number =>
      covariance(a.subarray(m * 2000, (m + 1) * 2000), b.subarray(m * 2000, (m + 1) * 2000));
    for (const m of [0, 1, 2]) expect(Math.abs(of(m) - 0.8)).toBeLessThan(0.2);
    expect(Math.abs(of(3))).toBeLessThan(0.1);
    for (const size of [1, 2, 3, 5]) expect(sampleScm(scm, size, { seed: 1 }).rows).toBe(size);
  });

  it('give the same rows with the cache and without', async () => {
    const table = mixedTable(300, 5);
    const edges = ['size -> colour', 'colour -> price', 'count -> price', 'size -> count'];
    const dags = Array.from({ length: 8 }, (_, k) =>
      dag(table, edges.filter((__, e) => (k >> (e % 3)) & 1).join('; ')),
    );
    const cached = await fitScm(table, dags, { seed: 1, ...quiet });
    const plain = await fitScm(table, dags, { seed: 1, cache: false, ...quiet });
    expect(plain.nodes.length).toBe(32);
    expect(cached.nodes.length).toBeLessThan(16);
    expect(sampleScm(cached, 400, { seed: 9 })).toEqual(sampleScm(plain, 400, { seed: 9 }));
  });

  it('give the same model with 1, 2 and 4 workers', async () => {
    const table = mixedTable(1500, 6);
    const graph = dag(table, mixedEdges);
    const models = await Promise.all(
      [1, 2, 4].map((workers) => fitScm(table, graph, { seed: 1, workers, ...quiet })),
    );
    expect(models[1]).toEqual(models[0]);
    expect(models[2]).toEqual(models[0]);
  });

  it('stop when asked to', async () => {
    const table = mixedTable(1500, 6);
    const stop = new AbortController();
    const fit = fitScm(table, dag(table, mixedEdges), {
      seed: 1,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('stopped by the test')),
    });
    await expect(fit).rejects.toThrow('stopped by the test');
  });
});

describe('the noise', { timeout: 300_000 }, () => {
  it('comes out of fold: its variance is at least that of in-sample residuals', async () => {
    const random = stream(1, 'noise-test');
    const x = Float64Array.from({ length: 400 }, () => randomNormal(random));
    const y = x.map((v) => Math.sin(v) + 0.3 * randomNormal(random));
    const table = tableOf([numeric('x', x), numeric('y', y)]);
    const graph = dag(table, 'x -> y');
    const spread = async (noise: 'out-of-fold' | 'in-sample'): Promise<number> => {
      const scm = await fitScm(table, graph, { seed: 1, noise, family: 'boosting', ...quiet });
      return scm.nodes[1].choice?.spread as number;
    };
    const [honest, flattered] = [await spread('out-of-fold'), await spread('in-sample')];
    expect(flattered).toBeLessThan(0.29); // boosting has learned some of the noise of 0.3
    expect(honest).toBeGreaterThan(0.3);
    expect(honest).toBeLessThan(0.45);
  });

  it('has the variance of the target where the target is pure noise', async () => {
    const random = stream(2, 'noise-test');
    const x = Float64Array.from({ length: 1000 }, () => randomNormal(random));
    const y = x.map(() => 2 * randomNormal(random));
    const table = tableOf([numeric('x', x), numeric('y', y)]);
    const scm = await fitScm(table, dag(table, 'x -> y'), { seed: 1, ...quiet });
    const sampled = valuesOf(sampleScm(scm, 20_000, { seed: 1 }), 'y');
    // Standard error of a variance: 4·√(2/1000) = 0.18.
    expect(Math.abs(covariance(sampled, sampled) - covariance(y, y))).toBeLessThan(0.3);
    const boosted = await fitScm(table, dag(table, 'x -> y'), {
      seed: 1,
      family: 'boosting',
      ...quiet,
    });
    expect(boosted.nodes[1].choice?.spread).toBeGreaterThan(scm.nodes[1].choice?.spread as number);
  });

  it('follows the parents where it is drawn locally', async () => {
    const random = stream(3, 'noise-test');
    const x = Float64Array.from({ length: 3000 }, () => 4 * random());
    const y = x.map((v) => v + v * 0.5 * randomNormal(random));
    const table = tableOf([numeric('x', x), numeric('y', y)]);
    const deviation = async (localNoise: boolean, from: number): Promise<number> => {
      const scm = await fitScm(table, dag(table, 'x -> y'), { seed: 1, localNoise, ...quiet });
      const rows = sampleScm(scm, 20_000, { seed: 1 });
      const [u, v] = [valuesOf(rows, 'x'), valuesOf(rows, 'y')];
      const residuals = v.map((w, i) => w - u[i]).filter((_, i) => u[i] >= from && u[i] < from + 1);
      return Math.sqrt(covariance(residuals, residuals));
    };
    expect(await deviation(true, 0)).toBeLessThan(0.5); // truth 0.29
    expect(await deviation(true, 3)).toBeGreaterThan(1.5); // truth 1.76
    expect(await deviation(false, 0)).toBeGreaterThan(1);
  });

  it('is held to the observed range and support where asked to', async () => {
    const table = mixedTable(500, 7, 0);
    const scm = await fitScm(table, dag(table, mixedEdges), {
      seed: 1,
      clip: true,
      snap: true,
      ...quiet,
    });
    const rows = sampleScm(scm, 5000, { seed: 1 });
    const counts = new Set(valuesOf(table, 'count'));
    expect(valuesOf(rows, 'count').every((v) => counts.has(v))).toBe(true);
    const price = valuesOf(table, 'price');
    const [low, high] = [Math.min(...price), Math.max(...price)];
    expect(valuesOf(rows, 'price').every((v) => v >= low && v <= high)).toBe(true);
    expect(scm.settings).toMatchObject({ clip: true, snap: true });
  });
});

describe('post-nonlinear mechanisms', { timeout: 300_000 }, () => {
  it('give back y = exp(f + N)', async () => {
    const random = stream(4, 'pnl');
    const x = Float64Array.from({ length: 2000 }, () => randomNormal(random));
    const y = x.map((v) => Math.exp(0.5 * v + 0.2 * randomNormal(random)));
    const table = tableOf([numeric('x', x), numeric('y', y)]);
    const scm = await fitScm(table, dag(table, 'x -> y'), {
      seed: 1,
      links: { y: 'exp' },
      ...quiet,
    });
    expect(scm.nodes[1].mechanism.mechanism).toBe('post-nonlinear');
    expect(Math.abs((scm.nodes[1].choice?.spread as number) - 0.2)).toBeLessThan(0.02);
    const drawn = valuesOf(sampleScm(scm, 20_000, { seed: 1 }), 'y');
    expect(drawn.every((v) => v > 0)).toBe(true);
    // E exp(Z) with Z ~ N(0, 0.29) is exp(0.145).
    expect(Math.abs(mean(drawn) / Math.exp(0.145) - 1)).toBeLessThan(0.06);
  });

  it('refuse values outside the link', async () => {
    const table = tableOf([numeric('x', [1, 2, 3, 4]), numeric('y', [1, -1, 2, 3])]);
    await expect(
      fitScm(table, dag(table, 'x -> y'), { seed: 1, links: { y: 'exp' }, ...quiet }),
    ).rejects.toThrow('its values must be > 0: row 2 is -1');
  });
});

describe('the choice of mechanisms', { timeout: 300_000 }, () => {
  const chosen = async (
    f: (x: number, z: number) => number,
    quality: 'good' | 'better' = 'good',
    rows = 600,
  ): Promise<string> => {
    const random = stream(5, 'choice');
    const x = Float64Array.from({ length: rows }, () => randomNormal(random));
    const z = Float64Array.from({ length: rows }, () => randomNormal(random));
    const y = x.map((v, i) => f(v, z[i]) + 0.3 * randomNormal(random));
    const table = tableOf([numeric('x', x), numeric('z', z), numeric('y', y)]);
    const scm = await fitScm(table, dag(table, 'x -> y; z -> y'), { seed: 1, quality, ...quiet });
    return scm.nodes[2].choice?.chosen as string;
  };

  it('finds the form of the function', async () => {
    expect(await chosen((x, z) => 2 * x - z)).toBe('linear');
    expect(await chosen((x, z) => x * z)).toBe('polynomial');
    expect(await chosen((x) => Math.sign(x) + Math.sign(Math.sin(4 * x)))).toBe('boosting');
  });

  it('compares all of them at quality better, and says what is left out', async () => {
    const table = mixedTable(250, 8);
    const scm = await fitScm(table, dag(table, mixedEdges), {
      seed: 1,
      quality: 'better',
      ...quiet,
    });
    const summary = summarizeScm(scm);
    expect(summary.leftOut).toEqual(['support vector machines', 'AdaBoost']);
    const names = Object.fromEntries(
      summary.nodes.map((n) => [n.node, n.candidates.map((c) => c.name)]),
    );
    expect(names.price).toEqual([
      'linear',
      'boosting',
      'ridge',
      'lasso',
      'forest',
      'extra-trees',
      'neighbours',
      'polynomial',
    ]);
    expect(names.colour).toEqual([
      'logistic',
      'boosting',
      'contingency',
      'forest',
      'extra-trees',
      'neighbours',
      'naive-bayes',
      'polynomial-logistic',
    ]);
    expect(sampleScm(scm, 100, { seed: 1 }).rows).toBe(100);
  });

  it('raises to powers only up to five encoded parents, none of them missing', async () => {
    const random = stream(6, 'choice');
    const n = 120;
    const columns = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      numeric(
        name,
        Float64Array.from({ length: n }, () => randomNormal(random)),
      ),
    );
    const y = numeric(
      'y',
      Float64Array.from({ length: n }, () => randomNormal(random)),
    );
    const excluded = async (parents: string, holes = false): Promise<string | undefined> => {
      const table = tableOf([
        ...columns.map((c, j) =>
          holes && j === 0 && 'values' in c
            ? { ...c, values: c.values.map((v, i) => (i < 5 ? Number.NaN : v)) }
            : c,
        ),
        categorical(
          'two',
          ['x', 'y'],
          Int32Array.from({ length: n }, (_, i) => i % 2),
        ),
        y,
      ]);
      const edges = [...parents].map((p) => `${p === '2' ? 'two' : p} -> y`).join('; ');
      const scm = await fitScm(table, dag(table, edges), { seed: 1, ...quiet });
      const node = scm.nodes[scm.models[0].nodes[7]];
      return node.choice?.candidates.find((c) => c.name === 'polynomial')?.excluded;
    };
    expect(await excluded('abcd2')).toBeUndefined();
    expect(await excluded('abcde2')).toBe('6 encoded parents, at most 5 are raised to powers');
    expect(await excluded('ab', true)).toBe('parents with missing cells');
    expect(await excluded('bc', true)).toBeUndefined();
  });

  it('goes on where a fold lacks a class, and says so', async () => {
    const random = stream(7, 'choice');
    const x = Float64Array.from({ length: 60 }, () => randomNormal(random));
    const codes = x.map((v, i) => (i < 2 ? 2 : v > 0 ? 1 : 0));
    const table = tableOf([numeric('x', x), categorical('y', ['low', 'high', 'rare'], codes)]);
    const scm = await fitScm(table, dag(table, 'x -> y'), { seed: 1, ...quiet });
    // Two rows of the rare class: at most two folds hold one of them out, none lacks it in training.
    const single = tableOf([
      numeric('x', x),
      categorical(
        'y',
        ['low', 'high', 'rare'],
        codes.map((c, i) => (i === 1 ? 0 : c)),
      ),
    ]);
    const lacking = await fitScm(single, dag(single, 'x -> y'), { seed: 1, ...quiet });
    expect(scm.nodes[1].choice?.notes).toEqual([]);
    expect(lacking.nodes[1].choice?.notes).toEqual(['1 of 5 folds train without a rare class']);
    expect(sampleScm(lacking, 100, { seed: 1 }).rows).toBe(100);
  });

  it('can compare classifiers by macro-F1, as older DoWhy did', async () => {
    const table = mixedTable(300, 9, 0);
    const scm = await fitScm(table, dag(table, mixedEdges), { seed: 1, score: 'f1', ...quiet });
    const colour = scm.nodes.find((n) => n.name === 'colour');
    expect(colour?.choice?.criterion).toBe('f1');
    for (const { score } of colour?.choice?.candidates ?? []) {
      if (score === undefined) continue;
      expect(score).toBeLessThan(-0.4); // negated: a mean F1 of three balanced classes
      expect(score).toBeGreaterThanOrEqual(-1);
    }
  });

  it('is the same whether hopeless candidates are given up or not', async () => {
    for (const seed of [1, 2, 3]) {
      const table = mixedTable(800, 20 + seed);
      const noise = stream(seed, 'race-test');
      const useless = Array.from({ length: 4 }, (_, j) =>
        numeric(
          `u${j}`,
          valuesOf(table, 'price').map(() => randomNormal(noise)),
        ),
      );
      const wide = tableOf([...table.columns, ...useless]);
      const graph = dag(
        wide,
        `${mixedEdges}; u0 -> u1; u0 -> colour; u1 -> colour; u2 -> colour; u0 -> price; u2 -> u3; u1 -> u3`,
      );
      const [raced, full] = await Promise.all(
        [true, false].map((race) => fitScm(wide, graph, { seed, race, ...quiet })),
      );
      const early = raced.nodes.flatMap((n) => n.choice?.candidates ?? []).filter((c) => c.folds);
      const sure = full.nodes.flatMap((n) => n.choice?.candidates ?? []).filter((c) => c.folds);
      const folds = (list: readonly { folds?: number }[]): number =>
        list.reduce((sum, c) => sum + (c.folds as number), 0) - 5 * list.length;
      expect(folds(early)).toBeLessThan(folds(sure));
      expect(raced.nodes.map((n) => n.choice?.chosen)).toEqual(
        full.nodes.map((n) => n.choice?.chosen),
      );
      expect(sampleScm(raced, 50, { seed: 1 })).toEqual(sampleScm(full, 50, { seed: 1 }));
    }
  });

  it('works on very few rows', async () => {
    for (const rows of [2, 3, 5, 8, 12]) {
      const table = mixedTable(rows, 11, 0);
      const colours = new Set(valuesOf(table, 'colour'));
      const edges = colours.size > 1 ? 'size -> colour; colour -> price' : 'colour -> price';
      const scm = await fitScm(table, dag(table, edges), { seed: 1, ...quiet });
      const drawn = sampleScm(scm, 30, { seed: 1 });
      expect(valuesOf(drawn, 'price').every(Number.isFinite)).toBe(true);
    }
  });
});
