// Columns in which a linear fit is a kernel regression: an incomplete Cholesky factor of the kernel
// matrix of the support rows, and what it says of other rows. Kept together: a map, its slopes and the
// loops behind them, which share the form of the kernel.

import type { ArrayLoops } from '../math/array-loops.js';
import { randomChoice } from '../math/draws.js';
import { transpose } from '../math/linear-algebra.js';
import { stream } from '../math/random.js';
import { arrayLoops } from '../math/tf.js';

/** A feature map learned from rows. */
export interface KernelFeatures {
  /** Features of a row. */
  readonly width: number;
  /** How far apart, a feature, rows may lie and still tell of each other. */
  readonly reach: number;
  /** Columns of the map: no more than landmarks were asked for or are needed. */
  readonly rank: number;
  /** The rows to which every other row is compared: rank × width. */
  readonly landmarks: Float64Array;
  /** Lower triangular factor of the landmarks' kernel matrix: rank × rank. */
  readonly factor: Float64Array;
  /** Mean of every column over the rows. */
  readonly means: Float64Array;
  /** The rows themselves, less the means: rows × rank. */
  readonly own: Float64Array;
}

/** A part of the kernel's trace that is small enough to stop at. */
const negligible = 1e-8;

/**
 * Compare rows of z-scores with one point.
 *
 * The sum of a linear, a Gaussian and a Laplacian kernel, whose functions are sums of straight, smooth
 * and steep ones. Distances are per feature, so that one reach serves for any number of them.
 * @param turned The rows, column by column: width × rows.
 * @param point width
 * @param reach How far apart, a feature, rows may lie and still tell of each other.
 * @param out One value a row.
 */
function compare(
  turned: Float64Array,
  point: Float64Array,
  reach: number,
  out: Float64Array,
): void {
  const loops = arrayLoops();
  if (loops) {
    loops.compare(turned, point, out, reach);
    return;
  }
  const rows = out.length;
  const width = point.length;
  const far = reach * width;
  for (let i = 0; i < rows; i++) {
    let [product, squares, distances] = [0, 0, 0];
    for (let k = 0, at = i; k < width; k++, at += rows) {
      const difference = turned[at] - point[k];
      product += turned[at] * point[k];
      squares += difference * difference;
      distances += Math.abs(difference);
    }
    const linear = (0.5 * reach * product) / width;
    out[i] = linear + Math.exp(-squares / far) + Math.exp(-distances / far);
  }
}

/**
 * Take from a new column what the earlier ones explain of it, and from the rows' own kernel values what
 * it explains of them.
 * @param columns Columns, each of as many numbers as there are rows.
 * @param rank Which column is new.
 * @param pivot The row that it compares with.
 * @param left What is left of every row's kernel value with itself: changed.
 */
function explain(columns: Float64Array, rank: number, pivot: number, left: Float64Array): void {
  const loops = arrayLoops();
  if (loops) {
    loops.explain(columns, left, rank, pivot);
    return;
  }
  const rows = left.length;
  const column = columns.subarray(rank * rows, (rank + 1) * rows);
  for (let k = 0; k < rank; k++) {
    const weight = columns[k * rows + pivot];
    for (let i = 0, at = k * rows; i < rows; i++, at++) column[i] -= columns[at] * weight;
  }
  const root = Math.sqrt(left[pivot]);
  for (let i = 0; i < rows; i++) {
    column[i] /= root;
    left[i] = Math.max(0, left[i] - column[i] * column[i]);
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/**
 * Learn the map from rows.
 *
 * Randomly pivoted Cholesky (Chen, Epperly, Tropp & Webber 2023): landmarks are drawn one after the
 * other, by what of them the earlier ones do not explain.
 * @param z rows × width, row-major, z-scores.
 * @param reach How far apart, a feature, rows may lie and still tell of each other.
 * @param most Most landmarks.
 * @param seed Seeds the draws: the same rows give the same map.
 */
export function fitKernelFeatures(
  z: Float64Array,
  width: number,
  reach: number,
  most: number,
  seed = 0,
): KernelFeatures {
  const rows = z.length / width;
  const size = Math.min(rows, most);
  const random = stream(seed, 'landmarks');
  const turned = transpose(z, rows, width);
  // A row lies at no distance from itself.
  const left = new Float64Array(rows).fill(2);
  for (let i = 0; i < rows; i++) {
    for (let at = i * width; at < (i + 1) * width; at++) {
      left[i] += (0.5 * reach * z[at] * z[at]) / width;
    }
  }
  const whole = sum(left);
  const columns = new Float64Array(size * rows);
  const landmarks = new Float64Array(size * width);
  const chosen: number[] = [];
  while (chosen.length < size && sum(left) > negligible * whole) {
    const pivot = randomChoice(random, left);
    const rank = chosen.length;
    const point = landmarks.subarray(rank * width, (rank + 1) * width);
    point.set(z.subarray(pivot * width, (pivot + 1) * width));
    compare(turned, point, reach, columns.subarray(rank * rows, (rank + 1) * rows));
    explain(columns, rank, pivot, left);
    left[pivot] = 0;
    chosen.push(pivot);
  }
  const rank = chosen.length;
  const factor = new Float64Array(rank * rank);
  for (const [a, row] of chosen.entries()) {
    for (let b = 0; b <= a; b++) factor[a * rank + b] = columns[b * rows + row];
  }
  const own = transpose(columns.subarray(0, rank * rows), rank, rows);
  const means = new Float64Array(rank);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) means[k] += own[i * rank + k] / rows;
  }
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) own[i * rank + k] -= means[k];
  }
  return { width, reach, rank, landmarks: landmarks.slice(0, rank * width), factor, means, own };
}

/** A linear function of a map's columns as sums of kernels: weights[landmark] and an offset, an output. */
export interface KernelSums {
  /** rank × outputs */
  readonly weights: Float64Array;
  readonly offsets: Float64Array;
}

/**
 * Write a linear function of the map's columns as sums over the landmarks.
 * @param coefficients rank × outputs
 */
export function kernelSums(
  { rank, factor, means }: KernelFeatures,
  coefficients: Float64Array,
): KernelSums {
  const outputs = coefficients.length / rank;
  // Columns of a row are L⁻¹k, so their products with c are those of k with L⁻ᵀc: solved once.
  const weights = coefficients.slice();
  const offsets = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    for (let k = 0; k < rank; k++) offsets[o] -= means[k] * coefficients[k * outputs + o];
    for (let k = rank - 1; k >= 0; k--) {
      let value = weights[k * outputs + o];
      for (let q = k + 1; q < rank; q++) value -= factor[q * rank + k] * weights[q * outputs + o];
      weights[k * outputs + o] = value / factor[k * rank + k];
    }
  }
  return { weights, offsets };
}

/**
 * Apply a linear function of the map's columns to other rows.
 * @param z rows × width
 * @param coefficients rank × outputs
 * @returns rows × outputs
 */
export function applyKernelFeatures(
  fitted: KernelFeatures,
  z: Float64Array,
  coefficients: Float64Array,
): Float64Array {
  const { width, reach, rank, landmarks } = fitted;
  const { weights, offsets } = kernelSums(fitted, coefficients);
  const outputs = offsets.length;
  const rows = z.length / width;
  const turned = transpose(z, rows, width);
  const values = new Float64Array(rows);
  const out = Float64Array.from({ length: rows * outputs }, (_, at) => offsets[at % outputs]);
  for (let k = 0; k < rank; k++) {
    compare(turned, landmarks.subarray(k * width, (k + 1) * width), reach, values);
    for (let i = 0; i < rows; i++) {
      for (let o = 0; o < outputs; o++)
        out[i * outputs + o] += values[i] * weights[k * outputs + o];
    }
  }
  return out;
}

/**
 * Mean squared slopes of a linear function of the map's columns along every feature, over some rows.
 * @param z rows × width
 * @param coefficients rank × outputs
 * @param most Rows that are looked at, spread evenly.
 * @returns One number a feature: the sum over the outputs.
 */
export function meanSquaredSlopes(
  fitted: KernelFeatures,
  z: Float64Array,
  coefficients: Float64Array,
  most: number,
): Float64Array {
  const { width, reach, rank, landmarks } = fitted;
  const { weights } = kernelSums(fitted, coefficients);
  const outputs = weights.length / rank;
  const rows = z.length / width;
  const count = Math.min(rows, most);
  const looked = new Float64Array(count * width);
  for (let n = 0; n < count; n++) {
    const at = Math.floor((n * rows) / count) * width;
    looked.set(z.subarray(at, at + width), n * width);
  }
  // The linear kernel's slopes are the same everywhere.
  const straight = new Float64Array(outputs * width);
  for (let k = 0; k < rank; k++) {
    for (let j = 0; j < width; j++) {
      const each = (0.5 * reach * landmarks[k * width + j]) / width;
      for (let o = 0; o < outputs; o++) straight[o * width + j] += each * weights[k * outputs + o];
    }
  }
  const squared = new Float64Array(count * width);
  const addSlopes = arrayLoops()?.slopes ?? addSquaredSlopes;
  addSlopes(looked, landmarks, weights, straight, squared, width, reach);
  const out = new Float64Array(width);
  for (let at = 0; at < squared.length; at++) out[at % width] += squared[at] / count;
  return out;
}

/**
 * Squared slopes of sums of kernels at some points, summed over the outputs.
 * @param points count × width
 * @param landmarks rank × width
 * @param weights rank × outputs
 * @param straight Slopes of the linear kernels' part: outputs × width.
 * @param out count × width, zeros before.
 */
const addSquaredSlopes: ArrayLoops['slopes'] = (
  points,
  landmarks,
  weights,
  straight,
  out,
  width,
  reach,
) => {
  const rank = landmarks.length / width;
  const outputs = straight.length / width;
  const far = reach * width;
  const slopes = new Float64Array(straight.length);
  const differences = new Float64Array(width);
  for (let at = 0; at < points.length; at += width) {
    slopes.set(straight);
    for (let k = 0; k < rank; k++) {
      let [squares, distances] = [0, 0];
      for (let j = 0; j < width; j++) {
        const difference = points[at + j] - landmarks[k * width + j];
        differences[j] = difference;
        squares += difference * difference;
        distances += Math.abs(difference);
      }
      const gaussian = (2 * Math.exp(-squares / far)) / far;
      const laplacian = Math.exp(-distances / far) / far;
      for (let j = 0; j < width; j++) {
        const difference = differences[j];
        const steep = difference > 0 ? laplacian : difference < 0 ? -laplacian : 0;
        differences[j] = gaussian * difference + steep;
      }
      for (let o = 0; o < outputs; o++) {
        const weight = weights[k * outputs + o];
        for (let j = 0; j < width; j++) slopes[o * width + j] -= differences[j] * weight;
      }
    }
    for (let i = 0; i < slopes.length; i++) out[at + (i % width)] += slopes[i] * slopes[i];
  }
};
