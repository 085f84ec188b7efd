// k nearest neighbours, 5 with equal votes, by Euclidean distance of the encoded parents, each scaled
// to deviation 1 so that units do not decide; ties go to the earlier row. Cover & Hart 1967.

/** Training rows as a k-NN model keeps them. */
export interface NeighboursFit {
  /** Mean and deviation of each encoded column. */
  readonly means: Float64Array;
  readonly scales: Float64Array;
  /** Scaled training rows, n × m row-major. */
  readonly rows: Float64Array;
  /** One per training row: the value, or the class index. */
  readonly targets: Float64Array;
  /** Number of classes; 0 for a number. */
  readonly classes: number;
}

const NEIGHBOURS = 5;

/** Keep training rows: m columns of n values, and a target each. */
export function fitNeighbours(
  x: readonly Float64Array[],
  targets: Float64Array,
  classes: number,
): NeighboursFit {
  const n = targets.length;
  const means = Float64Array.from(x, (c) => c.reduce((a, b) => a + b, 0) / n);
  const scales = Float64Array.from(x, (c, j) => {
    const variance = c.reduce((sum, v) => sum + (v - means[j]) ** 2, 0) / n;
    return Math.sqrt(variance) || 1;
  });
  return { means, scales, rows: scaled(x, n, means, scales), targets, classes };
}

/** Predict n rows: values, or the probability of class k for row i at k · n + i. */
export function predictNeighbours(
  fit: NeighboursFit,
  x: readonly Float64Array[],
  n: number,
): Float64Array {
  const { rows, targets, classes } = fit;
  const m = x.length;
  const query = scaled(x, n, fit.means, fit.scales);
  const k = Math.min(NEIGHBOURS, targets.length);
  const out = new Float64Array(Math.max(classes, 1) * n);
  const distance = new Float64Array(k);
  const nearest = new Int32Array(k);
  for (let i = 0; i < n; i++) {
    distance.fill(Number.POSITIVE_INFINITY);
    for (let r = 0; r < targets.length; r++) {
      let sum = 0;
      for (let j = 0; j < m; j++) sum += (query[i * m + j] - rows[r * m + j]) ** 2;
      if (!(sum < distance[k - 1])) continue;
      let at = k - 1;
      for (; at > 0 && distance[at - 1] > sum; at--) {
        distance[at] = distance[at - 1];
        nearest[at] = nearest[at - 1];
      }
      distance[at] = sum;
      nearest[at] = r;
    }
    for (const r of nearest)
      out[(classes > 0 ? targets[r] : 0) * n + i] += (classes > 0 ? 1 : targets[r]) / k;
  }
  return out;
}

function scaled(
  x: readonly Float64Array[],
  n: number,
  means: Float64Array,
  scales: Float64Array,
): Float64Array {
  const m = x.length;
  const rows = new Float64Array(n * m);
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) rows[i * m + j] = (x[j][i] - means[j]) / scales[j];
  }
  return rows;
}
