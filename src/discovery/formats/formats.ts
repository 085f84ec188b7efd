import type { Dag, Graph } from '../graph.js';
import { fromBif, toBif } from './bif.js';
import { fromDagitty, toDagitty } from './dagitty.js';
import { fromDot, toDot } from './dot.js';
import { fromEdgeCsv, toEdgeCsv } from './edge-csv.js';
import { fromGml, toGml } from './gml.js';
import { fromGraphml, toGraphml } from './graphml.js';
import { fromMatrix, toMatrix } from './matrix.js';
import { fromNodeLink, toNodeLink } from './node-link.js';
import { fromTetrad, toTetrad } from './tetrad.js';

/** The text formats of graphs. */
export type GraphFormat =
  | 'tetrad'
  | 'dot'
  | 'graphml'
  | 'gml'
  | 'dagitty'
  | 'json'
  | 'csv'
  | 'bif'
  | 'matrix';

const writers: Readonly<Record<GraphFormat, (graph: Graph) => string>> = {
  tetrad: toTetrad,
  dot: toDot,
  graphml: toGraphml,
  gml: toGml,
  dagitty: toDagitty,
  json: toNodeLink,
  csv: toEdgeCsv,
  bif: (graph) => toBif(graph as Dag),
  matrix: toMatrix,
};

const readers: Readonly<Record<GraphFormat, (text: string) => Graph>> = {
  tetrad: fromTetrad,
  dot: fromDot,
  graphml: fromGraphml,
  gml: fromGml,
  dagitty: fromDagitty,
  json: fromNodeLink,
  csv: fromEdgeCsv,
  bif: (text) => fromBif(text).dag,
  matrix: fromMatrix,
};

/**
 * Write a graph as text.
 * @throws RangeError for an unknown format, or BIF of a graph that is no DAG.
 */
export function writeGraph(graph: Graph, format: GraphFormat): string {
  checkFormat(format);
  if (format === 'bif' && graph.type !== 'dag') {
    throw new RangeError(
      `Cannot write the graph as BIF as it must be a DAG: it is a ${graph.type}; use dagExtension`,
    );
  }
  return writers[format](graph);
}

/**
 * Read a graph from text.
 * @throws RangeError for an unknown format; SyntaxError where the text is not understood.
 */
export function readGraph(text: string, format: GraphFormat): Graph {
  checkFormat(format);
  return readers[format](text);
}

function checkFormat(format: string): void {
  if (!(format in writers)) {
    throw new RangeError(
      `Cannot use the graph format "${format}" as it must be one of ${Object.keys(writers).join(', ')}`,
    );
  }
}
