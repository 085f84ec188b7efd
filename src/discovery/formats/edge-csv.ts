import type { Graph } from '../graph.js';
import { edges, neighbors } from '../graph-queries.js';
import { buildGraph, markNames, markOf, type TextEdge } from './build.js';

/** Write the edges as CSV: from, to and the marks there; a node without edges has a row of its own. */
export function toEdgeCsv(graph: Graph): string {
  const rows = edges(graph).map((e) => [
    graph.names[e.from],
    graph.names[e.to],
    markNames[e.fromMark],
    markNames[e.toMark],
  ]);
  const alone = graph.names
    .filter((_, i) => neighbors(graph, i).length === 0)
    .map((name) => [name, '', '', '']);
  return `${[['from', 'to', 'fromMark', 'toMark'], ...rows, ...alone]
    .map((row) => row.map(quote).join(','))
    .join('\n')}\n`;
}

/**
 * Read a CSV of edges with columns from and to, and maybe fromMark and toMark; without marks edges are
 * directed.
 * @param names The nodes in their order (default: as they come).
 * @throws SyntaxError that names the line.
 */
export function fromEdgeCsv(text: string, names?: readonly string[]): Graph {
  const [head = [], ...rows] = parse(text);
  const place = ['from', 'to', 'fromMark', 'toMark'].map((name) => head.indexOf(name));
  if (place[0] < 0 || place[1] < 0) {
    throw new SyntaxError(
      `Cannot read the graph as the CSV must have columns "from" and "to": it has ${head.join(', ') || 'none'}`,
    );
  }
  const seen = new Set(names ?? []);
  const found: TextEdge[] = [];
  rows.forEach((row, k) => {
    const [from, to, a, b] = place.map((at) => (at < 0 ? '' : (row[at] ?? '')));
    if (from === '') {
      throw new SyntaxError(
        `Cannot read the graph as every row must name a node: line ${k + 2} does not`,
      );
    }
    if (!names) seen.add(from);
    if (to === '') return;
    if (!names) seen.add(to);
    found.push({
      from,
      to,
      fromMark: markOf(a || 'tail', `line ${k + 2}`),
      toMark: markOf(b || 'arrow', `line ${k + 2}`),
    });
  });
  return buildGraph([...seen], found);
}

function parse(text: string): string[][] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
        quoted === undefined ? plain.trim() : quoted.replace(/""/g, '"'),
      ),
    );
}

function quote(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell;
}
