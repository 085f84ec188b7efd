// AdamW (Loshchilov & Hutter, arXiv 1711.05101) in the order of operations of PyTorch:
//   p ← p·(1 − lr·wd);  m ← β1·m + (1 − β1)·g;  v ← β2·v + (1 − β2)·g²
//   p ← p − lr/(1 − β1^t) · m / (√v/√(1 − β2^t) + ε)

import { arrayLoops } from '../math/tf.js';

/** First and second moments of every tensor, and the number of steps made. */
export interface AdamState {
  step: number;
  readonly m: Map<string, Float32Array>;
  readonly v: Map<string, Float32Array>;
}

export interface AdamWOptions {
  readonly weightDecay: number;
  /** Decay rates of the moments (default `[0.9, 0.999]`). */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment (default `1e-8`). */
  readonly epsilon?: number;
}

/** Start with moments of zero. */
export function adamState(): AdamState {
  return { step: 0, m: new Map(), v: new Map() };
}

/**
 * Make one step, in place.
 * @param weights Changed.
 * @param gradients By key; weights without a gradient stay as they are.
 */
export function adamWStep(
  weights: ReadonlyMap<string, Float32Array>,
  gradients: ReadonlyMap<string, Float32Array>,
  state: AdamState,
  learningRate: number,
  options: AdamWOptions,
): void {
  const update = adamWUpdate(state, learningRate, options);
  for (const [key, g] of gradients) update(key, weights.get(key) as Float32Array, g);
}

/**
 * Begin one step whose tensors are updated one by one, each once.
 * @returns Changes a tensor, in place.
 */
export function adamWUpdate(
  state: AdamState,
  learningRate: number,
  options: AdamWOptions,
): (key: string, weights: Float32Array, gradient: Float32Array) => void {
  const { weightDecay, betas = [0.9, 0.999], epsilon = 1e-8 } = options;
  const [b1, b2] = betas;
  const t = ++state.step;
  const keep = 1 - learningRate * weightDecay;
  const rate = learningRate / (1 - b1 ** t);
  const root = Math.sqrt(1 - b2 ** t);
  const loops = arrayLoops();
  return (key, p, g) => {
    const m = moment(state.m, key, g.length);
    const v = moment(state.v, key, g.length);
    if (loops) {
      loops.adamW(p, g, m, v, keep, rate, b1, b2, root, epsilon);
      return;
    }
    for (let i = 0; i < g.length; i++) {
      m[i] = b1 * m[i] + (1 - b1) * g[i];
      v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
      p[i] = p[i] * keep - (rate * m[i]) / (Math.sqrt(v[i]) / root + epsilon);
    }
  };
}

function moment(moments: Map<string, Float32Array>, key: string, length: number): Float32Array {
  let found = moments.get(key);
  if (!found) {
    found = new Float32Array(length);
    moments.set(key, found);
  }
  return found;
}
