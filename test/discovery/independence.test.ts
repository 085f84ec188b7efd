import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CategoricalColumn, Column, NumericColumn, Table } from '../../src/data/table.js';
import { independenceTest, type TestName } from '../../src/discovery/independence/independence.js';
import { eachSubset } from '../../src/discovery/independence/subsets.js';
import type { IndependenceTest } from '../../src/discovery/independence/test.js';
import { randomNormal } from '../../src/math/draws.js';
import { type Random, stream } from '../../src/math/random.js';

type Row = [
  x: number,
  y: number,
  given: number[],
  statistic: number,
  df: number | null,
  p: number,
  logP: number,
];
const reference = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/discovery/independence.json'), 'utf8'),
) as Record<TestName, Row[]> & { numeric: number[][]; categorical: number[][] };

function numeric(name: string, values: ArrayLike<number>): NumericColumn {
  return { name, type: 'numeric', values: Float64Array.from(values) };
}
function categorical(name: string, codes: ArrayLike<number>, levels: number): CategoricalColumn {
  const categories = Array.from({ length: levels }, (_, k) => `c${k}`);
  return { name, type: 'categorical', categories, codes: Int32Array.from(codes) };
}
function table(...columns: Column[]): Table {
  const [first] = columns;
  return {
    kind: 'table',
    rows: 'values' in first ? first.values.length : first.codes.length,
    columns,
  };
}
const numbers = table(
  ...['x', 'y', 'z', 'w'].map((name, j) =>
    numeric(
      name,
      reference.numeric.map((r) => r[j]),
    ),
  ),
);
const categories = table(
  ...['a', 'b', 'c', 'd', 'e'].map((name, j) =>
    categorical(
      name,
      reference.categorical.map((r) => r[j]),
      8,
    ),
  ),
);
const breathe = async (): Promise<void> => {};

describe('independence tests', () => {
  it.each(['fisher-z', 'chi2', 'g2'] as const)('%s equals scipy to 1e-12 relative', (name) => {
    const test = independenceTest(name === 'fisher-z' ? numbers : categories, name);
    expect(reference[name].length).toBeGreaterThan(20);
    for (const [x, y, given, statistic, df, p, logP] of reference[name]) {
      const r = test.test(x, y, given);
      const close = (got: number, want: number): void => {
        const error = Math.abs(got - want) / Math.max(Math.abs(want), 1e-300);
        expect(
          got === want || error < 1e-12,
          `${name} ${x} ${y} | ${given}: ${got}, not ${want}`,
        ).toBe(true);
      };
      if (df !== null) expect(r.df).toBe(df);
      if (df === 0) {
        expect(r.p).toBe(1);
        continue;
      }
      // r itself has a few ulps of noise, which the logarithm of a far tail shows magnified.
      close(r.statistic, statistic);
      if (p > 1e-30) close(r.p, p);
      close(r.logP, logP);
    }
  });

  it('keeps the order of p-values that underflow', () => {
    const random = stream(1, 'tails');
    const x = Float64Array.from({ length: 5000 }, () => randomNormal(random));
    const y = x.map((v) => v + 0.05 * randomNormal(random));
    const z = x.map((v) => v + 0.2 * randomNormal(random));
    const test = independenceTest(table(numeric('x', x), numeric('y', y), numeric('z', z)));
    const [near, far] = [test.test(0, 1, []), test.test(0, 2, [])];
    expect(near.p).toBe(0);
    expect(far.p).toBe(0);
    expect(near.logP).toBeLessThan(far.logP);
    expect(far.logP).toBeGreaterThan(-1e6);
  });

  it('weights count rows as often as they say', () => {
    const random = stream(2, 'weights');
    const weights = Int32Array.from({ length: 300 }, () => Math.floor(random() * 4));
    const repeat = (t: Table): Table => ({
      kind: 'table',
      rows: weights.reduce((a, b) => a + b, 0),
      columns: t.columns.map((c): Column => {
        const rows = [...weights].flatMap((w, i) => new Array<number>(w).fill(i));
        return 'values' in c
          ? { ...c, values: Float64Array.from(rows, (i) => c.values[i]) }
          : { ...c, codes: Int32Array.from(rows, (i) => c.codes[i]) };
      }),
    });
    const mixed = table(
      numbers.columns[0],
      categories.columns[1],
      numbers.columns[2],
      categories.columns[2],
    );
    for (const [t, name] of [
      [numbers, 'fisher-z'],
      [categories, 'g2'],
      [mixed, 'mixed'],
    ] as const) {
      const weighted = independenceTest(t, name, { weights });
      const repeated = independenceTest(repeat(t), name);
      for (const [x, y, s] of [
        [0, 1, []],
        [0, 1, [2]],
        [2, 0, [1, 3]],
      ] as const) {
        expect(weighted.test(x, y, s).statistic).toBeCloseTo(repeated.test(x, y, s).statistic, 8);
      }
    }
  });

  it('leaves out only the rows that miss a column of the test', () => {
    const holes = (c: Column, every: number): Column =>
      'values' in c
        ? { ...c, values: c.values.map((v, i) => (i % every === 0 ? Number.NaN : v)) }
        : { ...c, codes: c.codes.map((v, i) => (i % every === 0 ? -1 : v)) };
    const cut = (c: Column, every: number): Column =>
      'values' in c
        ? { ...c, values: c.values.filter((_, i) => i % every !== 0) }
        : { ...c, codes: c.codes.filter((_, i) => i % every !== 0) };
    const mixed = table(
      numbers.columns[0],
      categories.columns[1],
      numbers.columns[2],
      categories.columns[2],
    );
    for (const [t, name] of [
      [numbers, 'fisher-z'],
      [categories, 'chi2'],
      [mixed, 'mixed'],
    ] as const) {
      const holed = independenceTest(
        table(...t.columns.map((c, j) => (j === 2 ? holes(c, 7) : c))),
        name,
      );
      const whole = independenceTest(t, name);
      const without = independenceTest(table(...t.columns.map((c) => cut(c, 7))), name);
      expect(holed.test(0, 1, [3]).statistic).toBeCloseTo(whole.test(0, 1, [3]).statistic, 8);
      expect(holed.test(0, 1, [2]).statistic).toBeCloseTo(without.test(0, 1, [2]).statistic, 8);
      expect(holed.test(2, 1, []).statistic).toBeCloseTo(without.test(2, 1, []).statistic, 8);
    }
  });

  it('answers the same where every row misses something else', () => {
    const random = stream(11, 'patterns');
    const n = 1500;
    const columns = Array.from({ length: 140 }, (_, j) =>
      numeric(
        `v${j}`,
        Float64Array.from({ length: n }, () =>
          random() < 0.1 ? Number.NaN : randomNormal(random),
        ),
      ),
    );
    const test = independenceTest(table(...columns));
    const few = independenceTest(table(...columns.slice(0, 4)));
    expect(test.test(0, 1, [2, 3]).statistic).toBeCloseTo(few.test(0, 1, [2, 3]).statistic, 9);
  });

  it('searches many sets at once with the same answers as one by one', async () => {
    const random = stream(3, 'searches');
    const mixed = table(...numbers.columns, ...categories.columns);
    for (const [t, name] of [
      [numbers, 'fisher-z'],
      [categories, 'g2'],
      [mixed, 'mixed'],
    ] as const) {
      const test = independenceTest(t, name);
      const p = t.columns.length;
      for (let k = 0; k < 20; k++) {
        const x = Math.floor(random() * p);
        const pool = [...Array(p).keys()].filter((v) => v !== x && v !== 3);
        const alpha = 10 ** (-3 * random());
        const size = Math.floor(random() * 3);
        await sameAnswers(test, x, pool, size, alpha);
      }
    }
  });

  it('tell calibrated p-values under independence and small ones under dependence', () => {
    const makers: [string, (random: Random) => Table][] = [
      ['fisher-z', (random) => gaussianTriple(random, 0)],
      ['mixed', (random) => mixedTriple(random, 0)],
      ['g2', (random) => binaryTriple(random, 0)],
      ['chi2', (random) => binaryTriple(random, 0)],
    ];
    for (const [name, make] of makers) {
      const random = stream(4, 'calibration', name);
      const ps = Array.from(
        { length: 1000 },
        () => independenceTest(make(random), name as TestName).test(0, 1, [2]).p,
      );
      // Kolmogorov–Smirnov at about 1e-3: 1.95/√1000
      const worst = Math.max(
        ...ps.sort((a, b) => a - b).map((p, i) => Math.abs(p - (i + 0.5) / 1000)),
      );
      expect(worst, name).toBeLessThan(0.062);
    }
    const random = stream(5, 'power');
    expect(independenceTest(gaussianTriple(random, 1)).test(0, 1, [2]).p).toBeLessThan(1e-6);
    expect(independenceTest(mixedTriple(random, 1)).test(0, 1, [2]).p).toBeLessThan(1e-6);
    expect(independenceTest(binaryTriple(random, 1)).test(0, 1, [2]).p).toBeLessThan(1e-6);
  });

  it('chooses by the column types', () => {
    expect(independenceTest(numbers).name).toBe('fisher-z');
    expect(independenceTest(categories).name).toBe('g2');
    expect(independenceTest(table(numbers.columns[0], categories.columns[0])).name).toBe('mixed');
  });

  it('takes a function for a test and checks what it returns', () => {
    const own = independenceTest(numbers, (x, y, given) => (x + y + given.length) / 10);
    expect(own.test(1, 2, [0]).p).toBeCloseTo(0.4, 12);
    expect(() => independenceTest(numbers, () => 2).test(0, 1, [])).toThrow('p-value from 0 to 1');
  });
});

describe('independence tests on what cannot be tested', () => {
  it('name the columns of a singular correlation', () => {
    const [x, y] = numbers.columns as NumericColumn[];
    const sum = numeric(
      'sum',
      x.values.map((v, i) => v + y.values[i]),
    );
    const dependent = table(x, numbers.columns[2], y, sum);
    const named = /"x", "y", "sum" depend linearly on each other; drop one of them/;
    expect(() => independenceTest(dependent)).toThrow(named);
    const late = independenceTest(dependent, 'fisher-z', { singular: 'error-when-met' });
    expect(() => late.test(3, 1, [0, 2])).toThrow(named);
    const patient = independenceTest(table(x, y, sum, numbers.columns[2]), 'fisher-z', {
      singular: 'independent',
    });
    expect(patient.test(2, 3, [0, 1]).p).toBe(1);
  });

  it('count constant and empty columns as independent, and say so', () => {
    const flat = numeric('flat', new Float64Array(300).fill(3));
    const empty = categorical('empty', new Int32Array(300).fill(-1), 2);
    const t = table(numbers.columns[0], flat, empty, categories.columns[1]);
    const test = independenceTest(t);
    expect(test.test(0, 1, []).p).toBe(1);
    expect(test.test(2, 3, []).p).toBe(1);
    expect(test.warnings).toEqual([
      'Left without edges, as they never vary: "flat" (constant), "empty" (all missing)',
    ]);
  });

  it('ask for enough rows', () => {
    const few = table(
      ...numbers.columns.map((c) => numeric(c.name, (c as NumericColumn).values.slice(0, 5))),
    );
    const test = independenceTest(few);
    expect(test.maxGiven).toBe(1);
    expect(() => test.test(0, 1, [2, 3])).toThrow(
      'at least 6 complete rows are needed: there are 5',
    );
  });

  it('refuse infinite values, words for Fisher-z, and a category in every row', () => {
    const infinite = table(numeric('x', [1, Number.POSITIVE_INFINITY]), numeric('y', [1, 2]));
    expect(() => independenceTest(infinite)).toThrow('row 2 of "x" is Infinity');
    expect(() => independenceTest(categories, 'fisher-z')).toThrow(
      '"a" holds categories; use test "mixed"',
    );
    const ids = categorical(
      'id',
      Int32Array.from({ length: 300 }, (_, i) => i),
      300,
    );
    for (const name of ['g2', 'chi2', 'mixed'] as const) {
      expect(() => independenceTest(table(ids, categories.columns[0]), name)).toThrow('"id"');
    }
    expect(() => independenceTest(numbers, 'nope' as TestName)).toThrow('one of auto, fisher-z');
  });
});

async function sameAnswers(
  test: IndependenceTest,
  x: number,
  pool: number[],
  size: number,
  alpha: number,
): Promise<void> {
  const found = await test.findSeparators!(x, pool, pool, size, alpha, breathe);
  for (const [t, y] of pool.entries()) {
    const others = pool.filter((v) => v !== y);
    const sets: string[] = [];
    let best = Number.NEGATIVE_INFINITY;
    eachSubset(others, size, (set) => {
      const { logP } = test.test(x, y, set);
      best = Math.max(best, logP);
      if (logP > Math.log(alpha)) sets.push([...set].join());
      return undefined;
    });
    expect(found[t] !== undefined).toBe(sets.length > 0);
    if (found[t]) expect(test.test(x, y, found[t]).logP).toBeGreaterThan(Math.log(alpha));
    const all = test.allSeparators!(x, y, others, size, alpha);
    expect(all.map((s) => s.given.join())).toEqual(sets);
    if (test.largestLogP && Number.isFinite(best)) {
      expect(test.largestLogP(x, y, [], others, size)).toBeCloseTo(best, 8);
    }
  }
}

function gaussianTriple(random: Random, effect: number): Table {
  const z = Array.from({ length: 200 }, () => randomNormal(random));
  const x = z.map((v) => v + randomNormal(random));
  const y = z.map((v, i) => v + effect * x[i] + randomNormal(random));
  return table(numeric('x', x), numeric('y', y), numeric('z', z));
}

/** Column y has three categories; x and z are numbers. */
function mixedTriple(random: Random, effect: number): Table {
  const z = Array.from({ length: 200 }, () => randomNormal(random));
  const y = z.map(() => Math.floor(random() * 3));
  const x = z.map((v, i) => v + effect * y[i] + randomNormal(random));
  return table(numeric('x', x), categorical('y', y, 3), numeric('z', z));
}

function binaryTriple(random: Random, effect: number): Table {
  const z = Array.from({ length: 400 }, () => (random() < 0.5 ? 1 : 0));
  const coin = (p: number): number => (random() < p ? 1 : 0);
  const x = z.map((v) => coin(0.3 + 0.4 * v));
  const y = z.map((v, i) => coin(0.3 + 0.3 * v + effect * x[i] * 0.35));
  return table(categorical('x', x, 2), categorical('y', y, 2), categorical('z', z, 2));
}
