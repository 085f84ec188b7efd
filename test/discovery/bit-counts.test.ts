import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CategoricalColumn, Table } from '../../src/data/table.js';
import { bitCounts } from '../../src/discovery/independence/bit-counts.js';
import { independenceTest } from '../../src/discovery/independence/independence.js';
import type { IndependenceTest } from '../../src/discovery/independence/test.js';
import { pc } from '../../src/discovery/pc.js';
import { type Random, randomInteger, stream } from '../../src/math/random.js';
import { linearRows, randomDag } from './random-graphs.js';

afterEach(() => void vi.unstubAllGlobals());

/** Categories that depend on the column before them; `gaps` is the share of missing cells. */
function categories(random: Random, rows: number, levels: readonly number[], gaps: number): Table {
  const columns = levels.map(
    (k, v): CategoricalColumn => ({
      name: `v${v}`,
      type: 'categorical',
      categories: Array.from({ length: k }, (_, c) => `${c}`),
      codes: new Int32Array(rows),
    }),
  );
  for (let r = 0; r < rows; r++) {
    let before = 0;
    for (const { codes, categories: names } of columns) {
      const k = names.length;
      before = random() < 0.4 ? before % k : randomInteger(random, k);
      codes[r] = random() < gaps ? -1 : before;
    }
  }
  return { kind: 'table', rows, columns };
}

/** The same test without WebAssembly: every table is counted row by row. */
function rowByRow(make: () => IndependenceTest): IndependenceTest {
  vi.stubGlobal('WebAssembly', undefined);
  const test = make();
  vi.unstubAllGlobals();
  return test;
}

describe('bitCounts()', () => {
  it('is what counting by hand gives', () => {
    const x = Int32Array.of(0, 1, 1, 0, 2, 2, -1, 0);
    const y = Int32Array.of(1, 1, 0, 1, 0, -1, 0, 1);
    const s = Int32Array.of(0, 0, 0, 1, 1, 1, 1, 1);
    const bits = bitCounts([x, y, s], Int32Array.of(3, 2, 2), 8);
    if (!bits) throw new Error('no WebAssembly');
    const root = bits.root(0);
    const cells = root && bits.refine(root, 2);
    if (!root || !cells) throw new Error('no cells');
    expect([...root.rows]).toEqual([3, 2, 2]);
    const table = new Int32Array(12);
    bits.count(cells, 1, table);
    // stratum 0: x = 0, 1, 2 by y = 0, 1; then stratum 1
    expect([...table]).toEqual([0, 1, 1, 1, 0, 0, 0, 2, 0, 0, 1, 0]);
  });

  it.each([
    ['whole columns', 0, false],
    ['missing cells', 0.1, false],
    ['rows that count several times', 0, true],
    ['both', 0.1, true],
  ] as const)('gives the statistics that rows give: %s', (_, gaps, weighted) => {
    const random = stream(3, 'bits', gaps);
    for (const rows of [127, 128, 1000]) {
      const table = categories(random, rows, [2, 3, 4, 2, 7, 40], gaps);
      const weights = weighted
        ? Int32Array.from({ length: rows }, () => randomInteger(random, 4))
        : undefined;
      for (const name of ['chi2', 'g2'] as const) {
        const make = () => independenceTest(table, name, weights ? { weights } : {});
        const test = make();
        const plain = rowByRow(make);
        for (let k = 0; k < 150; k++) {
          const order = [0, 1, 2, 3, 4, 5].sort(() => random() - 0.5);
          const [a, b, ...rest] = order;
          const given = rest.slice(0, k % 5);
          const [one, two] = [test.test(a, b, given), plain.test(a, b, given)];
          expect(one.df).toBe(two.df);
          expect(one.statistic).toBeCloseTo(two.statistic, 8);
        }
      }
    }
  });

  it('finds the graph that rows give', async () => {
    const random = stream(4, 'graph');
    const quiet = { onProgress: () => {} };
    for (let k = 0; k < 5; k++) {
      const table = categories(random, 700, [2, 3, 2, 4, 3, 2, 5, 2], 0.03 * (k % 2));
      const make = () => independenceTest(table, 'g2');
      const one = await pc(table, { ...quiet, test: make() });
      const two = await pc(table, { ...quiet, test: rowByRow(make) });
      expect(one.graph.marks).toEqual(two.graph.marks);
    }
  });
});

describe('one test in two searches at once', () => {
  it.each(['fisher-z', 'g2', 'mixed'] as const)('%s finds what it finds alone', async (name) => {
    const random = stream(5, 'twice', name);
    const rows = linearRows(random, randomDag(random, 14, 0.5), 300);
    const cut = (column: Table['columns'][number], k: number): CategoricalColumn => ({
      name: column.name,
      type: 'categorical',
      categories: ['0', '1', '2'].slice(0, 2 + (k % 2)),
      codes: Int32Array.from('values' in column ? column.values : [], (v) =>
        v > 0.4 ? 1 : k % 2 && v < -0.4 ? 2 : 0,
      ),
    });
    const table: Table = {
      ...rows,
      columns: rows.columns.map((c, k) =>
        name === 'g2' || (name === 'mixed' && k % 3 === 0) ? cut(c, k) : c,
      ),
    };
    const quiet = { onProgress: () => {} };
    const backwards = { ...table, columns: [...table.columns] };
    const test = independenceTest(table, name);
    // Every breath lets the other search go on.
    const eager: IndependenceTest = {
      ...test,
      findSeparators: (x, targets, pool, size, alpha, _, tested) =>
        (test.findSeparators as NonNullable<typeof test.findSeparators>)(
          x,
          targets,
          pool,
          size,
          alpha,
          () => new Promise((resolve) => setImmediate(resolve)),
          tested,
        ),
    };
    const [one, two] = await Promise.all([
      pc(table, { ...quiet, test: eager, alpha: 0.2 }),
      pc(backwards, { ...quiet, test: eager, alpha: 0.01 }),
    ]);
    const alone = async (alpha: number): Promise<Int8Array> =>
      (await pc(table, { ...quiet, test: independenceTest(table, name), alpha })).graph.marks;
    expect(one.graph.marks).toEqual(await alone(0.2));
    expect(two.graph.marks).toEqual(await alone(0.01));
  });
});
