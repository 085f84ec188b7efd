import type { History } from '../causal-mix-ft.js';
import { median, spearman } from './association.js';

// The data of the validation-against-test view, as it travels to the browser and rests in saved
// notebooks. Fields may be added; none changes its meaning without a new `version`.

export interface CorrelationMetric {
  readonly name: string;
  /** Which way is better. */
  readonly direction: 'lower' | 'higher';
}

/** One evaluated step of one run. */
export interface CorrelationRow {
  /** Which run: method, seed and, where there are several, data set and fold. */
  readonly run: string;
  readonly dataset?: string;
  readonly fold?: number;
  readonly method: string;
  readonly seed: number;
  /** 0 is the pre-trained model. */
  readonly step: number;
  readonly validation: number;
  readonly test?: number;
  /** Whether this step's weights were kept. */
  readonly chosen: boolean;
  /** Scores in the other metrics, by name. */
  readonly scores?: Readonly<
    Record<string, { readonly validation: number; readonly test?: number }>
  >;
}

/** A published number to compare with; never mixed with ours. */
export interface CorrelationReference {
  readonly label: string;
  readonly value: number;
  /** Whose number it is, and what is known about it. */
  readonly source: string;
}

/** One reading of the validation-test gap: the median over runs, for all and for each method. */
export interface Gap {
  /** null where no run has a value: scores without change, or no test scores. */
  readonly value: number | null;
  readonly byMethod: Readonly<Record<string, number | null>>;
  /** Runs that have a value. */
  readonly runs: number;
}

export interface CorrelationGaps {
  /** |validation gain − test gain| at the chosen step, gains in % of the pre-trained model's score. */
  readonly gainGap: Gap;
  /** 1 − Spearman correlation of validation and test score along the steps. */
  readonly correlationGap: Gap;
}

export interface CorrelationData {
  readonly version: 1;
  readonly title: string;
  readonly metric: CorrelationMetric;
  /** Every metric that the rows have scores in, `metric` first. */
  readonly metrics?: readonly CorrelationMetric[];
  /** Which model was tuned. */
  readonly model?: string;
  readonly rows: readonly CorrelationRow[];
  readonly references: readonly CorrelationReference[];
  readonly gaps: CorrelationGaps;
}

/** What the paper reports; it does not say how the number is computed. */
const paper: readonly CorrelationReference[] = [
  {
    label: 'default fine-tuning',
    value: 0.67,
    source: 'paper: arXiv 2601.04110, Mitra, 33 data sets; definition not public',
  },
  {
    label: 'CausalMixFT',
    value: 0.3,
    source: 'paper: arXiv 2601.04110, Mitra, 33 data sets; definition not public',
  },
];

const lowerIsBetter = /loss|brier|error|rmse|mae|crps/i;

/** Write the history of one or several runs as view data. */
export function historyData(history: History, title?: string): CorrelationData {
  const metric = metricOf(history.metric);
  const rows = history.runs.flatMap((run) => {
    const { dataset } = run as { readonly dataset?: string };
    return run.steps.map((step): CorrelationRow => {
      const scores = otherScores(step.scores, history.metric);
      return {
        run: [...(dataset === undefined ? [] : [dataset]), run.method, `seed ${run.seed}`].join(
          ', ',
        ),
        ...(dataset === undefined ? {} : { dataset }),
        method: run.method,
        seed: run.seed,
        step: step.step,
        validation: step.validation,
        ...(step.test === undefined ? {} : { test: step.test }),
        chosen: step.step === run.chosenStep,
        ...(Object.keys(scores).length > 0 ? { scores } : {}),
      };
    });
  });
  const names = Object.keys(rows[0]?.scores ?? {});
  return {
    version: 1,
    title: title ?? `Validation against test, ${history.model}`,
    metric,
    metrics: [metric, ...names.map(metricOf)],
    model: history.model,
    rows,
    references: paper,
    gaps: gaps(rows, metric),
  };
}

/** The same data seen in another of its metrics. */
export function inMetric(data: CorrelationData, name: string): CorrelationData {
  const metric = data.metrics?.find((m) => m.name === name);
  if (!metric || name === data.metric.name) return data;
  const rows = data.rows.flatMap((row) => {
    const scores = row.scores?.[name];
    if (!scores) return [];
    const { test: _, ...rest } = row;
    return [{ ...rest, ...scores }];
  });
  return { ...data, metric, rows, gaps: gaps(rows, metric) };
}

/** The rows of each run, in the order of their steps. */
export function runsOf(rows: readonly CorrelationRow[]): readonly (readonly CorrelationRow[])[] {
  const runs = new Map<string, CorrelationRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.run, row.dataset, row.fold, row.method, row.seed]);
    const run = runs.get(key);
    if (run) run.push(row);
    else runs.set(key, [row]);
  }
  return [...runs.values()].map((run) => run.sort((a, b) => a.step - b.step));
}

/** The methods of some rows, in the order met. */
export function methodsOf(rows: readonly CorrelationRow[]): readonly string[] {
  return [...new Set(rows.map((row) => row.method))];
}

/** Both readings of the validation-test gap. */
export function gaps(rows: readonly CorrelationRow[], metric: CorrelationMetric): CorrelationGaps {
  const runs = runsOf(rows);
  const read = (one: (run: readonly CorrelationRow[]) => number | undefined): Gap => {
    const values = runs.flatMap((run) => {
      const value = one(run);
      return value === undefined ? [] : [{ method: run[0].method, value }];
    });
    const byMethod = methodsOf(rows).map((method) => [
      method,
      median(values.filter((v) => v.method === method).map((v) => v.value)) ?? null,
    ]);
    return {
      value: median(values.map((v) => v.value)) ?? null,
      byMethod: Object.fromEntries(byMethod),
      runs: values.length,
    };
  };
  return { gainGap: read((run) => gainGapOf(run, metric)), correlationGap: read(correlationGapOf) };
}

function gainGapOf(
  run: readonly CorrelationRow[],
  { direction }: CorrelationMetric,
): number | undefined {
  const start = run.find((row) => row.step === 0);
  const chosen = run.find((row) => row.chosen);
  if (!start || !chosen || start.test === undefined || chosen.test === undefined) return undefined;
  const sign = direction === 'higher' ? 1 : -1;
  const gain = (now: number, before: number): number => sign * (now / before - 1) * 100;
  const gap = Math.abs(gain(chosen.validation, start.validation) - gain(chosen.test, start.test));
  return Number.isFinite(gap) ? gap : undefined;
}

function correlationGapOf(run: readonly CorrelationRow[]): number | undefined {
  const both = run.filter((row) => row.test !== undefined);
  const r = spearman(
    both.map((row) => row.validation),
    both.map((row) => row.test as number),
  );
  return r === undefined ? undefined : 1 - r;
}

function metricOf(name: string): CorrelationMetric {
  return { name, direction: lowerIsBetter.test(name) ? 'lower' : 'higher' };
}

function otherScores(
  scores: unknown,
  without: string,
): Readonly<Record<string, { validation: number; test?: number }>> {
  const { validation, test } = (scores ?? {}) as Record<
    string,
    Record<string, unknown> | undefined
  >;
  const found: Record<string, { validation: number; test?: number }> = {};
  for (const [name, value] of Object.entries(validation ?? {})) {
    if (name === without || typeof value !== 'number') continue;
    const other = test?.[name];
    found[name] = { validation: value, ...(typeof other === 'number' ? { test: other } : {}) };
  }
  return found;
}
