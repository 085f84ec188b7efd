// A network of a few layers spends most of them on finding a direction in the space of the features
// that a least-squares fit finds exactly. Where a model was pre-trained so, the leading directions
// are shown to it as further columns: the scores of a ridge regression of the class indicators.
// A support row's own score comes from the fit without that row, so that it tells as much about the
// row's label as the score of a query row does. Pre-training does the same to the tables it draws.

import { cholesky, choleskySolve, multiply, symmetricEigen } from '../math/linear-algebra.js';
import { applyQuantileStep, fitQuantileStep, type QuantileStep } from './quantile-step.js';

/** Directions learned from support rows. */
export interface Discriminants {
  /** Features that they are made of. */
  readonly features: number;
  /** How many directions. */
  readonly axes: number;
  /** Features enter as the z-scores that the network sees. */
  readonly step: QuantileStep;
  /** features × axes */
  readonly weights: Float64Array;
  /** Leave-one-out scores of the support rows: rows × axes. */
  readonly own: Float32Array;
}

/** Ridge penalties that are compared, per row and in units of a feature's variance. */
const penalties = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];

/**
 * Learn the directions.
 *
 * Linear discriminant analysis by optimal scoring (Hastie, Tibshirani & Buja 1994): a ridge
 * regression of the class indicators, its penalty chosen by the leave-one-out error (PRESS, Allen
 * 1974), then the principal axes of the leave-one-out scores.
 * @param x Support rows × features, row-major, finite.
 * @param labels Class of every support row, from 0.
 * @param most Most directions; there is one less than there are classes.
 * @returns `undefined` where there is one class or no feature.
 */
export function fitDiscriminants(
  x: Float32Array,
  labels: ArrayLike<number>,
  most: number,
): Discriminants | undefined {
  const rows = labels.length;
  const features = x.length / rows;
  const present = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const classes = present.length;
  const axes = Math.min(most, classes - 1);
  if (axes < 1 || !(features >= 1)) return undefined;
  const step = fitQuantileStep(x, rows, features);
  const z = Float64Array.from(applyQuantileStep(step, x));
  const place = new Map(present.map((label, k) => [label, k]));
  const classOf = Int32Array.from(labels, (label) => place.get(label) as number);
  const shares = new Float64Array(classes);
  for (const k of classOf) shares[k] += 1 / rows;
  const { scores, coefficients } = leaveOneOutRidge(z, classOf, shares);
  const turn = principalAxes(scores, classes, axes);
  const weights = multiply(coefficients, turn, features, classes, axes);
  const own = Float32Array.from(multiply(scores, turn, rows, classes, axes));
  return { features, axes, step, weights, own };
}

/**
 * Score other rows.
 * @param x rows × features
 * @returns rows × axes
 */
export function applyDiscriminants(fitted: Discriminants, x: Float32Array): Float32Array {
  const { step, weights, features, axes } = fitted;
  const rows = x.length / features;
  const z = Float64Array.from(applyQuantileStep(step, x));
  return Float32Array.from(multiply(z, weights, rows, features, axes));
}

/** Set columns beside each other: rows × a and rows × b give rows × (a + b). */
export function besideEachOther(
  left: Float32Array,
  a: number,
  right: Float32Array,
  b: number,
): Float32Array {
  const rows = right.length / b;
  const out = new Float32Array(rows * (a + b));
  for (let i = 0; i < rows; i++) {
    out.set(left.subarray(i * a, (i + 1) * a), i * (a + b));
    out.set(right.subarray(i * b, (i + 1) * b), i * (a + b) + a);
  }
  return out;
}

/** A ridge regression of class indicators. */
export interface Ridge {
  /** rows × classes: how far the fit without a row puts it above the other rows' mean. */
  readonly scores: Float64Array;
  /** features × classes */
  readonly coefficients: Float64Array;
}

/**
 * Fit features to class indicators, with the penalty of the smallest leave-one-out error.
 * @param z rows × features, every column with mean 0.
 * @param classOf Class of every row, 0 … classes − 1.
 * @param tried Penalties, each times the number of rows.
 */
export function leaveOneOutRidge(
  z: Float64Array,
  classOf: Int32Array,
  shares: Float64Array,
  tried: readonly number[] = penalties,
): Ridge {
  const rows = classOf.length;
  const classes = shares.length;
  const features = z.length / rows;
  const gram = new Float64Array(features * features);
  const cross = new Float64Array(features * classes);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < features; a++) {
      const value = z[i * features + a];
      if (value === 0) continue;
      for (let b = 0; b <= a; b++) gram[a * features + b] += value * z[i * features + b];
      // Centred features make the indicators' means drop out.
      cross[a * classes + classOf[i]] += value;
    }
  }
  let best: Ridge | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const penalty of tried) {
    const shifted = gram.slice();
    for (let a = 0; a < features; a++) shifted[a * features + a] += penalty * rows;
    const factor = cholesky(shifted, features);
    if (typeof factor === 'number') continue;
    const coefficients = choleskySolve(factor, cross, features, classes);
    const scores = multiply(z, coefficients, rows, features, classes);
    let error = 0;
    for (let i = 0; i < rows; i++) {
      const rest = 1 - 1 / rows - leverage(factor, z.subarray(i * features, (i + 1) * features));
      for (let k = 0; k < classes; k++) {
        const at = i * classes + k;
        const indicator = k === classOf[i] ? 1 : 0;
        const residual = (indicator - shares[k] - scores[at]) / Math.max(rest, 1e-6);
        error += residual * residual;
        // Less the mean without the row: that is lower where the row is of the class, and so tells.
        scores[at] = indicator - residual - (rows * shares[k] - indicator) / (rows - 1);
      }
    }
    if (error < least) {
      least = error;
      best = { scores, coefficients };
    }
  }
  if (!best)
    throw new RangeError('Cannot score the classes as the features must be finite numbers');
  return best;
}

/** zᵀ(L·Lᵀ)⁻¹z: the squared length of L⁻¹z. */
function leverage(factor: Float64Array, z: Float64Array): number {
  const n = z.length;
  const solved = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let value = z[i];
    for (let k = 0; k < i; k++) value -= factor[i * n + k] * solved[k];
    solved[i] = value / factor[i * n + i];
    sum += solved[i] * solved[i];
  }
  return sum;
}

/** Leading eigenvectors of the covariance of columns: columns × axes, the last component > 0. */
function principalAxes(values: Float64Array, columns: number, axes: number): Float64Array {
  const rows = values.length / columns;
  const means = new Float64Array(columns);
  for (let at = 0; at < values.length; at++) means[at % columns] += values[at] / rows;
  const covariance = new Float64Array(columns * columns);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < columns; a++) {
      const d = values[i * columns + a] - means[a];
      for (let b = 0; b < columns; b++) {
        covariance[a * columns + b] += d * (values[i * columns + b] - means[b]);
      }
    }
  }
  const { vectors } = symmetricEigen(covariance, columns);
  const out = new Float64Array(columns * axes);
  for (let e = 0; e < axes; e++) {
    const axis = vectors.subarray(e * columns, (e + 1) * columns);
    const side = axis.findLast((each) => Math.abs(each) > 1e-9) ?? 1;
    for (let k = 0; k < columns; k++) out[k * axes + e] = side < 0 ? -axis[k] : axis[k];
  }
  return out;
}
