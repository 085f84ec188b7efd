import { association, type Estimate } from './association.js';
import {
  type CorrelationData,
  type CorrelationRow,
  type Gap,
  methodsOf,
  runsOf,
} from './correlation-data.js';
import type { Grid } from './grid.js';
import { formatNumber } from './markup.js';
import { plural } from './table-view.js';

/** A metric's name as people write it. */
export function metricLabel(name: string): string {
  const known: Readonly<Record<string, string>> = {
    logLoss: 'log-loss',
    rocAuc: 'ROC-AUC',
    brier: 'Brier score',
    f1: 'F1',
    f1Macro: 'F1 (macro)',
    f1Minority: 'F1 (minority class)',
    calibrationError: 'calibration error',
  };
  return Object.hasOwn(known, name)
    ? known[name]
    : name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
}

/** Say in sentences what the validation-against-test view shows, numbers included. */
export function correlationSummary(data: CorrelationData): readonly string[] {
  const { rows, metric } = data;
  const runs = runsOf(rows);
  if (rows.length === 0) return ['No scores yet.'];
  const label = metricLabel(metric.name);
  const sentences = [
    `${plural(runs.length, 'run')}, ${plural(rows.length, 'evaluated step')}; ${label}, ${metric.direction} is better${data.model ? `; model ${data.model}` : ''}.`,
    ...(runs.length <= 6 ? runs.map((run) => runSentence(run, label)) : []),
  ];
  const points = correlated(data);
  if (points.rows.length < 3) {
    sentences.push('Fewer than three points with validation and test scores: no correlation.');
  } else {
    const { pearson, spearman, kendall } = association(
      points.rows.map((row) => row.validation),
      points.rows.map((row) => row.test as number),
    );
    sentences.push(
      `Validation and test over ${points.what}: Pearson ${written(pearson)}, Spearman ${written(spearman)}, Kendall ${written(kendall)}.`,
    );
    if (points.what.includes('steps')) {
      sentences.push('Steps of one run follow one another: the intervals are too narrow for them.');
    }
  }
  sentences.push(
    gapSentence(
      'gainGap',
      '|validation gain − test gain| at the chosen step, in points of % of the pre-trained score',
      data.gaps.gainGap,
    ),
  );
  sentences.push(
    gapSentence(
      'correlationGap',
      '1 − Spearman of validation and test along the steps',
      data.gaps.correlationGap,
    ),
  );
  if (data.references.length > 0) {
    sentences.push(
      `The paper's gap (another model, other data, definition not public): ${data.references.map((r) => `${r.label} ${formatNumber(r.value)}`).join(', ')}.`,
    );
  }
  return sentences;
}

/** The points whose correlation is meant: chosen steps of several runs, else the steps of one. */
export function correlated(data: CorrelationData): {
  readonly rows: readonly CorrelationRow[];
  readonly what: string;
} {
  const scored = data.rows.filter((row) => row.test !== undefined);
  const chosen = scored.filter((row) => row.chosen);
  if (chosen.length >= 5)
    return { rows: chosen, what: `the chosen steps of ${chosen.length} runs` };
  const runs = runsOf(scored).length;
  return { rows: scored, what: runs === 1 ? 'the steps of the run' : `the steps of ${runs} runs` };
}

/** Every row of the view as a table: what a screen reader, or a saved notebook, has of it. */
export function correlationGrid(data: CorrelationData): Grid {
  const { rows, metric } = data;
  const label = metricLabel(metric.name);
  const datasets = rows.some((row) => row.dataset !== undefined);
  const folds = rows.some((row) => row.fold !== undefined);
  return {
    columns: [
      ...(datasets ? [{ name: 'data set' }] : []),
      ...(folds ? [{ name: 'fold', align: 'right' } as const] : []),
      { name: 'method' },
      { name: 'seed', align: 'right' },
      { name: 'step', align: 'right' },
      { name: 'validation', detail: label, align: 'right' },
      { name: 'test', detail: label, align: 'right' },
      { name: 'chosen' },
    ],
    rows: rows.map((row) => [
      ...(datasets ? [row.dataset ?? ''] : []),
      ...(folds ? [row.fold === undefined ? '' : String(row.fold)] : []),
      row.method,
      String(row.seed),
      String(row.step),
      row.validation.toFixed(4),
      row.test === undefined ? '–' : row.test.toFixed(4),
      row.chosen ? '★' : '',
    ]),
  };
}

/** A short table for saved notebooks: of each run the pre-trained, the chosen and the last step. */
export function correlationDigest(data: CorrelationData): Grid {
  const runs = runsOf(data.rows);
  const wanted = runs.slice(0, 20).flatMap((run) => {
    const rows = [run[0], run.find((row) => row.chosen), run[run.length - 1]];
    return rows.filter((row, i) => row && rows.indexOf(row) === i) as CorrelationRow[];
  });
  const grid = correlationGrid({ ...data, rows: wanted });
  const left = data.rows.length - wanted.length;
  return {
    ...grid,
    caption: data.title,
    ...(left > 0 ? { note: `… ${plural(left, 'more step')} not listed` } : {}),
  };
}

/** The methods with their numbers of runs and points. */
export function methodCounts(
  data: CorrelationData,
): readonly { readonly method: string; readonly runs: number; readonly rows: number }[] {
  return methodsOf(data.rows).map((method) => {
    const rows = data.rows.filter((row) => row.method === method);
    return { method, runs: runsOf(rows).length, rows: rows.length };
  });
}

function runSentence(run: readonly CorrelationRow[], label: string): string {
  const start = run.find((row) => row.step === 0);
  const chosen = run.find((row) => row.chosen);
  if (!chosen) return `${run[0].run}: no step chosen.`;
  const change = (now: number | undefined, before: number | undefined): string =>
    before === undefined || now === undefined || chosen.step === 0
      ? now === undefined
        ? 'not scored'
        : now.toFixed(4)
      : `${before.toFixed(4)} → ${now.toFixed(4)}`;
  const where = chosen.step === 0 ? 'step 0, the pre-trained model' : `step ${chosen.step}`;
  return `${run[0].run}: chosen ${where} of ${run[run.length - 1].step}; ${label} on validation ${change(chosen.validation, start?.validation)}, on test ${change(chosen.test, start?.test)}.`;
}

function written(estimate: Estimate | undefined): string {
  if (!estimate) return 'undefined (no change)';
  const { value, interval } = estimate;
  const two = (x: number): string =>
    x
      .toFixed(2)
      .replace(/^-0\.00$/, '0.00')
      .replace('-', '−');
  return interval ? `${two(value)} [${two(interval[0])}, ${two(interval[1])}]` : two(value);
}

function gapSentence(name: string, meaning: string, gap: Gap): string {
  if (gap.value === null) return `${name} (${meaning}): not defined for these runs.`;
  const methods = Object.entries(gap.byMethod);
  const each =
    methods.length > 1
      ? ` (${methods.map(([m, v]) => `${m} ${v === null ? '–' : formatNumber(v, 3)}`).join(', ')})`
      : '';
  return `${name} (${meaning}; median of ${plural(gap.runs, 'run')}): ${formatNumber(gap.value, 3)}${each}.`;
}
