// `causalmixft/display`: how results are shown. Free of Node and of the DOM, so that the kernel and
// the browser draw with the same code.

export type { MimeBundle } from '../work/host.js';
export { type BundleOptions, bundle } from './bundle.js';
export {
  type ColumnComparison,
  type Comparison,
  type ComparisonOptions,
  comparison,
} from './comparison.js';
export { comparisonSvg } from './comparison-view.js';
export {
  type CorrelationData,
  type CorrelationMetric,
  type CorrelationRow,
  historyData,
  inMetric,
  methodsOf,
  runsOf,
} from './correlation-data.js';
export {
  type CorrelationFigureOptions,
  correlationFigure,
  type PlotlyFigure,
} from './correlation-figure.js';
export { correlationProblems, correlationSchema } from './correlation-schema.js';
export { correlationGrid, correlationSummary, metricLabel } from './correlation-summary.js';
export { correlationSvg } from './correlation-svg.js';
export { correlationBundle } from './correlation-view.js';
export {
  type DagData,
  type DagDataOptions,
  type DagEdge,
  type DagKnowledge,
  type DagMark,
  type DagNode,
  type DagNodeType,
  type DagRole,
  type DagStatus,
  edgeStrength,
  edgesAbove,
  graphData,
  markText,
  strengthsData,
} from './dag-data.js';
export {
  type Box,
  type DagLayout,
  type DagLayoutOptions,
  layoutDag,
  type Point,
} from './dag-layout.js';
export { dagProblems, dagSchema } from './dag-schema.js';
export {
  type DagSvgOptions,
  drawingFrame,
  edgeLabelMarkup,
  edgeLabelSize,
  edgeMarkup,
  edgeName,
  nodeMarkup,
  renderDagSvg,
} from './dag-svg.js';
export { dagGrid, dagMarkdown, dagText, describeDag } from './dag-text.js';
export { type Display, type DisplayHandle, display } from './display.js';
export { type EdgeRoute, routeEdges } from './edge-route.js';
export { type Grid, type GridColumn, gridHtml, gridMarkdown, gridText } from './grid.js';
export { escapeMarkdown, escapeMarkup, formatNumber } from './markup.js';
export { CORRELATION_MIME, DAG_MIME, PLOTLY_MIME } from './mime.js';
export { type RecordsViewOptions, recordsBundle } from './records-view.js';
export { type Schema, schemaProblems } from './schema-check.js';
export { type TableViewOptions, tableBundle } from './table-view.js';
export { lightTheme, type Theme } from './theme.js';
