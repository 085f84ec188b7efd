import { isAdjustmentSet } from './adjustment.js';
import { ARROW, type Dag, type Graph } from './graph.js';
import { ancestors, nodeIndex, parents } from './graph-queries.js';

/** How well something found agrees with the truth; NaN where there is nothing to count. */
export interface Agreement {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Found and true, found and false, true and not found. */
  readonly hits: number;
  readonly extra: number;
  readonly missing: number;
}

/** Count the pairs of nodes whose marks differ (structural Hamming distance); nodes meet by name. */
export function structuralHammingDistance(truth: Graph, found: Graph): number {
  const p = truth.names.length;
  const other = aligned(truth, found);
  let distance = 0;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [i * p + j, j * p + i];
      if (truth.marks[a] !== other[a] || truth.marks[b] !== other[b]) distance++;
    }
  }
  return distance;
}

/** Compare which pairs are adjacent. */
export function adjacencyAgreement(truth: Graph, found: Graph): Agreement {
  const p = truth.names.length;
  const other = aligned(truth, found);
  return agreement(
    truth.marks.map((m, k) => (k % p < Math.floor(k / p) && m !== 0 ? 1 : 0)),
    other.map((m, k) => (k % p < Math.floor(k / p) && m !== 0 ? 1 : 0)),
  );
}

/** Compare where arrowheads stand. */
export function arrowheadAgreement(truth: Graph, found: Graph): Agreement {
  return agreement(
    truth.marks.map((m) => (m === ARROW ? 1 : 0)),
    aligned(truth, found).map((m) => (m === ARROW ? 1 : 0)),
  );
}

/**
 * Count the ordered pairs (i, j) for which adjusting for i's parents in `found` gives a wrong effect
 * of i on j under `truth` (structural intervention distance; Peters & Bühlmann 2015).
 */
export function structuralInterventionDistance(truth: Dag, found: Dag): number {
  const p = truth.names.length;
  const same: Dag = { ...truth, marks: aligned(truth, found) };
  let distance = 0;
  for (let i = 0; i < p; i++) {
    const given = parents(same, i);
    for (let j = 0; j < p; j++) {
      if (i === j) continue;
      const wrong = given.includes(j)
        ? ancestors(truth, j).includes(i)
        : !isAdjustmentSet(truth, i, j, given);
      if (wrong) distance++;
    }
  }
  return distance;
}

/** The marks of a graph with its nodes in the order of another's. */
function aligned(truth: Graph, found: Graph): Int8Array {
  const p = truth.names.length;
  if (found.names.length !== p) {
    throw new RangeError(
      `Cannot compare the graphs as they must have the same nodes: one has ${p} and the other ${found.names.length}`,
    );
  }
  const place = truth.names.map((name) => nodeIndex(found, name));
  const marks = new Int8Array(p * p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) marks[i * p + j] = found.marks[place[i] * p + place[j]];
  }
  return marks;
}

function agreement(truth: ArrayLike<number>, found: ArrayLike<number>): Agreement {
  let hits = 0;
  let extra = 0;
  let missing = 0;
  for (let k = 0; k < truth.length; k++) {
    if (found[k] && truth[k]) hits++;
    else if (found[k]) extra++;
    else if (truth[k]) missing++;
  }
  const precision = hits / (hits + extra);
  const recall = hits / (hits + missing);
  return { precision, recall, f1: (2 * hits) / (2 * hits + extra + missing), hits, extra, missing };
}
