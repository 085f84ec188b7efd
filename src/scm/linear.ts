// Least squares with intercept, ordinary or with an L2 or L1 penalty chosen by cross-validation:
//   min ‖y − b − Xw‖²              linear
//   min ‖y − b − Xw‖² + α‖w‖²      ridge, α of {0.1, 1, 10} by leave-one-out error (scikit-learn's RidgeCV)
//   min ‖y − b − Xw‖²/2n + α‖w‖₁   lasso, 100 values of α, 5 folds in row order (scikit-learn's LassoCV)

import { symmetricEigen } from '../math/linear-algebra.js';
import { columnsDesign, type Design } from './design.js';
import { scratchDoubles } from './scratch.js';

/** A fitted linear function. */
export interface LinearFit {
  readonly coefficients: Float64Array;
  readonly intercept: number;
  /** Chosen penalty; 0 for ordinary least squares. */
  readonly alpha: number;
}

/** Means, and sums of products about them. */
interface Moments {
  readonly means: Float64Array;
  readonly mean: number;
  /** m × m: Σ (x − x̄)(x − x̄)ᵀ. */
  readonly gram: Float64Array;
  /** Σ (x − x̄)(y − ȳ). */
  readonly cross: Float64Array;
}

/**
 * Fit ordinary least squares; columns that depend on those before them get the coefficient 0.
 * @param x m columns of n values.
 * @param y n values.
 */
export function fitLinear(x: readonly Float64Array[], y: Float64Array): LinearFit {
  return fitLinearDesign(columnsDesign(x, y.length), y);
}

/** Fit as `fitLinear` columns that come in blocks. */
export function fitLinearDesign(x: Design, y: Float64Array): LinearFit {
  const { means, mean, gram, cross } = moments(x, y);
  const m = x.width;
  const kept: number[] = [];
  // Cholesky of the correlation matrix's kept rows and columns, one column at a time.
  const l = new Float64Array(m * m);
  for (let j = 0; j < m; j++) {
    const scale = Math.sqrt(gram[j * m + j]);
    if (!(scale > 1e-12 * Math.abs(means[j]) * Math.sqrt(y.length)) || scale === 0) continue;
    const row = new Float64Array(kept.length);
    let rest = 1;
    kept.forEach((i, a) => {
      let sum = gram[j * m + i] / scale / Math.sqrt(gram[i * m + i]);
      for (let b = 0; b < a; b++) sum -= row[b] * l[a * m + b];
      row[a] = sum / l[a * m + a];
      rest -= row[a] ** 2;
    });
    if (rest <= 1e-10) continue;
    l.set(row, kept.length * m);
    l[kept.length * m + kept.length] = Math.sqrt(rest);
    kept.push(j);
  }
  const z = new Float64Array(kept.length);
  kept.forEach((i, a) => {
    let sum = cross[i] / Math.sqrt(gram[i * m + i]);
    for (let b = 0; b < a; b++) sum -= l[a * m + b] * z[b];
    z[a] = sum / l[a * m + a];
  });
  const coefficients = new Float64Array(m);
  for (let a = kept.length - 1; a >= 0; a--) {
    let sum = z[a];
    for (let b = a + 1; b < kept.length; b++) sum -= l[b * m + a] * z[b];
    z[a] = sum / l[a * m + a];
    coefficients[kept[a]] = z[a] / Math.sqrt(gram[kept[a] * m + kept[a]]);
  }
  return withIntercept(coefficients, means, mean, 0);
}

/** Fit ridge regression with the penalty of {0.1, 1, 10} that has the least leave-one-out error. */
export function fitRidge(x: readonly Float64Array[], y: Float64Array): LinearFit {
  const { means, mean, gram, cross } = moments(columnsDesign(x, y.length), y);
  const m = x.length;
  const n = y.length;
  const { values, vectors } = symmetricEigen(gram, m);
  const rotated = new Float64Array(m); // Vᵀ Xᵀ y
  for (let k = 0; k < m; k++) {
    for (let j = 0; j < m; j++) rotated[k] += vectors[k * m + j] * cross[j];
  }
  let best: { alpha: number; error: number; w: Float64Array } | undefined;
  for (const alpha of [0.1, 1, 10]) {
    const w = new Float64Array(m);
    for (let k = 0; k < m; k++) {
      const f = rotated[k] / (Math.max(values[k], 0) + alpha);
      for (let j = 0; j < m; j++) w[j] += f * vectors[k * m + j];
    }
    let error = 0;
    const score = new Float64Array(m);
    for (let i = 0; i < n; i++) {
      let fit = mean;
      score.fill(0);
      for (let j = 0; j < m; j++) {
        const c = x[j][i] - means[j];
        fit += c * w[j];
        for (let k = 0; k < m; k++) score[k] += c * vectors[k * m + j];
      }
      let hat = 1 / n;
      for (let k = 0; k < m; k++) hat += score[k] ** 2 / (Math.max(values[k], 0) + alpha);
      error += ((y[i] - fit) / (1 - hat)) ** 2;
    }
    if (!best || error < best.error) best = { alpha, error, w };
  }
  return withIntercept(best?.w ?? new Float64Array(m), means, mean, best?.alpha ?? 0);
}

/** Fit the lasso with the penalty on its path of 100 that has the least 5-fold error. */
export function fitLasso(x: readonly Float64Array[], y: Float64Array): LinearFit {
  const m = x.length;
  const n = y.length;
  const all = moments(columnsDesign(x, n), y);
  const alphas = lassoPath(all, n);
  const errors = new Float64Array(alphas.length);
  for (let fold = 0; fold < 5; fold++) {
    // Folds in row order, the first n mod 5 one row longer.
    const from = fold * Math.floor(n / 5) + Math.min(fold, n % 5);
    const to = from + Math.floor(n / 5) + (fold < n % 5 ? 1 : 0);
    const outside = (column: Float64Array): Float64Array =>
      column.filter((_, i) => i < from || i >= to);
    const kept = outside(y);
    const part = moments(columnsDesign(x.map(outside), kept.length), kept);
    const w = new Float64Array(m);
    alphas.forEach((alpha, a) => {
      descend(part, w, alpha * (n - (to - from)));
      let error = 0;
      for (let i = from; i < to; i++) {
        let residual = y[i] - part.mean;
        for (let j = 0; j < m; j++) residual -= w[j] * (x[j][i] - part.means[j]);
        error += residual ** 2;
      }
      errors[a] += error / Math.max(to - from, 1);
    });
  }
  let best = 0;
  for (let a = 1; a < alphas.length; a++) if (errors[a] < errors[best]) best = a;
  const w = new Float64Array(m);
  for (let a = 0; a <= best; a++) descend(all, w, alphas[a] * n);
  return withIntercept(w, all.means, all.mean, alphas[best]);
}

/** Evaluate a fitted linear function on m columns of n values. */
export function predictLinear(
  fit: Pick<LinearFit, 'coefficients' | 'intercept'>,
  x: readonly Float64Array[],
  n: number,
): Float64Array {
  const y = scratchDoubles(n).fill(fit.intercept);
  for (let j = 0; j < x.length; j++) {
    const w = fit.coefficients[j];
    if (w === 0) continue;
    const column = x[j];
    for (let i = 0; i < n; i++) y[i] += w * column[i];
  }
  return y;
}

function moments(x: Design, y: Float64Array): Moments {
  const m = x.width;
  const n = y.length;
  const means = new Float64Array(m);
  const mean = average(y);
  x.each((columns) => {
    columns.forEach((column, j) => {
      let sum = means[j];
      for (let i = 0; i < column.length; i++) sum += column[i];
      means[j] = sum;
    });
  });
  for (let j = 0; j < m; j++) means[j] /= n;
  const gram = new Float64Array(m * m);
  const cross = new Float64Array(m);
  const whole = Array.from({ length: m }, () => scratchDoubles(x.block));
  x.each((columns, from) => {
    const size = columns[0]?.length ?? 0;
    const centred = whole.map((c) => c.subarray(0, size));
    columns.forEach((column, j) => {
      const a = centred[j];
      for (let i = 0; i < size; i++) a[i] = column[i] - means[j];
    });
    for (let j = 0; j < m; j++) {
      const a = centred[j];
      for (let k = 0; k <= j; k++) {
        const b = centred[k];
        let sum = gram[j * m + k];
        for (let i = 0; i < size; i++) sum += a[i] * b[i];
        gram[j * m + k] = sum;
        gram[k * m + j] = sum;
      }
      let sum = cross[j];
      for (let i = 0; i < size; i++) sum += a[i] * (y[from + i] - mean);
      cross[j] = sum;
    }
  });
  return { means, mean, gram, cross };
}

function average(values: Float64Array): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}

function withIntercept(
  coefficients: Float64Array,
  means: Float64Array,
  mean: number,
  alpha: number,
): LinearFit {
  let intercept = mean;
  for (let j = 0; j < means.length; j++) intercept -= coefficients[j] * means[j];
  return { coefficients, intercept, alpha };
}

/** From the smallest penalty that leaves all coefficients 0 down to a thousandth of it. */
function lassoPath({ cross }: Moments, n: number): Float64Array {
  let top = 0;
  for (const c of cross) top = Math.max(top, Math.abs(c) / n);
  if (top === 0) return Float64Array.of(1);
  return Float64Array.from({ length: 100 }, (_, i) => top * 10 ** ((-3 * i) / 99));
}

/** Coordinate descent on the Gram matrix: ½ wᵀGw − cᵀw + penalty ‖w‖₁, from w, in place. */
function descend({ gram, cross }: Moments, w: Float64Array, penalty: number): void {
  const m = w.length;
  const gradient = Float64Array.from(cross, (c, j) => {
    let sum = c;
    for (let k = 0; k < m; k++) sum -= gram[j * m + k] * w[k];
    return sum;
  });
  for (let round = 0; round < 10_000; round++) {
    let moved = 0;
    let size = 0;
    for (let j = 0; j < m; j++) {
      const g = gram[j * m + j];
      if (g <= 0) continue;
      const target = gradient[j] + g * w[j];
      const next = (Math.sign(target) * Math.max(Math.abs(target) - penalty, 0)) / g;
      const step = next - w[j];
      if (step !== 0) {
        for (let k = 0; k < m; k++) gradient[k] -= step * gram[k * m + j];
        w[j] = next;
        moved = Math.max(moved, Math.abs(step) * Math.sqrt(g));
      }
      size = Math.max(size, Math.abs(next) * Math.sqrt(g));
    }
    if (moved <= 1e-7 * size) return;
  }
}
