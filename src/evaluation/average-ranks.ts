// Average ranks of methods over data sets and the Friedman test of "all methods are alike"
// (Demšar 2006, "Statistical comparisons of classifiers over multiple data sets"), with the
// correction for ties.

import { chiSquareTail } from '../math/distributions.js';
import { ranks } from './correlation.js';

export interface AverageRanks {
  /** Mean rank of each method; 1 is best, equal scores share their mean rank. */
  readonly ranks: readonly number[];
  /** Friedman's χ²; NaN where every data set has all methods equal. */
  readonly statistic: number;
  /** Its degrees of freedom: methods − 1. */
  readonly degreesOfFreedom: number;
  /** Probability of at least that χ² where all methods are alike. */
  readonly pValue: number;
}

/**
 * Average the ranks of methods over data sets.
 * @param scores One row per data set, one score per method, none missing.
 * @param higherIsBetter Whether a larger score is the better one (default true).
 */
export function averageRanks(
  scores: readonly (readonly number[])[],
  higherIsBetter = true,
): AverageRanks {
  const methods = scores[0]?.length ?? 0;
  if (methods < 2) {
    throw new RangeError(
      `Cannot rank methods as there must be a row of at least two scores: the first has ${methods}`,
    );
  }
  const sums = new Array<number>(methods).fill(0);
  let ties = 0; // Σ (t³ − t) over groups of t equal scores
  for (const [i, row] of scores.entries()) {
    if (row.length !== methods || row.some(Number.isNaN)) {
      throw new RangeError(
        `Cannot rank methods as every data set must have ${methods} scores: row ${i + 1} is ${row.join(', ')}`,
      );
    }
    const place = ranks(higherIsBetter ? row.map((score) => -score) : row);
    for (let k = 0; k < methods; k++) sums[k] += place[k];
    for (const value of new Set(row)) {
      const t = row.filter((score) => score === value).length;
      ties += t ** 3 - t;
    }
  }
  const n = scores.length;
  const k = methods;
  const squares = sums.reduce((a, sum) => a + sum ** 2, 0);
  const raw = (12 / (n * k * (k + 1))) * squares - 3 * n * (k + 1);
  const statistic = raw / (1 - ties / (n * (k ** 3 - k)));
  return {
    ranks: sums.map((sum) => sum / n),
    statistic,
    degreesOfFreedom: k - 1,
    pValue: Number.isNaN(statistic) ? Number.NaN : chiSquareTail(statistic, k - 1),
  };
}
