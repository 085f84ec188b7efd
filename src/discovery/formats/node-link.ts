import type { Graph, GraphType } from '../graph.js';
import { edges } from '../graph-queries.js';
import { buildGraph, markNames, markOf } from './build.js';

/** Write a graph as the node-link JSON that networkx reads; links carry the marks at both ends. */
export function toNodeLink(graph: Graph): string {
  return `${JSON.stringify(
    {
      directed: true,
      multigraph: false,
      graph: { type: graph.type, ...(graph.target === undefined ? {} : { target: graph.target }) },
      nodes: graph.names.map((id) => ({ id })),
      links: edges(graph).map((e) => ({
        source: graph.names[e.from],
        target: graph.names[e.to],
        sourceMark: markNames[e.fromMark],
        targetMark: markNames[e.toMark],
      })),
    },
    null,
    1,
  )}\n`;
}

/**
 * Read node-link JSON; a link without marks is directed, or not, as the graph says.
 * @throws SyntaxError where it is not understood.
 */
export function fromNodeLink(text: string): Graph {
  interface Link {
    source: string | number;
    target: string | number;
    sourceMark?: string;
    targetMark?: string;
  }
  const data = JSON.parse(text) as {
    directed?: boolean;
    graph?: { type?: GraphType; target?: string };
    nodes?: { id?: string | number }[];
    links?: Link[];
    edges?: Link[];
  };
  const links = data.links ?? data.edges;
  if (!Array.isArray(data.nodes) || !Array.isArray(links)) {
    throw new SyntaxError(
      'Cannot read the graph as node-link JSON must have lists "nodes" and "links": one is absent',
    );
  }
  return buildGraph(
    data.nodes.map((n) => String(n.id)),
    links.map((l) => ({
      from: String(l.source),
      to: String(l.target),
      fromMark: markOf(l.sourceMark ?? 'tail', 'a link'),
      toMark: markOf(l.targetMark ?? (data.directed === false ? 'tail' : 'arrow'), 'a link'),
    })),
    data.graph?.type,
    data.graph?.target,
  );
}
