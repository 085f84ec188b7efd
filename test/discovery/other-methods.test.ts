import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Column, Table } from '../../src/data/table.js';
import { boss } from '../../src/discovery/boss.js';
import { structuralHammingDistance } from '../../src/discovery/compare-graphs.js';
import { dag } from '../../src/discovery/dag.js';
import { directLingam } from '../../src/discovery/direct-lingam.js';
import { cpdagOf } from '../../src/discovery/extension.js';
import { fci } from '../../src/discovery/fci.js';
import { fromBif } from '../../src/discovery/formats/bif.js';
import { isDirected } from '../../src/discovery/graph-queries.js';
import { independenceTest } from '../../src/discovery/independence/independence.js';
import { rcit } from '../../src/discovery/independence/kernel.js';
import { knowledge } from '../../src/discovery/knowledge.js';
import { pc } from '../../src/discovery/pc.js';
import { rfci } from '../../src/discovery/rfci.js';
import { oracle } from '../../src/discovery/separation.js';
import { randomNormal } from '../../src/math/draws.js';
import { type Random, stream } from '../../src/math/random.js';
import { linearRows, randomDag } from './random-graphs.js';
import { hasReferences, network, shared, text } from './reference-data.js';

const quiet = { onProgress: () => {} };
const numeric = (name: string, values: ArrayLike<number>): Column => ({
  name,
  type: 'numeric',
  values: Float64Array.from(values),
});
const categorical = (name: string, codes: ArrayLike<number>, levels: number): Column => ({
  name,
  type: 'categorical',
  categories: Array.from({ length: levels }, (_, k) => `c${k}`),
  codes: Int32Array.from(codes),
});
const rowsOf = (rows: number, ...columns: Column[]): Table => ({ kind: 'table', rows, columns });

function emptyTable(names: readonly string[]): Table {
  return rowsOf(1, ...names.map((name) => numeric(name, [0])));
}

describe('rfci()', () => {
  it('returns graphs with FCI’s marks or fewer, and adjacencies that hold FCI’s, with d-separation', async () => {
    const random = stream(1, 'rfci');
    let same = 0;
    for (let k = 0; k < 40; k++) {
      const truth = randomDag(random, 10, 0.25);
      const names = truth.names.filter((n) => n !== 'X1' && n !== 'X2');
      const options = { ...quiet, test: oracle(truth, names) };
      const fast = (await rfci(emptyTable(names), options)).graph;
      const full = (await fci(emptyTable(names), options)).graph;
      for (let i = 0; i < full.marks.length; i++) {
        if (full.marks[i] !== 0) expect(fast.marks[i]).not.toBe(0);
      }
      if (structuralHammingDistance(fast, full) === 0) same++;
    }
    expect(same).toBeGreaterThan(35);
  });

  it('agrees with fci() on most edges of data, and keeps to knowledge', async () => {
    const truth = dag(['a', 'b', 'c', 'd', 'e'], 'a -> c <- b; c -> d -> e');
    const table = linearRows(stream(2, 'rfci'), truth, 1000);
    const fast = await rfci(table, { ...quiet, alpha: 0.01 });
    expect(fast.algorithm).toBe('rfci');
    expect(
      structuralHammingDistance((await fci(table, { ...quiet, alpha: 0.01 })).graph, fast.graph),
    ).toBeLessThan(2);
    const known = knowledge({ required: [['d', 'c']] });
    expect(isDirected((await rfci(table, { ...quiet, knowledge: known })).graph, 3, 2)).toBe(true);
  });
});

describe('boss()', () => {
  it('recovers sparse linear models', async () => {
    const random = stream(3, 'boss');
    let distance = 0;
    for (let k = 0; k < 5; k++) {
      const truth = randomDag(random, 8, 0.25);
      const found = await boss(linearRows(random, truth, 2000), quiet);
      distance += structuralHammingDistance(cpdagOf(truth), found.graph);
      expect(found.test).toBe('gaussian-bic');
    }
    expect(distance).toBeLessThan(6);
  });

  it.skipIf(!hasReferences)(
    'recovers small networks of categories (needs ../shared/data)',
    async () => {
      for (const name of ['cancer', 'earthquake', 'survey', 'asia']) {
        const table = network(name);
        const words = table.columns.map((c) => {
          const { values } = c as { values: Float64Array };
          return categorical(
            c.name,
            values.map((v) => v - 1),
            Math.max(...values),
          );
        });
        const found = await boss({ ...table, columns: words }, quiet);
        const truth = fromBif(text(join(shared, `data/networks/${name}.bif.gz`))).dag;
        const renamed = { ...truth, names: table.columns.map((c) => c.name) };
        expect(structuralHammingDistance(cpdagOf(renamed), found.graph), name).toBeLessThan(5);
        expect(found.test).toBe('discrete-bic');
      }
    },
  );

  it('scores mixed columns, and keeps to knowledge', async () => {
    const { table } = mixedRows(stream(4, 'boss'), 800);
    const found = await boss(table, quiet);
    expect(found.test).toBe('mixed-bic');
    expect(found.graph.marks[1]).not.toBe(0);
    const known = knowledge({ tiers: [['y'], ['x', 'z']], required: [['y', 'z']] });
    const kept = await boss(table, { ...quiet, knowledge: known });
    expect(isDirected(kept.graph, 1, 2)).toBe(true);
    expect(isDirected(kept.graph, 0, 1)).toBe(false);
    await expect(boss(table, { ...quiet, penalty: 0 })).rejects.toThrow('penalty must be positive');
  });
});

describe('directLingam()', () => {
  it('recovers order, edges and weights of a model with uniform noise', async () => {
    const random = stream(5, 'lingam');
    const n = 2000;
    const noise = (): Float64Array => Float64Array.from({ length: n }, () => random() - 0.5);
    const b = noise();
    const a = noise().map((e, i) => 0.8 * b[i] + e);
    const d = noise().map((e, i) => -0.7 * b[i] + e);
    const c = noise().map((e, i) => 1.2 * a[i] + 0.5 * d[i] + e);
    const table = rowsOf(n, numeric('a', a), numeric('b', b), numeric('c', c), numeric('d', d));
    const found = await directLingam(table, quiet);
    const truth = dag(['a', 'b', 'c', 'd'], 'b -> a -> c; b -> d -> c');
    expect(structuralHammingDistance(truth, found.graph)).toBe(0);
    expect(found.order[0]).toBe(1);
    expect(found.weights[0 * 4 + 1]).toBeCloseTo(0.8, 1);
    expect(found.weights[2 * 4 + 0]).toBeCloseTo(1.2, 1);
    expect(found.weights[2 * 4 + 3]).toBeCloseTo(0.5, 1);
    const known = knowledge({ required: [['a', 'b']] });
    expect(
      isDirected((await directLingam(table, { ...quiet, knowledge: known })).graph, 0, 1),
    ).toBe(true);
  });

  it('refuses words and says which columns are determined', async () => {
    const x = Float64Array.from({ length: 50 }, (_, i) => Math.sin(i * i));
    const twice = rowsOf(
      50,
      numeric('x', x),
      numeric(
        'y',
        x.map((v) => 2 * v),
      ),
      numeric(
        'z',
        x.map((v) => v * v),
      ),
    );
    await expect(directLingam(twice, quiet)).rejects.toThrow(/"x"|"y"/);
    const words = rowsOf(50, numeric('x', x), categorical('w', new Int32Array(50), 2));
    await expect(directLingam(words, quiet)).rejects.toThrow('"w" is categorical; leave it out');
  });
});

describe('kernel tests', () => {
  const make = (random: Random, n: number, effect: number): Table => {
    const z = Float64Array.from({ length: n }, () => randomNormal(random));
    const x = z.map((v) => v * v + 0.5 * randomNormal(random));
    const y = z.map(
      (v, i) => Math.cos(v) + effect * Math.cos(2 * x[i]) + 0.5 * randomNormal(random),
    );
    return rowsOf(n, numeric('x', x), numeric('y', y), numeric('z', z));
  };

  it('see dependence that a correlation does not', () => {
    const random = stream(6, 'kernel');
    const n = 300;
    const x = Float64Array.from({ length: n }, () => randomNormal(random));
    const y = x.map((v) => v * v + 0.3 * randomNormal(random));
    const w = x.map(() => randomNormal(random));
    const table = rowsOf(n, numeric('x', x), numeric('y', y), numeric('w', w));
    for (const test of [independenceTest(table, 'kci'), rcit(table, { seed: 1 })]) {
      expect(test.test(0, 1, []).p).toBeLessThan(1e-3);
      expect(test.test(0, 2, []).p).toBeGreaterThan(0.01);
      expect(test.test(0, 1, [2]).p).toBeLessThan(1e-3);
    }
  });

  it('part two effects of a common cause, and not what depends beyond it', () => {
    const random = stream(7, 'kernel');
    const rejected = { kci: 0, rcit: 0 };
    const detected = { kci: 0, rcit: 0 };
    for (let k = 0; k < 10; k++) {
      const [none, some] = [make(random, 150, 0), make(random, 150, 1)];
      if (independenceTest(none, 'kci').test(0, 1, [2]).p < 0.05) rejected.kci++;
      if (rcit(none, { seed: k }).test(0, 1, [2]).p < 0.05) rejected.rcit++;
      if (independenceTest(some, 'kci').test(0, 1, [2]).p < 0.05) detected.kci++;
      if (rcit(some, { seed: k }).test(0, 1, [2]).p < 0.05) detected.rcit++;
    }
    expect(rejected.kci).toBeLessThan(4);
    expect(rejected.rcit).toBeLessThan(4);
    expect(detected.kci).toBeGreaterThan(6);
    expect(detected.rcit).toBeGreaterThan(4);
  });

  it('answer the same for the same seed, in any order of x and y', () => {
    const table = make(stream(8, 'kernel'), 150, 0.5);
    const one = rcit(table, { seed: 3 });
    const two = rcit(table, { seed: 3 });
    expect(two.test(1, 0, [2])).toEqual(one.test(0, 1, [2]));
    expect(rcit(table, { seed: 4 }).test(0, 1, [2])).not.toEqual(one.test(0, 1, [2]));
  });

  it('serve pc() as its test', async () => {
    const table = make(stream(9, 'kernel'), 150, 0);
    const { graph, test } = await pc(table, { ...quiet, test: rcit(table, { seed: 1 }) });
    expect(test).toBe('rcit');
    expect(graph.marks[1]).toBe(0);
  });
});

describe('the conditional-Gaussian test', () => {
  it('is calibrated under independence and sees dependence, for all pairs of types', () => {
    for (const [a, b, pair] of [
      [0, 2, 'number, number'],
      [0, 1, 'number, word'],
      [1, 3, 'word, word'],
    ] as const) {
      const random = stream(10, 'cg', pair);
      const ps: number[] = [];
      for (let k = 0; k < 300; k++) {
        const { independent } = mixedRows(random, 300);
        ps.push(independenceTest(independent, 'conditional-gaussian').test(a, b, [4, 5]).p);
      }
      const small = ps.filter((p) => p < 0.05).length / 300;
      expect(small, pair).toBeLessThan(0.11);
      const { table } = mixedRows(random, 300);
      expect(independenceTest(table, 'conditional-gaussian').test(0, 1, []).p, pair).toBeLessThan(
        1e-6,
      );
    }
  });
});

/** x and z depend on the categories of y; and columns that depend on w and v alone. */
function mixedRows(random: Random, n: number): { table: Table; independent: Table } {
  const y = Int32Array.from({ length: n }, () => Math.floor(random() * 3));
  const x = Float64Array.from(y, (c) => c + randomNormal(random));
  const z = Float64Array.from(y, (c) => -c + randomNormal(random));
  const w = Int32Array.from({ length: n }, () => Math.floor(random() * 2));
  const v = Float64Array.from({ length: n }, () => randomNormal(random));
  const number = (): Column =>
    numeric(
      `n${random()}`,
      Float64Array.from(w, (c, i) => c + v[i] + randomNormal(random)),
    );
  const word = (): Column =>
    categorical(
      `w${random()}`,
      Int32Array.from(w, (c) => (random() < 0.3 + 0.4 * c ? 1 : 0)),
      2,
    );
  return {
    table: rowsOf(n, numeric('x', x), categorical('y', y, 3), numeric('z', z)),
    independent: rowsOf(
      n,
      number(),
      word(),
      number(),
      word(),
      categorical('w', w, 2),
      numeric('v', v),
    ),
  };
}
