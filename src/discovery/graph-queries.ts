import { ARROW, type Dag, type Graph, type Mark, NO_EDGE, TAIL } from './graph.js';

// Reading graphs. Nodes are numbers, the place of their name in `graph.names`.

/** An edge with the marks at its two ends. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly fromMark: Mark;
  readonly toMark: Mark;
}

/**
 * Find the number of a node by its name.
 * @throws RangeError that lists the names there are.
 */
export function nodeIndex(graph: { readonly names: readonly string[] }, name: string): number {
  const i = graph.names.indexOf(name);
  if (i < 0) {
    throw new RangeError(
      `Cannot find node "${name}" as it must be one of the graph's: ${graph.names.slice(0, 20).join(', ')}${graph.names.length > 20 ? ', …' : ''}`,
    );
  }
  return i;
}

/** The mark at node i of the edge between i and j. */
export function markAt(graph: Graph, i: number, j: number): Mark {
  return graph.marks[i * graph.names.length + j] as Mark;
}

/** Tell whether there is an edge of any kind between i and j. */
export function isAdjacent(graph: Graph, i: number, j: number): boolean {
  const p = graph.names.length;
  return graph.marks[i * p + j] !== NO_EDGE || graph.marks[j * p + i] !== NO_EDGE;
}

/** Tell whether i → j. */
export function isDirected(graph: Graph, i: number, j: number): boolean {
  const p = graph.names.length;
  return graph.marks[i * p + j] === TAIL && graph.marks[j * p + i] === ARROW;
}

/** Tell whether i — j, a tail at both ends. */
export function isUndirected(graph: Graph, i: number, j: number): boolean {
  const p = graph.names.length;
  return graph.marks[i * p + j] === TAIL && graph.marks[j * p + i] === TAIL;
}

/** Tell whether i ↔ j, an arrowhead at both ends. */
export function isBidirected(graph: Graph, i: number, j: number): boolean {
  const p = graph.names.length;
  return graph.marks[i * p + j] === ARROW && graph.marks[j * p + i] === ARROW;
}

/** The nodes j with j → i, ascending. */
export function parents(graph: Graph, i: number): number[] {
  return nodesWhere(graph, (j) => isDirected(graph, j, i));
}

/** The nodes j with i → j, ascending. */
export function children(graph: Graph, i: number): number[] {
  return nodesWhere(graph, (j) => isDirected(graph, i, j));
}

/** The nodes that share an edge of any kind with i, ascending. */
export function neighbors(graph: Graph, i: number): number[] {
  return nodesWhere(graph, (j) => isAdjacent(graph, i, j));
}

/** All nodes from which a directed path leads to one of `nodes`, these included; ascending. */
export function ancestors(graph: Graph, nodes: number | readonly number[]): number[] {
  return closure(graph, nodes, parents);
}

/** All nodes to which a directed path leads from one of `nodes`, these included; ascending. */
export function descendants(graph: Graph, nodes: number | readonly number[]): number[] {
  return closure(graph, nodes, children);
}

/** Tell whether a directed path of at least one edge leads from i to j. */
export function hasDirectedPath(graph: Graph, i: number, j: number): boolean {
  return children(graph, i).some((c) => c === j || descendants(graph, c).includes(j));
}

/** The edges, each once, by its smaller node; a directed edge runs from tail to arrowhead. */
export function edges(graph: Graph): Edge[] {
  const p = graph.names.length;
  const found: Edge[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = i + 1; j < p; j++) {
      const a = graph.marks[i * p + j] as Mark;
      const b = graph.marks[j * p + i] as Mark;
      if (a === NO_EDGE && b === NO_EDGE) continue;
      if (a === ARROW && b !== ARROW) found.push({ from: j, to: i, fromMark: b, toMark: a });
      else found.push({ from: i, to: j, fromMark: a, toMark: b });
    }
  }
  return found;
}

/**
 * Put the nodes in an order in which parents stand before their children; ties by number.
 * @throws Error that names the nodes of a directed cycle, where there is one.
 */
export function topologicalOrder(graph: Dag | Graph): number[] {
  const p = graph.names.length;
  const { marks } = graph;
  const waiting = new Int32Array(p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      if (marks[i * p + j] === ARROW && marks[j * p + i] === TAIL) waiting[i]++;
    }
  }
  const order: number[] = [];
  const placed = new Uint8Array(p);
  let from = 0;
  while (order.length < p) {
    let next = from;
    while (next < p && (placed[next] || waiting[next] > 0)) next++;
    if (next === p) {
      if (from === 0) {
        const cycle = findCycle(graph) as number[];
        throw new Error(
          `Cannot order the nodes as the graph must have no directed cycle: ${cycleText(graph, cycle)}; remove one of these edges`,
        );
      }
      from = 0;
      continue;
    }
    placed[next] = 1;
    order.push(next);
    from = next + 1;
    for (let j = 0; j < p; j++) {
      if (marks[j * p + next] === ARROW && marks[next * p + j] === TAIL && --waiting[j] === 0) {
        if (j < from) from = j;
      }
    }
  }
  return order;
}

/** Find a directed cycle: its nodes in order, the first not repeated; `undefined` where there is none. */
export function findCycle(graph: Graph): number[] | undefined {
  const p = graph.names.length;
  const state = new Uint8Array(p); // 1 on the path, 2 finished
  const path: number[] = [];
  const visit = (i: number): number[] | undefined => {
    state[i] = 1;
    path.push(i);
    for (const j of children(graph, i)) {
      if (state[j] === 1) return path.slice(path.indexOf(j));
      if (state[j] === 0) {
        const cycle = visit(j);
        if (cycle) return cycle;
      }
    }
    path.pop();
    state[i] = 2;
    return undefined;
  };
  for (let i = 0; i < p; i++) {
    if (state[i] === 0) {
      const cycle = visit(i);
      if (cycle) return cycle;
    }
  }
  return undefined;
}

/** Write a cycle as `a → b → a`. */
export function cycleText(
  graph: { readonly names: readonly string[] },
  cycle: readonly number[],
): string {
  return [...cycle, cycle[0]].map((i) => graph.names[i]).join(' → ');
}

function nodesWhere(graph: Graph, holds: (j: number) => boolean): number[] {
  const found: number[] = [];
  for (let j = 0; j < graph.names.length; j++) if (holds(j)) found.push(j);
  return found;
}

function closure(
  graph: Graph,
  nodes: number | readonly number[],
  step: (graph: Graph, i: number) => number[],
): number[] {
  const seen = new Uint8Array(graph.names.length);
  const stack = typeof nodes === 'number' ? [nodes] : [...nodes];
  for (const i of stack) seen[i] = 1;
  while (stack.length > 0) {
    for (const j of step(graph, stack.pop() as number)) {
      if (!seen[j]) {
        seen[j] = 1;
        stack.push(j);
      }
    }
  }
  return [...seen.keys()].filter((i) => seen[i] === 1);
}
