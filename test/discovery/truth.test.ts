import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Table } from '../../src/data/table.js';
import { structuralHammingDistance } from '../../src/discovery/compare-graphs.js';
import { dag } from '../../src/discovery/dag.js';
import { cpdagOf, dagExtension } from '../../src/discovery/extension.js';
import { fci } from '../../src/discovery/fci.js';
import { fromBif } from '../../src/discovery/formats/bif.js';
import { writeGraph } from '../../src/discovery/formats/formats.js';
import { fromTetrad } from '../../src/discovery/formats/tetrad.js';
import { type Graph, NO_EDGE } from '../../src/discovery/graph.js';
import { ancestors, findCycle } from '../../src/discovery/graph-queries.js';
import { magOfDag } from '../../src/discovery/latent.js';
import { pc } from '../../src/discovery/pc.js';
import { isSeparated, oracle } from '../../src/discovery/separation.js';
import { graphProblems } from '../../src/discovery/validity.js';
import { permutation, stream } from '../../src/math/random.js';
import { linearRows, randomDag } from './random-graphs.js';
import { hasReferences, numbers, references, shared, text } from './reference-data.js';

const quiet = { onProgress: () => {} };

/** A table with these columns and nothing in them, for the oracle. */
function emptyTable(names: readonly string[]): Table {
  const columns = names.map((name) => ({
    name,
    type: 'numeric' as const,
    values: Float64Array.of(0),
  }));
  return { kind: 'table', rows: 1, columns };
}

describe('pc() with d-separation', () => {
  it('returns the true CPDAG of 200 random DAGs', async () => {
    const random = stream(1, 'oracle');
    for (let k = 0; k < 200; k++) {
      const truth = randomDag(random, 4 + (k % 9), 0.15 + 0.3 * random());
      const found = await pc(emptyTable(truth.names), { ...quiet, test: oracle(truth) });
      expect(structuralHammingDistance(cpdagOf(truth), found.graph)).toBe(0);
    }
  });

  const folder = join(shared, 'data/networks');
  const names = [
    'asia',
    'cancer',
    'earthquake',
    'survey',
    'sachs',
    'child',
    'insurance',
    'alarm',
    'water',
    'hailfinder',
    'hepar2',
    'win95pts',
    'andes',
  ];
  it.skipIf(!existsSync(folder)).each(names)(
    'returns the true CPDAG of %s (needs ../shared/data)',
    async (name) => {
      const { dag: truth } = fromBif(text(join(folder, `${name}.bif.gz`)));
      const found = await pc(emptyTable(truth.names), { ...quiet, test: oracle(truth) });
      expect(structuralHammingDistance(cpdagOf(truth), found.graph)).toBe(0);
    },
  );

  it('refuses rules that rank p-values', async () => {
    const truth = dag(['a', 'b'], 'a -> b');
    const run = (options: object): Promise<unknown> =>
      pc(emptyTable(truth.names), { ...quiet, test: oracle(truth), ...options });
    await expect(run({ conflict: 'stronger' })).rejects.toThrow(
      'an oracle has no p-values to rank',
    );
    await expect(run({ colliderRule: 'max-p' })).rejects.toThrow(
      'an oracle has no p-values to rank',
    );
  });
});

describe('fci() with d-separation', () => {
  it.each([
    ['60 random DAGs with 3 latents', 60, 11, 3, 0],
    ['40 larger ones, rows selected', 40, 14, 3, 2],
  ])('returns what all equivalent MAGs share, on %s', async (_, count, p, hidden, selecting) => {
    const random = stream(2, 'latent');
    for (let k = 0; k < count; k++) {
      const truth = randomDag(random, p, 0.2 + 0.15 * random());
      const latents = truth.names.slice(0, hidden);
      const selected = truth.names.slice(hidden, hidden + selecting);
      const names = truth.names.slice(hidden + selecting);
      const found = await fci(emptyTable(names), {
        ...quiet,
        test: oracle(truth, names, selected),
      });
      const mag = magOfDag(truth, latents, selected);
      // Adjacencies are those of the MAG, and no mark contradicts it.
      for (let i = 0; i < mag.marks.length; i++) {
        expect(found.graph.marks[i] === NO_EDGE).toBe(mag.marks[i] === NO_EDGE);
        if (found.graph.marks[i] !== 2) expect(found.graph.marks[i]).toBe(mag.marks[i]);
      }
    }
  });

  it('finds every mark that equivalent MAGs of four nodes share, selection included, and no other', async () => {
    const byIndependences = new Map<string, Graph[]>();
    for (const mag of allMags(4)) {
      const key = independences(mag);
      byIndependences.set(key, [...(byIndependences.get(key) ?? []), mag]);
    }
    expect(byIndependences.size).toBeGreaterThan(100);
    const bySelection = [...byIndependences.values()].filter((group) => group.every(hasUndirected));
    expect(bySelection.length).toBeGreaterThan(2);
    for (const group of byIndependences.values()) {
      const [mag] = group;
      const shared = mag.marks.map((m, k) => (group.every((g) => g.marks[k] === m) ? m : 2));
      const found = await fci(emptyTable(mag.names), { ...quiet, test: oracle(mag) });
      expect(found.graph.marks).toEqual(shared);
    }
  });

  it('returns what all equivalent MAGs share, on random DAGs with latents and selected rows', async () => {
    const random = stream(6, 'selection');
    let undirected = 0;
    for (let k = 0; k < 40; k++) {
      // Four of five nodes on a ring of selecting variables, some edges and a latent cause beside it
      const names = ['a', 'b', 'c', 'd', 'e'];
      const [w, x, y, z] = Array.from(permutation(random, 5), (i) => names[i]);
      const pairs: [string, string][] = [];
      const selected = ['s1', 's2', 's3', 's4'];
      [w, x, y, z].forEach((from, i) => {
        if (random() < 0.95) pairs.push([from, selected[i]]);
        pairs.push([[x, y, z, w][i], selected[i]]);
      });
      names.forEach((from, i) => {
        for (const to of names.slice(i + 1)) if (random() < 0.08) pairs.push([from, to]);
      });
      if (random() < 0.5) pairs.push(['u', w], ['u', names[Math.floor(5 * random())]]);
      const truth = dag([...names, ...selected, 'u'], pairs.filter(isFirst));
      const mag = magOfDag(truth, ['u'], selected);
      expect(graphProblems(mag)).toEqual([]);
      if (mag.marks.filter((m) => m !== 0).length > 12) continue;
      const same = equivalentMags(mag);
      const common = mag.marks.map((m, at) => (same.every((g) => g.marks[at] === m) ? m : 2));
      const found = await fci(emptyTable(names), {
        ...quiet,
        test: oracle(truth, names, selected),
      });
      expect(found.graph.marks).toEqual(common);
      if (hasUndirected(found.graph)) undirected++;
    }
    // R5 to R7 had something to do.
    expect(undirected).toBeGreaterThan(5);
  });

  it('directs around a cycle that only selection makes (R5, R6, R7)', async () => {
    // a – b – c – d – a through four selecting variables, e → b: no collider on the cycle
    const names = ['a', 'b', 'c', 'd', 's1', 's2', 's3', 's4', 'e'];
    const truth = dag(names, 'a -> s1 <- b; b -> s2 <- c; c -> s3 <- d; d -> s4 <- a; e -> a');
    const seen = ['a', 'b', 'c', 'd', 'e'];
    const options = { ...quiet, test: oracle(truth, seen, ['s1', 's2', 's3', 's4']) };
    const { graph } = await fci(emptyTable(seen), options);
    expect(writeGraph(graph, 'tetrad')).toContain('a --- b');
    const mark = (x: string, y: string): number =>
      graph.marks[seen.indexOf(x) * 5 + seen.indexOf(y)];
    // R6: a's edges have tails at a; what is at e stays open
    expect([mark('a', 'e'), mark('e', 'a')]).toEqual([-1, 2]);
    const without = await fci(emptyTable(seen), { ...options, selectionBias: false });
    expect([...without.graph.marks].filter((m) => m === -1)).toEqual([]);
  });

  it('leaves no shared mark open on five-node MAGs drawn at random', async () => {
    const random = stream(3, 'five');
    for (let k = 0; k < 15; k++) {
      const truth = randomDag(random, 7, 0.35);
      const mag = magOfDag(truth, ['X1', 'X2']);
      const same = equivalentMags(mag);
      const common = mag.marks.map((m, at) => (same.every((g) => g.marks[at] === m) ? m : 2));
      const found = await fci(emptyTable(mag.names), { ...quiet, test: oracle(mag) });
      expect(found.graph.marks).toEqual(common);
    }
  });

  it('reads visible and definitely direct edges', async () => {
    // a and b both cause c, which causes d: c → d is visible; a o→ c is not directed at its tail
    const truth = dag(['a', 'b', 'c', 'd'], 'a -> c <- b; c -> d');
    const { edgeProperties } = await fci(emptyTable(truth.names), {
      ...quiet,
      test: oracle(truth),
    });
    expect(edgeProperties).toEqual([
      { from: 'c', to: 'd', definitelyDirect: true, noLatent: true },
    ]);
  });
});

describe.skipIf(!hasReferences)('skeletons and orientations (needs ../shared/data)', () => {
  const sets = [1, 2, 3, 10].flatMap((k) => [`linear_${k}`, `discrete_${k}`]);
  it.each(sets)('pc() finds the adjacencies that Tetrad finds on %s', async (name) => {
    const test = name.startsWith('linear') ? 'fisher-z' : 'chi2';
    const { graph } = await pc(numbers(join(references, `data_${name}.txt.gz`)), {
      ...quiet,
      test,
    });
    const theirs = fromTetrad(text(join(references, `tetrad_graph_${name}.txt`)));
    const plain = (g: Graph): Graph => ({ ...g, marks: g.marks.map((m) => (m === 0 ? 0 : -1)) });
    expect(structuralHammingDistance(plain(graph), plain(theirs))).toBe(0);
  });

  it('the default is closer to the truth than the conflict rule that keeps what is there', async () => {
    let ours = 0;
    let keep = 0;
    for (const k of [1, 2, 3, 10]) {
      const table = numbers(join(references, `data_linear_${k}.txt.gz`));
      const truth = cpdagOf(fromTetrad(text(join(references, `graph.${k}.txt`))));
      ours += structuralHammingDistance(truth, (await pc(table, quiet)).graph);
      keep += structuralHammingDistance(
        truth,
        (await pc(table, { ...quiet, conflict: 'keep' })).graph,
      );
    }
    expect(ours).toBeLessThan(keep);
    expect(ours / 4).toBeLessThan(9);
  });
});

describe('pc() and fci() on data', () => {
  const random = stream(4, 'data');
  const truth = randomDag(random, 8, 0.3);
  const table = linearRows(random, truth, 2000);

  it('pc() recovers a sparse linear model', async () => {
    const small = linearRows(
      stream(5, 'sparse'),
      dag(['a', 'b', 'c', 'd'], 'a -> c <- b; c -> d'),
      3000,
    );
    const { graph } = await pc(small, { ...quiet, alpha: 0.01 });
    expect(structuralHammingDistance(dag(['a', 'b', 'c', 'd'], 'a -> c <- b; c -> d'), graph)).toBe(
      0,
    );
  });

  it.each(['pc', 'fci'] as const)('%s() permutes its result with the columns', async (name) => {
    const run = name === 'pc' ? pc : fci;
    for (let k = 0; k < 5; k++) {
      const d = randomDag(random, 12, 0.3);
      const rows = linearRows(random, d, 400);
      const first = (await run(rows, quiet)).graph;
      const order = permutation(random, 12);
      const columns = Array.from(order, (i) => rows.columns[i]);
      const second = (await run({ ...rows, columns }, quiet)).graph;
      expect(structuralHammingDistance(first, second)).toBe(0);
    }
  });

  it('pc() returns CPDAGs where it is asked to, and never a directed cycle', async () => {
    for (let k = 0; k < 15; k++) {
      const d = randomDag(random, 14, 0.35);
      const rows = linearRows(random, d, 120);
      for (const conflict of [
        'overwrite',
        'bidirect',
        'keep',
        'stronger',
        'stronger-star',
      ] as const) {
        const free = await pc(rows, { ...quiet, conflict });
        expect(findCycle(free.graph)).toBeUndefined();
        const { graph, warnings } = await pc(rows, { ...quiet, conflict, guaranteeCpdag: true });
        expect(graphProblems(graph)).toEqual([]);
        expect(dagExtension(graph)).toBeDefined();
        const changed = structuralHammingDistance({ ...free.graph }, graph) > 0;
        expect(warnings.some((w) => w.includes('so that the graph is a CPDAG'))).toBe(changed);
      }
    }
  });

  it('other rules find the same adjacencies', async () => {
    const base = (await pc(table, quiet)).graph;
    for (const colliderRule of ['max-p', 'definite-max-p'] as const) {
      const other = (await pc(table, { ...quiet, colliderRule })).graph;
      expect(other.marks.map((m) => (m === 0 ? 0 : 1))).toEqual(
        base.marks.map((m) => (m === 0 ? 0 : 1)),
      );
    }
  });

  it('lists separating sets that separate', async () => {
    const { separatingSets, graph } = await pc(table, quiet);
    expect(separatingSets.length).toBeGreaterThan(3);
    for (const { x, y, sets } of separatingSets) {
      expect(graph.marks[x * 8 + y]).toBe(0);
      for (const s of sets) expect(s.p).toBeGreaterThan(0.05);
    }
    expect(JSON.parse(JSON.stringify(await pc(table, quiet))).separatingSets).toEqual(
      separatingSets,
    );
  });
});

function hasUndirected({ names, marks }: Graph): boolean {
  const p = names.length;
  return marks.some((m, k) => m === -1 && marks[(k % p) * p + Math.floor(k / p)] === -1);
}

function isFirst(pair: [string, string], at: number, all: [string, string][]): boolean {
  return all.findIndex(([from, to]) => from === pair[0] && to === pair[1]) === at;
}

/** All MAGs on p nodes. */
function* allMags(p: number): Generator<Graph> {
  const names = Array.from({ length: p }, (_, i) => `v${i}`);
  const pairs = names.flatMap((_, j) => names.slice(0, j).map((__, i) => [i, j] as const));
  const kinds = [
    [0, 0],
    [-1, 1],
    [1, -1],
    [1, 1],
    [-1, -1],
  ];
  for (let code = 0; code < 5 ** pairs.length; code++) {
    const marks = new Int8Array(p * p);
    for (const [k, [i, j]] of pairs.entries()) {
      const [a, b] = kinds[Math.floor(code / 5 ** k) % 5];
      marks[i * p + j] = a;
      marks[j * p + i] = b;
    }
    const graph: Graph = { kind: 'graph', type: 'mag', names, marks };
    if (graphProblems(graph).length === 0) yield graph;
  }
}

/** All MAGs with the same independences: the same adjacencies, other marks. */
function equivalentMags(mag: Graph): Graph[] {
  const p = mag.names.length;
  const pairs: [number, number][] = [];
  for (let i = 0; i < p; i++) {
    for (let j = i + 1; j < p; j++) if (mag.marks[i * p + j] !== 0) pairs.push([i, j]);
  }
  const key = independences(mag);
  const found: Graph[] = [];
  const kinds = [
    [-1, 1],
    [1, -1],
    [1, 1],
    [-1, -1],
  ];
  for (let code = 0; code < 4 ** pairs.length; code++) {
    const marks = new Int8Array(p * p);
    for (const [k, [i, j]] of pairs.entries()) {
      const [a, b] = kinds[Math.floor(code / 4 ** k) % 4];
      marks[i * p + j] = a;
      marks[j * p + i] = b;
    }
    const graph: Graph = { ...mag, marks };
    if (isAncestral(graph) && independences(graph) === key) found.push(graph);
  }
  return found;
}

function isAncestral(graph: Graph): boolean {
  const p = graph.names.length;
  if (findCycle(graph)) return false;
  const above = graph.names.map((_, i) => ancestors(graph, i));
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [graph.marks[i * p + j], graph.marks[j * p + i]];
      if (a === 1 && b === 1 && (above[i].includes(j) || above[j].includes(i))) return false;
      if (a !== -1 || b !== -1) continue;
      for (let k = 0; k < p; k++) {
        if (graph.marks[i * p + k] === 1 || graph.marks[j * p + k] === 1) return false;
      }
    }
  }
  return true;
}

/** Which pairs are separated by which sets, as one text. */
function independences(graph: Graph): string {
  const p = graph.names.length;
  let text = '';
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      for (let set = 0; set < 1 << p; set++) {
        if (set & (1 << i) || set & (1 << j)) continue;
        const given = [...Array(p).keys()].filter((v) => set & (1 << v));
        text += isSeparated(graph, i, j, given) ? '1' : '0';
      }
    }
  }
  return text;
}
