// Which variables a graph says are independent: m-separation, which in a DAG is d-separation (Pearl
// 1988; Richardson & Spirtes 2002). A path is open given S if every collider on it is an ancestor of S
// and no other inner node is in S. Searched as reachability over (node, came in at an arrowhead).

import { ARROW, type Graph, NO_EDGE } from './graph.js';
import { ancestors, nodeIndex } from './graph-queries.js';
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

/** A test of independence that reads the truth off a graph: p is 1 where S separates, else 0. */
export function oracle(graph: Graph, observed: readonly string[] = graph.names): IndependenceTest {
  const s = separation(graph);
  const nodes = observed.map((name) => nodeIndex(graph, name));
  const yes: TestResult = { p: 1, logP: 0, statistic: 0 };
  const no: TestResult = {
    p: 0,
    logP: Number.NEGATIVE_INFINITY,
    statistic: Number.POSITIVE_INFINITY,
  };
  const open = (x: number, given: ArrayLike<number>): Uint8Array =>
    connectedTo(
      s,
      nodes[x],
      Array.from(given, (i) => nodes[i]),
    );
  // Where any set of observed variables separates two, that of their observed ancestors does.
  const observedIndex = new Map(nodes.map((node, i) => [node, i]));
  const inseparable = new Map<number, boolean>();
  const isInseparable = (x: number, y: number): boolean => {
    const key = Math.min(x, y) * nodes.length + Math.max(x, y);
    let answer = inseparable.get(key);
    if (answer === undefined) {
      const set = new Set<number>();
      for (const v of [nodes[x], nodes[y]]) {
        for (const a of s.above[v]) {
          const i = observedIndex.get(a);
          if (i !== undefined && i !== x && i !== y) set.add(i);
        }
      }
      answer = open(x, [...set])[nodes[y]] === 1;
      inseparable.set(key, answer);
    }
    return answer;
  };
  return {
    name: 'd-separation',
    variables: nodes.length,
    maxGiven: Number.POSITIVE_INFINITY,
    oracle: true,
    test: (x, y, given) => (open(x, given)[nodes[y]] ? no : yes),
    async findSeparators(x, targets, pool, size, _alpha, breathe, tested) {
      const found: (readonly number[] | undefined)[] = new Array(targets.length).fill(undefined);
      const alive = new Set([...found.keys()].filter((t) => !isInseparable(x, targets[t])));
      const set: number[] = [];
      const walk = async (start: number): Promise<void> => {
        if (set.length === size) {
          const targetsLeft = [...alive].filter((t) => {
            const y = targets[t];
            if (set.includes(y)) return false;
            return !(tested?.before(y) && set.every((v) => tested.adjacent(y, v)));
          });
          if (targetsLeft.length === 0) return;
          const reached = open(x, set);
          for (const t of targetsLeft) {
            if (reached[nodes[targets[t]]]) continue;
            found[t] = [...set];
            alive.delete(t);
          }
          await breathe();
          return;
        }
        for (let i = start; i <= pool.length - (size - set.length) && alive.size > 0; i++) {
          set.push(pool[i]);
          await walk(i + 1);
          set.pop();
        }
      };
      await walk(0);
      return found;
    },
  };
}

interface Separation {
  readonly graph: Graph;
  readonly near: readonly (readonly number[])[];
  /** Own and all ancestors of each node. */
  readonly above: readonly (readonly number[])[];
}

function separation(graph: Graph): Separation {
  const p = graph.names.length;
  const all = Array.from({ length: p }, (_, i) => i);
  return {
    graph,
    near: all.map((i) => all.filter((j) => graph.marks[i * p + j] !== NO_EDGE)),
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
