// How rows are compared: how much every feature counts, and how far rows reach. A kernel that weighs all
// features alike spreads its few landmarks over those that tell nothing; so features are weighed by what
// a first fit makes of them, where that helps.

import { fitKernelFeatures, meanSquaredSlopes } from './kernel-features.js';
import { ridgeCoefficients } from './leave-one-out-ridge.js';

/** A way to compare rows. */
export interface Comparison {
  /** What to multiply each feature by. */
  readonly scales: Float64Array;
  /** How far apart, a feature, rows may lie and still tell of each other. */
  readonly reach: number;
}

/** Reach of kernels of all features alike, and of weighed ones: these are the more local. */
const far = 2;
const near = 1;

/**
 * The two ways that are tried: all features alike and far, or weighed and near.
 * @param z rows × width, row-major, z-scores.
 * @param classOf Class of every row, 0 … classes − 1.
 */
export function comparisons(
  z: Float64Array,
  width: number,
  classOf: Int32Array,
  classes: number,
): { readonly alike: Comparison; readonly weighed: Comparison } {
  const alike = { scales: new Float64Array(width).fill(1), reach: far };
  return { alike, weighed: { scales: featureScales(z, width, classOf, classes), reach: near } };
}

/** The first fits are rough: what they are asked is only which features matter. */
const rounds = 2;
const roughLandmarks = 64;
const roughPenalty = 0.004;
const lookedAt = 128;

/**
 * Weigh the features: by how steeply a kernel regression of the class indicators changes along them,
 * fitted again with the features so weighed (a recursive feature machine: Radhakrishnan, Beaglehole,
 * Pandit & Belkin, Science 383, 2024; here the diagonal of its average gradient outer product).
 *
 * Slopes of few rows are chance, and weights by them would tell the rows their own labels: the share of
 * the weights that is the same for all features is twice the number of features to a row.
 * @param z rows × width, row-major, z-scores.
 * @param classOf Class of every row, 0 … classes − 1.
 * @returns What to multiply each feature by: roots of weights whose mean is 1.
 */
export function featureScales(
  z: Float64Array,
  width: number,
  classOf: Int32Array,
  classes: number,
): Float64Array {
  const rows = classOf.length;
  const equal = Math.min(1, (2 * width) / rows);
  // Of two classes, one is the other with its sign turned.
  const outputs = classes === 2 ? 1 : classes;
  let scales = new Float64Array(width).fill(1);
  if (equal === 1) return scales;
  for (let round = 0; round < rounds; round++) {
    const own = scaled(z, scales);
    const map = fitKernelFeatures(own, width, near, roughLandmarks);
    const coefficients = ridgeCoefficients(map.own, classOf, classes, roughPenalty);
    const asked = coefficients.filter((_, at) => at % classes < outputs);
    const slopes = meanSquaredSlopes(map, own, asked, lookedAt);
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
