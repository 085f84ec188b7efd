// Minimises the penalised log-loss of a softmax (or, with one output, logistic) regression.
// Few parameters: Newton's method. More: truncated Newton, its steps by conjugate gradients
// preconditioned with the Hessian's diagonal blocks (Nocedal & Wright 2006, 7.1).
// Kept together: both methods share the objective, and stand better side by side.

import { cholesky, choleskySolve } from '../math/linear-algebra.js';
import { type ColumnProducts, columnProducts } from './column-products.js';
import type { Design } from './design.js';
import { inScratch, scratchDoubles } from './scratch.js';

/** A softmax regression to be fitted. */
export interface SoftmaxProblem {
  readonly design: Design;
  /** Rows of output k's class at place i: k · n + i. */
  readonly counts: Float64Array | Uint8Array;
  /** Rows at each place. */
  readonly total: Float64Array;
  readonly outputs: number;
  readonly penalty: Float64Array;
  /** Largest entry of the (summed) gradient at the end. */
  readonly tolerance: number;
}

/** A problem, its size and the products with its design. */
interface Prepared extends SoftmaxProblem {
  readonly n: number;
  readonly m: number;
  readonly products: ColumnProducts;
}

/**
 * Minimise from w, in place.
 * @param w outputs × (m + 1), each output's intercept last.
 */
export function minimizeSoftmax(problem: SoftmaxProblem, w: Float64Array): void {
  const { design, outputs } = problem;
  const products = columnProducts(design, outputs);
  const prepared = { ...problem, n: design.rows, m: design.width, products };
  inScratch(() => {
    if (outputs === 1 || w.length <= 40) newton(prepared, w);
    else truncatedNewton(prepared, w);
  });
}

/** The objective at w; fills the gradient, and keeps the probabilities (k · n + i) for the Hessian. */
function evaluate(
  problem: Prepared,
  w: Float64Array,
  gradient: Float64Array,
  p: Float64Array,
): number {
  const { products, counts, total, n, m, outputs, penalty } = problem;
  const width = m + 1;
  let loss = 0;
  products.pass(w, gradient, (scores, from) => {
    const size = Math.min(problem.design.block, n - from);
    if (outputs === 1) {
      const [own] = scores;
      for (let i = 0; i < size; i++) {
        const r = from + i;
        const z = own[i];
        const e = Math.exp(-Math.abs(z));
        loss += total[r] * (Math.log1p(e) + Math.max(z, 0)) - counts[r] * z;
        p[r] = z >= 0 ? 1 / (1 + e) : e / (1 + e);
        own[i] = total[r] * p[r] - counts[r];
      }
      return;
    }
    for (let i = 0; i < size; i++) {
      const r = from + i;
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < outputs; k++) if (scores[k][i] > top) top = scores[k][i];
      let sum = 0;
      let own = 0;
      for (let k = 0; k < outputs; k++) own += counts[k * n + r] * scores[k][i];
      for (let k = 0; k < outputs; k++) {
        const e = Math.exp(scores[k][i] - top);
        p[k * n + r] = e;
        sum += e;
      }
      for (let k = 0; k < outputs; k++) {
        p[k * n + r] /= sum;
        scores[k][i] = total[r] * p[k * n + r] - counts[k * n + r];
      }
      loss += total[r] * (Math.log(sum) + top) - own;
    }
  });
  for (let k = 0; k < outputs; k++) {
    for (let j = 0; j < m; j++) {
      const c = w[k * width + j];
      gradient[k * width + j] += penalty[j] * c;
      loss += (penalty[j] * c * c) / 2;
    }
  }
  return loss;
}

function newton(problem: Prepared, w: Float64Array): void {
  const { design, total, n, m, outputs, penalty, tolerance } = problem;
  const width = m + 1;
  const size = outputs * width;
  let gradient = new Float64Array(size);
  // Of the last evaluation: that is always the step taken, or the end.
  const p = scratchDoubles(outputs * n);
  let loss = evaluate(problem, w, gradient, p);
  const hessian = new Float64Array(size * size);
  const weighted = scratchDoubles(design.block);
  for (let round = 0; round < 100 && largest(gradient) > tolerance; round++) {
    hessian.fill(0);
    design.each((columns, from) => {
      const rows = Math.min(design.block, n - from);
      for (let k = 0; k < outputs; k++) {
        for (let l = 0; l <= k; l++) {
          // Block (k, l): Xᵀ diag(p_k (δ_kl − p_l)) X.
          for (let j = 0; j <= m; j++) {
            const a = columns[j];
            for (let i = 0; i < rows; i++) {
              const r = from + i;
              const q = total[r] * p[k * n + r] * ((k === l ? 1 : 0) - p[l * n + r]);
              weighted[i] = j < m ? q * a[i] : q;
            }
            for (let c = 0; c <= (k === l ? j : m); c++) {
              const at = (k * width + j) * size + l * width + c;
              let sum = hessian[at];
              if (c < m) {
                const b = columns[c];
                for (let i = 0; i < rows; i++) sum += weighted[i] * b[i];
              } else for (let i = 0; i < rows; i++) sum += weighted[i];
              hessian[at] = sum;
            }
          }
        }
      }
    });
    for (let k = 0; k < outputs; k++) {
      for (let j = 0; j <= m; j++) {
        const extra = j < m ? penalty[j] : outputs > 1 ? 1e-6 * n : 0;
        hessian[(k * width + j) * (size + 1)] += extra;
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
      const nextLoss = evaluate(problem, next, nextGradient, p);
      if (nextLoss <= loss + 1e-4 * t * slope || Math.abs(slope) < 1e-14 * Math.abs(loss)) {
        moved = nextLoss < loss || largest(nextGradient) < largest(gradient);
        if (moved) {
          w.set(next);
          gradient = nextGradient;
          loss = nextLoss;
        }
        break;
      }
    }
    if (!moved) return;
  }
}

function truncatedNewton(problem: Prepared, w: Float64Array): void {
  const { n, m, outputs, tolerance } = problem;
  const size = outputs * (m + 1);
  let gradient = new Float64Array(size);
  // Of the last evaluation: that is always the step taken, or the end.
  const p = scratchDoubles(outputs * n);
  let loss = evaluate(problem, w, gradient, p);
  const first = Math.sqrt(dot(gradient, gradient));
  const precondition = blockSolver(problem, p);
  for (let round = 0; round < 100 && largest(gradient) > tolerance; round++) {
    const step = conjugateGradients(problem, p, gradient, first, precondition);
    const slope = -dot(step, gradient);
    let accepted = false;
    for (let t = 1; t > 1e-10; t /= 2) {
      const next = w.map((v, j) => v - t * step[j]);
      const nextGradient = new Float64Array(size);
      const nextLoss = evaluate(problem, next, nextGradient, p);
      // Near the minimum the loss no longer tells steps apart, the gradient does.
      if (nextLoss > loss + 1e-4 * t * slope + 1e-13 * Math.abs(loss)) continue;
      accepted = nextLoss < loss || largest(nextGradient) < largest(gradient);
      if (!accepted) break;
      w.set(next);
      gradient = nextGradient;
      loss = nextLoss;
      break;
    }
    if (!accepted) return;
  }
}

/** Solve H s = g roughly: the more exactly, the smaller the gradient has become. */
function conjugateGradients(
  problem: Prepared,
  p: Float64Array,
  gradient: Float64Array,
  first: number,
  precondition: (v: Float64Array) => Float64Array,
): Float64Array {
  const size = gradient.length;
  const step = new Float64Array(size);
  const residual = Float64Array.from(gradient);
  const norm = Math.sqrt(dot(gradient, gradient));
  const enough = norm * Math.min(0.1, Math.sqrt(norm / first));
  let z = precondition(residual);
  let direction = z;
  let rz = dot(residual, z);
  for (let k = 0; k < 100 && Math.sqrt(dot(residual, residual)) > enough; k++) {
    const curved = hessianTimes(problem, p, direction);
    const curvature = dot(direction, curved);
    if (!(curvature > 0)) break;
    const alpha = rz / curvature;
    for (let j = 0; j < size; j++) {
      step[j] += alpha * direction[j];
      residual[j] -= alpha * curved[j];
    }
    z = precondition(residual);
    const next = dot(residual, z);
    const beta = next / rz;
    rz = next;
    direction = z.map((v, j) => v + beta * direction[j]);
  }
  return step;
}

/**
 * Solve with the Hessian's blocks of one class each, roughly: Xᵀ diag(total) X times the class's mean of
 * p (1 − p), plus penalty. So the products of the columns are summed once.
 */
function blockSolver(
  { design, total, n, m, outputs, penalty }: Prepared,
  p: Float64Array,
): (v: Float64Array) => Float64Array {
  const width = m + 1;
  const gram = new Float64Array(width * width);
  let rows = 0;
  for (let i = 0; i < n; i++) rows += total[i];
  const weighted = scratchDoubles(design.block);
  design.each((columns, from) => {
    const size = Math.min(design.block, n - from);
    for (let j = 0; j < m; j++) {
      const a = columns[j];
      let sum = gram[m * width + j];
      for (let i = 0; i < size; i++) {
        weighted[i] = a[i] * total[from + i];
        sum += weighted[i];
      }
      gram[m * width + j] = sum;
      for (let c = 0; c <= j; c++) {
        const b = columns[c];
        let product = gram[j * width + c];
        for (let i = 0; i < size; i++) product += weighted[i] * b[i];
        gram[j * width + c] = product;
      }
    }
  });
  gram[m * width + m] = rows;
  const factors = Array.from({ length: outputs }, (_, k) => {
    let curvature = 0;
    for (let i = 0; i < n; i++) curvature += total[i] * p[k * n + i] * (1 - p[k * n + i]);
    const block = gram.map((v) => (v * curvature) / rows);
    for (let j = 0; j <= m; j++) {
      block[j * width + j] *= 1 + 1e-10;
      block[j * width + j] += (j < m ? penalty[j] : 0) + 1e-12;
    }
    return cholesky(block, width, 1e-16);
  });
  return (v) => {
    const out = new Float64Array(v.length);
    factors.forEach((factor, k) => {
      const part = v.slice(k * width, (k + 1) * width);
      out.set(typeof factor === 'number' ? part : choleskySolve(factor, part, width), k * width);
    });
    return out;
  };
}

function hessianTimes(problem: Prepared, p: Float64Array, v: Float64Array): Float64Array {
  const { products, total, n, m, outputs, penalty } = problem;
  const width = m + 1;
  const out = new Float64Array(v.length);
  products.pass(v, out, (scores, from) =>
    inScratch(() => {
      const size = Math.min(problem.design.block, n - from);
      const mean = scratchDoubles(size);
      for (let k = 0; k < outputs; k++) {
        const at = k * n + from;
        const own = scores[k];
        for (let i = 0; i < size; i++) mean[i] += p[at + i] * own[i];
      }
      for (let k = 0; k < outputs; k++) {
        const at = k * n + from;
        const own = scores[k];
        for (let i = 0; i < size; i++) {
          own[i] = total[from + i] * p[at + i] * (own[i] - mean[i]);
        }
      }
    }),
  );
  for (let k = 0; k < outputs; k++) {
    for (let j = 0; j < m; j++) out[k * width + j] += penalty[j] * v[k * width + j];
  }
  return out;
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
