// Gaussian naive Bayes on the encoded parents: p(k) Π_j N(x_j; μ_kj, σ²_kj), with 1e−9 of the largest
// variance added to every variance, as scikit-learn has it.

export interface NaiveBayesFit {
  /** Share of each class. */
  readonly shares: Float64Array;
  /** classes × m. */
  readonly means: Float64Array;
  /** classes × m. */
  readonly variances: Float64Array;
}

/** Fit on m columns of n values and n class indices; classes that do not occur get share 0. */
export function fitNaiveBayes(
  x: readonly Float64Array[],
  y: Int32Array,
  classes: number,
): NaiveBayesFit {
  const n = y.length;
  const m = x.length;
  const shares = new Float64Array(classes);
  for (const k of y) shares[k] += 1 / n;
  const means = new Float64Array(classes * m);
  const variances = new Float64Array(classes * m);
  let widest = 0;
  x.forEach((column, j) => {
    const mean = column.reduce((a, b) => a + b, 0) / n;
    widest = Math.max(widest, column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n);
    for (let i = 0; i < n; i++) means[y[i] * m + j] += column[i] / (shares[y[i]] * n);
    for (let i = 0; i < n; i++) {
      variances[y[i] * m + j] += (column[i] - means[y[i] * m + j]) ** 2 / (shares[y[i]] * n);
    }
  });
  for (let i = 0; i < variances.length; i++) variances[i] += 1e-9 * widest || 1e-9;
  return { shares, means, variances };
}

/** Probability of class k for row i at k · n + i. */
export function predictNaiveBayes(
  { shares, means, variances }: NaiveBayesFit,
  x: readonly Float64Array[],
  n: number,
): Float64Array {
  const m = x.length;
  const p = new Float64Array(shares.length * n);
  for (let i = 0; i < n; i++) {
    let top = Number.NEGATIVE_INFINITY;
    shares.forEach((share, k) => {
      let log = Math.log(share);
      if (share > 0) {
        for (let j = 0; j < m; j++) {
          const v = variances[k * m + j];
          log -= (Math.log(2 * Math.PI * v) + (x[j][i] - means[k * m + j]) ** 2 / v) / 2;
        }
      }
      p[k * n + i] = log;
      top = Math.max(top, log);
    });
    let sum = 0;
    for (let k = 0; k < shares.length; k++) {
      p[k * n + i] = Math.exp(p[k * n + i] - top);
      sum += p[k * n + i];
    }
    for (let k = 0; k < shares.length; k++) p[k * n + i] /= sum;
  }
  return p;
}
