// A network of a few layers spends most of them on finding directions that a least-squares fit finds
// exactly. Where a model was pre-trained so, the leading ones are shown to it as further columns: the
// scores of kernel ridge regressions of the class indicators. A support row's own score comes from
// a fit that has not seen the row's label, so that it tells as much about it as the score of a query
// row does. Pre-training does the same to the tables it draws.

import { multiply, symmetricEigen } from '../math/linear-algebra.js';
import { permutation, stream } from '../math/random.js';
import { featureScales, scaled } from './feature-scales.js';
import { bestPenalties, type KernelRidge, kernelRidges } from './kernel-ridge.js';
import { applyQuantileStep, fitQuantileStep, type QuantileStep } from './quantile-step.js';
import { rowKernels } from './row-kernel.js';
import { stratifiedRows } from './stratified-rows.js';

/** Fits of the learned rows in which features count by what one half of the rows tells of them. */
interface Fit {
  /** What each feature is multiplied by: what tells little counts little. */
  readonly scales: Float64Array;
  /** The rows so scaled: rows × features. */
  readonly rows: Float64Array;
  /** For each reach what comparisons with the rows count: rows × axes. */
  readonly weights: readonly Float64Array[];
  /** For each reach, one an axis. */
  readonly offsets: readonly Float64Array[];
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
  /** The fits whose mean is another row's score. */
  readonly fits: readonly Fit[];
  /** Scores of the support rows from fits without their labels: rows × columns. */
  readonly own: Float32Array;
}

/** Ridge penalties; the kernel of a row with itself is about 2.5 near and 6 far. */
const penalties = [0.01, 0.1, 1, 10, 100];
/**
 * How far apart, a feature, rows may lie and still tell of each other: near ones know curves and
 * corners, far ones are steadier where there is noise.
 */
const reaches = [1, 8];
/** Columns that a direction comes in. */
export const columnsPerAxis: number = reaches.length;
/** The reach of the fits that the features are weighed by. */
const weighingReach = 2;
/** Rows that are learned from: a fit's time is their third power. */
const mostRows = 1024;

/**
 * Learn the directions.
 *
 * Kernel discriminant analysis by optimal scoring (Hastie, Tibshirani & Buja 1994): a kernel ridge
 * regression of the class indicators, its penalty chosen by the leave-one-out error; then the
 * principal axes of the leave-one-out scores.
 *
 * Features are weighed, which leaving a row out of the last fit does not undo: so there are two fits of
 * all rows, each with the weights that one half of them gives and the penalty that is best for the other,
 * and a row's own score comes from the fit whose weights have not seen it (cross-fitting).
 *
 * All this for each reach of the kernel: the directions of one, then those of the next.
 * @param x Support rows × features, row-major, finite.
 * @param labels Class of every support row, from 0.
 * @param most Most directions for each reach; there is one less than there are classes.
 * @param draw Seeds the halves, and which rows are learned from where there are more than 1024: each
 *   member of an ensemble has its own.
 * @returns `undefined` where there is one class or no feature.
 */
export function fitDiscriminants(
  x: Float32Array,
  labels: ArrayLike<number>,
  most: number,
  draw = 0,
): Discriminants | undefined {
  const all = labels.length;
  const features = x.length / all;
  const present = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const classes = present.length;
  const axes = Math.min(most, classes - 1);
  if (axes < 1 || !(features >= 1)) return undefined;
  const step = fitQuantileStep(x, all, features);
  const place = new Map(present.map((label, k) => [label, k]));
  const everyClass = Int32Array.from(labels, (label) => place.get(label) as number);
  const learned = stratifiedRows(everyClass, mostRows, stream(draw, 'rows'));
  const z = rowsOf(Float64Array.from(applyQuantileStep(step, x)), learned, features);
  const classOf = learned.map((i) => everyClass[i]);
  const half = halves(classOf, classes, draw);
  const ridges = crossFit(z, classOf, classes, half);
  const columns = reaches.length * axes;
  const scoresOfLearned = new Float32Array(learned.length * columns);
  const turns = reaches.map((_, r) => {
    const scores = new Float64Array(learned.length * classes);
    for (const [i, which] of half.entries()) {
      // The fit that the other half's rows gave the weights of.
      const { scores: unseen } = ridges[(1 - which) % ridges.length].ofReach[r];
      scores.set(unseen.subarray(i * classes, (i + 1) * classes), i * classes);
    }
    const turn = principalAxes(scores, classes, axes);
    const turned = multiply(scores, turn, learned.length, classes, axes);
    add(turned, axes, scoresOfLearned, columns, r * axes);
    return turn;
  });
  const fits = ridges.map(({ scales, rows, ofReach }) => ({
    scales,
    rows,
    weights: ofReach.map(({ weights }, r) =>
      multiply(weights, turns[r], learned.length, classes, axes),
    ),
    offsets: ofReach.map(({ offsets }, r) => multiply(offsets, turns[r], 1, classes, axes)),
  }));
  const fitted = { features, axes, columns, step, fits };
  // The labels of rows that nothing was learned from are as unknown as those of rows to predict.
  const own =
    learned.length < all ? applyDiscriminants(fitted, x) : new Float32Array(all * columns);
  for (const [n, i] of learned.entries()) {
    own.set(scoresOfLearned.subarray(n * columns, (n + 1) * columns), i * columns);
  }
  return { ...fitted, own };
}

/** Fits of all rows, for each reach, in which features are weighed alike. */
interface WeighedFit {
  readonly scales: Float64Array;
  /** The rows so scaled. */
  readonly rows: Float64Array;
  readonly ofReach: readonly KernelRidge[];
}

/**
 * Fit all rows twice, with the weights of features that one half of the rows gives, then the other; once
 * where both give the same.
 */
function crossFit(
  z: Float64Array,
  classOf: Int32Array,
  classes: number,
  half: Uint8Array,
): WeighedFit[] {
  const features = z.length / classOf.length;
  const everyRow = Int32Array.from(classOf.keys());
  const halfRows = [0, 1].map((which) => everyRow.filter((i) => half[i] === which));
  const weighed = halfRows.map((own) => {
    const labels = own.map((i) => classOf[i]);
    return featureScales(rowsOf(z, own, features), features, labels, classes, weighingReach);
  });
  const same = weighed[0].every((scale, j) => scale === weighed[1][j]);
  return (same ? [weighed[0]] : weighed).map((scales, which) => {
    const rows = scaled(z, scales);
    const kernels = rowKernels(rows, rows, features, reaches);
    const unseen = same ? everyRow : halfRows[1 - which];
    const labels = unseen.map((i) => classOf[i]);
    const parts = kernels.map((kernel) => partOf(kernel, unseen, classOf.length));
    const chosen = bestPenalties(parts, penalties, labels, classes);
    return { scales, rows, ofReach: kernelRidges(kernels, chosen, classOf, classes) };
  });
}

/** Some rows of a matrix. */
function rowsOf(matrix: Float64Array, rows: Int32Array, width: number): Float64Array {
  const out = new Float64Array(rows.length * width);
  for (const [n, i] of rows.entries()) {
    out.set(matrix.subarray(i * width, (i + 1) * width), n * width);
  }
  return out;
}

/** Some rows and columns, rising, of the lower triangle of a matrix. */
function partOf(matrix: Float64Array, rows: Int32Array, width: number): Float64Array {
  const size = rows.length;
  const out = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) out[a * size + b] = matrix[rows[a] * width + rows[b]];
  }
  return out;
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

/** Rows that are scored at a time: their kernel values with all learned rows are held. */
const chunk = 256;

/**
 * Score other rows.
 * @param x rows × features
 * @returns rows × columns
 */
export function applyDiscriminants(
  { features, axes, columns, step, fits }: Omit<Discriminants, 'own'>,
  x: Float32Array,
): Float32Array {
  const z = Float64Array.from(applyQuantileStep(step, x));
  const out = new Float32Array((z.length / features) * columns);
  for (let first = 0; first * features < z.length; first += chunk) {
    const part = z.subarray(first * features, (first + chunk) * features);
    const found = out.subarray(first * columns, (first + chunk) * columns);
    for (const { scales, rows, weights, offsets } of fits) {
      const kernels = rowKernels(scaled(part, scales), rows, features, reaches);
      for (const [r, kernel] of kernels.entries()) {
        const scores = multiply(
          kernel,
          weights[r],
          part.length / features,
          rows.length / features,
          axes,
        );
        for (let at = 0; at < scores.length; at++) scores[at] += offsets[r][at % axes];
        add(scores, axes, found, columns, r * axes, 1 / fits.length);
      }
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
