// Draws that the priors share beside those of math/draws, each from a passed source.

import { fillNormal, randomGamma, sampleWithoutReplacement } from '../../math/draws.js';
import { type Random, randomInteger } from '../../math/random.js';

/** Draw uniformly from [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** Draw an integer uniformly from low … high, both included. */
export function integerBetween(random: Random, low: number, high: number): number {
  return low + randomInteger(random, high - low + 1);
}

/** Draw a number whose logarithm is uniform between those of `low` and `high`. */
export function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random();
}

/** Draw `count` standard normal numbers. */
export function normals(random: Random, count: number): Float64Array {
  return fillNormal(random, new Float64Array(count));
}

/** Draw the number of trials up to the first success: 1, 2, … */
export function geometric(random: Random, success: number): number {
  return 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - success));
}

/** Draw shares that sum to 1 from the symmetric Dirichlet distribution. */
export function dirichlet(random: Random, count: number, concentration: number): Float64Array {
  const shares = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    // The floor keeps the sum positive where every gamma underflows.
    shares[i] = randomGamma(random, concentration) + 1e-12;
    sum += shares[i];
  }
  return shares.map((share) => share / sum);
}

/** Draw one element. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[randomInteger(random, from.length)];
}

/** Draw `count` different integers of 0 … n − 1, in random order. */
export function distinct(random: Random, n: number, count: number): number[] {
  return Array.from(sampleWithoutReplacement(random, n, count));
}
