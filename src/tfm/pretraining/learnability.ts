// Is there something to learn in a table? The best of three cheap predictors' shares of explained
// variance of the class indicators, none of which sees the row that it predicts: ridge regression
// (leave-one-out), seven nearest neighbours, and a small decision tree (half for half). Half of the
// tables that random causal models give are close to noise; training on them teaches little.

import { cholesky, choleskySolve } from '../../math/linear-algebra.js';
import { rankScores, standardize } from './column-math.js';
import type { SyntheticTable } from './synthetic-table.js';

/** What every predictor is given: columns of scores, and the centred indicator of each class. */
interface Problem {
  readonly columns: readonly Float64Array[];
  readonly indicators: readonly Float64Array[];
  /** Sum of squares of all indicators: what there is to explain. */
  readonly variance: number;
}

/**
 * Measure how well simple predictors explain the classes of a table.
 * @returns 0 or less where nothing is explained, 1 where everything is.
 */
export function learnability(table: SyntheticTable): number {
  const problem = asProblem(table);
  return Math.max(ridgeScore(problem), neighbourScore(problem), treeScore(problem));
}

function asProblem({ columns, labels }: SyntheticTable): Problem {
  const n = labels.length;
  const scores = columns.map((column) => {
    const known = column.map((v) => (Number.isNaN(v) ? 0 : v));
    const ranks = rankScores(known);
    standardize(known);
    return known.map((v, i) => 0.7 * ranks[i] + 0.3 * v);
  });
  const classes = labels.reduce((top, y) => Math.max(top, y), 0) + 1;
  let variance = 0;
  const indicators = Array.from({ length: classes }, (_, c) => {
    const indicator = Float64Array.from(labels, (y) => (y === c ? 1 : 0));
    const mean = indicator.reduce((sum, v) => sum + v, 0) / n;
    for (let i = 0; i < n; i++) {
      indicator[i] -= mean;
      variance += indicator[i] * indicator[i];
    }
    return indicator;
  });
  return { columns: scores, indicators, variance };
}

/** Leave-one-out explained share of ridge regression on the scores and their squares. */
function ridgeScore({ columns, indicators, variance }: Problem): number {
  const n = columns[0].length;
  const squares = 2 * columns.length < n / 3 ? columns.map((z) => z.map((v) => v * v - 1)) : [];
  const inputs = [...columns, ...squares];
  const p = inputs.length;
  const gram = new Float64Array(p * p);
  for (let a = 0; a < p; a++) {
    for (let b = 0; b <= a; b++) gram[a * p + b] = dot(inputs[a], inputs[b]);
    gram[a * p + a] += 1 + 0.02 * n;
  }
  const factor = cholesky(gram, p);
  if (typeof factor === 'number') return Number.NEGATIVE_INFINITY;
  const leverage = leverages(factor, inputs);
  let left = 0;
  for (const indicator of indicators) {
    const weights = choleskySolve(
      factor,
      Float64Array.from(inputs, (x) => dot(x, indicator)),
      p,
    );
    for (let i = 0; i < n; i++) {
      let fitted = 0;
      for (let a = 0; a < p; a++) fitted += weights[a] * inputs[a][i];
      left += ((indicator[i] - fitted) / (1 - leverage[i])) ** 2;
    }
  }
  return 1 - left / variance;
}

/** Diagonal of the hat matrix, with the share of the mean: aᵢᵀ (L·Lᵀ)⁻¹ aᵢ + 1/n. */
function leverages(factor: Float64Array, inputs: readonly Float64Array[]): Float64Array {
  const p = inputs.length;
  const n = inputs[0].length;
  const u = new Float64Array(p);
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 1 / n;
    for (let a = 0; a < p; a++) {
      let v = inputs[a][i];
      for (let b = 0; b < a; b++) v -= factor[a * p + b] * u[b];
      u[a] = v / factor[a * p + a];
      sum += u[a] * u[a];
    }
    return Math.min(0.95, sum);
  });
}

/** Explained share of the mean over the seven nearest other rows, on at most 128 rows. */
function neighbourScore({ columns, indicators }: Problem): number {
  const n = columns[0].length;
  const k = Math.min(7, n - 1);
  let [left, total] = [0, 0];
  const distance = new Float64Array(n);
  for (let i = 0; i < Math.min(n, 128); i++) {
    distance.fill(0);
    for (const z of columns) {
      const at = z[i];
      for (let j = 0; j < n; j++) distance[j] += (z[j] - at) ** 2;
    }
    distance[i] = Number.POSITIVE_INFINITY;
    const near = nearest(distance, k);
    for (const indicator of indicators) {
      let mean = 0;
      for (const j of near) mean += indicator[j];
      left += (indicator[i] - mean / k) ** 2;
      total += indicator[i] ** 2;
    }
  }
  return total > 0 ? 1 - left / total : 0;
}

/** Indices of the k smallest distances. */
function nearest(distance: Float64Array, k: number): Int32Array {
  const chosen = new Int32Array(k).fill(-1);
  let count = 0;
  for (let j = 0; j < distance.length; j++) {
    if (count === k && distance[j] >= distance[chosen[k - 1]]) continue;
    let at = count < k ? count++ : k - 1;
    while (at > 0 && distance[chosen[at - 1]] > distance[j]) {
      chosen[at] = chosen[at - 1];
      at--;
    }
    chosen[at] = j;
  }
  return chosen;
}

/** Explained share on the odd rows of a tree of depth 6 grown on the even rows. */
function treeScore({ columns, indicators }: Problem): number {
  const n = columns[0].length;
  let [left, total] = [0, 0];
  const grow = (fit: number[], test: number[], depth: number): void => {
    const split = depth < 6 && fit.length >= 6 ? bestSplit(columns, indicators, fit) : undefined;
    if (split) {
      const z = columns[split.column];
      const below = (i: number): boolean => z[i] <= split.bound;
      const above = (i: number): boolean => z[i] > split.bound;
      grow(fit.filter(below), test.filter(below), depth + 1);
      grow(fit.filter(above), test.filter(above), depth + 1);
      return;
    }
    for (const indicator of indicators) {
      let mean = 0;
      for (const i of fit) mean += indicator[i];
      // Shrunk a little towards the mean of all rows, which is 0.
      mean /= fit.length + 1;
      for (const i of test) {
        left += (indicator[i] - mean) ** 2;
        total += indicator[i] ** 2;
      }
    }
  };
  const rows = Array.from({ length: n }, (_, i) => i);
  grow(
    rows.filter((i) => i % 2 === 0),
    rows.filter((i) => i % 2 === 1),
    0,
  );
  return total > 0 ? 1 - left / total : 0;
}

/** The cut, among twelve a column, that explains most of the rows' indicators. */
function bestSplit(
  columns: readonly Float64Array[],
  indicators: readonly Float64Array[],
  rows: readonly number[],
): { readonly column: number; readonly bound: number } | undefined {
  const sums = indicators.map((indicator) => rows.reduce((sum, i) => sum + indicator[i], 0));
  const before = sums.reduce((s, v) => s + v * v, 0) / rows.length;
  let best: { column: number; bound: number } | undefined;
  let gain = 1e-9;
  for (const [column, z] of columns.entries()) {
    const sorted = [...rows].sort((a, b) => z[a] - z[b]);
    const below = new Float64Array(indicators.length);
    const every = Math.max(1, Math.floor(sorted.length / 12));
    for (let r = 1; r < sorted.length; r++) {
      for (let c = 0; c < below.length; c++) below[c] += indicators[c][sorted[r - 1]];
      if (r % every !== 0 || z[sorted[r - 1]] === z[sorted[r]]) continue;
      let after = 0;
      for (let c = 0; c < below.length; c++) {
        after += below[c] ** 2 / r + (sums[c] - below[c]) ** 2 / (sorted.length - r);
      }
      if (after - before > gain) {
        gain = after - before;
        best = { column, bound: z[sorted[r - 1]] };
      }
    }
  }
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
