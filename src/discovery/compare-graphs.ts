import { ARROW, type Graph } from './graph.js';
import { nodeIndex } from './graph-queries.js';

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

/** The marks of a graph with its nodes in the order of another's. */
export function aligned(truth: Graph, found: Graph): Int8Array {
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
