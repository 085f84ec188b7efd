import { asDag } from '../dag.js';
import { ARROW, CIRCLE, type Graph, type GraphType, type Mark, NO_EDGE, TAIL } from '../graph.js';
import { findCycle } from '../graph-queries.js';

/** An edge by name, as text formats hold it. */
export interface TextEdge {
  readonly from: string;
  readonly to: string;
  readonly fromMark: Mark;
  readonly toMark: Mark;
}

/** The names of marks in formats that have attributes. */
export const markNames: Readonly<Record<Mark, string>> = {
  [-1]: 'tail',
  0: 'none',
  1: 'arrow',
  2: 'circle',
};

/** The mark of a name. */
export function markOf(name: string, where: string): Mark {
  switch (name.trim().toLowerCase()) {
    case 'tail':
    case 'none':
    case '':
      return TAIL;
    case 'arrow':
    case 'normal':
      return ARROW;
    case 'circle':
    case 'odot':
      return CIRCLE;
    default:
      throw new SyntaxError(
        `Cannot read the graph as a mark must be tail, arrow or circle: ${where} has "${name}"`,
      );
  }
}

/**
 * Make a graph of named edges.
 * @param type Its type where the text says it; else the narrowest that fits.
 * @throws SyntaxError for unknown nodes and edges given twice.
 */
export function buildGraph(
  names: readonly string[],
  edges: readonly TextEdge[],
  type?: GraphType | undefined,
  target?: string | undefined,
): Graph {
  const p = names.length;
  const place = new Map(names.map((name, i) => [name, i]));
  if (place.size !== p) {
    throw new SyntaxError(
      `Cannot read the graph as node names must differ: "${names.find((n, i) => names.indexOf(n) !== i)}" is there twice`,
    );
  }
  const marks = new Int8Array(p * p);
  for (const { from, to, fromMark, toMark } of edges) {
    const [i, j] = [place.get(from), place.get(to)];
    if (i === undefined || j === undefined) {
      throw new SyntaxError(
        `Cannot read the graph as every edge must join two of its nodes: "${i === undefined ? from : to}" is none`,
      );
    }
    if (i === j || marks[i * p + j] !== NO_EDGE) {
      throw new SyntaxError(
        `Cannot read the graph as two nodes may have one edge: that of "${from}" and "${to}" is ${i === j ? 'a loop' : 'there twice'}`,
      );
    }
    marks[i * p + j] = fromMark;
    marks[j * p + i] = toMark;
  }
  const graph: Graph = {
    kind: 'graph',
    type: type ?? 'graph',
    names: [...names],
    marks,
    ...(target !== undefined && place.has(target) ? { target } : {}),
  };
  const settled = type ?? typeOfMarks(graph);
  return settled === 'dag' ? asDag(graph) : { ...graph, type: settled };
}

/** The narrowest type that the marks of a graph allow. */
export function typeOfMarks(graph: Graph): GraphType {
  const { marks, names } = graph;
  const p = names.length;
  let undirected = false;
  let bidirected = false;
  let circle = false;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [marks[i * p + j], marks[j * p + i]];
      if (a === CIRCLE || b === CIRCLE) circle = true;
      else if (a === TAIL && b === TAIL) undirected = true;
      else if (a === ARROW && b === ARROW) bidirected = true;
    }
  }
  if (circle) return 'pag';
  if (findCycle(graph)) return undirected || bidirected ? 'graph' : 'digraph';
  if (bidirected) return undirected ? 'graph' : 'mag';
  return undirected ? 'pdag' : 'dag';
}
