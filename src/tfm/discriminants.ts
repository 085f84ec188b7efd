// A network of a few layers spends most of them on finding directions that a least-squares fit finds
// exactly. Where a model was pre-trained so, the leading ones are shown to it as further columns: the
// scores of a kernel ridge regression of the class indicators. A support row's own score comes from
// the fit without that row, so that it tells as much about the row's label as the score of a query
// row does. Pre-training does the same to the tables it draws.

import { multiply, symmetricEigen } from '../math/linear-algebra.js';
import { applyKernelFeatures, fitKernelFeatures, type KernelFeatures } from './kernel-features.js';
import { leaveOneOutRidge } from './leave-one-out-ridge.js';
import { applyQuantileStep, fitQuantileStep, type QuantileStep } from './quantile-step.js';
import { type Comparison, comparisons, scaled } from './row-comparison.js';

/** Directions learned from support rows. */
export interface Discriminants {
  /** Features that they are made of. */
  readonly features: number;
  /** How many directions. */
  readonly axes: number;
  /** Features enter as the z-scores that the network sees. */
  readonly step: QuantileStep;
  /** What each of them is multiplied by: what tells little counts little. */
  readonly scales: Float64Array;
  /** What the directions are straight in. */
  readonly map: KernelFeatures;
  /** rank of the map × axes */
  readonly weights: Float64Array;
  /** Leave-one-out scores of the support rows: rows × axes. */
  readonly own: Float32Array;
}

/** Ridge penalties per row; the kernel of a row with itself is about 3. */
const penalties = [0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
/**
 * Weights of features have seen every row's label, so the error of a fit with them is somewhat too small
 * even where it leaves the row out: they must be better by this part.
 */
const advantage = 0.05;
/** Rows to which all are compared: more are slower and say little more. */
const mostLandmarks = 128;

/**
 * Learn the directions.
 *
 * Kernel discriminant analysis by optimal scoring (Hastie, Tibshirani & Buja 1994): a ridge
 * regression of the class indicators on kernel features, its penalty chosen by the leave-one-out
 * error (PRESS, Allen 1974), and so the way in which rows are compared; then the principal axes of
 * the leave-one-out scores.
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
  const fitWith = ({ scales, reach }: Comparison) => {
    const map = fitKernelFeatures(scaled(z, scales), features, reach, mostLandmarks);
    return { scales, map, ...leaveOneOutRidge(map.own, classOf, shares, penalties) };
  };
  const { alike, weighed } = comparisons(z, features, classOf, classes);
  const [one, other] = [fitWith(alike), fitWith(weighed)];
  const better = other.error < (1 - advantage) * one.error ? other : one;
  const { scales, map, scores, coefficients } = better;
  const turn = principalAxes(scores, classes, axes);
  const weights = multiply(coefficients, turn, map.rank, classes, axes);
  const own = Float32Array.from(multiply(scores, turn, rows, classes, axes));
  return { features, axes, step, scales, map, weights, own };
}

/**
 * Score other rows.
 * @param x rows × features
 * @returns rows × axes
 */
export function applyDiscriminants(fitted: Discriminants, x: Float32Array): Float32Array {
  const z = Float64Array.from(applyQuantileStep(fitted.step, x));
  const own = scaled(z, fitted.scales);
  return Float32Array.from(applyKernelFeatures(fitted.map, own, fitted.weights));
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
