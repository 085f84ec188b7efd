import type { Table } from '../data/table.js';
import { ARROW, type Dag, type Graph, TAIL } from './graph.js';
import { cycleText, findCycle } from './graph-queries.js';

/** An edge by the names of its ends: from, to. */
export type NamedEdge = readonly [from: string, to: string];

/**
 * Make a directed acyclic graph by hand.
 * @param nodes Names of the nodes, or the table whose columns they are.
 * @param edges Pairs of names, or a text: `'age -> income; job -> income -> class'`.
 * @param options.target Name of the target (default: the table's).
 * @throws RangeError for an unknown name; Error that names the nodes of a cycle.
 */
export function dag(
  nodes: Table | readonly string[],
  edges: readonly NamedEdge[] | string = [],
  options: { readonly target?: string } = {},
): Dag {
  const names = 'columns' in nodes ? nodes.columns.map((c) => c.name) : [...nodes];
  const target = options.target ?? ('columns' in nodes ? nodes.target : undefined);
  const place = new Map(names.map((name, i) => [name, i]));
  if (place.size !== names.length) {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    throw new RangeError(`Cannot make a DAG as node names must differ: "${twice}" is there twice`);
  }
  const index = (name: string): number => {
    const i = place.get(name);
    if (i === undefined) {
      throw new RangeError(
        `Cannot make a DAG as every edge must join two of its nodes: "${name}" is none of ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`,
      );
    }
    return i;
  };
  const pairs = (typeof edges === 'string' ? parseEdges(edges) : edges).map(
    ([from, to]): readonly [number, number] => [index(from), index(to)],
  );
  if (target !== undefined) index(target);
  return dagOfPairs(names, pairs, target);
}

/** Make a DAG of pairs of node numbers. */
export function dagOfPairs(
  names: readonly string[],
  pairs: Iterable<readonly [from: number, to: number]>,
  target?: string | undefined,
): Dag {
  const p = names.length;
  const marks = new Int8Array(p * p);
  for (const [i, j] of pairs) {
    if (i === j) {
      throw new Error(
        `Cannot make a DAG as no edge may lead from a node to itself: "${names[i]}" has one; remove it`,
      );
    }
    if (marks[i * p + j] === ARROW) {
      throw new Error(
        `Cannot make a DAG as it must have no cycle: ${names[i]} → ${names[j]} → ${names[i]}; remove one of these edges`,
      );
    }
    marks[i * p + j] = TAIL;
    marks[j * p + i] = ARROW;
  }
  return asDag({ kind: 'graph', type: 'dag', names, marks, ...(target ? { target } : {}) });
}

/**
 * Take a graph for the DAG that it is.
 * @throws Error where an edge is not directed, or the edges close a cycle.
 */
export function asDag(graph: Graph): Dag {
  const p = graph.names.length;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      const sum = graph.marks[i * p + j] * graph.marks[j * p + i];
      if (sum !== 0 && (sum !== -1 || Math.abs(graph.marks[i * p + j]) !== 1)) {
        throw new Error(
          `Cannot take the graph for a DAG as every edge must be directed: that of ${graph.names[j]} and ${graph.names[i]} is not; use dagExtension`,
        );
      }
    }
  }
  const cycle = findCycle(graph);
  if (cycle) {
    throw new Error(
      `Cannot make a DAG as it must have no cycle: ${cycleText(graph, cycle)}; remove one of these edges`,
    );
  }
  return { ...graph, type: 'dag' };
}

/**
 * Read edges from a text such as `a -> b <- c; b -> "a name with blanks"`.
 * @throws SyntaxError where the text is not edges.
 */
export function parseEdges(text: string): NamedEdge[] {
  const found: NamedEdge[] = [];
  for (const part of text.split(/[;\n]/)) {
    if (part.trim() === '') continue;
    const pieces = part.split(/(->|<-|→|←)/);
    if (pieces.length < 3) {
      throw new SyntaxError(
        `Cannot read edges as each must be written "from -> to": current value is "${part.trim()}"`,
      );
    }
    const name = (piece: string): string => {
      const bare = piece.trim().replace(/^(["'])(.*)\1$/, '$2');
      if (bare === '') {
        throw new SyntaxError(
          `Cannot read edges as both ends must be named: current value is "${part.trim()}"`,
        );
      }
      return bare;
    };
    for (let i = 0; i + 2 < pieces.length; i += 2) {
      const [left, arrow, right] = [name(pieces[i]), pieces[i + 1], name(pieces[i + 2])];
      found.push(arrow === '->' || arrow === '→' ? [left, right] : [right, left]);
    }
  }
  return found;
}
