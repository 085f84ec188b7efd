// Draws from distributions, each from a source of uniform numbers that the caller passes.
// Gamma: Marsaglia & Tsang (2000), "A simple method for generating gamma variables"; normal: Box &
// Muller (1958); beta as a ratio of gammas, in logarithms so that small shapes do not underflow.

import { type Random, randomInteger } from './random.js';

/** Draw from the standard normal distribution. */
export function randomNormal(random: Random): number {
  // 1 − u is in (0, 1], so the logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** Fill an array with draws from the standard normal distribution and return it. */
export function fillNormal<A extends Float64Array | Float32Array>(random: Random, array: A): A {
  for (let i = 0; i < array.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    array[i] = radius * Math.cos(angle);
    if (i + 1 < array.length) array[i + 1] = radius * Math.sin(angle);
  }
  return array;
}

/**
 * Draw from the exponential distribution.
 * @param rate Greater than 0; the mean is 1 / rate.
 */
export function randomExponential(random: Random, rate = 1): number {
  requirePositive('an exponential variable', 'rate', rate);
  return -Math.log(1 - random()) / rate;
}

/**
 * Draw from the gamma distribution.
 * @param shape Greater than 0.
 * @param scale Greater than 0; the mean is shape × scale.
 */
export function randomGamma(random: Random, shape: number, scale = 1): number {
  requirePositive('a gamma variable', 'scale', scale);
  return Math.exp(logGammaDraw(random, shape)) * scale;
}

/**
 * Draw from the beta distribution.
 * @param a Greater than 0.
 * @param b Greater than 0; the mean is a / (a + b).
 */
export function randomBeta(random: Random, a: number, b: number): number {
  const x = logGammaDraw(random, a);
  const y = logGammaDraw(random, b);
  return 1 / (1 + Math.exp(y - x));
}

/**
 * Draw an index with probability proportional to its weight.
 * @param weights At least one, none negative, with a positive sum.
 */
export function randomChoice(random: Random, weights: ArrayLike<number>): number {
  let total = 0;
  let last = -1;
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0)) {
      throw new RangeError(
        `Cannot draw an index as weights must be >= 0: weight ${i} is ${weights[i]}`,
      );
    }
    total += weights[i];
    if (weights[i] > 0) last = i;
  }
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) {
    throw new RangeError(
      `Cannot draw an index as the sum of the weights must be positive and finite: current value is ${total}`,
    );
  }
  let rest = random() * total;
  for (let i = 0; i < last; i++) {
    rest -= weights[i];
    if (rest < 0) return i;
  }
  return last; // rounding leaves the remainder to the last index that can be drawn
}

/**
 * Draw different indices from 0 … n − 1, in random order, every subset equally likely.
 * @param size From 0 to n.
 */
export function sampleWithoutReplacement(random: Random, n: number, size: number): Int32Array {
  if (!(Number.isInteger(size) && size >= 0 && size <= n)) {
    throw new RangeError(
      `Cannot sample without replacement as size must be an integer from 0 to ${n}: current value is ${size}`,
    );
  }
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const j = i + randomInteger(random, n - i);
    const t = indices[i];
    indices[i] = indices[j];
    indices[j] = t;
  }
  return indices.slice(0, size);
}

/**
 * Draw indices from 0 … n − 1 with replacement: a bootstrap resample.
 * @param size Number of draws (default: n).
 */
export function sampleWithReplacement(random: Random, n: number, size: number = n): Int32Array {
  const indices = new Int32Array(size);
  for (let i = 0; i < size; i++) indices[i] = randomInteger(random, n);
  return indices;
}

/**
 * Draw how often each of n rows occurs in a bootstrap resample.
 * @param size Number of draws (default: n); the counts add up to it.
 */
export function bootstrapCounts(random: Random, n: number, size: number = n): Int32Array {
  const counts = new Int32Array(n);
  for (let i = 0; i < size; i++) counts[randomInteger(random, n)]++;
  return counts;
}

function logGammaDraw(random: Random, shape: number): number {
  requirePositive('a gamma or beta variable', 'shape', shape);
  if (shape < 1) {
    // If G has shape + 1, then G · U^(1/shape) has shape (Marsaglia & Tsang, §6).
    return logGammaDraw(random, shape + 1) + Math.log(1 - random()) / shape;
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = randomNormal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

function requirePositive(action: string, name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(
      `Cannot draw ${action} as ${name} must be a positive number: current value is ${value}`,
    );
  }
}
