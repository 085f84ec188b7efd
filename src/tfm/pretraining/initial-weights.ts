import { fillNormal } from '../../math/draws.js';
import { type Random, stream } from '../../math/random.js';
import { type Tab2DConfig, tensorShapes } from '../config.js';
import type { Weights } from '../weights.js';

/**
 * Draw the weights of a network that has learned nothing: embeddings standard normal, linear maps
 * uniform within ±1/√inputs, norms 1 and 0.
 */
export function initialWeights(config: Tab2DConfig, seed: number): Weights {
  const shapes = tensorShapes(config);
  const weights = new Map<string, Float32Array>();
  for (const [key, shape] of shapes) {
    const random = stream(seed, 'weights', key);
    const numbers = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (/^[xy]_embedding/.test(key)) fillNormal(random, numbers);
    else if (/norm/.test(key)) numbers.fill(key.endsWith('.weight') ? 1 : 0);
    else {
      const matrix = shapes.get(key.replace(/bias$/, 'weight')) as readonly number[];
      fillUniform(random, numbers, 1 / Math.sqrt(matrix[1]));
    }
    weights.set(key, numbers);
  }
  return weights;
}

function fillUniform(random: Random, numbers: Float32Array, bound: number): void {
  for (let i = 0; i < numbers.length; i++) numbers[i] = bound * (2 * random() - 1);
}
