import { describe, expect, it } from 'vitest';
import type { Column, NumericColumn, Table } from '../../src/data/table.js';
import { dag } from '../../src/discovery/dag.js';
import { edgeStrengths } from '../../src/discovery/edge-strengths.js';
import { fci } from '../../src/discovery/fci.js';
import { ARROW, TAIL } from '../../src/discovery/graph.js';
import { edges, findCycle, isDirected, parents } from '../../src/discovery/graph-queries.js';
import { knowledge, resolveKnowledge } from '../../src/discovery/knowledge.js';
import { readKnowledge, writeKnowledge } from '../../src/discovery/knowledge-file.js';
import { pc } from '../../src/discovery/pc.js';
import { type SampledStrengths, sampleDag, sampleDags } from '../../src/discovery/sample-dag.js';
import { graphProblems } from '../../src/discovery/validity.js';
import { stream } from '../../src/math/random.js';
import { linearRows, randomDag } from './random-graphs.js';

const quiet = { onProgress: () => {} };
const truth = dag(['a', 'b', 'c', 'd', 'e', 'f'], 'a -> c <- b; c -> d; d -> e');
const table = linearRows(stream(1, 'strengths'), truth, 500);

/** The same rows with d cut into three categories and e into two. */
const mixed: Table = {
  ...table,
  columns: table.columns.map((c): Column => {
    if (!('values' in c) || (c.name !== 'd' && c.name !== 'e')) return c;
    const cut = c.name === 'd' ? [-1, 1] : [0];
    return {
      name: c.name,
      type: 'categorical',
      categories: cut.concat(0).map((_, k) => `k${k}`),
      codes: Int32Array.from(c.values, (v) => cut.filter((t) => v > t).length),
    };
  }),
};

describe('edgeStrengths()', () => {
  it('finds the edges there are and leaves the rest weak', async () => {
    const s = await edgeStrengths(table, { ...quiet, seed: 7 });
    const p = 6;
    expect(s).toMatchObject({
      kind: 'edge-strengths',
      graphs: 40,
      resamples: 20,
      test: 'fisher-z',
    });
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < i; j++) {
        const total = s.probabilities[i * p + j] + s.probabilities[j * p + i];
        expect(total).toBeLessThanOrEqual(1 + 1e-12);
        const joined = isDirected(truth, i, j) || isDirected(truth, j, i);
        if (joined) expect(total).toBeGreaterThan(0.9);
        else expect(total).toBeLessThan(0.5);
      }
    }
    const [a, c] = [0, 2];
    expect(s.probabilities[a * p + c]).toBeGreaterThan(s.probabilities[c * p + a]);
  });

  it('counts every pair of every graph once', async () => {
    const s = await edgeStrengths(mixed, { ...quiet, seed: 7, resamples: 6 });
    for (const counts of Object.values(s.counts)) {
      expect(counts.graphs).toBe(6);
      for (let i = 0; i < 6; i++) {
        for (let j = 0; j < 6; j++) {
          if (i === j) continue;
          const [k, back] = [i * 6 + j, j * 6 + i];
          const sum =
            counts.none[k] +
            counts.directed[k] +
            counts.directed[back] +
            counts.undirected[k] +
            counts.bidirected[k] +
            counts.circles[k] +
            counts.circleArrow[k] +
            counts.circleArrow[back] +
            counts.tailCircle[k] +
            counts.tailCircle[back];
          expect(sum).toBe(6);
        }
      }
    }
    expect(s.test).toBe('mixed');
  });

  it.each([2, 4])('gives the same numbers with %i workers as with one', async (workers) => {
    // Wide enough that threads are started.
    const wide = linearRows(stream(2, 'wide'), randomDag(stream(3, 'wide'), 12, 0.25), 300);
    const one = await edgeStrengths(wide, { ...quiet, seed: 5, resamples: 8, workers: 1 });
    const many = await edgeStrengths(wide, { ...quiet, seed: 5, resamples: 8, workers });
    expect(many).toEqual(one);
  });

  it('gives other numbers for another seed, and takes subsamples', async () => {
    const one = await edgeStrengths(table, { ...quiet, seed: 5, resamples: 5 });
    const two = await edgeStrengths(table, { ...quiet, seed: 6, resamples: 5 });
    expect(two.probabilities).not.toEqual(one.probabilities);
    const half = await edgeStrengths(table, {
      ...quiet,
      seed: 5,
      resamples: 5,
      resample: 'subsample',
    });
    expect(half.resample).toBe('subsample');
  });

  it('isolates a column that is constant, also in one resample only', async () => {
    const rare = new Float64Array(500);
    rare[0] = 1;
    const columns: Column[] = [
      ...table.columns,
      { name: 'flat', type: 'numeric', values: new Float64Array(500) },
      { name: 'rare', type: 'numeric', values: rare },
    ];
    const s = await edgeStrengths({ ...table, columns }, { ...quiet, seed: 1, resamples: 6 });
    expect(s.warnings).toEqual(['Left without edges, as they never vary: "flat"']);
    for (let i = 0; i < 8; i++)
      expect(s.probabilities[i * 8 + 6] + s.probabilities[6 * 8 + i]).toBe(0);
  });

  it('calls a column independent that others determine in a resample', async () => {
    const [a, b] = table.columns as NumericColumn[];
    const sum = a.values.map((v, i) => v + b.values[i]);
    const columns: Column[] = [...table.columns, { name: 'sum', type: 'numeric', values: sum }];
    const s = await edgeStrengths({ ...table, columns }, { ...quiet, seed: 1, resamples: 3 });
    expect(s.graphs).toBe(6);
  });

  it('leaves the table as it was', async () => {
    const before = structuredClone(table);
    await edgeStrengths(table, { ...quiet, seed: 1, resamples: 2 });
    expect(table).toEqual(before);
  });

  it('refuses options that do not fit', async () => {
    const run = (options: object): Promise<unknown> =>
      edgeStrengths(table, { ...quiet, seed: 1, ...options });
    await expect(run({ alpha: 0 })).rejects.toThrow('alpha must be in (0, 1): current value is 0');
    await expect(run({ alpha: 1 })).rejects.toThrow('current value is 1');
    await expect(run({ seed: 0.5 })).rejects.toThrow('seed must be an integer');
    await expect(run({ resamples: 0 })).rejects.toThrow('resamples must be a positive integer');
    await expect(run({ resample: 'jackknife' })).rejects.toThrow('bootstrap or subsample');
    await expect(run({ algorithms: ['ges'] })).rejects.toThrow('algorithms must be of pc and fci');
    await expect(run({ share: 0 })).rejects.toThrow('share must be in (0, 1]');
    await expect(run({ workers: 0 })).rejects.toThrow('positive integer');
  });
});

const lone = (probabilities: number[]): SampledStrengths => {
  const p = Math.sqrt(probabilities.length);
  return {
    names: Array.from({ length: p }, (_, i) => `v${i}`),
    probabilities: Float64Array.from(probabilities),
  };
};

describe('sampleDag()', () => {
  const random = stream(4, 'strengths');
  const messy = (p: number): SampledStrengths => {
    const probabilities = new Float64Array(p * p);
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < i; j++) {
        const total = random();
        const share = random();
        probabilities[i * p + j] = total * share;
        probabilities[j * p + i] = total * (1 - share);
      }
    }
    return lone([...probabilities]);
  };

  it('always draws acyclic graphs', () => {
    for (let k = 0; k < 100; k++) {
      const found = sampleDag(messy(10), { seed: k });
      expect(findCycle(found)).toBeUndefined();
      expect(graphProblems(found)).toEqual([]);
    }
  });

  it('gives a DAG of zeros and ones back', () => {
    for (let k = 0; k < 20; k++) {
      const d = randomDag(random, 9, 0.4);
      const strengths = {
        names: d.names,
        probabilities: Float64Array.from(d.marks, (_, at) =>
          d.marks[(at % 9) * 9 + Math.floor(at / 9)] === ARROW && d.marks[at] === TAIL ? 1 : 0,
        ),
      };
      const found = sampleDag(strengths, { seed: k });
      expect(found.marks).toEqual(d.marks);
      expect(found).toMatchObject({ turned: 0, dropped: 0 });
    }
  });

  it('draws the same DAG for the same seed, and one DAG whatever the number asked for', () => {
    const s = messy(8);
    expect(sampleDag(s, { seed: 3 })).toEqual(sampleDag(s, { seed: 3 }));
    expect(sampleDags(s, 5, { seed: 3 })[0]).toEqual(sampleDag(s, { seed: 3 }));
    expect(sampleDags(s, 2, { seed: 3 })[0].marks).not.toEqual(
      sampleDags(s, 2, { seed: 3 })[1].marks,
    );
  });

  it('meets the strengths within binomial error where no cycle can arise', () => {
    // a path v0 – v1 – v2 – v3: a forest
    const p = [0, 0.6, 0, 0, 0.3, 0, 0.2, 0, 0, 0.5, 0, 0.9, 0, 0, 0.1, 0];
    const draws = sampleDags(lone(p), 4000, { seed: 1 });
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        if (i === j) continue;
        const share = draws.filter((d) => isDirected(d, i, j)).length / 4000;
        const want = p[i * 4 + j];
        expect(Math.abs(share - want)).toBeLessThan(
          4 * Math.sqrt((want * (1 - want)) / 4000) + 1e-9,
        );
      }
    }
  });

  it('gives each direction of a lone pair half the time', () => {
    const draws = sampleDags(lone([0, 0.5, 0.5, 0]), 2000, { seed: 2 });
    const forward = draws.filter((d) => isDirected(d, 0, 1)).length;
    expect(forward).toBeGreaterThan(900);
    expect(forward).toBeLessThan(1100);
    expect(draws.every((d) => edges(d).length === 1)).toBe(true);
  });

  it('turns edges that would close a cycle and counts them', () => {
    const ring = [0, 1, 0, 0, 0, 1, 1, 0, 0];
    const draws = sampleDags(lone(ring), 200, { seed: 3 });
    expect(draws.every((d) => d.turned === 1 && d.dropped === 0 && edges(d).length === 3)).toBe(
      true,
    );
  });

  it('never breaks knowledge', () => {
    const known = knowledge({
      tiers: [['v0', 'v1'], ['v2', 'v3', 'v4'], ['v5']],
      required: [['v0', 'v4']],
      forbidden: [['v2', 'v3']],
    });
    for (let k = 0; k < 100; k++) {
      const d = sampleDag(messy(6), { seed: k, knowledge: known });
      expect(isDirected(d, 0, 4)).toBe(true);
      expect(isDirected(d, 2, 3)).toBe(false);
      for (const { from, to } of edges(d)) {
        const tier = (v: number): number => (v < 2 ? 0 : v < 5 ? 1 : 2);
        expect(tier(from)).toBeLessThanOrEqual(tier(to));
      }
    }
  });

  it('refuses what are no probabilities', () => {
    expect(() => sampleDag(lone([0, 0.7, 0.7, 0]), { seed: 1 })).toThrow('must be probabilities');
    expect(() => sampleDags(lone([0, 0.5, 0.5, 0]), 0, { seed: 1 })).toThrow('positive integer');
  });
});

describe('knowledge()', () => {
  const names = ['x1', 'x2', 'x10', 'y'];
  it('resolves tiers, patterns over whole names, and lists', () => {
    const known = knowledge({
      tiers: [[/x\d/], ['y']],
      forbiddenWithin: [0],
      required: [['x1', 'y']],
    });
    const { forbidden, required } = resolveKnowledge(known, names);
    // x10 matches x\d only in part, so it is in no tier
    const listed = [...forbidden.keys()]
      .filter((k) => forbidden[k])
      .map((k) => `${names[k >> 2]}>${names[k & 3]}`);
    expect(listed).toEqual(['x1>x2', 'x2>x1', 'y>x1', 'y>x2']);
    expect([...required.keys()].filter((k) => required[k])).toEqual([3]);
    expect(JSON.parse(JSON.stringify(known))).toEqual(known);
  });

  it('refuses unknown names and contradictions', () => {
    const apply = (options: Parameters<typeof knowledge>[0]): unknown =>
      resolveKnowledge(knowledge(options), names);
    expect(() => apply({ forbidden: [['x1', 'z']] })).toThrow('"z" is none of x1, x2, x10, y');
    expect(() => apply({ tiers: [['y'], ['x1']], required: [['x1', 'y']] })).toThrow(
      'x1 → y is both required and forbidden',
    );
    expect(() =>
      apply({
        required: [
          ['x1', 'x2'],
          ['x2', 'y'],
          ['y', 'x1'],
        ],
      }),
    ).toThrow('x1 → x2 → y → x1');
    expect(() => apply({ tiers: [['y'], ['y']] })).toThrow('"y" is in 1 and 2');
    expect(() => knowledge({ tiers: [['y']], forbiddenWithin: [1] })).toThrow('tiers from 0 to 0');
    expect(() => resolveKnowledge(knowledge({ required: [['y', 'x1']] }), names, 'y')).toThrow(
      'both required and forbidden',
    );
  });

  it('reads and writes Tetrad files', () => {
    const text =
      '/knowledge\naddtemporal\n\n1 a b*\n2* c\n3 \n\nforbiddirect\nd a\n\nrequiredirect\na c\n';
    const known = readKnowledge(text);
    expect(known).toEqual(
      knowledge({
        tiers: [['a', /b.*/], ['c'], []],
        forbiddenWithin: [1],
        forbidden: [['d', 'a']],
        required: [['a', 'c']],
      }),
    );
    expect(readKnowledge(writeKnowledge(known))).toEqual(known);
    expect(() => readKnowledge('/knowledge\nforbiddirect\na\n')).toThrow('line 3 is "a"');
    expect(() => readKnowledge('a b\n')).toThrow('line 1 is "a b"');
    expect(() => readKnowledge('addtemporal\nx a\n')).toThrow('begin with its number');
  });

  it('is never broken by pc() and fci()', async () => {
    const random = stream(6, 'known');
    for (let k = 0; k < 12; k++) {
      const d = randomDag(random, 9, 0.35);
      const rows = linearRows(random, d, 250);
      // against the truth on purpose: what is known wins
      const known = knowledge({
        tiers: [
          ['X9', 'X8', 'X7'],
          ['X6', 'X5', 'X4'],
        ],
        required: [
          ['X9', 'X1'],
          ['X2', 'X3'],
        ],
        forbidden: [
          ['X1', 'X2'],
          ['X2', 'X1'],
          ['X3', 'X1'],
        ],
      });
      const { forbidden, required } = resolveKnowledge(
        known,
        rows.columns.map((c) => c.name),
      );
      for (const run of [pc, fci]) {
        for (const more of run === pc
          ? [{}, { guaranteeCpdag: true }, { conflict: 'overwrite' as const }]
          : [{}]) {
          const { graph } = await run(rows, { ...quiet, knowledge: known, ...more });
          expect(findCycle(graph)).toBeUndefined();
          for (let i = 0; i < 9; i++) {
            for (let j = 0; j < 9; j++) {
              if (forbidden[i * 9 + j]) expect(isDirected(graph, i, j)).toBe(false);
              if (required[i * 9 + j]) expect(isDirected(graph, i, j)).toBe(true);
            }
          }
          expect(graph.marks[1]).toBe(0); // X1 – X2 is forbidden both ways
        }
      }
    }
  });

  it('makes the target a sink', async () => {
    const target = { ...table, target: 'c' };
    for (const run of [pc, fci]) {
      const { graph } = await run(target, { ...quiet, targetIsSink: true });
      expect(graph.target).toBe('c');
      for (let j = 0; j < 6; j++) expect(isDirected(graph, 2, j)).toBe(false);
    }
    const s = await edgeStrengths(target, { ...quiet, seed: 1, resamples: 4, targetIsSink: true });
    for (const d of sampleDags(s, 20, { seed: 1 })) {
      for (let j = 0; j < 6; j++) expect(parents(d, j)).not.toContain(2);
    }
    await expect(pc(table, { ...quiet, targetIsSink: true })).rejects.toThrow(
      'the table names none',
    );
    await expect(pc({ ...table, target: 'zz' }, quiet)).rejects.toThrow(
      '"zz" as target as it must be a column',
    );
  });
});

describe('stopping and bad input', () => {
  const wide = linearRows(stream(7, 'stop'), randomDag(stream(8, 'stop'), 30, 0.3), 2000);

  it.each(['pc', 'fci'] as const)('%s() stops in the middle of a depth', async (name) => {
    const run = name === 'pc' ? pc : fci;
    const controller = new AbortController();
    let calls = 0;
    const slow = (): number => {
      if (++calls === 400) controller.abort(new Error('enough'));
      return 0.01;
    };
    await expect(run(wide, { ...quiet, test: slow, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    // 30 columns have 435 pairs: it stopped within the first depth, and soon
    expect(calls).toBeLessThan(1300);
  });

  it('edgeStrengths() stops its workers', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 30);
    const run = edgeStrengths(wide, {
      ...quiet,
      seed: 1,
      resamples: 200,
      workers: 2,
      maxDepth: 6,
      signal: controller.signal,
    });
    await expect(run).rejects.toThrow('enough');
  });

  it('does not start when it is stopped already', async () => {
    const signal = AbortSignal.abort(new Error('no'));
    await expect(pc(wide, { ...quiet, signal })).rejects.toThrow('no');
  });

  it('tells of its progress', async () => {
    const states: { done: number; ended?: string }[] = [];
    await edgeStrengths(table, { seed: 1, resamples: 5, onProgress: (s) => states.push(s) });
    expect(states.at(-1)).toMatchObject({ done: 5, total: 5, ended: 'finished' });
  });

  it('says what does not fit', async () => {
    const [a] = table.columns as NumericColumn[];
    const columns = (...list: Column[]): Table => ({ kind: 'table', rows: 500, columns: list });
    const num = (name: string, values: Float64Array): Column => ({ name, type: 'numeric', values });
    await expect(pc(table, { ...quiet, alpha: 2 })).rejects.toThrow(
      'Cannot run PC as alpha must be in (0, 1): current value is 2',
    );
    await expect(fci(table, { ...quiet, alpha: Number.NaN })).rejects.toThrow(
      'Cannot run FCI as alpha',
    );
    await expect(pc(table, { ...quiet, maxDepth: -1 })).rejects.toThrow(
      'maxDepth must be an integer from 0',
    );
    await expect(pc(table, { ...quiet, colliderRule: 'x' as 'sepset' })).rejects.toThrow(
      'sepset, max-p or definite-max-p',
    );
    await expect(pc(table, { ...quiet, conflict: 'x' as 'keep' })).rejects.toThrow(
      'overwrite, bidirect, keep',
    );
    await expect(pc(table, { ...quiet, compat: 'x' as 'causal-learn' })).rejects.toThrow(
      'compat must be "causal-learn"',
    );
    await expect(pc({ kind: 'table', rows: 0, columns: [] }, quiet)).rejects.toThrow(
      'must have rows and columns',
    );
    const twice = columns(
      num('a', a.values),
      num(
        'b',
        a.values.map((v) => 2 * v),
      ),
      ...table.columns.slice(2, 4),
    );
    await expect(pc(twice, quiet)).rejects.toThrow(
      /"(a|b)", "(a|b)" depend linearly on each other; drop one of them/,
    );
    const infinite = columns(
      num(
        'a',
        a.values.map((v, i) => (i === 3 ? Number.POSITIVE_INFINITY : v)),
      ),
      table.columns[1],
    );
    await expect(pc(infinite, quiet)).rejects.toThrow('row 4 of "a" is Infinity');
    const flat = columns(num('flat', new Float64Array(500)), ...table.columns.slice(0, 3));
    await expect(pc(flat, { ...quiet, compat: 'causal-learn' })).rejects.toThrow(
      '"flat" is constant; drop it',
    );
    expect((await pc(flat, quiet)).warnings).toEqual([
      'Left without edges, as they never vary: "flat" (constant)',
    ]);
  });

  it('stops deepening where rows run out, and says so', async () => {
    const few: Table = {
      kind: 'table',
      rows: 6,
      columns: table.columns.map(
        (c) => ({ ...c, values: (c as { values: Float64Array }).values.slice(0, 6) }) as Column,
      ),
    };
    const result = await pc(few, { ...quiet, alpha: 0.999 });
    expect(result.graph.names).toHaveLength(6);
    const none = await pc(
      {
        ...few,
        rows: 3,
        columns: few.columns.map(
          (c) => ({ ...c, values: (c as { values: Float64Array }).values.slice(0, 3) }) as Column,
        ),
      },
      quiet,
    );
    expect(none.warnings).toEqual([
      'Nothing was tested, as there are too few rows: all edges stay',
    ]);
  });
});
