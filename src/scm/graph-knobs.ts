// Graphs that comparisons need beside a learned one: as dense but random, sparser, without edges.

import { dagOfPairs } from '../discovery/dag.js';
import { type Dag, NO_EDGE } from '../discovery/graph.js';
import { parents } from '../discovery/graph-queries.js';
import { permutation, stream } from '../math/random.js';
import { checkDag, checkSeed } from './check-arguments.js';

export interface GraphKnobOptions {
  /** Any integer: same seed, same graph. */
  readonly seed: number;
}

/**
 * Drop edges until no node has more parents than allowed.
 * @param most At least 0; which parents stay is drawn.
 */
export function limitParents(dag: Dag, most: number, options: GraphKnobOptions): Dag {
  checkDag('limit parents', dag);
  if (!(Number.isInteger(most) && most >= 0)) {
    throw new RangeError(
      `Cannot limit parents as their number must be an integer of at least 0: current value is ${most}`,
    );
  }
  const seed = checkSeed('limit parents', options);
  const pairs = dag.names.flatMap((name, i) => {
    const all = parents(dag, i).sort((a, b) => (dag.names[a] < dag.names[b] ? -1 : 1));
    const order = permutation(stream(seed, 'limit-parents', name), all.length);
    return Array.from(order.subarray(0, most), (k) => [all[k], i] as const);
  });
  return dagOfPairs(dag.names, pairs, dag.target);
}

/** Draw a DAG over the same nodes with as many edges, every order of the nodes equally likely. */
export function randomDagLike(dag: Dag, options: GraphKnobOptions): Dag {
  checkDag('draw a DAG', dag);
  const seed = checkSeed('draw a DAG', options);
  const p = dag.names.length;
  let edges = 0;
  for (const mark of dag.marks) if (mark !== NO_EDGE) edges++;
  edges /= 2; // every edge has two marks
  const order = permutation(stream(seed, 'random-dag', 'order'), p);
  const slots: (readonly [number, number])[] = [];
  for (let a = 0; a < p; a++) for (let b = a + 1; b < p; b++) slots.push([order[a], order[b]]);
  const chosen = permutation(stream(seed, 'random-dag', 'edges'), slots.length).subarray(0, edges);
  return dagOfPairs(
    dag.names,
    Array.from(chosen, (k) => slots[k]),
    dag.target,
  );
}

/** The DAG without edges: independent columns. */
export function emptyDag(dag: Dag): Dag {
  checkDag('empty a DAG', dag);
  return dagOfPairs(dag.names, [], dag.target);
}
