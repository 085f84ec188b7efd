// How many effects one gets wrong by believing a graph (Peters & Bühlmann 2015, "Structural intervention
// distance for evaluating causal graphs").

import { isAdjustmentSet } from './adjustment.js';
import { aligned } from './compare-graphs.js';
import { pdagOf } from './extension.js';
import type { Dag, Graph } from './graph.js';
import { ancestors, parents } from './graph-queries.js';
import { applyMeek, direct, directed, type Pdag, reaches, undirected } from './meek.js';

/**
 * Count the ordered pairs (i, j) for which adjusting for i's parents in `found` gives a wrong effect
 * of i on j under `truth` (structural intervention distance; Peters & Bühlmann 2015).
 */
export function structuralInterventionDistance(truth: Dag, found: Dag): number {
  const same: Dag = { ...truth, marks: aligned(truth, found) };
  const wrong = wrongEffects(truth);
  let distance = 0;
  for (let i = 0; i < truth.names.length; i++) distance += wrong(i, parents(same, i));
  return distance;
}

/** The most orders of one undirected component that are looked at. */
const MOST_ORIENTATIONS = 100_000;

/**
 * The least and the largest structural intervention distance of the DAGs that a CPDAG stands for
 * (Peters & Bühlmann 2015, section 2.4): undirected components are directed independently of each
 * other, in every way that makes no cycle and no new collider.
 * @param found A CPDAG, or another graph of directed and undirected edges that stands for DAGs.
 * @throws RangeError where it stands for no DAG, or for too many to go through.
 */
export function structuralInterventionBounds(
  truth: Dag,
  found: Graph,
): { readonly lower: number; readonly upper: number } {
  const start = pdagOf({ ...truth, marks: aligned(truth, found) });
  const wrong = wrongEffects(truth);
  const known = new Map<string, number>();
  const cost = (i: number, given: readonly number[]): number => {
    const key = `${i}|${given.join()}`;
    let value = known.get(key);
    if (value === undefined) {
      value = wrong(i, given);
      known.set(key, value);
    }
    return value;
  };
  let lower = 0;
  let upper = 0;
  for (const part of undirectedParts(start)) {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    let seen = 0;
    for (const g of orientations(start, part)) {
      if (++seen > MOST_ORIENTATIONS) {
        throw new RangeError(
          `Cannot bound the structural intervention distance as a component of undirected edges must have at most ${MOST_ORIENTATIONS} orientations: that of ${truth.names[part[0]]} with ${part.length} nodes has more; compare one DAG of it (dagExtension)`,
        );
      }
      let sum = 0;
      for (const i of part) {
        sum += cost(
          i,
          g.near[i].filter((j) => directed(g, j, i)),
        );
      }
      least = Math.min(least, sum);
      most = Math.max(most, sum);
    }
    if (seen === 0) {
      throw new RangeError(
        `Cannot bound the structural intervention distance as the graph must stand for a DAG: the undirected edges at ${truth.names[part[0]]} cannot be directed; use pc with guaranteeCpdag`,
      );
    }
    lower += least;
    upper += most;
  }
  return { lower, upper };
}

/** For how many j the effect of i on j is wrong where i's parents are taken to be `given`. */
function wrongEffects(truth: Dag): (i: number, given: readonly number[]) => number {
  const above = truth.names.map((_, j) => new Set(ancestors(truth, j)));
  return (i, given) => {
    let count = 0;
    for (let j = 0; j < truth.names.length; j++) {
      if (i === j) continue;
      const wrong = given.includes(j) ? above[j].has(i) : !isAdjustmentSet(truth, i, j, given);
      if (wrong) count++;
    }
    return count;
  };
}

/** The nodes in groups that undirected edges join; a node without one is a group of its own. */
function undirectedParts(g: Pdag): number[][] {
  const seen = new Uint8Array(g.p);
  const parts: number[][] = [];
  for (let start = 0; start < g.p; start++) {
    if (seen[start]) continue;
    seen[start] = 1;
    const part = [start];
    for (const i of part) {
      for (const j of g.near[i]) {
        if (seen[j] || !undirected(g, i, j)) continue;
        seen[j] = 1;
        part.push(j);
      }
    }
    parts.push(part);
  }
  return parts;
}

/** Every way to direct the undirected edges within a group without a cycle or a new collider. */
function* orientations(g: Pdag, part: readonly number[]): Generator<Pdag> {
  for (const i of part) {
    const j = g.near[i].find((k) => undirected(g, i, k));
    if (j === undefined) continue;
    for (const [from, to] of [
      [i, j],
      [j, i],
    ]) {
      if (reaches(g, to, from)) continue;
      const next: Pdag = { ...g, marks: Int8Array.from(g.marks) };
      direct(next, from, to);
      applyMeek(next, { forbidden: none(g.p), required: none(g.p) });
      if (keepsColliders(g, next, part)) yield* orientations(next, part);
    }
    return;
  }
  yield g;
}

function none(p: number): Uint8Array {
  return new Uint8Array(p * p);
}

/** Whether all colliders at these nodes were there before. */
function keepsColliders(before: Pdag, after: Pdag, part: readonly number[]): boolean {
  for (const y of part) {
    const into = after.near[y].filter((x) => directed(after, x, y));
    for (const [k, x] of into.entries()) {
      for (const z of into.slice(k + 1)) {
        if (after.marks[x * after.p + z] !== 0) continue;
        if (!(directed(before, x, y) && directed(before, z, y))) return false;
      }
    }
  }
  return true;
}
