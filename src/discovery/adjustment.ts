// Which columns to adjust for when the effect of x on y is wanted (Pearl 2009; Perković, Textor,
// Kalisch & Maathuis 2018, "Complete graphical characterization and construction of adjustment sets").

import { type Dag, type Graph, NO_EDGE } from './graph.js';
import { ancestors, children, descendants, isDirected, parents } from './graph-queries.js';
import { isSeparated } from './separation.js';

/** Parents, children and the children's other parents: given these, x tells nothing of the rest. */
export function markovBlanket(dag: Graph, x: number): number[] {
  const below = children(dag, x);
  const blanket = new Set([...parents(dag, x), ...below, ...below.flatMap((c) => parents(dag, c))]);
  blanket.delete(x);
  return [...blanket].sort((a, b) => a - b);
}

/** Tell whether `given` meets Pearl's back-door criterion for the effect of x on y. */
export function isBackdoorSet(dag: Dag, x: number, y: number, given: readonly number[]): boolean {
  const below = new Set(descendants(dag, x));
  if (given.some((z) => below.has(z) || z === y)) return false;
  return isSeparated(
    withoutEdges(
      dag,
      children(dag, x).map((c) => [x, c]),
    ),
    x,
    y,
    given,
  );
}

/** Tell whether adjusting for `given` identifies the effect of x on y (complete criterion). */
export function isAdjustmentSet(dag: Dag, x: number, y: number, given: readonly number[]): boolean {
  const { forbidden, backdoor } = properGraph(dag, x, y);
  if (given.some((z) => forbidden.has(z) || z === x || z === y)) return false;
  return isSeparated(backdoor, x, y, given);
}

/**
 * Find a set to adjust for.
 * @param kind "back-door": the parents of x; "canonical": all ancestors of x or y that may be in such
 *   a set; "minimal": a canonical set without what is not needed.
 * @returns Ascending node numbers; `undefined` where no set serves.
 */
export function adjustmentSet(
  dag: Dag,
  x: number,
  y: number,
  kind: 'back-door' | 'canonical' | 'minimal' = 'canonical',
): number[] | undefined {
  if (kind === 'back-door') {
    const set = parents(dag, x);
    return set.includes(y) ? undefined : set;
  }
  const { forbidden } = properGraph(dag, x, y);
  let set = ancestors(dag, [x, y]).filter((z) => z !== x && z !== y && !forbidden.has(z));
  if (!isAdjustmentSet(dag, x, y, set)) return undefined;
  if (kind === 'minimal') {
    for (const z of set) {
      const smaller = set.filter((w) => w !== z);
      if (isAdjustmentSet(dag, x, y, smaller)) set = smaller;
    }
  }
  return set;
}

/** The proper back-door graph, and all that lies below the causal paths from x to y. */
function properGraph(
  dag: Dag,
  x: number,
  y: number,
): { readonly forbidden: ReadonlySet<number>; readonly backdoor: Graph } {
  const above = new Set(ancestors(dag, y));
  const causal = descendants(dag, x).filter((v) => v !== x && above.has(v));
  const first = causal.filter((v) => isDirected(dag, x, v));
  return {
    forbidden: new Set(causal.length > 0 ? descendants(dag, causal) : []),
    backdoor: withoutEdges(
      dag,
      first.map((v) => [x, v]),
    ),
  };
}

function withoutEdges(graph: Graph, edges: readonly (readonly [number, number])[]): Graph {
  const p = graph.names.length;
  const marks = Int8Array.from(graph.marks);
  for (const [i, j] of edges) marks[i * p + j] = marks[j * p + i] = NO_EDGE;
  return { ...graph, marks };
}
