// Wilcoxon's signed-rank test of paired scores (Wilcoxon 1945) and Holm's correction for several
// tests (Holm 1979). As in scipy, pairs without a difference are left out; the distribution is exact
// for up to 50 pairs without ties and normal, corrected for ties, beyond.

import { normalTail } from '../math/distributions.js';
import { ranks } from './correlation.js';

export interface SignedRank {
  /** Pairs with a difference. */
  readonly pairs: number;
  /** Sum of the ranks of positive differences. */
  readonly positive: number;
  /** Sum of the ranks of negative differences. */
  readonly negative: number;
  /** Two-sided: probability of sums at least that unequal where differences are symmetric about 0. */
  readonly pValue: number;
}

/**
 * Test whether paired scores differ.
 * @param x Scores of one method, a pair's by its place.
 * @param y Scores of the other.
 */
export function wilcoxonSignedRank(x: ArrayLike<number>, y: ArrayLike<number>): SignedRank {
  if (x.length !== y.length) {
    throw new RangeError(
      `Cannot run the signed-rank test as scores must be paired: there are ${x.length} and ${y.length}`,
    );
  }
  const differences: number[] = [];
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) differences.push(x[i] - y[i]);
  if (differences.some(Number.isNaN)) {
    throw new RangeError('Cannot run the signed-rank test as scores must be numbers: one is NaN');
  }
  const n = differences.length;
  const sizes = differences.map(Math.abs);
  const place = ranks(sizes);
  const positive = place.reduce((sum, rank, i) => sum + (differences[i] > 0 ? rank : 0), 0);
  const negative = (n * (n + 1)) / 2 - positive;
  const least = Math.min(positive, negative);
  const tied = new Set(sizes).size < n;
  const pValue = n <= 50 && !tied ? exact(least, n) : approximate(least, n, sizes);
  return { pairs: n, positive, negative, pValue };
}

/**
 * Adjust the p-values of several tests so that all of them together are wrong no more often than
 * each alone: reject those whose adjusted value is below the level.
 * @returns Adjusted p-values in the given order.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let most = 0;
  for (const [rank, i] of order.entries()) {
    most = Math.max(most, Math.min(1, (pValues.length - rank) * pValues[i]));
    adjusted[i] = most;
  }
  return adjusted;
}

/** 2 · P(W ≤ w), W the sum of the ranks 1 … n that a fair coin keeps. */
function exact(w: number, n: number): number {
  const total = (n * (n + 1)) / 2;
  const ways = new Float64Array(total + 1); // subsets of the ranks so far, by their sum
  ways[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = total; sum >= rank; sum--) ways[sum] += ways[sum - rank];
  }
  let below = 0;
  for (let sum = 0; sum <= w; sum++) below += ways[sum];
  return Math.min(1, 2 * below * 2 ** -n);
}

function approximate(w: number, n: number, sizes: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const size of sizes) counts.set(size, (counts.get(size) ?? 0) + 1);
  let ties = 0;
  for (const t of counts.values()) ties += t ** 3 - t;
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  return Math.min(1, 2 * normalTail(((n * (n + 1)) / 4 - w) / Math.sqrt(variance)));
}
