// Columns in which a linear fit is a kernel regression: an incomplete Cholesky factor of the kernel
// matrix of the support rows, and what it says of other rows.

import { randomChoice } from '../math/draws.js';
import { stream } from '../math/random.js';

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
 * Compare two rows of z-scores.
 *
 * The sum of a linear, a Gaussian and a Laplacian kernel, whose functions are sums of straight, smooth
 * and steep ones. Distances are per feature, so that one reach serves for any number of them.
 * @param reach How far apart, a feature, rows may lie and still tell of each other.
 */
function kernel(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  width: number,
  reach: number,
): number {
  let [product, squares, distances] = [0, 0, 0];
  for (let k = 0; k < width; k++) {
    const difference = a[i + k] - b[j + k];
    product += a[i + k] * b[j + k];
    squares += difference * difference;
    distances += Math.abs(difference);
  }
  const far = reach * width;
  return (0.5 * reach * product) / width + Math.exp(-squares / far) + Math.exp(-distances / far);
}

/**
 * Learn the map from rows.
 *
 * Randomly pivoted Cholesky (Chen, Epperly, Tropp & Webber 2023): landmarks are drawn one after the
 * other, by what of them the earlier ones do not explain. The draws have a seed of their own, so the
 * same rows give the same map.
 * @param z rows × width, row-major, z-scores.
 * @param reach How far apart, a feature, rows may lie and still tell of each other.
 * @param most Most landmarks.
 */
export function fitKernelFeatures(
  z: Float64Array,
  width: number,
  reach: number,
  most: number,
): KernelFeatures {
  const rows = z.length / width;
  const size = Math.min(rows, most);
  const random = stream(0, 'landmarks');
  const left = Float64Array.from({ length: rows }, (_, i) =>
    kernel(z, i * width, z, i * width, width, reach),
  );
  const whole = left.reduce((a, b) => a + b, 0);
  const columns = new Float64Array(rows * size);
  const chosen: number[] = [];
  while (chosen.length < size && left.reduce((a, b) => a + b, 0) > negligible * whole) {
    const pivot = randomChoice(random, left);
    const root = Math.sqrt(left[pivot]);
    const rank = chosen.length;
    const own = columns.subarray(pivot * size, pivot * size + rank);
    const at = pivot * width;
    for (let i = 0; i < rows; i++) {
      columns[i * size + rank] = kernel(z, i * width, z, at, width, reach);
    }
    // Four rows at once: their sums do not wait for each other.
    for (let i = 0; i < rows; i += 4) {
      const p = i * size;
      const q = Math.min(i + 1, rows - 1) * size;
      const r = Math.min(i + 2, rows - 1) * size;
      const s = Math.min(i + 3, rows - 1) * size;
      let [vp, vq] = [columns[p + rank], columns[q + rank]];
      let [vr, vs] = [columns[r + rank], columns[s + rank]];
      for (let k = 0; k < rank; k++) {
        const weight = own[k];
        vp -= columns[p + k] * weight;
        vq -= columns[q + k] * weight;
        vr -= columns[r + k] * weight;
        vs -= columns[s + k] * weight;
      }
      columns[p + rank] = vp / root;
      columns[q + rank] = vq / root;
      columns[r + rank] = vr / root;
      columns[s + rank] = vs / root;
    }
    for (let i = 0; i < rows; i++) {
      left[i] = Math.max(0, left[i] - columns[i * size + rank] ** 2);
    }
    left[pivot] = 0;
    chosen.push(pivot);
  }
  const rank = chosen.length;
  const landmarks = new Float64Array(rank * width);
  const factor = new Float64Array(rank * rank);
  for (const [k, row] of chosen.entries()) {
    landmarks.set(z.subarray(row * width, (row + 1) * width), k * width);
    factor.set(columns.subarray(row * size, row * size + k + 1), k * rank);
  }
  const own = new Float64Array(rows * rank);
  const means = new Float64Array(rank);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) means[k] += columns[i * size + k] / rows;
  }
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) own[i * rank + k] = columns[i * size + k] - means[k];
  }
  return { width, reach, rank, landmarks, factor, means, own };
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
  const out = new Float64Array(rows * outputs);
  for (let i = 0; i < rows; i++) {
    for (let o = 0; o < outputs; o++) out[i * outputs + o] = offsets[o];
    for (let k = 0; k < rank; k++) {
      const value = kernel(z, i * width, landmarks, k * width, width, reach);
      for (let o = 0; o < outputs; o++) out[i * outputs + o] += value * weights[k * outputs + o];
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
  const out = new Float64Array(width);
  const far = reach * width;
  // The linear kernel's slopes are the same everywhere.
  const straight = new Float64Array(width * outputs);
  for (let k = 0; k < rank; k++) {
    for (let j = 0; j < width; j++) {
      const each = (0.5 * reach * landmarks[k * width + j]) / width;
      for (let o = 0; o < outputs; o++) straight[o * width + j] += each * weights[k * outputs + o];
    }
  }
  const slopes = new Float64Array(width * outputs);
  const differences = new Float64Array(width);
  for (let n = 0; n < count; n++) {
    const at = Math.floor((n * rows) / count) * width;
    slopes.set(straight);
    for (let k = 0; k < rank; k++) {
      const other = k * width;
      let [squares, distances] = [0, 0];
      for (let j = 0; j < width; j++) {
        const difference = z[at + j] - landmarks[other + j];
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
    for (let i = 0; i < slopes.length; i++) out[i % width] += slopes[i] ** 2 / count;
  }
  return out;
}
