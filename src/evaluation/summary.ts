// Numbers that stand for many runs.

/** How a method's scores lie: the median and three spreads. */
export interface Spread {
  /** How many numbers there are, NaN left out. */
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  /** Standard deviation with n − 1; NaN for a single number. */
  readonly deviation: number;
  /** Median absolute deviation from the median, not scaled. */
  readonly medianAbsoluteDeviation: number;
  /** Interquartile range. */
  readonly interquartileRange: number;
}

/** Summarise numbers by their median and spreads, NaN left out. */
export function spread(values: Iterable<number>): Spread {
  const x = [...values].filter((value) => !Number.isNaN(value));
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const middle = median(x);
  return {
    count: x.length,
    mean,
    median: middle,
    deviation:
      x.length > 1
        ? Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / (x.length - 1))
        : Number.NaN,
    medianAbsoluteDeviation: median(x.map((value) => Math.abs(value - middle))),
    interquartileRange: quantile(x, 0.75) - quantile(x, 0.25),
  };
}

/** Compute the median; NaN of no numbers. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/**
 * Compute a quantile by linear interpolation between order statistics (numpy's default).
 * @param q From 0 to 1.
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/**
 * Compute the gain over a baseline in per cent: sign · (score / baseline − 1) · 100, with sign −1
 * where lower is better.
 * @param score Of the method.
 * @param baseline Of the zero-shot model on the same rows; not 0.
 * @param higherIsBetter Whether a larger score is the better one (default true, as for ROC-AUC).
 */
export function normalizedScore(score: number, baseline: number, higherIsBetter = true): number {
  if (baseline === 0) {
    throw new RangeError(
      'Cannot normalise a score as the baseline must not be 0: current value is 0; compare the scores themselves',
    );
  }
  return (higherIsBetter ? 1 : -1) * (score / baseline - 1) * 100;
}

/** How often one method beats another on the same rows. */
export interface WinsTiesLosses {
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
}

/**
 * Count wins, ties and losses of paired scores.
 * @param scores Of the method.
 * @param others Of the one it is compared with, a pair's by its place.
 * @param higherIsBetter Whether a larger score is the better one (default true).
 * @param tolerance Scores that differ by no more are a tie (default 0).
 */
export function winsTiesLosses(
  scores: ArrayLike<number>,
  others: ArrayLike<number>,
  higherIsBetter = true,
  tolerance = 0,
): WinsTiesLosses {
  if (scores.length !== others.length) {
    throw new RangeError(
      `Cannot count wins as scores must be paired: there are ${scores.length} and ${others.length}`,
    );
  }
  const counts = { wins: 0, ties: 0, losses: 0 };
  for (let i = 0; i < scores.length; i++) {
    const gain = (higherIsBetter ? 1 : -1) * (scores[i] - others[i]);
    if (Math.abs(gain) <= tolerance) counts.ties++;
    else if (gain > 0) counts.wins++;
    else if (gain < 0) counts.losses++;
  }
  return counts;
}
