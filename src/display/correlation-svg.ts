// The static picture of validation against test: scores of each step against each other with the
// identity line, the same scores step by step, and both readings of the gap beside the paper's.
// Kept together: its panels share one legend, one set of colours and one size.

import { median, robustLine } from './association.js';
import {
  type CorrelationData,
  type CorrelationRow,
  type Gap,
  methodsOf,
  runsOf,
} from './correlation-data.js';
import { correlationSummary, metricLabel } from './correlation-summary.js';
import { textWidth } from './dag-layout.js';
import { coordinate, escapeMarkup, formatNumber, shorten } from './markup.js';
import {
  frame,
  type Panel,
  padded,
  pairRanges,
  type Range,
  scale,
  symbolPath,
  symbols,
  text,
  ticks,
} from './svg-plot.js';
import { fontFamily, lightTheme, type Theme } from './theme.js';

const width = 800;
const scatter: Panel = { x: 64, y: 66, width: 300, height: 300 };
const steps: Panel = { x: 460, y: 66, width: 316, height: 300 };
/** Runs whose steps are drawn one by one; more would be a thicket. */
const maxPaths = 12;

/**
 * Draw validation against test as SVG text: pure, deterministic, complete in itself.
 * @param data The scores.
 * @param theme Colours (default: light).
 */
export function correlationSvg(data: CorrelationData, theme: Theme = lightTheme): string {
  const methods = methodsOf(data.rows);
  const runs = runsOf(data.rows);
  const gapTop = 456;
  const gapRows = Math.max(1, methods.length + data.references.length);
  const height = gapTop + 22 * gapRows + 14;
  const summary = correlationSummary(data);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${fontFamily}">`,
    `<title>${escapeMarkup(data.title)}</title>`,
    `<desc>${escapeMarkup(summary.join(' '))}</desc>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${theme.background}"/>`,
    legend(methods, theme),
    scatterPanel(data, runs, methods, theme),
    stepsPanel(data, runs.length <= maxPaths ? runs : medianRuns(runs), methods, theme),
    gapPanel(
      data,
      64,
      gapTop,
      'correlationGap: 1 − Spearman along the steps',
      data.gaps.correlationGap,
      methods,
      true,
      theme,
    ),
    gapPanel(
      data,
      460,
      gapTop,
      'gainGap: |validation − test gain|, points of %',
      data.gaps.gainGap,
      methods,
      false,
      theme,
    ),
    '</svg>',
  ]
    .filter(Boolean)
    .join('\n');
}

/** Colour and symbol of a method: the same in every picture of the same data. */
export function seriesStyle(
  methods: readonly string[],
  method: string,
  theme: Theme,
): { readonly colour: string; readonly symbol: (typeof symbols)[number] } {
  const k = Math.max(0, methods.indexOf(method));
  return { colour: theme.series[k % theme.series.length], symbol: symbols[k % symbols.length] };
}

function legend(methods: readonly string[], theme: Theme): string {
  let x = 64;
  const entry = (mark: string, label: string, wide: number): string => {
    const item = `<g transform="translate(${coordinate(x)} 24)">${mark}${text(wide + 6, 4, label, theme.text, 12)}</g>`;
    x += wide + 26 + textWidth(label) * 12;
    return item;
  };
  return [
    ...methods.map((method) => {
      const { colour, symbol } = seriesStyle(methods, method, theme);
      return entry(
        `<path d="${symbolPath(symbol, 6, 0, 4.5)}" fill="${colour}"/>`,
        shorten(method, 30),
        12,
      );
    }),
    entry(`<path d="${symbolPath('star', 7, 0, 6.5)}" fill="${theme.text}"/>`, 'chosen step', 13),
    entry(
      `<path d="${symbolPath('circle', 6, 0, 4.5)}" fill="${theme.background}" stroke="${theme.text}" stroke-width="1.6"/>`,
      'pre-trained (step 0)',
      12,
    ),
    entry(`<path d="M0 0H22" stroke="${theme.text}" stroke-width="2"/>`, 'validation', 22),
    entry(
      `<path d="M0 0H22" stroke="${theme.text}" stroke-width="2" stroke-dasharray="5 3"/>`,
      'test',
      22,
    ),
  ].join('\n');
}

function scatterPanel(
  data: CorrelationData,
  runs: readonly (readonly CorrelationRow[])[],
  methods: readonly string[],
  theme: Theme,
): string {
  const label = metricLabel(data.metric.name);
  const many = runs.length > maxPaths;
  const scored = data.rows.filter((row) => row.test !== undefined && (row.chosen || !many));
  const [range, rangeY] = pairRanges(
    scored.map((row) => row.validation),
    scored.map((row) => row.test as number),
  );
  const panel = scatter;
  const sx = scale(range, [panel.x, panel.x + panel.width]);
  const sy = scale(rangeY, [panel.y + panel.height, panel.y]);
  const better = data.metric.direction === 'higher' ? 'below' : 'above';
  const axes = frame(panel, range, rangeY, theme, {
    title: `Test against validation (${label})`,
    xLabel: 'validation',
    yLabel: 'test',
    xTicks: ticks(range, 4),
    yTicks: ticks(rangeY, 4),
  });
  if (scored.length === 0) {
    return `${axes}${text(panel.x + panel.width / 2, panel.y + panel.height / 2, 'no test scores', theme.muted, 13, 'middle')}`;
  }
  const from = Math.max(range[0], rangeY[0]);
  const to = Math.min(range[1], rangeY[1]);
  const inSight = from < to;
  const identity = inSight
    ? `<path d="M${coordinate(sx(from))} ${coordinate(sy(from))}L${coordinate(sx(to))} ${coordinate(sy(to))}" stroke="${theme.muted}" stroke-width="1.2" stroke-dasharray="4 4"/>`
    : '';
  const note = text(
    panel.x + 8,
    panel.y + (better === 'above' ? 16 : panel.height - 8),
    inSight
      ? `${better} the line: test is worse`
      : `test = validation lies outside, ${rangeY[0] > range[0] ? 'below' : 'above'}`,
    theme.muted,
    11,
  );
  const paths = runs.length <= maxPaths ? runs : [];
  const all = paths.map((run) => {
    const { colour, symbol } = seriesStyle(methods, run[0].method, theme);
    const points = run.filter((row) => row.test !== undefined);
    const d = points.map(
      (row) => `${coordinate(sx(row.validation))} ${coordinate(sy(row.test as number))}`,
    );
    const dots = points.map((row) =>
      symbolPath(symbol, sx(row.validation), sy(row.test as number), 2.6),
    );
    return `<path d="M${d.join('L')}" fill="none" stroke="${colour}" stroke-width="1.4" stroke-opacity="0.55"/><path d="${dots.join('')}" fill="${colour}" fill-opacity="0.75"/>`;
  });
  const special = runs.map((run) => {
    const { colour, symbol } = seriesStyle(methods, run[0].method, theme);
    const start = run.find((row) => row.step === 0 && row.test !== undefined);
    const chosen = run.find((row) => row.chosen && row.test !== undefined);
    return [
      start && runs.length <= maxPaths
        ? `<path d="${symbolPath('circle', sx(start.validation), sy(start.test as number), 5)}" fill="${theme.background}" stroke="${colour}" stroke-width="2"/>`
        : '',
      chosen
        ? `<path d="${symbolPath(runs.length <= maxPaths ? 'star' : symbol, sx(chosen.validation), sy(chosen.test as number), runs.length <= maxPaths ? 8 : 4)}" fill="${colour}" stroke="${theme.background}" stroke-width="1.2"/>`
        : '',
    ].join('');
  });
  return [axes, identity, fitLine(runs, rangeY, sx, sy, theme), note, ...all, ...special].join(
    '\n',
  );
}

/** The robust line over the chosen steps of five runs or more, with the band of its slope. */
function fitLine(
  runs: readonly (readonly CorrelationRow[])[],
  range: Range,
  sx: (v: number) => number,
  sy: (v: number) => number,
  theme: Theme,
): string {
  const chosen = runs.flatMap((run) => run.filter((r) => r.chosen && r.test !== undefined));
  const line = robustLine(
    chosen.map((row) => row.validation),
    chosen.map((row) => row.test as number),
  );
  if (!line) return '';
  const { centre, slope, slopes } = line;
  const at = (x: number, k: number): string => {
    const y = Math.max(range[0], Math.min(range[1], centre.y + k * (x - centre.x)));
    return `${coordinate(sx(x))} ${coordinate(sy(y))}`;
  };
  const [x0, x1] = [
    Math.min(...chosen.map((r) => r.validation)),
    Math.max(...chosen.map((r) => r.validation)),
  ];
  const band = `M${at(x0, slopes[0])}L${at(x1, slopes[0])}L${at(x1, slopes[1])}L${at(x0, slopes[1])}Z`;
  return `<path d="${band}" fill="${theme.muted}" fill-opacity="0.15"/><path d="M${at(x0, slope)}L${at(x1, slope)}" stroke="${theme.text}" stroke-width="1.6"/>`;
}

/** Many runs as one a method: at each step the medians over the method's runs. */
function medianRuns(
  runs: readonly (readonly CorrelationRow[])[],
): readonly (readonly CorrelationRow[])[] {
  const rows = runs.flat();
  return methodsOf(rows).map((method) => {
    const own = rows.filter((row) => row.method === method);
    const steps = [...new Set(own.map((row) => row.step))].sort((a, b) => a - b);
    return steps.map((step) => {
      const here = own.filter((row) => row.step === step);
      const test = median(here.flatMap((row) => (row.test === undefined ? [] : [row.test])));
      return {
        ...here[0],
        run: `median of ${method}`,
        chosen: false,
        validation: median(here.map((row) => row.validation)) as number,
        ...(test === undefined ? {} : { test }),
      };
    });
  });
}

function stepsPanel(
  data: CorrelationData,
  runs: readonly (readonly CorrelationRow[])[],
  methods: readonly string[],
  theme: Theme,
): string {
  const label = metricLabel(data.metric.name);
  const last = Math.max(1, ...data.rows.map((row) => row.step));
  const xRange: Range = [0, last];
  const yRange = padded(runs.flat().flatMap((r) => [r.validation, r.test ?? Number.NaN]));
  const sx = scale(xRange, [steps.x, steps.x + steps.width]);
  const sy = scale(yRange, [steps.y + steps.height, steps.y]);
  const line = (rows: readonly (readonly [number, number])[]): string =>
    `M${rows.map(([x, y]) => `${coordinate(sx(x))} ${coordinate(sy(y))}`).join('L')}`;
  return [
    frame(steps, xRange, yRange, theme, {
      title: `${runs[0]?.[0].run.startsWith('median of') ? 'Medians by' : 'Step by'} step (${label}, ${data.metric.direction} is better)`,
      xLabel: 'fine-tuning step',
      xTicks: ticks(xRange).filter(Number.isInteger),
    }),
    ...runs.map((run) => {
      const { colour } = seriesStyle(methods, run[0].method, theme);
      const tested = run.flatMap((r) => (r.test === undefined ? [] : [[r.step, r.test] as const]));
      const chosen = run.find((row) => row.chosen);
      return [
        `<path d="${line(run.map((r) => [r.step, r.validation]))}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        tested.length > 0
          ? `<path d="${line(tested)}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="5 3"/>`
          : '',
        chosen
          ? `<path d="${symbolPath('star', sx(chosen.step), sy(chosen.validation), 8)}" fill="${colour}" stroke="${theme.background}" stroke-width="1.2"/>`
          : '',
      ].join('');
    }),
  ].join('\n');
}

/** One reading of the gap as bars; the paper's numbers are hollow and named as the paper's. */
function gapPanel(
  data: CorrelationData,
  x: number,
  y: number,
  title: string,
  gap: Gap,
  methods: readonly string[],
  withPaper: boolean,
  theme: Theme,
): string {
  const ours = methods.map((method) => ({ label: method, value: gap.byMethod[method] ?? null }));
  const references = withPaper ? data.references : [];
  const largest = Math.max(
    withPaper ? 1 : 0,
    ...ours.map((o) => o.value ?? 0),
    ...references.map((r) => r.value),
  );
  const label = 136;
  const length = 120;
  const bar = (value: number): number => (largest > 0 ? (value / largest) * length : 0);
  const rows = [
    ...ours.map(({ label: name, value }) => {
      const { colour } = seriesStyle(methods, name, theme);
      return {
        name,
        value,
        box: `fill="${colour}"`,
        note: value === null ? 'not defined' : formatNumber(value, 3),
      };
    }),
    ...references.map((r) => ({
      name: r.label,
      value: r.value,
      box: `fill="none" stroke="${theme.muted}" stroke-width="1.4" stroke-dasharray="3 2"`,
      note: `${formatNumber(r.value)}, the paper's`,
    })),
  ];
  return [
    text(x, y - 14, title, theme.text, 13, 'start', 600),
    ...rows.map(({ name, value, box, note }, k) => {
      const top = y + 22 * k;
      return [
        text(x + label - 8, top + 12, shorten(name, 20), theme.text, 12, 'end'),
        value === null
          ? ''
          : `<rect x="${x + label}" y="${top + 2}" width="${coordinate(Math.max(1, bar(value)))}" height="13" ${box}/>`,
        text(x + label + bar(value ?? 0) + 6, top + 12, note, theme.muted, 11.5),
      ].join('');
    }),
  ].join('\n');
}
