import type { DagData } from './dag-data.js';
import { edgesAbove, markText } from './dag-data.js';
import { type Grid, gridMarkdown, gridText } from './grid.js';
import { plural } from './table-view.js';

const kinds: Readonly<Record<DagData['kind'], string>> = {
  graph: 'Graph',
  digraph: 'Directed graph',
  dag: 'Directed acyclic graph',
  pdag: 'Partly directed graph',
  cpdag: 'CPDAG (all DAGs that fit the data alike)',
  mag: 'Maximal ancestral graph',
  pag: 'PAG (latent causes allowed)',
};

/** Say in a sentence or two what a graph shows. */
export function describeDag(data: DagData, threshold: number = data.threshold ?? 0): string {
  const shown = edgesAbove(data, threshold);
  const strengths = data.edges.some((e) => e.strength);
  const what = strengths ? 'Edge strengths' : kinds[data.kind];
  const left = data.edges.length - shown.length;
  const parts = [
    `${what}: ${plural(data.nodes.length, 'variable')}, ${plural(shown.length, 'edge')}`,
    ...(strengths && threshold > 0 ? [` of at least ${threshold.toFixed(2)}`] : []),
    ...(left > 0 ? [` (${left} weaker not shown)`] : []),
    ...(data.target === undefined ? [] : [`; target ${data.target}`]),
    '.',
  ];
  const { notes = [] } = data;
  const provenance = Object.entries(data.provenance ?? {}).map(([k, v]) => `${k} ${v}`);
  return [
    parts.join(''),
    ...(provenance.length > 0 ? [`${provenance.join(', ')}.`] : []),
    ...notes.map((note) => note.replace(/\.?$/, '.')),
  ].join(' ');
}

/** The edges of a graph as a table: the same content as the picture. */
export function dagGrid(data: DagData): Grid {
  const strengths = data.edges.some((e) => e.strength);
  const support = data.edges.some((e) => e.support !== undefined);
  const status = data.edges.some((e) => e.status !== 'learned');
  const edges = strengths
    ? [...data.edges].sort((a, b) => (b.support ?? 0) - (a.support ?? 0))
    : data.edges;
  return {
    caption: describeDag(data),
    columns: [
      { name: 'from' },
      { name: 'edge' },
      { name: 'to' },
      ...(strengths
        ? ([
            { name: 'forward', align: 'right' },
            { name: 'backward', align: 'right' },
          ] as const)
        : []),
      ...(support ? [{ name: 'support', align: 'right' } as const] : []),
      ...(status ? [{ name: 'status' }] : []),
    ],
    rows: edges.map((e) => [
      e.source,
      markText(e),
      e.target,
      ...(strengths
        ? [e.strength?.forward.toFixed(2) ?? '', e.strength?.backward.toFixed(2) ?? '']
        : []),
      ...(support ? [e.support?.toFixed(2) ?? ''] : []),
      ...(status ? [e.status] : []),
    ]),
    ...(data.edges.length === 0 ? { note: 'No edges.' } : {}),
  };
}

/** A graph as Markdown: one sentence and the table of edges. */
export function dagMarkdown(data: DagData): string {
  return gridMarkdown(capped(dagGrid(data)));
}

/** A graph as plain text: one sentence and the edges, one a line. */
export function dagText(data: DagData): string {
  return gridText(capped(dagGrid(data)));
}

/** A saved notebook stays readable: the first 60 edges, and how many there are besides. */
function capped(grid: Grid): Grid {
  const left = grid.rows.length - 60;
  if (left <= 0) return grid;
  return {
    ...grid,
    rows: grid.rows.slice(0, 60),
    note: `… ${plural(left, 'more edge')} not listed`,
  };
}
