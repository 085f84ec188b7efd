// Least squares of class indicators with a penalty, and what each row's fit would be without the row:
// the penalty of the smallest such error is taken. Everything is in closed form.

import { cholesky, choleskySolve, forwardSolve } from '../math/linear-algebra.js';
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
  const equations = normalEquations(z, classOf, classes);
  const fitWith = (penalty: number) => {
    const factor = factorOf(equations, penalty * rows);
    const { leverages, scores } = solveRows(factor, z, equations.cross, features, classes);
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
    return { factor, scores, error };
  };
  const middle = Math.floor((penalties.length - 1) / 2);
  const first = fitWith(penalties[middle]);
  let best = first;
  for (const direction of [-1, 1]) {
    for (let at = middle + direction; at >= 0 && at < penalties.length; at += direction) {
      const other = fitWith(penalties[at]);
      if (!(other.error < best.error)) break;
      best = other;
    }
    // Where the error falls to one side it rises to the other.
    if (best !== first) break;
  }
  const { factor, scores, error } = best;
  return { scores, error, coefficients: choleskySolve(factor, equations.cross, features, classes) };
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
  const equations = normalEquations(z, classOf, classes);
  const factor = factorOf(equations, penalty * classOf.length);
  return choleskySolve(factor, equations.cross, z.length / classOf.length, classes);
}

/** The normal equations of the fit, without a penalty. */
interface NormalEquations {
  /** Lower triangle of zᵀz: features × features. */
  readonly gram: Float64Array;
  /** zᵀ times the indicators: features × classes. */
  readonly cross: Float64Array;
}

function normalEquations(z: Float64Array, classOf: Int32Array, classes: number): NormalEquations {
  const features = z.length / classOf.length;
  const cross = new Float64Array(features * classes);
  for (const [i, own] of classOf.entries()) {
    // Centred features make the indicators' means drop out.
    for (let a = 0; a < features; a++) cross[a * classes + own] += z[i * features + a];
  }
  return { gram: gramOf(z, features), cross };
}

/** Cholesky factor of the equations' matrix with a penalty on its diagonal. */
function factorOf({ gram }: NormalEquations, penalty: number): Float64Array {
  const features = Math.sqrt(gram.length);
  const shifted = gram.slice();
  for (let a = 0; a < features; a++) shifted[a * features + a] += penalty;
  const factor = cholesky(shifted, features);
  if (typeof factor === 'number') {
    throw new RangeError('Cannot score the classes as the features must be finite numbers');
  }
  return factor;
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

/**
 * Fits of all rows and what each row weighs in its own, for a matrix A = L·Lᵀ.
 * @param cross features × classes
 * @returns zᵀA⁻¹z of every row z, the squared length of L⁻¹z; and the fits, zᵀA⁻¹·cross, rows × classes.
 */
function solveRows(
  factor: Float64Array,
  z: Float64Array,
  cross: Float64Array,
  n: number,
  classes: number,
): { readonly leverages: Float64Array; readonly scores: Float64Array } {
  const rows = z.length / n;
  const right = forwardSolve(factor, cross, n, classes);
  const leverages = new Float64Array(rows);
  const scores = new Float64Array(rows * classes);
  const loops = arrayLoops();
  if (loops) {
    loops.solveRows(factor, z, right, leverages, scores, n);
    return { leverages, scores };
  }
  const solved = new Float64Array(n);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < n; a++) {
      let value = z[i * n + a];
      for (let b = 0; b < a; b++) value -= factor[a * n + b] * solved[b];
      value /= factor[a * n + a];
      solved[a] = value;
      leverages[i] += value * value;
      for (let k = 0; k < classes; k++) scores[i * classes + k] += value * right[a * classes + k];
    }
  }
  return { leverages, scores };
}
