// Least squares of class indicators with a penalty, and what each row's fit would be without the row:
// the penalty of the smallest such error is taken. Everything is in closed form.

import { cholesky, choleskySolve, multiply } from '../math/linear-algebra.js';
import { arrayLoops } from '../math/tf.js';

/** A ridge regression of class indicators. */
export interface Ridge {
  /** rows × classes: how far the fit without a row puts it above the other rows' mean. */
  readonly scores: Float64Array;
  /** features × classes */
  readonly coefficients: Float64Array;
  /** Sum of the squared errors of the rows' fits without them. */
  readonly error: number;
}

/**
 * Fit features to class indicators, with the penalty of the smallest leave-one-out error (PRESS,
 * Allen 1974).
 * @param z rows × features, every column with mean 0.
 * @param classOf Class of every row, 0 … classes − 1.
 * @param shares Share of every class among the rows.
 * @param penalties Rising, each times the number of rows. The search goes from the middle one to
 *   where the error stops to fall.
 */
export function leaveOneOutRidge(
  z: Float64Array,
  classOf: Int32Array,
  shares: Float64Array,
  penalties: readonly number[],
): Ridge {
  const rows = classOf.length;
  const classes = shares.length;
  const features = z.length / rows;
  const solve = normalEquations(z, classOf, classes);
  const fitWith = (penalty: number): Ridge => {
    const { factor, coefficients } = solve(penalty);
    const scores = multiply(z, coefficients, rows, features, classes);
    const leverages = leveragesOf(factor, z, features);
    let error = 0;
    for (let i = 0; i < rows; i++) {
      const rest = 1 - 1 / rows - leverages[i];
      for (let k = 0; k < classes; k++) {
        const at = i * classes + k;
        const indicator = k === classOf[i] ? 1 : 0;
        const residual = (indicator - shares[k] - scores[at]) / Math.max(rest, 1e-6);
        error += residual * residual;
        // Less the mean without the row: that is lower where the row is of the class, and so tells.
        scores[at] = indicator - residual - (rows * shares[k] - indicator) / (rows - 1);
      }
    }
    return { scores, coefficients, error };
  };
  const middle = Math.floor((penalties.length - 1) / 2);
  let best = fitWith(penalties[middle]);
  for (const direction of [-1, 1]) {
    for (let at = middle + direction; at >= 0 && at < penalties.length; at += direction) {
      const other = fitWith(penalties[at]);
      if (!(other.error < best.error)) break;
      best = other;
    }
  }
  return best;
}

/**
 * Fit features to class indicators with one penalty.
 * @param z rows × features, every column with mean 0.
 * @param penalty Times the number of rows.
 * @returns features × classes
 */
export function ridgeCoefficients(
  z: Float64Array,
  classOf: Int32Array,
  classes: number,
  penalty: number,
): Float64Array {
  return normalEquations(z, classOf, classes)(penalty).coefficients;
}

/** The normal equations of the fit, to be solved with any penalty. */
function normalEquations(
  z: Float64Array,
  classOf: Int32Array,
  classes: number,
): (penalty: number) => { readonly factor: Float64Array; readonly coefficients: Float64Array } {
  const rows = classOf.length;
  const features = z.length / rows;
  const gram = gramOf(z, features);
  const cross = new Float64Array(features * classes);
  for (let i = 0; i < rows; i++) {
    // Centred features make the indicators' means drop out.
    for (let a = 0; a < features; a++) cross[a * classes + classOf[i]] += z[i * features + a];
  }
  return (penalty) => {
    const shifted = gram.slice();
    for (let a = 0; a < features; a++) shifted[a * features + a] += penalty * rows;
    const factor = cholesky(shifted, features);
    if (typeof factor === 'number') {
      throw new RangeError('Cannot score the classes as the features must be finite numbers');
    }
    return { factor, coefficients: choleskySolve(factor, cross, features, classes) };
  };
}

/** Products of the columns: the lower triangle of n × n. */
function gramOf(z: Float64Array, n: number): Float64Array {
  const gram = new Float64Array(n * n);
  const loops = arrayLoops();
  if (loops) {
    loops.gram(z, gram, n);
    return gram;
  }
  const whole = z.length - (z.length % (4 * n));
  // Four rows at once: a sum is read and written once for them.
  for (let row = 0; row < whole; row += 4 * n) {
    for (let a = 0; a < n; a++) {
      const p = z[row + a];
      const q = z[row + n + a];
      const r = z[row + 2 * n + a];
      const s = z[row + 3 * n + a];
      for (let b = 0, at = row; b <= a; b++, at++) {
        gram[a * n + b] += p * z[at] + q * z[at + n] + r * z[at + 2 * n] + s * z[at + 3 * n];
      }
    }
  }
  for (let row = whole; row < z.length; row += n) {
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) gram[a * n + b] += z[row + a] * z[row + b];
    }
  }
  return gram;
}

/** zᵀ(L·Lᵀ)⁻¹z of every row z: the squared length of L⁻¹z. */
function leveragesOf(factor: Float64Array, z: Float64Array, n: number): Float64Array {
  const rows = z.length / n;
  const out = new Float64Array(rows);
  const loops = arrayLoops();
  if (loops) {
    loops.squares(factor, z, out, n);
    return out;
  }
  // Four rows at once: their sums do not wait for each other.
  const solved = new Float64Array(4 * n);
  for (let i = 0; i < rows; i += 4) {
    const [p, q, r, s] = [0, 1, 2, 3].map((k) => Math.min(i + k, rows - 1) * n);
    let [pp, qq, rr, ss] = [0, 0, 0, 0];
    for (let a = 0; a < n; a++) {
      let [vp, vq, vr, vs] = [z[p + a], z[q + a], z[r + a], z[s + a]];
      for (let b = 0, at = a * n; b < a; b++, at++) {
        const weight = factor[at];
        vp -= weight * solved[4 * b];
        vq -= weight * solved[4 * b + 1];
        vr -= weight * solved[4 * b + 2];
        vs -= weight * solved[4 * b + 3];
      }
      const pivot = factor[a * n + a];
      solved[4 * a] = vp /= pivot;
      solved[4 * a + 1] = vq /= pivot;
      solved[4 * a + 2] = vr /= pivot;
      solved[4 * a + 3] = vs /= pivot;
      pp += vp * vp;
      qq += vq * vq;
      rr += vr * vr;
      ss += vs * vs;
    }
    for (const [k, value] of [pp, qq, rr, ss].entries()) if (i + k < rows) out[i + k] = value;
  }
  return out;
}
