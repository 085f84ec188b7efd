// Validation against test for Plotly. Kept together: a figure is mostly its settings.

import { ranks, robustLine } from './association.js';
import {
  type CorrelationData,
  type CorrelationRow,
  inMetric,
  methodsOf,
  runsOf,
} from './correlation-data.js';
import { metricLabel } from './correlation-summary.js';
import { seriesStyle } from './correlation-svg.js';
import { pairRanges, type Range } from './svg-plot.js';
import { lightTheme, type Theme } from './theme.js';

/** A Plotly figure as plain JSON. */
export interface PlotlyFigure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface CorrelationFigureOptions {
  /** Metric to draw (default: the data's). */
  readonly metric?: string;
  /** Methods to draw (default: all). */
  readonly methods?: readonly string[];
  /** Every step, or the chosen ones alone (default: all, of up to 12 runs). */
  readonly steps?: 'all' | 'chosen';
  /** Scores as they are, on a logarithmic scale, or their ranks (default `linear`). */
  readonly scale?: 'linear' | 'log' | 'rank';
  readonly theme?: Theme;
}

type Trace = Readonly<Record<string, unknown>>;
type Axis = 'linear' | 'log' | 'rank';

/**
 * Draw validation against test as a Plotly figure: left the scores against each other with the
 * identity line, right the same scores step by step.
 */
export function correlationFigure(
  data: CorrelationData,
  options: CorrelationFigureOptions = {},
): PlotlyFigure {
  const { theme = lightTheme, scale = 'linear' } = options;
  const { steps = runsOf(data.rows).length > 12 ? 'chosen' : 'all' } = options;
  const seen = inMetric(data, options.metric ?? data.metric.name);
  const all = methodsOf(data.rows);
  const methods = options.methods ?? all;
  const rows = seen.rows.filter((row) => methods.includes(row.method));
  const shown = steps === 'all' ? rows : rows.filter((row) => row.chosen);
  const points = ranked(
    shown.filter((row) => row.test !== undefined),
    scale,
  );
  const label = metricLabel(seen.metric.name);
  const byStep = steps === 'all';
  const [rangeX, rangeY] = rangesOf(points, scale);
  const axis = {
    type: scale === 'log' ? 'log' : 'linear',
    gridcolor: theme.grid,
    zeroline: false,
    linecolor: theme.grid,
    automargin: true,
  };
  const unit = scale === 'rank' ? `rank of ${label}` : label;
  return {
    data: [
      identity(rangeX, rangeY, scale, theme),
      ...fitTraces(points, scale, theme),
      ...runsOf(points).flatMap((run) => runTraces(run, all, byStep, label, theme)),
      ...(byStep ? runsOf(rows).flatMap((run) => stepTraces(run, all, theme)) : []),
    ],
    layout: {
      height: 440,
      margin: { l: 64, r: 20, t: 44, b: 48 },
      hovermode: 'closest',
      dragmode: 'zoom',
      showlegend: true,
      legend: { orientation: 'h', y: 1.02, yanchor: 'bottom', x: 0 },
      font: { color: theme.text, size: 12 },
      paper_bgcolor: theme.background,
      plot_bgcolor: theme.background,
      modebar: { bgcolor: 'rgba(0, 0, 0, 0)', color: theme.muted, activecolor: theme.text },
      xaxis: {
        ...axis,
        title: { text: `validation ${unit}`, standoff: 10 },
        domain: byStep ? [0, 0.46] : [0, 1],
        range: rangeX,
      },
      yaxis: { ...axis, title: { text: `test ${unit}`, standoff: 10 }, range: rangeY },
      ...(byStep
        ? {
            annotations: [
              {
                text: '★ chosen step   ○ pre-trained   ━ validation   ╌ test',
                xref: 'paper',
                yref: 'paper',
                x: 1,
                y: 1.02,
                xanchor: 'right',
                yanchor: 'bottom',
                showarrow: false,
                font: { size: 12, color: theme.muted },
              },
            ],
            xaxis2: {
              ...axis,
              type: 'linear',
              title: { text: 'fine-tuning step', standoff: 10 },
              domain: [0.56, 1],
              anchor: 'y2',
            },
            yaxis2: {
              ...axis,
              type: scale === 'log' ? 'log' : 'linear',
              title: { text: label, standoff: 10 },
              anchor: 'x2',
            },
          }
        : {}),
    },
    config: { displaylogo: false, responsive: true, showSendToCloud: false },
  };
}

/** Put ranks, over all points shown, in place of scores where they are asked for. */
function ranked(rows: readonly CorrelationRow[], scale: Axis): readonly CorrelationRow[] {
  if (scale !== 'rank') return rows;
  const x = ranks(rows.map((row) => row.validation));
  const y = ranks(rows.map((row) => row.test as number));
  return rows.map((row, i) => ({ ...row, validation: x[i], test: y[i] }));
}

/** Ranges of both axes; Plotly wants those of a logarithmic axis as exponents. */
function rangesOf(points: readonly CorrelationRow[], scale: Axis): readonly [Range, Range] {
  const seen = (values: readonly number[]): readonly number[] =>
    scale === 'log' ? values.filter((v) => v > 0).map(Math.log10) : values;
  return pairRanges(
    seen(points.map((row) => row.validation)),
    seen(points.map((row) => row.test as number)),
  );
}

/** The line on which validation and test agree; where it is out of sight the axes stay. */
function identity(x: Range, y: Range, scale: Axis, theme: Theme): Trace {
  const union = [Math.min(x[0], y[0]), Math.max(x[1], y[1])];
  const ends = scale === 'log' ? union.map((v) => 10 ** v) : union;
  return {
    type: 'scatter',
    mode: 'lines',
    name: 'validation = test',
    x: ends,
    y: ends,
    line: { color: theme.muted, dash: 'dash', width: 1.2 },
    hoverinfo: 'skip',
  };
}

/** The robust line with the band of its slope, over the chosen steps of five runs or more. */
function fitTraces(points: readonly CorrelationRow[], scale: Axis, theme: Theme): readonly Trace[] {
  const chosen = points.filter((row) => row.chosen);
  const x = chosen.map((row) => row.validation);
  const line = robustLine(
    x,
    chosen.map((row) => row.test as number),
  );
  if (!line || scale === 'log') return [];
  const ends = [Math.min(...x), Math.max(...x)];
  const at = (slope: number): readonly number[] =>
    ends.map((v) => line.centre.y + slope * (v - line.centre.x));
  return [
    {
      type: 'scatter',
      mode: 'lines',
      name: 'robust fit, 95 % band of its slope',
      legendgroup: 'fit',
      x: [...ends, ends[1], ends[0]],
      y: [...at(line.slopes[0]), ...[...at(line.slopes[1])].reverse()],
      fill: 'toself',
      fillcolor: 'rgba(120, 130, 145, 0.18)',
      line: { width: 0 },
      hoverinfo: 'skip',
    },
    {
      type: 'scatter',
      mode: 'lines',
      name: 'robust fit',
      legendgroup: 'fit',
      showlegend: false,
      x: ends,
      y: at(line.slope),
      line: { color: theme.text, width: 1.6 },
      hoverinfo: 'skip',
    },
  ];
}

/** Points of one run, joined in the order of steps; on top the chosen step as a star, step 0 hollow. */
function runTraces(
  run: readonly CorrelationRow[],
  all: readonly string[],
  joined: boolean,
  label: string,
  theme: Theme,
): readonly Trace[] {
  const [{ method }] = run;
  const { colour, symbol } = seriesStyle(all, method, theme);
  const common = {
    type: 'scatter',
    legendgroup: run[0].run,
    hovertemplate: `%{customdata[0]}<br>step %{customdata[1]}<br>validation ${label} %{x:.4f}<br>test ${label} %{y:.4f}<extra></extra>`,
  };
  const points = (rows: readonly CorrelationRow[]): Trace => ({
    x: rows.map((row) => row.validation),
    y: rows.map((row) => row.test),
    // What a selection is answered with: which step of which run.
    customdata: rows.map((row) => [row.run, row.step]),
  });
  const special = joined ? run.filter((row) => row.chosen || row.step === 0) : [];
  return [
    {
      ...common,
      ...points(run),
      mode: joined ? 'lines+markers' : 'markers',
      name: run[0].run,
      line: { color: colour, width: 1.2 },
      marker: { color: colour, symbol, size: joined ? 6 : 9, opacity: joined ? 0.7 : 1 },
    },
    ...(special.length > 0
      ? [
          {
            ...common,
            ...points(special),
            mode: 'markers',
            name: `${run[0].run}, pre-trained and chosen`,
            showlegend: false,
            marker: {
              color: special.map((row) => (row.chosen ? colour : theme.background)),
              symbol: special.map((row) => (row.chosen ? 'star' : 'circle')),
              size: special.map((row) => (row.chosen ? 17 : 10)),
              opacity: 1, // sizes in a list would make it 0.7
              line: {
                color: special.map((row) => (row.chosen ? theme.background : colour)),
                width: special.map((row) => (row.chosen ? 1 : 2)),
              },
            },
          },
        ]
      : []),
  ];
}

function stepTraces(
  run: readonly CorrelationRow[],
  all: readonly string[],
  theme: Theme,
): readonly Trace[] {
  const { colour } = seriesStyle(all, run[0].method, theme);
  const common = {
    type: 'scatter',
    xaxis: 'x2',
    yaxis: 'y2',
    legendgroup: run[0].run,
    showlegend: false,
    x: run.map((row) => row.step),
  };
  const chosen = run.filter((row) => row.chosen);
  return [
    {
      ...common,
      mode: 'lines',
      name: `${run[0].run}, validation`,
      y: run.map((row) => row.validation),
      line: { color: colour, width: 2 },
    },
    ...(run.some((row) => row.test !== undefined)
      ? [
          {
            ...common,
            mode: 'lines',
            name: `${run[0].run}, test`,
            y: run.map((row) => row.test ?? null),
            line: { color: colour, width: 2, dash: 'dash' },
          },
        ]
      : []),
    {
      ...common,
      mode: 'markers',
      name: `${run[0].run}, chosen step`,
      x: chosen.map((row) => row.step),
      y: chosen.map((row) => row.validation),
      marker: {
        color: colour,
        symbol: 'star',
        size: 15,
        line: { color: theme.background, width: 1 },
      },
    },
  ];
}
