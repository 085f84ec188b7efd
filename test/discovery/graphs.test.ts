import { describe, expect, it } from 'vitest';
import {
  adjustmentSet,
  isAdjustmentSet,
  isBackdoorSet,
  markovBlanket,
} from '../../src/discovery/adjustment.js';
import {
  adjacencyAgreement,
  arrowheadAgreement,
  structuralHammingDistance,
} from '../../src/discovery/compare-graphs.js';
import { dag, parseEdges } from '../../src/discovery/dag.js';
import { cpdagOf, dagExtension } from '../../src/discovery/extension.js';
import type { Dag, Graph } from '../../src/discovery/graph.js';
import {
  ancestors,
  children,
  descendants,
  edges,
  findCycle,
  hasDirectedPath,
  nodeIndex,
  parents,
  topologicalOrder,
} from '../../src/discovery/graph-queries.js';
import {
  structuralInterventionBounds,
  structuralInterventionDistance,
} from '../../src/discovery/intervention-distance.js';
import { magOfDag, pagOfDag } from '../../src/discovery/latent.js';
import { isSeparated } from '../../src/discovery/separation.js';
import { graphProblems } from '../../src/discovery/validity.js';
import { stream } from '../../src/math/random.js';
import { randomDag } from './random-graphs.js';

const show = (g: Graph): string =>
  edges(g)
    .map(
      (e) =>
        `${g.names[e.from]}${['-', ' ', '<', 'o'][e.fromMark + 1]}${['-', ' ', '>', 'o'][e.toMark + 1]}${g.names[e.to]}`,
    )
    .join(' ');

describe('dag()', () => {
  it('takes pairs, text and a table', () => {
    const g = dag(
      ['a', 'b', 'c'],
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      { target: 'c' },
    );
    expect(show(g)).toBe('a->b b->c');
    expect(g).toMatchObject({ kind: 'graph', type: 'dag', target: 'c' });
    expect(dag(['a', 'b', 'c'], 'a -> b -> c', { target: 'c' })).toEqual(g);
    const column = { name: 'a', type: 'numeric' as const, values: Float64Array.of(1) };
    const table = { kind: 'table' as const, rows: 1, columns: [column], target: 'a' };
    expect(dag(table)).toMatchObject({ names: ['a'], target: 'a' });
  });

  it('names the cycle', () => {
    expect(() => dag(['a', 'b', 'c', 'd'], 'a -> b -> c -> d -> b')).toThrow(
      'Cannot make a DAG as it must have no cycle: b → c → d → b; remove one of these edges',
    );
    expect(() => dag(['a', 'b'], 'a -> b; b -> a')).toThrow('b → a → b');
    expect(() => dag(['a'], 'a -> a')).toThrow('"a" has one');
  });

  it('refuses unknown names and what is no edge', () => {
    expect(() => dag(['a', 'b'], 'a -> z')).toThrow('"z" is none of a, b');
    expect(() => dag(['a', 'a'])).toThrow('"a" is there twice');
    expect(() => parseEdges('a => b')).toThrow(SyntaxError);
    expect(() => parseEdges('a -> ')).toThrow('both ends must be named');
    expect(parseEdges('a <- "b c" → d')).toEqual([
      ['b c', 'a'],
      ['b c', 'd'],
    ]);
  });
});

/**
 *   a → b → d ← e
 *    ↘ c ↗
 */
const diamond = dag(['a', 'b', 'c', 'd', 'e'], 'a -> b -> d <- e; a -> c -> d');

describe('graph queries', () => {
  it('read a DAG', () => {
    expect(parents(diamond, 3)).toEqual([1, 2, 4]);
    expect(children(diamond, 0)).toEqual([1, 2]);
    expect(ancestors(diamond, 3)).toEqual([0, 1, 2, 3, 4]);
    expect(descendants(diamond, 0)).toEqual([0, 1, 2, 3]);
    expect(hasDirectedPath(diamond, 0, 3)).toBe(true);
    expect(hasDirectedPath(diamond, 3, 0)).toBe(false);
    expect(topologicalOrder(diamond)).toEqual([0, 1, 2, 4, 3]);
    expect(topologicalOrder(dag(['z', 'y', 'x'], 'x -> y -> z'))).toEqual([2, 1, 0]);
    expect(findCycle(diamond)).toBeUndefined();
    expect(() => nodeIndex(diamond, 'q')).toThrow("must be one of the graph's: a, b, c, d, e");
  });

  it('order random DAGs with parents first', () => {
    const random = stream(1, 'orders');
    for (let k = 0; k < 50; k++) {
      const g = randomDag(random, 12, 0.3);
      const place = new Map(topologicalOrder(g).map((v, i) => [v, i]));
      expect(place.size).toBe(12);
      for (const { from, to } of edges(g)) expect(place.get(from)!).toBeLessThan(place.get(to)!);
    }
  });

  it('name the cycle where there is no order', () => {
    const marks = Int8Array.from([0, -1, 1, 1, 0, -1, -1, 1, 0]);
    const ring: Graph = { kind: 'graph', type: 'digraph', names: ['p', 'q', 'r'], marks };
    expect(() => topologicalOrder(ring)).toThrow('p → q → r → p');
  });
});

describe('isSeparated()', () => {
  it('knows chains, forks and colliders', () => {
    expect(isSeparated(diamond, 0, 3, [1, 2])).toBe(true);
    expect(isSeparated(diamond, 0, 3, [1])).toBe(false);
    expect(isSeparated(diamond, 1, 2, [0])).toBe(true);
    expect(isSeparated(diamond, 1, 2, [0, 3])).toBe(false);
    expect(isSeparated(diamond, 0, 4)).toBe(true);
    expect(isSeparated(diamond, 0, 4, [3])).toBe(false);
  });

  it('opens a collider by its descendants', () => {
    const g = dag(['x', 'y', 'c', 'd'], 'x -> c <- y; c -> d');
    expect(isSeparated(g, 0, 1, [3])).toBe(false);
  });

  it('agrees with moralised ancestral graphs on random DAGs', () => {
    const random = stream(2, 'separation');
    for (let k = 0; k < 40; k++) {
      const g = randomDag(random, 7, 0.35);
      for (let t = 0; t < 30; t++) {
        const [x, y] = [Math.floor(random() * 7), Math.floor(random() * 7)];
        if (x === y) continue;
        const given = [0, 1, 2, 3, 4, 5, 6].filter((v) => v !== x && v !== y && random() < 0.4);
        expect(isSeparated(g, x, y, given)).toBe(separatedInMoralGraph(g, x, y, given));
      }
    }
  });
});

/** Lauritzen's criterion: cut off in the moral graph of the ancestors. */
function separatedInMoralGraph(g: Dag, x: number, y: number, given: number[]): boolean {
  const kept = new Set(ancestors(g, [x, y, ...given]));
  const near = new Map<number, Set<number>>([...kept].map((v) => [v, new Set<number>()]));
  const join = (a: number, b: number): void => {
    near.get(a)!.add(b);
    near.get(b)!.add(a);
  };
  for (const v of kept) {
    const above = parents(g, v);
    for (const u of above) join(u, v);
    for (const u of above) for (const w of above) if (u < w) join(u, w);
  }
  const seen = new Set(given).add(x);
  const stack = [x];
  while (stack.length > 0) {
    for (const v of near.get(stack.pop()!)!) {
      if (v === y) return false;
      if (!seen.has(v)) {
        seen.add(v);
        stack.push(v);
      }
    }
  }
  return true;
}

describe('cpdagOf() and dagExtension()', () => {
  it('keep colliders and open the rest', () => {
    expect(show(cpdagOf(dag(['a', 'b', 'c'], 'a -> b -> c')))).toBe('a--b b--c');
    expect(show(cpdagOf(dag(['a', 'b', 'c', 'd'], 'a -> c <- b; c -> d')))).toBe('a->c b->c c->d');
  });

  it('go back and forth on 200 random DAGs', () => {
    const random = stream(3, 'extension');
    for (let k = 0; k < 200; k++) {
      const g = randomDag(random, 3 + (k % 8), 0.4);
      const cpdag = cpdagOf(g);
      expect(graphProblems(cpdag)).toEqual([]);
      const extension = dagExtension(cpdag);
      expect(graphProblems(extension!)).toEqual([]);
      expect(cpdagOf(extension!).marks).toEqual(cpdag.marks);
    }
  });

  it('say that a square of undirected edges has no extension', () => {
    const marks = new Int8Array(16);
    for (const [i, j] of [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 0],
    ])
      marks[i * 4 + j] = marks[j * 4 + i] = -1;
    const square: Graph = { kind: 'graph', type: 'pdag', names: ['a', 'b', 'c', 'd'], marks };
    expect(dagExtension(square)).toBeUndefined();
    expect(graphProblems({ ...square, type: 'cpdag' })).toEqual([
      'no DAG has these edges and colliders',
    ]);
  });
});

describe('magOfDag() and pagOfDag()', () => {
  it('turn a latent common cause into a bidirected edge', async () => {
    // u → b, u → c; a → b, d → c
    const g = dag(['a', 'b', 'c', 'd', 'u'], 'a -> b <- u -> c <- d');
    expect(show(magOfDag(g, ['u']))).toBe('a->b b<>c d->c');
    expect(graphProblems(magOfDag(g, ['u']))).toEqual([]);
    expect(show(await pagOfDag(g, ['u']))).toBe('ao>b b<>c do>c');
  });

  it('make valid MAGs of random DAGs with latents', () => {
    const random = stream(4, 'mags');
    for (let k = 0; k < 50; k++) {
      expect(graphProblems(magOfDag(randomDag(random, 9, 0.35), ['X1', 'X2', 'X3']))).toEqual([]);
    }
  });
});

describe('markovBlanket() and adjustment sets', () => {
  /** Pearl's example: z confounds x and y, m mediates, c is a collider. */
  const g = dag(['x', 'y', 'z', 'm', 'c'], 'z -> x -> m -> y; z -> y; x -> c <- y');
  const [x, y, z, m, c] = [0, 1, 2, 3, 4];
  it('find parents, children and their other parents', () => {
    expect(markovBlanket(g, z)).toEqual([x, y, m]);
    expect(markovBlanket(g, m)).toEqual([x, y, z]);
  });

  it('know what to adjust for', () => {
    expect(isBackdoorSet(g, x, y, [z])).toBe(true);
    expect(isBackdoorSet(g, x, y, [])).toBe(false);
    expect(isBackdoorSet(g, x, y, [z, m])).toBe(false);
    expect(isAdjustmentSet(g, x, y, [z])).toBe(true);
    expect(isAdjustmentSet(g, x, y, [z, c])).toBe(false);
    expect(adjustmentSet(g, x, y)).toEqual([z]);
    expect(adjustmentSet(g, x, y, 'back-door')).toEqual([z]);
    expect(adjustmentSet(g, y, x, 'back-door')).toEqual([z, m]);
    expect(adjustmentSet(dag(['x', 'y', 'w'], 'w -> x -> y'), 0, 1, 'minimal')).toEqual([]);
  });

  it('sets that separate the back door are adjustment sets on random DAGs', () => {
    const random = stream(5, 'adjustment');
    for (let k = 0; k < 100; k++) {
      const d = randomDag(random, 6, 0.4);
      const given = [2, 3, 4, 5].filter(() => random() < 0.5);
      if (isBackdoorSet(d, 0, 1, given)) expect(isAdjustmentSet(d, 0, 1, given)).toBe(true);
      // The parents always serve, unless y is one of them.
      const pa = adjustmentSet(d, 0, 1, 'back-door');
      if (pa) expect(isAdjustmentSet(d, 0, 1, pa)).toBe(true);
    }
  });
});

describe('comparing graphs', () => {
  const truth = dag(['a', 'b', 'c', 'd'], 'a -> b -> c; a -> d');
  it('counts pairs whose marks differ, whatever the order of the nodes', () => {
    const other = dag(['d', 'c', 'b', 'a'], 'a -> b; c -> b; c -> d');
    expect(structuralHammingDistance(truth, truth)).toBe(0);
    expect(structuralHammingDistance(truth, other)).toBe(3);
    expect(adjacencyAgreement(truth, other)).toMatchObject({ hits: 2, extra: 1, missing: 1 });
    expect(arrowheadAgreement(truth, other)).toMatchObject({
      hits: 1,
      precision: 1 / 3,
      recall: 1 / 3,
    });
    expect(() => structuralHammingDistance(truth, dag(['a'], []))).toThrow('the same nodes');
  });

  it('counts wrong effects', () => {
    // Peters & Bühlmann 2015, section 2: an extra edge costs nothing, a turned one does.
    const g = dag(['x', 'y'], 'x -> y');
    expect(structuralInterventionDistance(g, g)).toBe(0);
    expect(structuralInterventionDistance(g, dag(['x', 'y'], 'y -> x'))).toBe(2);
    expect(structuralInterventionDistance(g, dag(['x', 'y'], []))).toBe(1);
    const chain = dag(['a', 'b', 'c'], 'a -> b -> c');
    expect(structuralInterventionDistance(chain, dag(['a', 'b', 'c'], 'a -> b -> c; a -> c'))).toBe(
      0,
    );
  });
});

describe('structuralInterventionBounds()', () => {
  it('are those of the DAGs that a CPDAG stands for, all listed', () => {
    const random = stream(9, 'bounds');
    let wide = 0;
    for (let k = 0; k < 40; k++) {
      const p = 4 + (k % 2);
      const truth = randomDag(random, p, 0.5);
      const found = cpdagOf(randomDag(random, p, 0.5));
      const distances = allDags(found).map((g) => structuralInterventionDistance(truth, g));
      const bounds = structuralInterventionBounds(truth, found);
      expect(bounds).toEqual({ lower: Math.min(...distances), upper: Math.max(...distances) });
      if (bounds.upper > bounds.lower) wide++;
    }
    expect(wide).toBeGreaterThan(10);
  });

  it('are equal for a DAG, and start at 0 for the true CPDAG', () => {
    const truth = dag(['a', 'b', 'c'], 'a -> b -> c');
    const other = dag(['a', 'b', 'c'], 'c -> b; a -> b');
    const distance = structuralInterventionDistance(truth, other);
    expect(structuralInterventionBounds(truth, other)).toEqual({
      lower: distance,
      upper: distance,
    });
    expect(structuralInterventionBounds(truth, cpdagOf(truth)).lower).toBe(0);
  });

  it('refuses a graph that no DAG is of', () => {
    const marks = new Int8Array(16);
    const names = ['a', 'b', 'c', 'd'];
    for (const [i, j] of [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 0],
    ]) {
      marks[i * 4 + j] = marks[j * 4 + i] = -1;
    }
    const square: Graph = { kind: 'graph', type: 'pdag', names, marks };
    expect(() => structuralInterventionBounds(dag(names, []), square)).toThrow(
      'as the graph must stand for a DAG',
    );
  });
});

/** Every DAG of a CPDAG: all directions of its undirected edges that have the same CPDAG. */
function allDags(cpdag: Graph): Dag[] {
  const p = cpdag.names.length;
  const open: [number, number][] = [];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      if (cpdag.marks[i * p + j] === -1 && cpdag.marks[j * p + i] === -1) open.push([i, j]);
    }
  }
  const found: Dag[] = [];
  for (let code = 0; code < 1 << open.length; code++) {
    const marks = Int8Array.from(cpdag.marks);
    open.forEach(([i, j], k) => {
      marks[code & (1 << k) ? i * p + j : j * p + i] = 1;
    });
    const g: Dag = { ...cpdag, type: 'dag', marks };
    if (!findCycle(g) && structuralHammingDistance(cpdagOf(g), cpdag) === 0) found.push(g);
  }
  return found;
}

describe('graphProblems()', () => {
  it('finds what a type forbids', () => {
    const g = (type: Graph['type'], marks: number[]): Graph => ({
      kind: 'graph',
      type,
      names: ['a', 'b'],
      marks: Int8Array.from(marks),
    });
    expect(graphProblems(g('dag', [0, -1, -1, 0]))[0]).toContain('a dag has no such edge');
    expect(graphProblems(g('cpdag', [0, 1, 1, 0]))[0]).toContain('a cpdag has no such edge');
    expect(graphProblems(g('cpdag', [0, -1, 1, 0]))[0]).toContain('do not agree');
    expect(graphProblems(g('pag', [0, 2, 1, 0]))).toEqual([]);
    expect(graphProblems(g('pag', [0, 2, 0, 0]))[0]).toContain('one end only');
    const almost = magLike();
    expect(graphProblems(almost)[0]).toContain('yet one is an ancestor');
  });
});

/** a → b → c, a ↔ c: not ancestral. */
function magLike(): Graph {
  const base = dag(['a', 'b', 'c'], 'a -> b -> c');
  const marks = Int8Array.from(base.marks);
  marks[2] = marks[6] = 1;
  return { ...base, type: 'mag', marks };
}
