// What a DAG with latent variables, and with variables that decide which rows are seen, looks like from
// the observed ones (Richardson & Spirtes 2002): its MAG joins two observed nodes where an inducing path
// does, with a tail at ancestors of the other or of a selecting variable and arrowheads elsewhere; its
// PAG keeps the marks that all Markov-equivalent MAGs share.

import type { LongWork } from '../work/long-work.js';
import { fci } from './fci.js';
import { ARROW, type Dag, type Graph, NO_EDGE, TAIL } from './graph.js';
import { ancestors, nodeIndex } from './graph-queries.js';
import { oracle } from './separation.js';

/**
 * The maximal ancestral graph of a DAG over its observed nodes.
 * @param latents Names of the nodes that are not observed.
 * @param selected Names of the nodes that the rows were selected by; they are not in the result either.
 */
export function magOfDag(
  dag: Dag,
  latents: readonly string[],
  selected: readonly string[] = [],
): Graph {
  const hidden = new Set(latents.map((name) => nodeIndex(dag, name)));
  const selects = selected.map((name) => nodeIndex(dag, name));
  const observed = [...dag.names.keys()].filter((i) => !hidden.has(i) && !selects.includes(i));
  const p = dag.names.length;
  const q = observed.length;
  const above = Array.from({ length: p }, (_, i) => new Set(ancestors(dag, [i, ...selects])));
  const marks = new Int8Array(q * q);
  for (let a = 0; a < q; a++) {
    for (let b = 0; b < q; b++) {
      const [i, j] = [observed[a], observed[b]];
      if (a !== b && hasInducingPath(dag, hidden, above, i, j)) {
        marks[a * q + b] = above[j].has(i) ? TAIL : ARROW;
      }
    }
  }
  const names = observed.map((i) => dag.names[i]);
  return { kind: 'graph', type: 'mag', names, marks };
}

/**
 * The partial ancestral graph of a DAG over its observed nodes, by FCI with d-separation.
 * @param latents Names of the nodes that are not observed.
 * @param options `selected`: names of the nodes that the rows were selected by.
 */
export async function pagOfDag(
  dag: Dag,
  latents: readonly string[],
  options: LongWork & { readonly selected?: readonly string[] } = {},
): Promise<Graph> {
  const { selected = [], ...work } = options;
  for (const name of [...latents, ...selected]) nodeIndex(dag, name);
  const names = dag.names.filter((name) => !latents.includes(name) && !selected.includes(name));
  const columns = names.map((name) => ({
    name,
    type: 'numeric' as const,
    values: Float64Array.of(0),
  }));
  const table = { kind: 'table' as const, rows: 1, columns };
  return (await fci(table, { ...work, test: oracle(dag, names, selected) })).graph;
}

/** Whether a path joins i and j on which inner nodes are latent or colliders, all colliders above i or j. */
function hasInducingPath(
  dag: Graph,
  hidden: ReadonlySet<number>,
  above: readonly ReadonlySet<number>[],
  i: number,
  j: number,
): boolean {
  const p = dag.names.length;
  const seen = new Uint8Array(2 * p);
  const stack: number[] = [];
  const enter = (from: number, to: number): void => {
    const state = 2 * to + (dag.marks[to * p + from] === ARROW ? 1 : 0);
    if (!seen[state]) {
      seen[state] = 1;
      stack.push(state);
    }
  };
  for (let v = 0; v < p; v++) if (dag.marks[i * p + v] !== NO_EDGE) enter(i, v);
  while (stack.length > 0) {
    const state = stack.pop() as number;
    const v = state >> 1;
    if (v === j) return true;
    if (v === i) continue;
    for (let w = 0; w < p; w++) {
      if (dag.marks[v * p + w] === NO_EDGE) continue;
      const collider = (state & 1) === 1 && dag.marks[v * p + w] === ARROW;
      if (collider ? above[i].has(v) || above[j].has(v) : hidden.has(v)) enter(v, w);
    }
  }
  return false;
}
