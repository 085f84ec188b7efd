import type { ChangeAttribution } from '../scm/attribute-change.js';
import type { AverageEffect } from '../scm/average-effect.js';
import type { ScmEvaluation } from '../scm/evaluate-scm.js';
import type { Falsification } from '../scm/falsify.js';
import type { FittedNode } from '../scm/fit-node.js';
import type { Scm } from '../scm/scm.js';
import type { ScmSummary } from '../scm/summarize-scm.js';
import type { MimeBundle } from '../work/host.js';
import { type Grid, gridMarkdown, gridText } from './grid.js';
import { facts, gridBundle, percent } from './grid-bundle.js';
import { formatNumber } from './markup.js';
import { mimeBundle } from './mime.js';
import { frame, scale, text } from './svg-plot.js';
import { plural } from './table-view.js';
import { fontFamily, lightTheme, type Theme } from './theme.js';

/** Most lines of a table of mechanisms. */
const most = 60;

/** What was fitted at each node of an SCM, and how often over its graphs. */
export function scmGrid({ variables, target, rows, nodes, models, cache, settings }: Scm): Grid {
  const used = new Map<number, number>();
  for (const model of models) {
    for (const node of model.nodes) used.set(node, (used.get(node) ?? 0) + 1);
  }
  const several = models.length > 1;
  const lines = variables.flatMap(({ name }) =>
    nodes
      .map((node, k) => ({ node, count: used.get(k) ?? 0 }))
      .filter(({ node, count }) => node.name === name && count > 0)
      .sort((a, b) => b.count - a.count)
      .map(({ node, count }) => [
        name === target ? `${name} (target)` : name,
        node.parents.join(', ') || '–',
        mechanismName(node),
        node.choice
          ? `${node.choice.criterion === 'mse' ? 'noise sd' : 'log-loss'} ${formatNumber(node.choice.spread, 3)}`
          : '',
        ...(several ? [`${count} of ${models.length}`] : []),
      ]),
  );
  const left = lines.length - most;
  return {
    caption: `Structural causal model over ${plural(models.length, 'graph')}, fitted on ${plural(rows, 'row')}, quality ${settings.quality}; ${cache.fitted} of ${cache.pairs} mechanisms had to be fitted`,
    columns: [
      { name: 'variable' },
      { name: 'parents' },
      { name: 'mechanism' },
      { name: 'left unexplained' },
      ...(several ? [{ name: 'in graphs', align: 'right' } as const] : []),
    ],
    rows: lines.slice(0, most),
    ...(left > 0 ? { note: `… ${plural(left, 'more mechanism')} not listed` } : {}),
  };
}

function mechanismName({ mechanism }: FittedNode): string {
  if (mechanism.mechanism === 'empirical') return 'empirical distribution';
  const { model } = mechanism.model;
  const form = {
    'additive-noise': 'f(parents) + noise',
    'discrete-additive-noise': 'round(f(parents)) + noise',
    'post-nonlinear': 'g(f(parents) + noise)',
    classifier: 'classifier',
  }[mechanism.mechanism];
  return `${form}: ${model}`;
}

/** Which mechanisms were chosen and how the other candidates did. */
export function scmSummaryGrid({ rows, dags, quality, leftOut, cache, nodes }: ScmSummary): Grid {
  const shown = nodes.slice(0, most);
  const notes = [
    ...(nodes.length > shown.length
      ? [`… ${plural(nodes.length - shown.length, 'more mechanism')} not listed`]
      : []),
    ...(leftOut.length > 0 ? [`not tried at this quality: ${leftOut.join(', ')}`] : []),
  ];
  return {
    caption: `Structural causal model over ${plural(dags, 'graph')}, fitted on ${plural(rows, 'row')}, quality ${quality}; ${cache.fitted} of ${cache.pairs} mechanisms had to be fitted`,
    columns: [
      { name: 'variable' },
      { name: 'parents' },
      { name: 'mechanism' },
      { name: 'chosen' },
      { name: 'candidates', detail: 'lower is better' },
      { name: 'graphs', align: 'right' },
      { name: 'notes' },
    ],
    rows: shown.map((node) => [
      node.node,
      node.parents.join(', ') || '–',
      node.mechanism,
      node.chosen ?? '–',
      node.candidates
        .map(
          (c) =>
            `${c.name} ${c.score === undefined ? `(${c.excluded ?? '–'})` : formatNumber(c.score, 3)}${c.folds ? ` (given up after ${plural(c.folds, 'fold')})` : ''}`,
        )
        .join(', '),
      String(node.dags),
      node.notes.join('; '),
    ]),
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
  };
}

/** How well an SCM's rows resemble real ones, column by column. */
export function scmEvaluationGrid(value: ScmEvaluation): Grid {
  const { rows, columns, nodes, twoSample, pairs, pairsReference } = value;
  const reference = columns.some((c) => c.reference !== undefined);
  const own = (column: string): string => {
    const node = nodes.find((n) => n.node === column);
    if (!node) return '–';
    if (node.r2 !== undefined) return `R² ${formatNumber(node.r2, 3)}`;
    if (node.f1 !== undefined) return `F1 ${formatNumber(node.f1, 3)}`;
    return node.kl === undefined ? '–' : `KL ${formatNumber(node.kl, 3)}`;
  };
  return {
    caption: `Structural causal model against ${plural(rows, 'row')}, ${value.fittedOn ? 'those that it was fitted on' : 'not the table that it was fitted on'}`,
    columns: [
      { name: 'column' },
      { name: 'distance', align: 'right' },
      ...(reference ? [{ name: 'real against real', align: 'right' } as const] : []),
      { name: 'mechanism' },
    ],
    rows: columns.map((c) => [
      c.column,
      formatNumber(c.distance, 2),
      ...(reference ? [c.reference === undefined ? '–' : formatNumber(c.reference, 2)] : []),
      own(c.column),
    ]),
    note: `pairs of columns: ${formatNumber(pairs, 2)}${pairsReference === undefined ? '' : ` (real against real ${formatNumber(pairsReference, 2)})`}; told apart with AUC ${formatNumber(twoSample.boosting, 3)} by boosted trees, ${formatNumber(twoSample.logistic, 3)} by a logistic regression (0.5: not at all)`,
  };
}

/** Whether data speak against a graph. */
function falsificationGrid(value: Falsification): Grid {
  const { tests, violations, permuted, pLmc, pTpa, falsifiable, falsified } = value;
  const verdict = falsified
    ? 'falsified: it explains the data no better than permuted graphs'
    : falsifiable
      ? 'not falsified'
      : 'cannot be falsified: too many permuted graphs say the same';
  return facts(`Graph ${verdict}`, [
    ['independences implied', String(tests)],
    ['violated by the data', String(violations.length)],
    ['p-value against permuted graphs', formatNumber(pLmc, 3)],
    ['share of permuted graphs in its class', formatNumber(pTpa, 3)],
    ['permuted graphs', String(permuted.length)],
    ...violations
      .slice(0, 12)
      .map(
        (v) =>
          [
            'violation',
            `${v.node} not independent of ${v.other}${v.given.length > 0 ? ` given ${v.given.join(', ')}` : ''} (p = ${formatNumber(v.p, 2)})`,
          ] as const,
      ),
    ...(violations.length > 12 ? [['', `… ${violations.length - 12} more`] as const] : []),
  ]);
}

/** Show a falsification as a histogram and a list of facts. */
export function falsificationBundle(value: Falsification): MimeBundle {
  const grid = falsificationGrid(value);
  if (value.permuted.length === 0) return gridBundle(grid);
  return mimeBundle({
    'image/svg+xml': falsificationSvg(value),
    'text/markdown': gridMarkdown(grid),
    'text/plain': gridText(grid),
  });
}

/** The violations of permuted graphs as a histogram, with the graph's own as a line. */
function falsificationSvg(value: Falsification, theme: Theme = lightTheme): string {
  const own = value.violations.length;
  const largest = Math.max(own, 1, ...value.permuted);
  const counts = new Array<number>(largest + 1).fill(0);
  for (const n of value.permuted) counts[n]++;
  const panel = { x: 56, y: 40, width: 480, height: 190 };
  const xRange = [-0.5, largest + 0.5] as const;
  const yRange = [0, Math.max(1, ...counts) * 1.08] as const;
  const sx = scale(xRange, [panel.x, panel.x + panel.width]);
  const sy = scale(yRange, [panel.y + panel.height, panel.y]);
  const bars = counts.map((n, k) =>
    n === 0
      ? ''
      : `<rect x="${sx(k - 0.4).toFixed(2)}" y="${sy(n).toFixed(2)}" width="${(sx(0.8) - sx(0)).toFixed(2)}" height="${(sy(0) - sy(n)).toFixed(2)}" fill="${theme.series[0]}" fill-opacity="0.45"/>`,
  );
  const right = sx(own) > panel.x + panel.width / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="560" height="284" viewBox="0 0 560 284" role="img" font-family="${fontFamily}">`,
    '<title>Violations of this graph and of permuted ones</title>',
    `<desc>This graph has ${own} violations of ${value.tests} independences; ${value.permuted.length} permuted graphs have from ${Math.min(...value.permuted)} to ${Math.max(...value.permuted)}.</desc>`,
    `<rect width="560" height="284" rx="8" fill="${theme.background}"/>`,
    frame(panel, xRange, yRange, theme, {
      title: 'Violated independences',
      xLabel: 'violations',
      yLabel: 'permuted graphs',
    }),
    ...bars,
    `<path d="M${sx(own).toFixed(2)} ${panel.y}V${panel.y + panel.height}" stroke="${theme.series[1]}" stroke-width="2.4"/>`,
    text(
      sx(own) + (right ? -8 : 8),
      panel.y + 14,
      'this graph',
      theme.text,
      12,
      right ? 'end' : 'start',
      600,
    ),
    '</svg>',
  ].join('\n');
}

/** An average causal effect in one line. */
export function averageEffectGrid(effect: AverageEffect): Grid {
  const { interval, level = 0.95, resamples } = effect;
  const outcome =
    effect.category === undefined ? effect.outcome : `P(${effect.outcome} = ${effect.category})`;
  return facts('Average causal effect', [
    ['on', outcome],
    ['of', `${effect.treatment}: ${String(effect.from)} → ${String(effect.to)}`],
    ['effect', formatNumber(effect.effect)],
    ...(interval
      ? [
          [
            `${formatNumber(100 * level)} % interval`,
            `${formatNumber(interval[0])} … ${formatNumber(interval[1])} (${plural(resamples ?? 0, 'resample')})`,
          ] as const,
        ]
      : []),
  ]);
}

/** Which mechanisms a change comes from, the largest share first. */
export function changeGrid({ column, before, after, contributions }: ChangeAttribution): Grid {
  const sorted = [...contributions].sort(
    (a, b) => Math.abs(b.contribution) - Math.abs(a.contribution),
  );
  const change = after - before;
  return {
    caption: `Change of ${column}: ${formatNumber(before)} → ${formatNumber(after)} (${signed(change)})`,
    columns: [
      { name: 'mechanism of' },
      { name: 'contribution', align: 'right' },
      { name: 'share', align: 'right' },
    ],
    rows: sorted.map(({ node, contribution }) => [
      node,
      signed(contribution),
      change === 0 ? '–' : percent(contribution / change),
    ]),
  };
}

function signed(x: number): string {
  return x > 0 ? `+${formatNumber(x)}` : formatNumber(x);
}
