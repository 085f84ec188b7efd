// From a partly directed graph to a DAG and back.
//   Dor & Tarsi 1992: take away, again and again, a node that can be a sink: no edge leads out of it,
//   and its undirected neighbours are adjacent to all its other neighbours.
//   Chickering 1995: the CPDAG keeps a DAG's colliders; what follows from them is directed too.

import { unshieldedTriples } from './colliders.js';
import { ARROW, type Dag, type Graph, TAIL } from './graph.js';
import type { ResolvedKnowledge } from './knowledge.js';
import { adjacentIn, allows, applyMeek, direct, directed, type Pdag, undirected } from './meek.js';

/**
 * Find a DAG with the same adjacencies and colliders (Dor–Tarsi).
 * @returns `undefined` where there is none.
 */
export function dagExtension(graph: Graph): Dag | undefined {
  const { names } = graph;
  const found = extend(pdagOf(graph), undefined, false);
  return found && { ...withMarks(graph, found.marks), type: 'dag', names };
}

/** The CPDAG of a DAG: what all DAGs with the same independences agree on. */
export function cpdagOf(dag: Graph): Graph {
  return { ...withMarks(dag, cpdagMarks(pdagOf(dag)).marks), type: 'cpdag' };
}

/** Read a graph as a partly directed one. */
export function pdagOf(graph: Graph): Pdag {
  const p = graph.names.length;
  const marks = Int8Array.from(graph.marks);
  const near = Array.from({ length: p }, (_, i) =>
    Array.from({ length: p }, (_, j) => j).filter((j) => marks[i * p + j] !== 0),
  );
  return { p, marks, near };
}

/** The CPDAG of a DAG given as marks; knowledge may direct more. */
export function cpdagMarks(dag: Pdag, knowledge?: ResolvedKnowledge): Pdag {
  const { p, near } = dag;
  const none = knowledge ?? { forbidden: new Uint8Array(p * p), required: new Uint8Array(p * p) };
  const g: Pdag = { p, near, marks: dag.marks.map((m) => (m === 0 ? 0 : TAIL)) as Int8Array };
  for (const { x, y, z } of unshieldedTriples(g)) {
    if (directed(dag, x, y) && directed(dag, z, y)) {
      direct(g, x, y);
      direct(g, z, y);
    }
  }
  if (knowledge) {
    // The DAG is one that knowledge allows, so its own directions are the ones to take.
    for (let i = 0; i < p; i++) {
      for (const j of near[i]) {
        if (directed(dag, i, j) && undirected(g, i, j) && !allows(knowledge, p, j, i))
          direct(g, i, j);
      }
    }
  }
  applyMeek(g, none);
  return g;
}

/**
 * Direct all edges without a cycle.
 * @param force Where no DAG has these colliders, take the node that breaks least instead of giving up.
 * @returns The DAG and whether anything was forced.
 */
export function extend(
  pdag: Pdag,
  knowledge: ResolvedKnowledge | undefined,
  force: boolean,
): { readonly marks: Int8Array; readonly forced: boolean } | undefined {
  const { p, near } = pdag;
  const out: Pdag = { p, near, marks: Int8Array.from(pdag.marks) };
  const left = new Uint8Array(p).fill(1);
  const rest = (i: number): number[] => near[i].filter((j) => left[j]);
  let forced = false;
  const into = (j: number, i: number): boolean => !knowledge || allows(knowledge, p, j, i);
  for (let round = 0; round < p; round++) {
    let sink = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < p && sink < 0; i++) {
      if (left[i] && canBeSink(pdag, i, rest(i), into)) sink = i;
    }
    if (sink < 0) {
      if (!force) return undefined;
      forced = true;
      for (let i = 0; i < p; i++) {
        if (!left[i]) continue;
        const around = rest(i);
        const broken = around.filter((j) => !into(j, i)).length;
        const turned = around.filter((j) => directed(pdag, i, j)).length;
        const cost = broken * p * p + turned * p + newColliders(pdag, i, around);
        if (cost < least) {
          least = cost;
          sink = i;
        }
      }
    }
    for (const j of rest(sink)) direct(out, j, sink);
    left[sink] = 0;
  }
  return { marks: out.marks, forced };
}

function canBeSink(
  g: Pdag,
  i: number,
  around: readonly number[],
  into: (j: number, i: number) => boolean,
): boolean {
  for (const j of around) {
    if (g.marks[i * g.p + j] === ARROW && g.marks[j * g.p + i] === ARROW) return false;
    if (directed(g, i, j) || !into(j, i)) return false;
  }
  return newColliders(g, i, around) === 0;
}

function newColliders(g: Pdag, i: number, around: readonly number[]): number {
  let count = 0;
  for (const j of around) {
    if (!undirected(g, i, j)) continue;
    for (const k of around) if (k !== j && !adjacentIn(g, j, k)) count++;
  }
  return count;
}

function withMarks(graph: Graph, marks: Int8Array): Graph {
  return { ...graph, marks };
}
