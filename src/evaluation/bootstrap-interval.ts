import { sampleWithReplacement } from '../math/draws.js';
import { stream } from '../math/random.js';
import { median, quantile } from './summary.js';

export interface BootstrapIntervalOptions {
  /** Seed of the resamples. */
  readonly seed: number;
  /** What is estimated (default: the median). */
  readonly statistic?: (values: Float64Array) => number;
  /** Number of resamples (default `2000`). */
  readonly resamples?: number;
  /** Share of the resamples inside (default `0.95`). */
  readonly level?: number;
}

/** A statistic with its bootstrap percentile interval (Efron 1979). */
export interface BootstrapInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Estimate how sure a statistic of independent numbers is, by resampling them. */
export function bootstrapInterval(
  values: ArrayLike<number>,
  options: BootstrapIntervalOptions,
): BootstrapInterval {
  const { seed, statistic = median, resamples = 2000, level = 0.95 } = options;
  const x = Float64Array.from(values);
  if (x.length === 0 || !(level > 0 && level < 1)) {
    throw new RangeError(
      `Cannot compute the interval as there must be numbers and a level in (0, 1): there are ${x.length}, and level is ${level}`,
    );
  }
  const random = stream(seed, 'bootstrap-interval');
  const drawn = new Float64Array(x.length);
  const found = Float64Array.from({ length: resamples }, () => {
    const rows = sampleWithReplacement(random, x.length);
    for (let i = 0; i < rows.length; i++) drawn[i] = x[rows[i]];
    return statistic(drawn);
  });
  return {
    estimate: statistic(x),
    low: quantile(found, (1 - level) / 2),
    high: quantile(found, (1 + level) / 2),
  };
}
