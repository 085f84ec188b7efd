import type { History } from '../causal-mix-ft.js';
import type { Table } from '../data/table.js';
import type { Graph } from '../discovery/graph.js';
import type { MimeBundle } from '../work/host.js';
import type { Comparison } from './comparison.js';
import { comparisonBundle } from './comparison-view.js';
import { historyData } from './correlation-data.js';
import { correlationBundle } from './correlation-view.js';
import { type DagDataOptions, graphData, type StrengthsLike, strengthsData } from './dag-data.js';
import { dagBundle } from './dag-view.js';
import { isRecords, type RecordsViewOptions, recordsBundle } from './records-view.js';
import { type TableViewOptions, tableBundle } from './table-view.js';

/** What a view can be told; each kind of result takes what concerns it. */
export interface BundleOptions extends DagDataOptions, TableViewOptions, RecordsViewOptions {}

/** How each kind of record is shown; a new kind of result is one line here. */
const views: Readonly<Record<string, (value: never, options: BundleOptions) => MimeBundle>> = {
  table: (value: Table, options) => tableBundle(value, options),
  graph: (value: Graph, options) => dagBundle(graphData(value, options)),
  discovery: (value: DiscoveryLike, options) =>
    dagBundle(graphData(value.graph, { provenance: provenance(value), ...options })),
  'edge-strengths': (value: StrengthsLike, options) =>
    dagBundle(strengthsData(value, { provenance: provenance(value), ...options })),
  comparison: (value: Comparison, { title }) => comparisonBundle(value, title),
  history: (value: History, { title }) => correlationBundle(historyData(value, title)),
};

/**
 * Turn a result into the forms in which Jupyter can show it.
 * @param value A record with a `kind` (table, graph, edge strengths, history …) or a list of plain
 *  records.
 * @returns The bundle, or `undefined` for a value that has no view of its own.
 */
export function bundle(value: unknown, options: BundleOptions = {}): MimeBundle | undefined {
  if (isRecords(value)) return recordsBundle(value, options);
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind } = value as { kind?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(views, kind)) return undefined;
  return views[kind](value as never, options);
}

/** What the results of all discovery algorithms have in common. */
interface DiscoveryLike {
  readonly graph: Graph;
}

/** The settings of a result that belong under its picture. */
function provenance(value: object): Readonly<Record<string, string | number>> {
  const wanted = [
    'algorithm',
    'algorithms',
    'test',
    'alpha',
    'resamples',
    'resample',
    'seed',
    'rows',
  ];
  const found: Record<string, string | number> = {};
  for (const name of wanted) {
    const setting = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof setting === 'string' || typeof setting === 'number') found[name] = setting;
    else if (Array.isArray(setting)) found[name] = setting.join(' + ');
  }
  return found;
}
