// How alike two rows are, and how steeply a function that is a sum of such comparisons changes.

import type { ArrayLoops } from '../math/array-loops.js';
import { transpose } from '../math/linear-algebra.js';
import { arrayLoops } from '../math/tf.js';

/**
 * Compare rows of z-scores with other rows.
 *
 * The sum of a linear, a Gaussian and a Laplacian kernel, whose functions are sums of straight, smooth
 * and steep ones. Distances are per feature, so that one reach serves for any number of them.
 * @param rows rows × width, row-major.
 * @param others others × width
 * @param reaches How far apart, a feature, rows may lie and still tell of each other.
 * @returns For each reach, rows × others. Where both are the same array the matrix is symmetric and only
 *   its lower triangle is filled.
 */
export function rowKernels(
  rows: Float64Array,
  others: Float64Array,
  width: number,
  reaches: readonly number[],
): Float64Array[] {
  const count = others.length / width;
  const size = (rows.length / width) * count;
  const out = new Float64Array(reaches.length * size);
  const compareAll = arrayLoops()?.compare ?? compare;
  const same = rows === others ? 1 : 0;
  const turned = transpose(others, count, width);
  compareAll(rows, turned, Float64Array.from(reaches), out, width, same);
  return reaches.map((_, r) => out.subarray(r * size, (r + 1) * size));
}

/** Kernel values of rows with others, column by column: for each reach rows × others. */
const compare: ArrayLoops['compare'] = (rows, turned, reaches, out, width, same) => {
  const all = rows.length / width;
  const count = turned.length / width;
  for (let i = 0; i < all; i++) {
    for (let j = 0; j < (same ? i + 1 : count); j++) {
      let [product, squares, distances] = [0, 0, 0];
      for (let k = 0, at = j; k < width; k++, at += count) {
        const difference = turned[at] - rows[i * width + k];
        product += turned[at] * rows[i * width + k];
        squares += difference * difference;
        distances += Math.abs(difference);
      }
      for (const [r, reach] of reaches.entries()) {
        const far = reach * width;
        const linear = (0.5 * reach * product) / width;
        out[(r * all + i) * count + j] =
          linear + Math.exp(-squares / far) + Math.exp(-distances / far);
      }
    }
  }
};

/**
 * Mean squared slopes of sums of kernels along every feature, over some rows.
 * @param z rows × width
 * @param landmarks What rows are compared with: count × width.
 * @param weights What the comparisons count: count × outputs.
 * @param reach The kernel's.
 * @param most Rows that are looked at, spread evenly.
 * @returns One number a feature: the sum over the outputs.
 */
export function meanSquaredSlopes(
  z: Float64Array,
  landmarks: Float64Array,
  weights: Float64Array,
  width: number,
  reach: number,
  most: number,
): Float64Array {
  const outputs = (weights.length * width) / landmarks.length;
  const rows = z.length / width;
  const looked = Math.min(rows, most);
  const points = new Float64Array(looked * width);
  for (let n = 0; n < looked; n++) {
    const at = Math.floor((n * rows) / looked) * width;
    points.set(z.subarray(at, at + width), n * width);
  }
  // The linear kernel's slopes are the same everywhere.
  const straight = new Float64Array(outputs * width);
  for (let at = 0; at < landmarks.length; at++) {
    const each = (0.5 * reach * landmarks[at]) / width;
    const k = Math.floor(at / width);
    for (let o = 0; o < outputs; o++) {
      straight[o * width + (at % width)] += each * weights[k * outputs + o];
    }
  }
  const squared = new Float64Array(points.length);
  const addSlopes = arrayLoops()?.slopes ?? addSquaredSlopes;
  addSlopes(points, landmarks, weights, straight, squared, width, reach);
  const out = new Float64Array(width);
  for (let at = 0; at < squared.length; at++) out[at % width] += squared[at] / looked;
  return out;
}

/**
 * Squared slopes of sums of kernels at some points, summed over the outputs.
 * @param points rows × width
 * @param landmarks count × width
 * @param weights count × outputs
 * @param straight Slopes of the linear kernels' part: outputs × width.
 * @param out As many as points, zeros before.
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
