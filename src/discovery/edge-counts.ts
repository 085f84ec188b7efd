import { ARROW, CIRCLE, TAIL } from './graph.js';

/** How often each kind of edge came out, p × p tables over ordered pairs (i, j). */
export interface EdgeCounts {
  readonly graphs: number;
  /** i → j. */
  readonly directed: Int32Array;
  /** i — j; both orders. */
  readonly undirected: Int32Array;
  /** i ↔ j; both orders. */
  readonly bidirected: Int32Array;
  /** i o→ j. */
  readonly circleArrow: Int32Array;
  /** i o–o j; both orders. */
  readonly circles: Int32Array;
  /** i —o j, which only selection gives. */
  readonly tailCircle: Int32Array;
  /** No edge; both orders. */
  readonly none: Int32Array;
}

/** Counts of no graph yet. */
export function emptyCounts(p: number): EdgeCounts {
  const table = (): Int32Array => new Int32Array(p * p);
  return {
    graphs: 0,
    directed: table(),
    undirected: table(),
    bidirected: table(),
    circleArrow: table(),
    circles: table(),
    tailCircle: table(),
    none: table(),
  };
}

/** Count one more graph, given as p × p marks. */
export function addCounts(counts: EdgeCounts, marks: Int8Array): void {
  const p = Math.round(Math.sqrt(marks.length));
  (counts as { graphs: number }).graphs++;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      if (i === j) continue;
      const k = i * p + j;
      const here = marks[k];
      const there = marks[j * p + i];
      if (here === 0) counts.none[k]++;
      else if (here === TAIL && there === ARROW) counts.directed[k]++;
      else if (here === TAIL && there === TAIL) counts.undirected[k]++;
      else if (here === ARROW && there === ARROW) counts.bidirected[k]++;
      else if (here === CIRCLE && there === ARROW) counts.circleArrow[k]++;
      else if (here === CIRCLE && there === CIRCLE) counts.circles[k]++;
      else if (here === TAIL && there === CIRCLE) counts.tailCircle[k]++;
    }
  }
}

/** P(i → j): i → j counts 1, every other edge ½ each way, over all graphs. */
export function probabilitiesOf(counts: readonly EdgeCounts[], p: number): Float64Array {
  const out = new Float64Array(p * p);
  let graphs = 0;
  for (const c of counts) graphs += c.graphs;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      if (i === j) continue;
      const k = i * p + j;
      const back = j * p + i;
      let sum = 0;
      for (const c of counts) {
        const adjacent = c.graphs - c.none[k];
        sum += c.directed[k] + (adjacent - c.directed[k] - c.directed[back]) / 2;
      }
      out[k] = sum / graphs;
    }
  }
  return out;
}
