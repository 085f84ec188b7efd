import { ARROW, CIRCLE, type Graph, type Mark, TAIL } from '../graph.js';
import { edges } from '../graph-queries.js';
import { buildGraph, type TextEdge } from './build.js';

const left: Readonly<Record<string, Mark>> = { '<': ARROW, '-': TAIL, o: CIRCLE };
const right: Readonly<Record<string, Mark>> = { '>': ARROW, '-': TAIL, o: CIRCLE };
const leftSign: Readonly<Record<number, string>> = { [ARROW]: '<', [TAIL]: '-', [CIRCLE]: 'o' };
const rightSign: Readonly<Record<number, string>> = { [ARROW]: '>', [TAIL]: '-', [CIRCLE]: 'o' };

/** Write a graph as Tetrad's text. */
export function toTetrad(graph: Graph): string {
  const lines = edges(graph).map(
    (e, k) =>
      `${k + 1}. ${graph.names[e.from]} ${leftSign[e.fromMark]}-${rightSign[e.toMark]} ${graph.names[e.to]}`,
  );
  return ['Graph Nodes:', graph.names.join(';'), '', 'Graph Edges:', ...lines, ''].join('\n');
}

/**
 * Read Tetrad's text; what follows the edges after a blank line is passed over.
 * @throws SyntaxError that names the line.
 */
export function fromTetrad(text: string): Graph {
  const lines = text.split(/\r?\n/);
  const nodesAt = lines.findIndex((l) => /^\s*Graph Nodes:/i.test(l));
  const edgesAt = lines.findIndex((l) => /^\s*Graph Edges:/i.test(l));
  if (nodesAt < 0 || edgesAt < 0) {
    throw new SyntaxError(
      'Cannot read the graph as Tetrad text must have the lines "Graph Nodes:" and "Graph Edges:": one is absent',
    );
  }
  const names = lines
    .slice(nodesAt, edgesAt)
    .join(' ')
    .replace(/^\s*Graph Nodes:/i, '')
    .split(/[;,]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const found: TextEdge[] = [];
  for (let k = edgesAt + 1; k < lines.length; k++) {
    const line = lines[k].trim();
    if (line === '') {
      if (found.length > 0) break;
      continue;
    }
    const match = /^(?:\d+\.\s+)?(.+?)\s+([<o-])-([>o-])\s+(.+?)(?:\s+(?:dd|pd|nl|pl).*)?$/.exec(
      line,
    );
    if (!match) {
      throw new SyntaxError(
        `Cannot read the graph as an edge must be written "1. A --> B": line ${k + 1} is "${line}"`,
      );
    }
    const [, from, a, b, to] = match;
    found.push({ from, to, fromMark: left[a], toMark: right[b] });
  }
  return buildGraph(names, found);
}
