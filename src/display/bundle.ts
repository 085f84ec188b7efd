import type { History, TunedClassifier } from '../causal-mix-ft.js';
import type { TableSummary } from '../data/summarize.js';
import type { Table } from '../data/table.js';
import type { Graph } from '../discovery/graph.js';
import type { ChangeAttribution } from '../scm/attribute-change.js';
import type { AverageEffect } from '../scm/average-effect.js';
import type { Counterfactual } from '../scm/counterfactual.js';
import type { ScmEvaluation } from '../scm/evaluate-scm.js';
import type { Falsification } from '../scm/falsify.js';
import type { Scm } from '../scm/scm.js';
import type { ScmSummary } from '../scm/summarize-scm.js';
import type { FittedClassifier } from '../tfm/classifier.js';
import type { FineTuned } from '../tfm/fine-tune.js';
import type { Tfm } from '../tfm/load-tfm.js';
import type { FittedRegressor } from '../tfm/regressor.js';
import type { MimeBundle } from '../work/host.js';
import type { Comparison } from './comparison.js';
import { comparisonBundle } from './comparison-view.js';
import { historyData } from './correlation-data.js';
import { correlationBundle } from './correlation-view.js';
import { type DagDataOptions, graphData, type StrengthsLike, strengthsData } from './dag-data.js';
import { dagBundle } from './dag-view.js';
import { gridBundle } from './grid-bundle.js';
import { classifierGrid, fineTunedGrid, regressorGrid, tfmGrid } from './model-views.js';
import { isRecords, type RecordsViewOptions, recordsBundle } from './records-view.js';
import {
  averageEffectGrid,
  changeGrid,
  falsificationBundle,
  scmEvaluationGrid,
  scmGrid,
  scmSummaryGrid,
} from './scm-views.js';
import { tableSummaryGrid } from './summary-views.js';
import { type TableViewOptions, tableBundle } from './table-view.js';

/** What a view can be told; each kind of result takes what concerns it. */
export interface BundleOptions extends DagDataOptions, TableViewOptions, RecordsViewOptions {}

/** How each kind of record is shown; a new kind of result is one line here. */
const views: Readonly<Record<string, (value: never, options: BundleOptions) => MimeBundle>> = {
  table: (value: Table, options) => tableBundle(value, options),
  graph: (value: Graph, options) => dagBundle(graphData(value, options)),
  discovery: (value: DiscoveryLike, options) =>
    dagBundle(
      graphData(value.graph, {
        ...settingsOf(value),
        ...options,
      }),
    ),
  'edge-strengths': (value: StrengthsLike, options) =>
    dagBundle(strengthsData(value, { ...settingsOf(value), ...options })),
  comparison: (value: Comparison, { title }) => comparisonBundle(value, title),
  'table-summary': (value: TableSummary) => gridBundle(tableSummaryGrid(value)),
  scm: (value: Scm) => gridBundle(scmGrid(value)),
  'scm-summary': (value: ScmSummary) => gridBundle(scmSummaryGrid(value)),
  'scm-evaluation': (value: ScmEvaluation) => gridBundle(scmEvaluationGrid(value)),
  falsification: (value: Falsification) => falsificationBundle(value),
  counterfactual: (value: Counterfactual, options) => tableBundle(value.table, options),
  'average-effect': (value: AverageEffect) => gridBundle(averageEffectGrid(value)),
  'change-attribution': (value: ChangeAttribution) => gridBundle(changeGrid(value)),
  tfm: (value: Tfm) => gridBundle(tfmGrid(value)),
  classifier: (value: FittedClassifier | TunedClassifier, { title }) =>
    'history' in value
      ? correlationBundle(historyData(value.history, title))
      : gridBundle(classifierGrid(value)),
  regressor: (value: FittedRegressor) => gridBundle(regressorGrid(value)),
  'fine-tuned': (value: FineTuned) => gridBundle(fineTunedGrid(value)),
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

/** What belongs under the picture of a result: its settings, and what users should know. */
function settingsOf(value: object): Pick<DagDataOptions, 'provenance' | 'notes'> {
  const given = value as Readonly<Record<string, unknown>>;
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
  const provenance: Record<string, string | number> = {};
  for (const name of wanted) {
    const setting = given[name];
    if (typeof setting === 'string' || typeof setting === 'number') provenance[name] = setting;
    else if (Array.isArray(setting)) provenance[name] = setting.join(' + ');
  }
  const { warnings } = given;
  return {
    provenance,
    ...(Array.isArray(warnings) && warnings.length > 0 ? { notes: warnings.map(String) } : {}),
  };
}
