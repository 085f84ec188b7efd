// Which variables a graph says are independent: m-separation, which in a DAG is d-separation (Pearl
// 1988; Richardson & Spirtes 2002). A path is open given S if every collider on it is an ancestor of S
// and no other inner node is in S. Searched as reachability over (node, came in at an arrowhead).

import { ARROW, type Graph, NO_EDGE } from './graph.js';
import { ancestors, nodeIndex, parents } from './graph-queries.js';
import type { IndependenceTest, TestResult } from './independence/test.js';

/** Tell whether S separates x and y in a graph of directed, bidirected and undirected edges. */
export function isSeparated(
  graph: Graph,
  x: number,
  y: number,
  given: ArrayLike<number> = [],
): boolean {
  return connectedTo(separation(graph), x, given)[y] === 0;
}

/**
 * A test of independence that reads the truth off a graph: p is 1 where S separates, else 0.
 * @param observed Names of the variables, in the order of the test's numbers (default: all nodes).
 * @param selected Names of nodes that every test is conditioned on: those that decide which rows are seen.
 */
export function oracle(
  graph: Graph,
  observed: readonly string[] = graph.names,
  selected: readonly string[] = [],
): IndependenceTest {
  const s = separation(graph);
  const nodes = observed.map((name) => nodeIndex(graph, name));
  const always = selected.map((name) => nodeIndex(graph, name));
  const yes: TestResult = { p: 1, logP: 0, statistic: 0 };
  const no: TestResult = {
    p: 0,
    logP: Number.NEGATIVE_INFINITY,
    statistic: Number.POSITIVE_INFINITY,
  };
  const open = (x: number, given: ArrayLike<number>): Uint8Array =>
    connectedTo(s, nodes[x], Array.from(given, (i) => nodes[i]).concat(always));
  const least = new Map<number, number>();
  const everything = new Set(nodes);
  /** The size of the smallest separating set among all observed variables. */
  const leastCut = (x: number, y: number): number => {
    const key = Math.min(x, y) * nodes.length + Math.max(x, y);
    let size = least.get(key);
    if (size === undefined) {
      const cut = smallestCut(s, nodes[x], nodes[y], always, everything, nodes.length);
      size = cut ? cut.length : Number.POSITIVE_INFINITY;
      least.set(key, size);
    }
    return size;
  };
  return {
    name: 'd-separation',
    variables: nodes.length,
    maxGiven: Number.POSITIVE_INFINITY,
    oracle: true,
    test: (x, y, given) => (open(x, given)[nodes[y]] ? no : yes),
    ...(graph.type === 'dag' && {
      async findSeparators(x, targets, pool, size, _alpha, breathe) {
        const found: (readonly number[] | undefined)[] = [];
        const place = new Map(Array.from(pool, (v) => [nodes[v], v]));
        const inPool = new Set(place.keys());
        const reached = size === 0 ? open(x, []) : undefined;
        for (let t = 0; t < targets.length; t++) {
          const y = targets[t];
          if (reached) found.push(reached[nodes[y]] ? undefined : []);
          else if (leastCut(x, y) > size) found.push(undefined);
          else {
            const cut = smallestCut(s, nodes[x], nodes[y], always, inPool, size);
            found.push(cut?.map((node) => place.get(node) as number));
          }
          await breathe();
        }
        return found;
      },
    }),
  };
}

/**
 * The smallest set of allowed nodes that d-separates x and y beside those always given: a vertex cut of
 * the moral graph of their ancestors, found by augmenting paths (Menger; Acid & de Campos 1996).
 * @returns `undefined` where none has at most `most` members.
 */
function smallestCut(
  { above, parents }: Separation,
  x: number,
  y: number,
  always: readonly number[],
  allowed: ReadonlySet<number>,
  most: number,
): number[] | undefined {
  const p = parents.length;
  const kept = new Uint8Array(p);
  for (const v of above[x]) kept[v] = 1;
  for (const v of above[y]) kept[v] = 1;
  for (const c of always) for (const v of above[c]) kept[v] = 1;
  const moral: number[][] = Array.from({ length: p }, () => []);
  const join = (a: number, b: number): void => {
    if (always.includes(a) || always.includes(b)) return;
    moral[a].push(b);
    moral[b].push(a);
  };
  for (let v = 0; v < p; v++) {
    if (!kept[v]) continue;
    for (const [k, u] of parents[v].entries()) {
      join(u, v);
      for (let l = k + 1; l < parents[v].length; l++) join(u, parents[v][l]);
    }
  }
  if (moral[x].includes(y)) return undefined;
  // Each node is an entrance 2v and an exit 2v + 1; passing through an allowed node is possible once.
  const used = new Uint8Array(p);
  const flow = new Map<number, number>(); // exit of a → entrance of b, on a path
  const key = (a: number, b: number): number => a * p + b;
  const search = (): { from: Int32Array; reached: Uint8Array } => {
    const from = new Int32Array(2 * p).fill(-1);
    const reached = new Uint8Array(2 * p);
    const queue = [2 * x + 1];
    reached[2 * x + 1] = 1;
    for (let at = 0; at < queue.length && !reached[2 * y]; at++) {
      const state = queue[at];
      const v = state >> 1;
      const go = (to: number): void => {
        if (!reached[to]) {
          reached[to] = 1;
          from[to] = state;
          queue.push(to);
        }
      };
      if (state & 1) {
        for (const w of moral[v]) if (w !== x) go(2 * w);
        // Back through the node, giving up its passage
        if (used[v] && v !== x) go(2 * v);
      } else {
        if (!used[v] || !allowed.has(v)) go(2 * v + 1);
        for (const u of moral[v]) if ((flow.get(key(u, v)) ?? 0) > 0) go(2 * u + 1);
      }
    }
    return { from, reached };
  };
  for (let paths = 0; ; paths++) {
    const { from, reached } = search();
    if (!reached[2 * y]) {
      const cut: number[] = [];
      for (const v of allowed) if (reached[2 * v] && !reached[2 * v + 1]) cut.push(v);
      return cut;
    }
    if (paths === most || paths === p) return undefined;
    for (let state = 2 * y; state !== 2 * x + 1; state = from[state]) {
      const before = from[state];
      const [a, b] = [before >> 1, state >> 1];
      if (a === b) used[a] = state & 1 ? 1 : 0;
      else if (before & 1) flow.set(key(a, b), (flow.get(key(a, b)) ?? 0) + 1);
      else flow.set(key(b, a), (flow.get(key(b, a)) ?? 0) - 1);
    }
  }
}

interface Separation {
  readonly graph: Graph;
  readonly near: readonly (readonly number[])[];
  readonly parents: readonly (readonly number[])[];
  /** Own and all ancestors of each node. */
  readonly above: readonly (readonly number[])[];
}

function separation(graph: Graph): Separation {
  const p = graph.names.length;
  const all = Array.from({ length: p }, (_, i) => i);
  return {
    graph,
    near: all.map((i) => all.filter((j) => graph.marks[i * p + j] !== NO_EDGE)),
    parents: all.map((i) => parents(graph, i)),
    above: all.map((i) => ancestors(graph, i)),
  };
}

/** 1 for every node that an open path joins to x given S. */
function connectedTo(
  { graph, near, above }: Separation,
  x: number,
  given: ArrayLike<number>,
): Uint8Array {
  const p = near.length;
  const { marks } = graph;
  const inS = new Uint8Array(p);
  const aboveS = new Uint8Array(p);
  for (let k = 0; k < given.length; k++) {
    inS[given[k]] = 1;
    for (const a of above[given[k]]) aboveS[a] = 1;
  }
  const reached = new Uint8Array(p);
  const seen = new Uint8Array(2 * p);
  const stack: number[] = [];
  const enter = (from: number, to: number): void => {
    const state = 2 * to + (marks[to * p + from] === ARROW ? 1 : 0);
    if (!seen[state]) {
      seen[state] = 1;
      stack.push(state);
    }
  };
  for (const v of near[x]) enter(x, v);
  while (stack.length > 0) {
    const state = stack.pop() as number;
    const v = state >> 1;
    const intoV = (state & 1) === 1;
    if (!inS[v]) reached[v] = 1;
    for (const w of near[v]) {
      const collider = intoV && marks[v * p + w] === ARROW;
      if (collider ? aboveS[v] : !inS[v]) enter(v, w);
    }
  }
  reached[x] = 0;
  return reached;
}
