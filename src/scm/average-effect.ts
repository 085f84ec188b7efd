// The average causal effect of setting one column: E[Y | do(X := to)] − E[Y | do(X := from)], by
// sampling both arms with the same noise. Intervals: percentiles over models that are fitted again
// to bootstrap resamples of the rows, so that they hold the uncertainty of fitting too.

import { type Table, takeRows } from '../data/table.js';
import { sampleWithReplacement } from '../math/draws.js';
import { childSeed, stream } from '../math/random.js';
import { type LongWork, longWork, quietly } from '../work/long-work.js';
import { checkCount, checkScm, checkSeed, describe } from './check-arguments.js';
import { type CellValue, intervene } from './intervene.js';
import { fitScm, type Scm } from './scm.js';

/** What is compared with what. */
export interface EffectQuery {
  readonly treatment: string;
  readonly from: CellValue;
  readonly to: CellValue;
  readonly outcome: string;
  /** For a categorical outcome: the category whose probability is compared. */
  readonly category?: string;
}

export interface AverageEffectOptions extends LongWork {
  readonly seed: number;
  /** Rows drawn in each arm (default `10000`). */
  readonly size?: number;
  /** The rows that the model was fitted on; without them there is no interval. */
  readonly table?: Table;
  /** Bootstrap resamples (default `20`). */
  readonly resamples?: number;
  /** Share of resamples inside the interval (default `0.95`). */
  readonly level?: number;
}

export interface AverageEffect extends EffectQuery {
  readonly kind: 'average-effect';
  readonly effect: number;
  /** Percentile interval over the resamples; absent without `table`. */
  readonly interval?: readonly [number, number];
  readonly level?: number;
  readonly resamples?: number;
}

/** Estimate an average causal effect. */
export async function averageEffect(
  scm: Scm,
  query: EffectQuery,
  options: AverageEffectOptions,
): Promise<AverageEffect> {
  const action = 'estimate an effect';
  checkScm(action, scm);
  checkQuery(action, query);
  const seed = checkSeed(action, options);
  const { size = 10_000, table, resamples = 20, level = 0.95 } = options;
  checkCount(action, 'size', size);
  if (table) checkCount(action, 'resamples', resamples, 2);
  if (!(level > 0 && level < 1)) {
    throw new RangeError(
      `Cannot make an interval as level must be in (0, 1): current value is ${level}`,
    );
  }
  const effect = estimate(scm, query, size, seed);
  if (!table) return { kind: 'average-effect', ...query, effect };
  return longWork('Refitting for the interval', resamples, options, async (work) => {
    const found: number[] = [];
    for (let b = 0; b < resamples; b++) {
      const random = stream(seed, 'average-effect', b);
      const rows = takeRows(table, sampleWithReplacement(random, table.rows));
      const again = await fitScm(
        rows,
        scm.models.map((m) => m.dag),
        { ...scm.settings, seed: childSeed(random), workers: 1, ...quietly(work) },
      );
      found.push(estimate(again, query, size, seed));
      work.tick();
    }
    found.sort((a, b) => a - b);
    const interval = [quantile(found, (1 - level) / 2), quantile(found, (1 + level) / 2)] as const;
    return { kind: 'average-effect', ...query, effect, interval, level, resamples };
  });
}

/** What is asked, as notebooks give it: a wrong or forgotten key is named. */
function checkQuery(action: string, query: EffectQuery | undefined): void {
  for (const key of ['treatment', 'from', 'to', 'outcome'] as const) {
    const value: unknown = query?.[key];
    const given = key === 'from' || key === 'to' ? value !== undefined : typeof value === 'string';
    if (given) continue;
    const kind = key === 'from' || key === 'to' ? 'a value' : "a column's name";
    throw new TypeError(
      `Cannot ${action} as ${key} must be ${kind}: current value is ${describe(value)}; ask { treatment: 'x', from: 0, to: 1, outcome: 'y' }`,
    );
  }
}

function estimate(scm: Scm, query: EffectQuery, size: number, seed: number): number {
  const { treatment, from, to, outcome, category } = query;
  const mean = (value: CellValue): number => {
    const { columns } = intervene(scm, { [treatment]: value }, { seed, size });
    const column = columns.find((c) => c.name === outcome);
    if (!column) {
      throw new RangeError(
        `Cannot estimate an effect as the outcome must be in the SCM: "${outcome}" is none of ${columns.map((c) => c.name).join(', ')}`,
      );
    }
    if ('values' in column) return column.values.reduce((a, b) => a + b, 0) / size;
    const code = category === undefined ? -1 : column.categories.indexOf(category);
    if (code < 0) {
      throw new RangeError(
        `Cannot estimate an effect on "${outcome}" as one of its categories must be named: current value is ${category}; its categories are ${column.categories.join(', ')}`,
      );
    }
    return column.codes.reduce((sum, c) => sum + (c === code ? 1 : 0), 0) / size;
  };
  return mean(to) - mean(from);
}

function quantile(sorted: readonly number[], q: number): number {
  const position = q * (sorted.length - 1);
  const low = Math.floor(position);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (position - low) * (sorted[high] - sorted[low]);
}
