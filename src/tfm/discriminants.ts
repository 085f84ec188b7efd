// A network of a few layers spends most of them on finding directions that a least-squares fit finds
// exactly. Where a model was pre-trained so, the leading ones are shown to it as further columns: the
// scores of kernel ridge regressions of the class indicators. A support row's own score comes from
// a fit that has not seen the row's label, so that it tells as much about it as the score of a query
// row does. Pre-training does the same to the tables it draws.

import { multiply, symmetricEigen } from '../math/linear-algebra.js';
import { permutation, stream } from '../math/random.js';
import { featureScales, scaled } from './feature-scales.js';
import { applyKernelFeatures, fitKernelFeatures, type KernelFeatures } from './kernel-features.js';
import { leaveOneOutRidge } from './leave-one-out-ridge.js';
import { applyQuantileStep, fitQuantileStep, type QuantileStep } from './quantile-step.js';

/** A fit of all support rows in which features count by what one half of the rows tells of them. */
interface Fit {
  /** What each feature is multiplied by: what tells little counts little. */
  readonly scales: Float64Array;
  /** What the directions are straight in. */
  readonly map: KernelFeatures;
  /** rank of the map × axes */
  readonly weights: Float64Array;
}

/** Directions learned from support rows. */
export interface Discriminants {
  /** Features that they are made of. */
  readonly features: number;
  /** How many directions for each reach. */
  readonly axes: number;
  /** How many in all. */
  readonly columns: number;
  /** Features enter as the z-scores that the network sees. */
  readonly step: QuantileStep;
  /** For each reach, the fits whose mean is another row's score. */
  readonly fits: readonly (readonly Fit[])[];
  /** Scores of the support rows from fits without their labels: rows × columns. */
  readonly own: Float32Array;
}

/** Ridge penalties per row; the kernel of a row with itself is about 2.5 near and 6 far. */
const penalties = [0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
/**
 * How far apart, a feature, rows may lie and still tell of each other: near ones know curves and
 * corners, far ones are steadier where there is noise.
 */
const reaches = [1, 8];
/** Columns that a direction comes in. */
export const columnsPerAxis: number = reaches.length;
/** The reach of the fits that the features are weighed by. */
const weighingReach = 2;
/** Rows to which all are compared: more are slower and say little more. */
const mostLandmarks = 128;

/**
 * Learn the directions.
 *
 * Kernel discriminant analysis by optimal scoring (Hastie, Tibshirani & Buja 1994): a ridge
 * regression of the class indicators on kernel features, its penalty chosen by the leave-one-out
 * error (PRESS, Allen 1974); then the principal axes of the leave-one-out scores.
 *
 * Features are weighed, which leaving a row out of the last fit does not undo: so there are two fits of
 * all rows, each with the weights that one half of them gives, and a row's own score comes from the
 * other half's (cross-fitting).
 *
 * All this for each reach of the kernel: the directions of one, then those of the next.
 * @param x Support rows × features, row-major, finite.
 * @param labels Class of every support row, from 0.
 * @param most Most directions for each reach; there is one less than there are classes.
 * @param draw Seeds the halves and the landmarks: each member of an ensemble has its own.
 * @returns `undefined` where there is one class or no feature.
 */
export function fitDiscriminants(
  x: Float32Array,
  labels: ArrayLike<number>,
  most: number,
  draw = 0,
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
  const half = halves(classOf, classes, draw);
  const scales = [1, 0].map((other) => scalesOf(z, classOf, classes, half, other, draw));
  const same = scales[0].every((scale, j) => scale === scales[1][j]);
  const columns = reaches.length * axes;
  const own = new Float32Array(rows * columns);
  const fits = reaches.map((reach, r) => {
    const both = (same ? [scales[0]] : scales).map((own) => {
      const map = fitKernelFeatures(scaled(z, own), features, reach, mostLandmarks, draw);
      return { scales: own, map, ...leaveOneOutRidge(map.own, classOf, shares, penalties) };
    });
    const scores = new Float64Array(rows * classes);
    for (let i = 0; i < rows; i++) {
      const unseen = both[half[i] % both.length].scores;
      scores.set(unseen.subarray(i * classes, (i + 1) * classes), i * classes);
    }
    const turn = principalAxes(scores, classes, axes);
    add(multiply(scores, turn, rows, classes, axes), axes, own, columns, r * axes);
    return both.map(({ scales, map, coefficients }) => ({
      scales,
      map,
      weights: multiply(coefficients, turn, map.rank, classes, axes),
    }));
  });
  return { features, axes, columns, step, fits, own };
}

/** Add a matrix into some columns of another one. */
function add(
  part: Float64Array,
  width: number,
  whole: Float32Array,
  columns: number,
  first: number,
  share = 1,
): void {
  for (let at = 0; at < part.length; at++) {
    whole[Math.floor(at / width) * columns + first + (at % width)] += share * part[at];
  }
}

/** Put every other row of a class into the second half, in an order that is drawn: 0 or 1 for each row. */
function halves(classOf: Int32Array, classes: number, draw: number): Uint8Array {
  const rows = classOf.length;
  const order = draw === 0 ? classOf.keys() : permutation(stream(draw, 'halves'), rows);
  const next = Int32Array.from({ length: classes }, (_, k) => k % 2);
  const half = new Uint8Array(rows);
  for (const i of order) half[i] = next[classOf[i]]++ % 2;
  return half;
}

/** Weigh the features by what the rows of one half tell of them. */
function scalesOf(
  z: Float64Array,
  classOf: Int32Array,
  classes: number,
  half: Uint8Array,
  which: number,
  draw: number,
): Float64Array {
  const width = z.length / classOf.length;
  const inHalf = (_: number, i: number) => half[i] === which;
  const rows = z.filter((_, at) => half[Math.floor(at / width)] === which);
  const own = classOf.filter(inHalf);
  return featureScales(rows, width, own, classes, weighingReach, mostLandmarks, draw);
}

/**
 * Score other rows.
 * @param x rows × features
 * @returns rows × columns
 */
export function applyDiscriminants(fitted: Discriminants, x: Float32Array): Float32Array {
  const { features, axes, columns, step, fits } = fitted;
  const z = Float64Array.from(applyQuantileStep(step, x));
  const out = new Float32Array((z.length / features) * columns);
  for (const [r, both] of fits.entries()) {
    for (const { scales, map, weights } of both) {
      const scores = applyKernelFeatures(map, scaled(z, scales), weights);
      add(scores, axes, out, columns, r * axes, 1 / both.length);
    }
  }
  return out;
}

/** Set the support rows' own scores beside their features: rows × (features + columns). */
export function withOwnScores(fitted: Discriminants | undefined, x: Float32Array): Float32Array {
  return fitted ? besideEachOther(x, fitted.features, fitted.own, fitted.columns) : x;
}

/** Set other rows' scores beside their features: rows × (features + columns). */
export function withScores(fitted: Discriminants | undefined, x: Float32Array): Float32Array {
  if (!fitted) return x;
  return besideEachOther(x, fitted.features, applyDiscriminants(fitted, x), fitted.columns);
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
