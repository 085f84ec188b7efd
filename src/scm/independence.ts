// Are residuals independent of the parents? Hilbert–Schmidt independence criterion with Gaussian
// kernels at the median distance and the gamma approximation of its null distribution
// (Gretton et al. 2008, "A kernel statistical test of independence").

import { gammaTail } from '../math/distributions.js';

/**
 * Test whether two sets of columns are independent.
 * @param x Columns of n values.
 * @param y Columns of n values.
 * @returns The p-value; NaN where one side does not vary.
 */
export function hsicPValue(x: readonly Float64Array[], y: readonly Float64Array[]): number {
  const n = x[0].length;
  const k = kernel(x, n);
  const l = kernel(y, n);
  if (!k || !l) return Number.NaN;
  // Means off the diagonal, for the null distribution's mean.
  const muX = offDiagonalMean(k, n);
  const muY = offDiagonalMean(l, n);
  centre(k, n);
  centre(l, n);
  let statistic = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const product = k[i * n + j] * l[i * n + j];
      statistic += product;
      if (i !== j) squares += (product / 6) ** 2;
    }
  }
  statistic /= n;
  const variance =
    ((squares / n / (n - 1)) * 72 * (n - 4) * (n - 5)) / n / (n - 1) / (n - 2) / (n - 3);
  const mean = (1 + muX * muY - muX - muY) / n;
  const shape = mean ** 2 / variance;
  const scale = (variance * n) / mean;
  return gammaTail(statistic, shape, scale);
}

/** Gaussian kernel of standardised columns at the median distance; `undefined` where nothing varies. */
function kernel(columns: readonly Float64Array[], n: number): Float64Array | undefined {
  const scaled = columns.flatMap((c) => {
    const mean = c.reduce((a, b) => a + b, 0) / n;
    const deviation = Math.sqrt(c.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n);
    return deviation > 0 ? [c.map((v) => (v - mean) / deviation)] : [];
  });
  if (scaled.length === 0) return undefined;
  const k = new Float64Array(n * n);
  const distances: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (const c of scaled) sum += (c[i] - c[j]) ** 2;
      k[i * n + j] = sum;
      k[j * n + i] = sum;
      if (sum > 0) distances.push(sum);
    }
  }
  const sorted = Float64Array.from(distances).sort();
  const width = sorted[sorted.length >> 1];
  for (let i = 0; i < n * n; i++) k[i] = Math.exp(-k[i] / width);
  return k;
}

function offDiagonalMean(k: Float64Array, n: number): number {
  let sum = -n;
  for (const v of k) sum += v;
  return sum / n / (n - 1);
}

function centre(k: Float64Array, n: number): void {
  const means = new Float64Array(n);
  let whole = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) means[i] += k[i * n + j] / n;
    whole += means[i] / n;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) k[i * n + j] += whole - means[i] - means[j];
  }
}
