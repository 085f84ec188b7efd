import { describe, expect, it } from 'vitest';
import { dag } from '../../src/discovery/dag.js';
import { edges, parents } from '../../src/discovery/graph-queries.js';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import {
  crps,
  klDivergence,
  kolmogorovSmirnov,
  pairDistance,
  totalVariation,
} from '../../src/scm/distances.js';
import { evaluateScm } from '../../src/scm/evaluate-scm.js';
import { falsifyGraph } from '../../src/scm/falsify.js';
import { emptyDag, limitParents, randomDagLike } from '../../src/scm/graph-knobs.js';
import { hsicPValue } from '../../src/scm/independence.js';
import { scmFromJson, scmToJson } from '../../src/scm/save-scm.js';
import { fitScm, sampleScm } from '../../src/scm/scm.js';
import { summarizeScm } from '../../src/scm/summarize-scm.js';
import {
  linearTable,
  mixedEdges,
  mixedTable,
  numeric,
  quiet,
  tableOf,
  valuesOf,
} from './tables.js';

describe('distances', { timeout: 300_000 }, () => {
  it('have their known values', () => {
    const f = (...v: number[]): Float64Array => Float64Array.from(v);
    expect(kolmogorovSmirnov(f(1, 2, 3, 4), f(1, 2, 3, 4))).toBe(0);
    expect(kolmogorovSmirnov(f(1, 2), f(3, 4, Number.NaN))).toBe(1);
    expect(kolmogorovSmirnov(f(1, 2, 3, 4), f(3, 4, 5, 6))).toBe(0.5);
    expect(totalVariation(f(0, 0, 1, 1), f(0, 1, 1, 1), 2)).toBe(0.25);
    expect(klDivergence(f(0, 1), f(0, 1), 2)).toBe(0);
    // Two draws from {0, 1}: E|X − 1| = 1/2, E|X − X'| = 1/2.
    expect(crps(f(0, 1), 1)).toBe(0.25);
    expect(crps(f(3), 1)).toBe(2);
    // x and y equal against x and y opposite: all the mass lies elsewhere.
    expect(pairDistance([f(0, 1), f(0, 1)], [f(0, 1), f(1, 0)], [2, 2])).toBe(1);
  });

  it('hsicPValue() is uniform under independence, and small under dependence without correlation', () => {
    const random = stream(1, 'hsic');
    const normals = (): Float64Array =>
      Float64Array.from({ length: 80 }, () => randomNormal(random));
    const p = Array.from({ length: 200 }, () => hsicPValue([normals()], [normals()]));
    const below = (level: number): number => p.filter((v) => v < level).length / 200;
    expect(Math.abs(below(0.05) - 0.05)).toBeLessThan(0.045);
    expect(Math.abs(below(0.5) - 0.5)).toBeLessThan(0.11);
    const x = normals();
    expect(hsicPValue([x], [x.map((v) => v * v)])).toBeLessThan(1e-4);
    expect(hsicPValue([x], [new Float64Array(80)])).toBeNaN();
  });
});

describe('evaluateScm()', { timeout: 300_000 }, () => {
  it('finds a right model right and a wrong one wrong', async () => {
    const train = linearTable(1000, 1);
    const test = linearTable(600, 2);
    const reference = linearTable(600, 3);
    const right = await fitScm(train, dag(train, 'a -> b -> c; a -> c'), { seed: 1, ...quiet });
    const wrong = await fitScm(train, dag(train, ''), { seed: 1, ...quiet });
    const good = await evaluateScm(right, test, { seed: 1, reference, ...quiet });
    const bad = await evaluateScm(wrong, test, { seed: 1, reference, ...quiet });
    const b = good.nodes.find((n) => n.node === 'b');
    // b = 0.8 a + N: R² = 0.64 / 1.64; CRPS of a unit normal is 1/√π = 0.564, ÷ √1.64.
    expect(Math.abs((b?.r2 as number) - 0.39)).toBeLessThan(0.08);
    expect(Math.abs((b?.crps as number) - 0.44)).toBeLessThan(0.04);
    expect(b?.rejected).toBe(false);
    expect(good.nodes.find((n) => n.node === 'a')?.kl).toBeLessThan(0.1);
    expect(Math.abs(good.twoSample.boosting - 0.5)).toBeLessThan(0.06);
    expect(bad.twoSample.boosting).toBeGreaterThan(0.65);
    // Independent columns have the right marginals: a logistic regression sees nothing.
    expect(Math.abs(bad.twoSample.logistic - 0.5)).toBeLessThan(0.07);
    expect(good.pairs).toBeLessThan(bad.pairs);
    expect(Math.abs(good.pairs - (good.pairsReference as number))).toBeLessThan(0.05);
    expect(good.columns.map((c) => c.column)).toEqual(['a', 'b', 'c']);
    for (const c of good.columns) expect(c.distance).toBeLessThan(0.1);
  });

  it('says whether the rows are those that the model was fitted on', async () => {
    for (const missing of ['complete', 'keep'] as const) {
      const train = mixedTable(200, 1);
      const scm = await fitScm(train, dag(train, mixedEdges), { seed: 1, missing, ...quiet });
      const on = async (table: typeof train) =>
        (await evaluateScm(scm, table, { seed: 1, ...quiet })).fittedOn;
      expect(await on(train)).toBe(true);
      expect(await on(mixedTable(200, 2))).toBe(false);
      expect(await on(mixedTable(120, 1))).toBe(false);
    }
  });

  it('rejects a mechanism whose noise depends on its parents', async () => {
    // The cause is fitted as the effect, with noise that is not normal.
    const random = stream(5, 'direction');
    const table = (n: number) => {
      const x = Float64Array.from({ length: n }, () => random());
      return tableOf([
        numeric('x', x),
        numeric(
          'y',
          x.map((v) => v + 0.5 * random()),
        ),
      ]);
    };
    const [train, test] = [table(800), table(500)];
    const forward = await fitScm(train, dag(train, 'x -> y'), { seed: 1, ...quiet });
    const backward = await fitScm(train, dag(train, 'y -> x'), { seed: 1, ...quiet });
    const verdict = async (scm: typeof forward, node: string) =>
      (await evaluateScm(scm, test, { seed: 1, ...quiet })).nodes.find((n) => n.node === node)
        ?.rejected;
    expect(await verdict(forward, 'y')).toBe(false);
    expect(await verdict(backward, 'x')).toBe(true);
  });

  it('scores classes and copes with missing cells', async () => {
    const train = mixedTable(500, 1);
    const scm = await fitScm(train, dag(train, mixedEdges), { seed: 1, ...quiet });
    const found = await evaluateScm(scm, mixedTable(300, 2), { seed: 1, ...quiet });
    const colour = found.nodes.find((n) => n.node === 'colour');
    expect(colour?.f1).toBeGreaterThan(0.5);
    expect(colour?.logLoss).toBeLessThan(0.9);
    expect(found.nodes.length).toBe(4);
  });
});

describe('falsifyGraph()', { timeout: 300_000 }, () => {
  it('keeps the true graph and rejects one that says the opposite', async () => {
    const random = stream(1, 'falsify');
    const n = 500;
    const normal = (): Float64Array => Float64Array.from({ length: n }, () => randomNormal(random));
    const [a, b, d, e] = [normal(), normal(), normal(), normal()];
    const c = a.map((v, i) => v + b[i] + 0.5 * d[i]);
    const f = c.map((v, i) => v + e[i]);
    const table = tableOf(
      Object.entries({ a, b, c, e, f }).map(([name, values]) => numeric(name, values)),
    );
    const truth = dag(table, 'a -> c; b -> c; c -> f; e -> f');
    const found = await falsifyGraph(table, truth, { seed: 1, ...quiet });
    expect(found.violations.length).toBeLessThanOrEqual(1);
    expect(found.falsifiable).toBe(true);
    expect(found.falsified).toBe(false);
    expect(found.permuted.length).toBe(50);
    const wrong = await falsifyGraph(table, dag(table, 'a -> b; a -> e; e -> b'), {
      seed: 1,
      ...quiet,
    });
    expect(wrong.violations.length).toBeGreaterThan(3);
    expect(wrong.falsified).toBe(true);
  });

  it('says where no permutation can tell a graph from its copies', async () => {
    const table = linearTable(200, 1);
    const found = await falsifyGraph(table, dag(table, ''), { seed: 1, ...quiet });
    expect(found.pTpa).toBe(1);
    expect(found.falsifiable).toBe(false);
    expect(found.falsified).toBe(false);
  });
});

describe('scmToJson() and scmFromJson()', { timeout: 300_000 }, () => {
  it('bring back the same model, whatever it is made of', async () => {
    const table = mixedTable(120, 3);
    const graphs = [dag(table, mixedEdges), dag(table, 'price -> colour -> count')];
    for (const quality of ['good', 'better'] as const) {
      const scm = await fitScm(table, graphs, { seed: 1, quality, missing: 'keep', ...quiet });
      const back = scmFromJson(scmToJson(scm));
      expect(back).toEqual(scm);
      expect(sampleScm(back, 50, { seed: 1 })).toEqual(sampleScm(scm, 50, { seed: 1 }));
    }
    for (const family of ['forest', 'tree', 'neighbours', 'boosting', 'linear'] as const) {
      const scm = await fitScm(table, graphs, { seed: 1, family, ...quiet });
      const back = scmFromJson(scmToJson(scm));
      expect(sampleScm(back, 50, { seed: 1 })).toEqual(sampleScm(scm, 50, { seed: 1 }));
    }
  });

  it('refuse what does not fit', async () => {
    const table = linearTable(100, 1);
    const scm = await fitScm(table, dag(table, 'a -> b'), { seed: 1, quality: 'fast', ...quiet });
    const edited = (change: (record: Record<string, unknown>) => void): string => {
      const record = JSON.parse(scmToJson(scm));
      change(record);
      return JSON.stringify(record);
    };
    expect(() => scmFromJson('{')).toThrow(SyntaxError);
    expect(() => scmFromJson('{"kind":"dag"}')).toThrow('its kind is "dag"');
    expect(() => scmFromJson('null')).toThrow('its kind is undefined');
    expect(() => scmFromJson(edited((r) => (r.version = 2)))).toThrow(
      'its version is 2, this library reads 1',
    );
    expect(() => scmFromJson(edited((r) => delete r.nodes))).toThrow('are absent');
    const other = dag(table, 'b -> c');
    const swapped = { ...scm, models: [{ ...scm.models[0], dag: other }] };
    expect(() => scmFromJson(scmToJson(swapped))).toThrow('its mechanism [a]; fit it again');
    const renamed = { ...scm, models: [{ ...scm.models[0], dag: dag(['a', 'b', 'x'], 'a -> b') }] };
    expect(() => scmFromJson(scmToJson(renamed))).toThrow(
      'a DAG has the nodes a, b, x, the SCM a, b, c',
    );
  });
});

describe('graph knobs', { timeout: 300_000 }, () => {
  const table = mixedTable(10, 1);
  const graph = dag(table, mixedEdges);

  it('limitParents() leaves at most so many, and edges of the graph only', () => {
    for (const seed of [1, 2, 3]) {
      const fewer = limitParents(graph, 1, { seed });
      for (const i of fewer.names.keys()) {
        expect(parents(fewer, i).length).toBe(Math.min(1, parents(graph, i).length));
        for (const p of parents(fewer, i)) expect(parents(graph, i)).toContain(p);
      }
    }
    expect(edges(limitParents(graph, 0, { seed: 1 }))).toEqual([]);
  });

  it('randomDagLike() has as many edges, every pair joined equally often', () => {
    const joined = new Float64Array(16);
    for (let seed = 0; seed < 600; seed++) {
      const found = edges(randomDagLike(graph, { seed }));
      expect(found.length).toBe(4);
      for (const { from, to } of found) joined[from * 4 + to]++;
    }
    // Each ordered pair: 600 · 4/12 = 200, standard deviation 11.5.
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++)
        if (i !== j) expect(Math.abs(joined[i * 4 + j] - 200)).toBeLessThan(50);
    }
  });

  it('emptyDag() makes columns independent, maxParents is an option of fitScm()', async () => {
    expect(edges(emptyDag(graph))).toEqual([]);
    const rows = linearTable(300, 1);
    const scm = await fitScm(rows, dag(rows, 'a -> c; b -> c'), {
      seed: 1,
      maxParents: 1,
      ...quiet,
    });
    expect(scm.nodes.map((n) => n.parents.length)).toEqual([0, 0, 1]);
  });
});

describe('summarizeScm()', { timeout: 300_000 }, () => {
  it('tells what was compared and chosen', async () => {
    const table = mixedTable(300, 4);
    const scm = await fitScm(table, dag(table, mixedEdges), { seed: 1, ...quiet });
    const summary = summarizeScm(scm);
    expect(summary).toMatchObject({ kind: 'scm-summary', rows: 300, dags: 1, quality: 'good' });
    const price = summary.nodes.find((n) => n.node === 'price');
    const scores = price?.candidates.map((c) => c.score ?? Number.POSITIVE_INFINITY) ?? [];
    const best = price?.candidates[scores.indexOf(Math.min(...scores))];
    expect(price?.chosen).toBe(best?.name);
    expect(price?.mechanism).toBe('additive-noise');
    expect(summary.nodes.find((n) => n.node === 'count')?.mechanism).toBe(
      'discrete-additive-noise',
    );
    expect(Math.abs((price?.spread as number) - 0.5)).toBeLessThan(0.15);
    expect(valuesOf(sampleScm(scm, 5, { seed: 1 }), 'price').length).toBe(5);
  });
});
