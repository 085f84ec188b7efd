// Kernel ridge regression of class indicators, and what each row's fit would be without the row:
// everything is in closed form.

import type { ArrayLoops } from '../math/array-loops.js';
import { cholesky } from '../math/linear-algebra.js';
import { arrayLoops } from '../math/tf.js';

/** A row's score for class k is Σᵢ weights[i, k]·kernel(row, row i) + offsets[k]. */
export interface KernelRidge {
  /** rows × classes */
  readonly weights: Float64Array;
  /** One a class. */
  readonly offsets: Float64Array;
  /** rows × classes: how far the fit without a row puts it above the other rows' mean. */
  readonly scores: Float64Array;
  /** Mean squared error of the rows' fits without them (PRESS, Allen 1974). */
  readonly error: number;
}

/**
 * Fit class indicators, with an offset that is not penalised.
 *
 * With A = K + penalty·I, G = A⁻¹, g = G·1 and indicators Y, the offsets are b = 1ᵀGY / 1ᵀg and the
 * weights α = GY − g·b; the error of a row's fit without it is αᵢ / (Gᵢᵢ − gᵢ²/1ᵀg), as of any linear
 * smoother whose equations are bordered by an offset.
 * @param kernels Kernel matrices of the same rows, rows × rows: lower triangles are read.
 * @param penalties One for each matrix: as a Gaussian process would have it, the variance of noise.
 * @param classOf Class of every row, 0 … classes − 1.
 * @returns One fit for each matrix.
 * @throws RangeError where a kernel matrix holds what is not finite.
 */
export function kernelRidges(
  kernels: readonly Float64Array[],
  penalties: readonly number[],
  classOf: Int32Array,
  classes: number,
): KernelRidge[] {
  const rows = classOf.length;
  const outputs = classes + 1;
  const counts = new Float64Array(classes);
  const right = new Float64Array(rows * outputs);
  for (const [i, own] of classOf.entries()) {
    counts[own]++;
    right[i * outputs + own] = 1;
    right[i * outputs + classes] = 1;
  }
  const matrices = new Float64Array(kernels.length * rows * rows);
  for (const [f, kernel] of kernels.entries()) {
    const matrix = matrices.subarray(f * rows * rows, (f + 1) * rows * rows);
    matrix.set(kernel);
    for (let i = 0; i < rows; i++) matrix[i * rows + i] += penalties[f];
  }
  const diagonals = new Float64Array(kernels.length * rows);
  const solutions = new Float64Array(kernels.length * rows * outputs);
  const solveAll = arrayLoops()?.solve ?? solve;
  if (!solveAll(matrices, right, diagonals, solutions, rows)) {
    throw new RangeError('Cannot score the classes as the features must be finite numbers');
  }
  return kernels.map((_, f) => {
    const diagonal = diagonals.subarray(f * rows, (f + 1) * rows);
    const solved = solutions.subarray(f * rows * outputs, (f + 1) * rows * outputs);
    const sums = new Float64Array(outputs);
    for (let at = 0; at < solved.length; at++) sums[at % outputs] += solved[at];
    const offsets = Float64Array.from({ length: classes }, (_, k) => sums[k] / sums[classes]);
    const weights = new Float64Array(rows * classes);
    const scores = new Float64Array(rows * classes);
    let error = 0;
    for (let i = 0; i < rows; i++) {
      const one = solved[i * outputs + classes];
      const rest = diagonal[i] - (one * one) / sums[classes];
      for (let k = 0; k < classes; k++) {
        const at = i * classes + k;
        const indicator = k === classOf[i] ? 1 : 0;
        weights[at] = solved[i * outputs + k] - one * offsets[k];
        const residual = weights[at] / rest;
        error += residual * residual;
        // Less the mean without the row: that is lower where the row is of the class, and so tells.
        scores[at] = indicator - residual - (counts[k] - indicator) / (rows - 1);
      }
    }
    for (let k = 0; k < classes; k++) offsets[k] -= counts[k] / rows;
    return { weights, offsets, scores, error: error / rows };
  });
}

/**
 * Find for each kernel the penalty of the smallest leave-one-out error: the search goes from the middle
 * one of those tried to where the error stops to fall, and ends where a parabola through the best one
 * and its neighbours is lowest.
 * @param kernels Kernel matrices of the same rows, rows × rows: lower triangles are read.
 * @param penalties Those to try, rising by one factor.
 * @param classOf Class of every row, 0 … classes − 1.
 */
export function bestPenalties(
  kernels: readonly Float64Array[],
  penalties: readonly number[],
  classOf: Int32Array,
  classes: number,
): number[] {
  const last = penalties.length - 1;
  const searches = kernels.map((kernel) => ({
    kernel,
    errors: new Map<number, number>(),
    best: Math.floor(last / 2),
  }));
  for (;;) {
    // Fits of all kernels at once, as they share the threads.
    const asked = searches.flatMap((search) =>
      [search.best, search.best - 1, search.best + 1]
        .filter((at) => at >= 0 && at <= last && !search.errors.has(at))
        .map((at) => ({ search, at })),
    );
    if (asked.length === 0) break;
    const fits = kernelRidges(
      asked.map(({ search }) => search.kernel),
      asked.map(({ at }) => penalties[at]),
      classOf,
      classes,
    );
    for (const [f, { search, at }] of asked.entries()) search.errors.set(at, fits[f].error);
    for (const search of searches) {
      for (const [at, error] of search.errors) {
        if (error < (search.errors.get(search.best) as number)) search.best = at;
      }
    }
  }
  return searches.map(({ errors, best }) => {
    const [before, at, after] = [-1, 0, 1].map((side) => errors.get(best + side));
    if (before === undefined || at === undefined || after === undefined) return penalties[best];
    const bend = before - 2 * at + after;
    const step = bend > 0 ? (before - after) / (2 * bend) : 0;
    return penalties[best] * (penalties[1] / penalties[0]) ** step;
  });
}

/** A⁻¹·right and the diagonal of A⁻¹ = MᵀM, M = L⁻¹, for each matrix A = L·Lᵀ. */
const solve: ArrayLoops['solve'] = (matrices, right, diagonals, solutions, n) => {
  const m = right.length / n;
  for (let f = 0; f < diagonals.length / n; f++) {
    const l = cholesky(matrices.subarray(f * n * n, (f + 1) * n * n), n);
    if (typeof l === 'number') return false;
    const inverse = inverseLower(l, n);
    for (let i = 0; i < n; i++) {
      const values = new Float64Array(m);
      for (let j = 0; j <= i; j++) {
        const each = inverse[i * n + j];
        diagonals[f * n + j] += each * each;
        for (let k = 0; k < m; k++) values[k] += each * right[j * m + k];
      }
      for (let j = 0; j <= i; j++) {
        for (let k = 0; k < m; k++)
          solutions[(f * n + j) * m + k] += inverse[i * n + j] * values[k];
      }
    }
  }
  return true;
};

/** Inverse of a lower triangular matrix, row by row. */
function inverseLower(l: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = inverse.subarray(i * n, i * n + i + 1);
    row[i] = 1;
    for (let k = 0; k < i; k++) {
      const weight = l[i * n + k];
      for (let j = 0; j <= k; j++) row[j] -= weight * inverse[k * n + j];
    }
    for (let j = 0; j <= i; j++) row[j] /= l[i * n + i];
  }
  return inverse;
}
