// Fewer features for a regressor, as the recipe of Mitra v2 has it (model card of
// autogluon/mitra-finetune): standardise, then project on the directions of largest variance.

import { largeSymmetricEigen } from '../math/large-symmetric-eigen.js';
import { transpose } from '../math/linear-algebra.js';
import { permutation, type Random } from '../math/random.js';
import type { Pause } from './pieces.js';

/** A projection on principal components. */
export interface Projection {
  /** Of every column. */
  readonly means: Float64Array;
  /** Standard deviation of every column (biased). */
  readonly scales: Float64Array;
  /** components × columns, row-major. */
  readonly components: Float32Array;
}

/** Directions are found from this many rows, or columns, at most. */
const largest = 768;

/**
 * Find the directions of largest variance of standardised columns. Each one's largest part is positive.
 * Directions without variance are left out.
 * @param x rows × columns, row-major, finite; no column is constant.
 * @param most How many directions.
 * @param random Draws the rows where there are more than 768 rows and columns.
 */
export async function fitProjection(
  x: Float32Array,
  rows: number,
  most: number,
  random: Random,
  pause: Pause,
): Promise<Projection> {
  const columns = x.length / rows;
  const { means, scales } = moments(x, rows, columns);
  const shown =
    columns > largest && rows > largest
      ? permutation(random, rows).subarray(0, largest)
      : Int32Array.from({ length: rows }, (_, i) => i);
  // Columns of z, one after the other: column j holds its n standardised numbers.
  const n = shown.length;
  const z = new Float64Array(n * columns);
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < n; i++) {
      z[j * n + i] = (x[shown[i] * columns + j] - means[j]) / scales[j];
    }
    await pause();
  }
  // The smaller of ZᵀZ and Z·Zᵀ has all the eigenvalues that are not 0.
  const byColumns = columns <= n;
  const inner = byColumns
    ? await products(z, columns, n, pause)
    : await products(transpose(z, columns, n), n, columns, pause);
  const { values, vectors } = await largeSymmetricEigen(inner, byColumns ? columns : n, pause);
  const found: Float64Array[] = [];
  for (let k = 0; k < Math.min(most, values.length); k++) {
    if (!(values[k] > 1e-9 * values[0])) break;
    const size = byColumns ? columns : n;
    const vector = vectors.subarray(k * size, (k + 1) * size);
    found.push(upright(byColumns ? vector : alongColumns(z, columns, n, vector)));
    await pause();
  }
  const components = new Float32Array(found.length * columns);
  found.forEach((component, k) => {
    components.set(component, k * columns);
  });
  return { means, scales, components };
}

/**
 * Project rows.
 * @param x rows × columns
 * @returns rows × components
 */
export function project({ means, scales, components }: Projection, x: Float32Array): Float32Array {
  const columns = means.length;
  const rows = x.length / columns;
  const count = components.length / columns;
  const out = new Float32Array(rows * count);
  const z = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) z[j] = (x[i * columns + j] - means[j]) / scales[j];
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += z[j] * components[k * columns + j];
      out[i * count + k] = sum;
    }
  }
  return out;
}

function moments(
  x: Float32Array,
  rows: number,
  columns: number,
): { means: Float64Array; scales: Float64Array } {
  const means = new Float64Array(columns);
  const scales = new Float64Array(columns);
  for (let at = 0; at < x.length; at++) means[at % columns] += x[at] / rows;
  for (let at = 0; at < x.length; at++) {
    scales[at % columns] += (x[at] - means[at % columns]) ** 2 / rows;
  }
  // What float32 cannot tell apart has no spread.
  return { means, scales: scales.map((square) => Math.sqrt(square) || 1) };
}

/** Inner products of vectors of n numbers, one after the other: count × count. */
async function products(
  vectors: Float64Array,
  count: number,
  n: number,
  pause: Pause,
): Promise<Float64Array> {
  const out = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let r = 0; r < n; r++) sum += vectors[i * n + r] * vectors[j * n + r];
      out[i * count + j] = sum;
      out[j * count + i] = sum;
    }
    await pause();
  }
  return out;
}

/** The direction of columns that belongs to one of rows, of length 1. */
function alongColumns(
  z: Float64Array,
  columns: number,
  n: number,
  vector: Float64Array,
): Float64Array {
  const out = new Float64Array(columns);
  let squares = 0;
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += z[j * n + i] * vector[i];
    out[j] = sum;
    squares += sum * sum;
  }
  const length = Math.sqrt(squares);
  return out.map((each) => each / length);
}

function upright(component: Float64Array): Float64Array {
  const top = component.reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most), 0);
  return top < 0 ? component.map((each) => -each) : component;
}
