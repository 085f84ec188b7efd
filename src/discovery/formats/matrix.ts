import { type Graph, type GraphType, NO_EDGE } from '../graph.js';
import { typeOfMarks } from './build.js';

/** Write p rows of p marks: −1 tail, 0 no edge, 1 arrowhead, 2 circle; entry (i, j) is the mark at i. */
export function toMatrix(graph: Graph): string {
  const p = graph.names.length;
  return `${graph.names
    .map((_, i) => Array.from(graph.marks.subarray(i * p, (i + 1) * p)).join(' '))
    .join('\n')}\n`;
}

/**
 * Read p rows of p marks.
 * @param names The nodes' names (default: X1 … Xp).
 * @throws SyntaxError where it is no such matrix.
 */
export function fromMatrix(text: string, names?: readonly string[], type?: GraphType): Graph {
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      line
        .trim()
        .split(/[\s,]+/)
        .map(Number),
    );
  const p = rows.length;
  if (rows.some((row) => row.length !== p || row.some((m) => ![-1, 0, 1, 2].includes(m)))) {
    throw new SyntaxError(
      `Cannot read the graph as a matrix must have as many columns as rows, all −1, 0, 1 or 2: it has ${p} rows`,
    );
  }
  const marks = Int8Array.from(rows.flat());
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      if (
        (marks[i * p + j] === NO_EDGE) !== (marks[j * p + i] === NO_EDGE) ||
        (i === j && marks[i * p + j])
      ) {
        throw new SyntaxError(
          `Cannot read the graph as both ends of an edge must have a mark: row ${i + 1}, column ${j + 1} does not fit its mirror`,
        );
      }
    }
  }
  const graph: Graph = {
    kind: 'graph',
    type: 'graph',
    names: names ?? rows.map((_, i) => `X${i + 1}`),
    marks,
  };
  return { ...graph, type: type ?? typeOfMarks(graph) };
}
