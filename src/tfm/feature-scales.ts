// How much every feature counts where rows are compared. To a kernel that weighs all features alike, rows
// that differ in what tells nothing are far apart; so features are weighed by what a first fit makes of
// them.

import { kernelRidges } from './kernel-ridge.js';
import { meanSquaredSlopes, rowKernels } from './row-kernel.js';

const rounds = 2;
/** These fits are asked only which features matter, so one penalty serves for all. */
const penalty = 1;
/** Rows at which slopes are looked at: their mean over more is about the same. */
const lookedAt = 128;

/**
 * Weigh the features: by how steeply a kernel regression of the class indicators changes along them,
 * fitted again with the features so weighed (a recursive feature machine: Radhakrishnan, Beaglehole,
 * Pandit & Belkin, Science 383, 2024; here the diagonal of its average gradient outer product).
 *
 * Slopes of few rows are chance: the share of the weights that is the same for all features is the
 * number of features to a row.
 * @param z rows × width, row-major, z-scores.
 * @param classOf Class of every row, 0 … classes − 1.
 * @param reach How far apart, a feature, rows may lie and still tell of each other.
 * @returns What to multiply each feature by: roots of weights whose mean is 1.
 */
export function featureScales(
  z: Float64Array,
  width: number,
  classOf: Int32Array,
  classes: number,
  reach: number,
): Float64Array {
  const rows = classOf.length;
  const equal = Math.min(1, width / rows);
  // Of two classes, one is the other with its sign turned.
  const outputs = classes === 2 ? 1 : classes;
  let scales = new Float64Array(width).fill(1);
  if (equal === 1) return scales;
  for (let round = 0; round < rounds; round++) {
    const own = scaled(z, scales);
    const [{ weights }] = kernelRidges(
      rowKernels(own, own, width, [reach]),
      [penalty],
      classOf,
      classes,
    );
    const asked = weights.filter((_, at) => at % classes < outputs);
    const slopes = meanSquaredSlopes(own, own, asked, width, reach, lookedAt);
    // Along the feature itself, not along what it was scaled to.
    for (let j = 0; j < width; j++) slopes[j] *= scales[j] ** 2;
    const mean = slopes.reduce((a, b) => a + b, 0) / width;
    if (!(mean > 0)) return scales;
    scales = slopes.map((slope) => Math.sqrt((1 - equal) * (slope / mean) + equal));
  }
  return scales;
}

/** Multiply every row's features. */
export function scaled(z: Float64Array, scales: Float64Array): Float64Array {
  const out = new Float64Array(z.length);
  for (let at = 0; at < z.length; at += scales.length) {
    for (let j = 0; j < scales.length; j++) out[at + j] = z[at + j] * scales[j];
  }
  return out;
}
