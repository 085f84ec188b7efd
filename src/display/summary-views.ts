// Small records as tables: each of these functions writes a grid, `gridBundle` its forms.

import type { ColumnSummary, TableSummary } from '../data/summarize.js';
import type { ChangeAttribution } from '../scm/attribute-change.js';
import type { AverageEffect } from '../scm/average-effect.js';
import type { FittedNode } from '../scm/fit-node.js';
import type { Scm } from '../scm/scm.js';
import type { FittedClassifier } from '../tfm/classifier.js';
import type { FineTuned } from '../tfm/fine-tune.js';
import type { Tfm } from '../tfm/load-tfm.js';
import type { MimeBundle } from '../work/host.js';
import { type Grid, gridHtml, gridMarkdown, gridText } from './grid.js';
import { formatNumber, shorten } from './markup.js';
import { mimeBundle } from './mime.js';
import { plural } from './table-view.js';

/** Show a grid as HTML, Markdown and text. */
export function gridBundle(grid: Grid): MimeBundle {
  return mimeBundle({
    'text/html': gridHtml(grid),
    'text/markdown': gridMarkdown(grid),
    'text/plain': gridText(grid),
  });
}

/** What a table holds, one row a column. */
export function tableSummaryGrid({ rows, target, missing, columns }: TableSummary): Grid {
  const noted = columns.some((column) => column.notes.length > 0);
  return {
    caption: [
      `${plural(rows, 'row')} × ${plural(columns.length, 'column')}`,
      ...(missing > 0 ? [plural(missing, 'missing value')] : []),
      ...(target === undefined ? [] : [`target ${target}`]),
    ].join(', '),
    columns: [
      { name: 'column' },
      { name: 'type' },
      { name: 'missing', align: 'right' },
      { name: 'distinct', align: 'right' },
      { name: 'values' },
      ...(noted ? [{ name: 'note' }] : []),
    ],
    rows: columns.map((column) => [
      column.name,
      column.name === target ? `target · ${column.type}` : column.type,
      column.missing === 0 ? '0' : `${column.missing} (${percent(column.missing / rows)})`,
      String(column.distinct),
      columnValues(column, rows),
      ...(noted ? [column.notes.join(', ')] : []),
    ]),
  };
}

function columnValues(column: ColumnSummary, rows: number): string {
  const { mean, deviation, minimum, median, maximum, top } = column;
  if (top) {
    const known = Math.max(1, rows - column.missing);
    const shares = top
      .slice(0, 4)
      .map(({ category, count }) => `${shorten(category, 24)} ${percent(count / known)}`);
    return `${shares.join(', ')}${column.distinct > shares.length ? ', …' : ''}`;
  }
  if (mean === undefined) return '';
  return [
    `${formatNumber(minimum ?? Number.NaN)} … ${formatNumber(median ?? Number.NaN)} … ${formatNumber(maximum ?? Number.NaN)}`,
    `mean ${formatNumber(mean)}${deviation === undefined ? '' : ` ± ${formatNumber(deviation, 3)}`}`,
  ].join('; ');
}

function percent(share: number): string {
  return `${formatNumber(100 * share, share < 0.1 ? 2 : 3)} %`;
}

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
  const most = 60;
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
    'discrete-additive-noise': 'round(f(parents) + noise)',
    'post-nonlinear': 'g(f(parents) + noise)',
    classifier: 'classifier',
  }[mechanism.mechanism];
  return `${form}: ${model}`;
}

/** What a foundation model is. */
export function tfmGrid({ name, source, config, parameters, preset }: Tfm): Grid {
  return facts('Tabular foundation model', [
    ['name', name],
    ['source', source],
    ['parameters', parameters.toLocaleString('en')],
    ['task', config.task],
    ['network', `${config.n_layers} layers, ${config.n_heads} heads, width ${config.dim}`],
    ['fine-tuning preset', preset],
  ]);
}

/** What a fitted classifier predicts. */
export function classifierGrid(model: FittedClassifier): Grid {
  return facts('Classifier, shown its context rows', [
    ['predicts', `${model.target}: ${shorten(model.classes.join(', '), 120)}`],
    ['foundation model', model.tfm],
    ...(model.temperature === 1 ? [] : [['temperature', formatNumber(model.temperature)] as const]),
    ...model.notes.map((note) => ['note', note] as const),
  ]);
}

/** How a fine-tuning went: its first, chosen and last steps. */
export function fineTunedGrid({ tfm, steps, chosenStep, preset, stopped }: FineTuned): Grid {
  const wanted = steps.filter(
    ({ step }, i) => i < 3 || i >= steps.length - 2 || Math.abs(step - chosenStep) <= 1,
  );
  const monitors = Object.keys(steps[0]?.monitor ?? {});
  return {
    caption: `${tfm.name} fine-tuned (preset ${preset}): step ${chosenStep} of ${steps.at(-1)?.step ?? 0} kept${stopped ? `, stopped by ${stopped}` : ''}`,
    columns: [
      { name: 'step', align: 'right' },
      { name: 'score', detail: 'lower is better', align: 'right' },
      { name: 'train loss', align: 'right' },
      { name: 'learning rate', align: 'right' },
      ...monitors.map((name) => ({ name, align: 'right' }) as const),
    ],
    rows: wanted.map((step) => [
      step.step === chosenStep ? `★ ${step.step}` : String(step.step),
      step.score.toFixed(4),
      step.trainLoss?.toFixed(4) ?? '–',
      step.learningRate === undefined ? '–' : formatNumber(step.learningRate, 3),
      ...monitors.map((name) => step.monitor?.[name]?.toFixed(4) ?? '–'),
    ]),
    ...(wanted.length < steps.length
      ? { note: `… ${plural(steps.length - wanted.length, 'more step')} not shown` }
      : {}),
  };
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

function facts(caption: string, entries: readonly (readonly [string, string])[]): Grid {
  return { caption, columns: [{ name: 'what' }, { name: 'value' }], rows: entries };
}
