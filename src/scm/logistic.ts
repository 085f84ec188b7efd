// Logistic and softmax regression with an L2 penalty on the coefficients, not on the intercept:
//   min  −Σ_i log p(y_i | x_i) + ‖w‖² / 2C
// as scikit-learn has it (C = 1). Two classes, and few parameters in all: Newton's method. More:
// L-BFGS (Nocedal & Wright 2006, 7.2) preconditioned by the Hessian at the class shares.
// Columns are centred and scaled inside, each with its penalty rescaled, so the minimum is the same.

import { cholesky, choleskySolve } from '../math/linear-algebra.js';

export interface LogisticOptions {
  /** Inverse strength of the penalty (default `1`). */
  readonly C?: number;
  /** Stop when no entry of the mean gradient is larger (default `1e-5`). */
  readonly tolerance?: number;
  /** A solution to start from, in the units of the data. */
  readonly from?: LogisticFit;
}

/** A fitted classifier: one output for two classes (that of the second), else one per class. */
export interface LogisticFit {
  /** outputs × m. */
  readonly coefficients: Float64Array;
  /** One per output. */
  readonly intercepts: Float64Array;
}

/**
 * Fit a logistic (two classes) or softmax regression.
 * @param x m columns of n values.
 * @param y n class indices, 0 … classes − 1; each class occurs.
 */
export function fitLogistic(
  x: readonly Float64Array[],
  y: Int32Array,
  classes: number,
  options: LogisticOptions = {},
): LogisticFit {
  const n = y.length;
  const { C = 1, tolerance = 1e-5 } = options;
  const { design, means, scales } = standardised(x, n);
  const m = design.length;
  const outputs = classes === 2 ? 1 : classes;
  const width = m + 1; // the intercept stands last
  const penalty = Float64Array.from({ length: m }, (_, j) => 1 / (C * scales[j] ** 2));
  const w = new Float64Array(outputs * width);
  const counts = new Float64Array(classes);
  for (const k of y) counts[k]++;
  for (let k = 0; k < outputs; k++) {
    w[k * width + m] = outputs === 1 ? Math.log(counts[1] / counts[0]) : Math.log(counts[k] / n);
  }
  const used = Int32Array.from(scales.keys()).filter((j) => scales[j] > 0);
  if (options.from) {
    const { coefficients, intercepts } = options.from;
    for (let k = 0; k < outputs; k++) {
      w[k * width + m] = intercepts[k];
      for (let j = 0; j < m; j++) {
        w[k * width + j] = coefficients[k * x.length + used[j]] * scales[used[j]];
        w[k * width + m] += coefficients[k * x.length + used[j]] * means[used[j]];
      }
    }
  }
  const kept = Float64Array.from(used, (j) => penalty[j]);
  const problem: Problem = { design, y, n, m, outputs, penalty: kept, tolerance: tolerance * n };
  if (outputs === 1 || outputs * width <= 60) newton(problem, w);
  else lbfgs(problem, w, counts);

  const coefficients = new Float64Array(outputs * x.length);
  const intercepts = new Float64Array(outputs);
  for (let k = 0; k < outputs; k++) {
    intercepts[k] = w[k * width + m];
    for (let j = 0; j < m; j++) {
      const c = w[k * width + j] / scales[used[j]];
      coefficients[k * x.length + used[j]] = c;
      intercepts[k] -= c * means[used[j]];
    }
  }
  if (outputs > 1) {
    // The shift common to all intercepts is free: scikit-learn's solution has mean 0.
    const shift = intercepts.reduce((a, b) => a + b, 0) / outputs;
    for (let k = 0; k < outputs; k++) intercepts[k] -= shift;
  }
  return { coefficients, intercepts };
}

/**
 * Compute class probabilities.
 * @param x m columns of n values.
 * @returns Probability of class k for row i at k · n + i.
 */
export function predictLogistic(
  fit: LogisticFit,
  x: readonly Float64Array[],
  n: number,
): Float64Array {
  const outputs = fit.intercepts.length;
  const classes = outputs === 1 ? 2 : outputs;
  const p = new Float64Array(classes * n);
  for (let k = 0; k < outputs; k++) {
    const at = (outputs === 1 ? 1 : k) * n;
    p.fill(fit.intercepts[k], at, at + n);
    for (let j = 0; j < x.length; j++) {
      const c = fit.coefficients[k * x.length + j];
      if (c === 0) continue;
      const column = x[j];
      for (let i = 0; i < n; i++) p[at + i] += c * column[i];
    }
  }
  for (let i = 0; i < n; i++) {
    if (outputs === 1) {
      const one = 1 / (1 + Math.exp(-p[n + i]));
      p[n + i] = one;
      p[i] = 1 - one;
      continue;
    }
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) top = Math.max(top, p[k * n + i]);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      p[k * n + i] = Math.exp(p[k * n + i] - top);
      sum += p[k * n + i];
    }
    for (let k = 0; k < classes; k++) p[k * n + i] /= sum;
  }
  return p;
}

interface Problem {
  readonly design: readonly Float64Array[];
  readonly y: Int32Array;
  readonly n: number;
  readonly m: number;
  readonly outputs: number;
  readonly penalty: Float64Array;
  /** Largest entry of the (summed) gradient at the end. */
  readonly tolerance: number;
}

function standardised(
  x: readonly Float64Array[],
  n: number,
): { design: Float64Array[]; means: Float64Array; scales: Float64Array } {
  const means = new Float64Array(x.length);
  const scales = new Float64Array(x.length);
  const design: Float64Array[] = [];
  x.forEach((column, j) => {
    let sum = 0;
    for (const v of column) sum += v;
    means[j] = sum / n;
    let squares = 0;
    for (const v of column) squares += (v - means[j]) ** 2;
    const scale = Math.sqrt(squares / n);
    if (!(scale > 1e-12 * Math.abs(means[j]))) return;
    scales[j] = scale;
    design.push(column.map((v) => (v - means[j]) / scale));
  });
  return { design, means, scales };
}

/** The objective at w; fills the gradient, and keeps the probabilities (k · n + i) for the Hessian. */
function evaluate(
  problem: Problem,
  w: Float64Array,
  gradient: Float64Array,
  p: Float64Array,
): number {
  const { design, y, n, m, outputs, penalty } = problem;
  const width = m + 1;
  for (let k = 0; k < outputs; k++) {
    const score = p.subarray(k * n, (k + 1) * n).fill(w[k * width + m]);
    for (let j = 0; j < m; j++) {
      const c = w[k * width + j];
      if (c === 0) continue;
      const column = design[j];
      for (let i = 0; i < n; i++) score[i] += c * column[i];
    }
  }
  let loss = 0;
  if (outputs === 1) {
    for (let i = 0; i < n; i++) {
      const z = p[i];
      const e = Math.exp(-Math.abs(z));
      loss += Math.log1p(e) + Math.max(z, 0) - (y[i] === 1 ? z : 0);
      p[i] = z >= 0 ? 1 / (1 + e) : e / (1 + e);
    }
  } else {
    for (let i = 0; i < n; i++) {
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < outputs; k++) if (p[k * n + i] > top) top = p[k * n + i];
      let sum = 0;
      const own = p[y[i] * n + i];
      for (let k = 0; k < outputs; k++) {
        const e = Math.exp(p[k * n + i] - top);
        p[k * n + i] = e;
        sum += e;
      }
      for (let k = 0; k < outputs; k++) p[k * n + i] /= sum;
      loss += Math.log(sum) + top - own;
    }
  }
  const residual = new Float64Array(n);
  for (let k = 0; k < outputs; k++) {
    const own = outputs === 1 ? 1 : k;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      residual[i] = p[k * n + i] - (y[i] === own ? 1 : 0);
      sum += residual[i];
    }
    gradient[k * width + m] = sum;
    for (let j = 0; j < m; j++) {
      const column = design[j];
      let g = 0;
      for (let i = 0; i < n; i++) g += residual[i] * column[i];
      const c = w[k * width + j];
      gradient[k * width + j] = g + penalty[j] * c;
      loss += (penalty[j] * c * c) / 2;
    }
  }
  return loss;
}

function newton(problem: Problem, w: Float64Array): void {
  const { design, n, m, outputs, penalty, tolerance } = problem;
  const width = m + 1;
  const size = outputs * width;
  let gradient = new Float64Array(size);
  let p = new Float64Array(outputs * n);
  let loss = evaluate(problem, w, gradient, p);
  const hessian = new Float64Array(size * size);
  const weighted = new Float64Array(n);
  for (let round = 0; round < 100 && largest(gradient) > tolerance; round++) {
    for (let k = 0; k < outputs; k++) {
      for (let l = 0; l <= k; l++) {
        // Block (k, l): Xᵀ diag(p_k (δ_kl − p_l)) X.
        for (let j = 0; j <= m; j++) {
          const a = design[j];
          for (let i = 0; i < n; i++) {
            const q = p[k * n + i] * ((k === l ? 1 : 0) - p[l * n + i]);
            weighted[i] = j < m ? q * a[i] : q;
          }
          for (let c = 0; c <= (k === l ? j : m); c++) {
            let sum = 0;
            if (c < m) {
              const b = design[c];
              for (let i = 0; i < n; i++) sum += weighted[i] * b[i];
            } else for (let i = 0; i < n; i++) sum += weighted[i];
            if (k === l && c === j) sum += j < m ? penalty[j] : outputs > 1 ? 1e-6 * n : 0;
            hessian[(k * width + j) * size + l * width + c] = sum;
          }
        }
      }
    }
    // A little on the diagonal where classes are separated and curvature is gone.
    let factor = cholesky(hessian, size, 1e-14);
    for (let extra = 1e-10; typeof factor === 'number' && extra < 1e6; extra *= 100) {
      for (let j = 0; j < size; j++) hessian[j * size + j] += extra * (1 + hessian[j * size + j]);
      factor = cholesky(hessian, size, 1e-14);
    }
    if (typeof factor === 'number') return;
    const step = choleskySolve(factor, gradient, size);
    let slope = 0;
    for (let j = 0; j < size; j++) slope -= step[j] * gradient[j];
    let moved = false;
    for (let t = 1; t > 1e-8; t /= 2) {
      const next = w.map((v, j) => v - t * step[j]);
      const nextGradient = new Float64Array(size);
      const nextP = new Float64Array(outputs * n);
      const nextLoss = evaluate(problem, next, nextGradient, nextP);
      if (nextLoss <= loss + 1e-4 * t * slope || Math.abs(slope) < 1e-14 * Math.abs(loss)) {
        moved = nextLoss < loss || largest(nextGradient) < largest(gradient);
        if (moved) {
          w.set(next);
          gradient = nextGradient;
          p = nextP;
          loss = nextLoss;
        }
        break;
      }
    }
    if (!moved) return;
  }
}

function lbfgs(problem: Problem, w: Float64Array, counts: Float64Array): void {
  const { design, n, m, outputs, penalty, tolerance } = problem;
  const width = m + 1;
  const size = outputs * width;
  const memory = 20;
  // Hessian blocks at the class shares: s_k (1 − s_k) XᵀX + penalty.
  const gram = new Float64Array(width * width);
  for (let j = 0; j < m; j++) {
    for (let c = 0; c <= j; c++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += design[j][i] * design[c][i];
      gram[j * width + c] = sum;
    }
  }
  gram[m * width + m] = n;
  const factors = Array.from({ length: outputs }, (_, k) => {
    const share = counts[k] / n;
    const block = gram.map((v) => v * share * (1 - share));
    for (let j = 0; j < m; j++) block[j * width + j] += penalty[j] + 1e-9 * n;
    return cholesky(block, width, 1e-15);
  });
  const precondition = (v: Float64Array): Float64Array => {
    const out = new Float64Array(size);
    factors.forEach((factor, k) => {
      const part = v.slice(k * width, (k + 1) * width);
      out.set(typeof factor === 'number' ? part : choleskySolve(factor, part, width), k * width);
    });
    return out;
  };

  let gradient = new Float64Array(size);
  const p = new Float64Array(outputs * n);
  let loss = evaluate(problem, w, gradient, p);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  const curvatures: number[] = [];
  for (let round = 0; round < 500 && largest(gradient) > tolerance; round++) {
    let direction = Float64Array.from(gradient);
    const alpha: number[] = [];
    for (let i = steps.length - 1; i >= 0; i--) {
      alpha[i] = dot(steps[i], direction) / curvatures[i];
      for (let j = 0; j < size; j++) direction[j] -= alpha[i] * changes[i][j];
    }
    direction = precondition(direction) as Float64Array<ArrayBuffer>;
    for (let i = 0; i < steps.length; i++) {
      const beta = dot(changes[i], direction) / curvatures[i];
      for (let j = 0; j < size; j++) direction[j] += (alpha[i] - beta) * steps[i][j];
    }
    const slope = -dot(direction, gradient);
    let accepted = false;
    for (let t = 1; t > 1e-10; t /= 2) {
      const next = w.map((v, j) => v - t * direction[j]);
      const nextGradient = new Float64Array(size);
      const nextLoss = evaluate(problem, next, nextGradient, p);
      // Near the minimum the loss no longer tells steps apart, the gradient does.
      if (nextLoss > loss + 1e-4 * t * slope + 1e-13 * Math.abs(loss)) continue;
      const step = next.map((v, j) => v - w[j]);
      const change = nextGradient.map((v, j) => v - gradient[j]);
      const curvature = dot(step, change);
      if (curvature > 1e-12 * dot(change, change)) {
        steps.push(step);
        changes.push(change);
        curvatures.push(curvature);
        if (steps.length > memory) {
          steps.shift();
          changes.shift();
          curvatures.shift();
        }
      }
      accepted = nextLoss < loss || largest(nextGradient) < largest(gradient);
      w.set(next);
      gradient = nextGradient;
      loss = nextLoss;
      break;
    }
    if (!accepted) return;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}

function largest(values: Float64Array): number {
  let top = 0;
  for (const v of values) top = Math.max(top, Math.abs(v));
  return top;
}
