// Muon (Jordan et al. 2024): the update of a matrix is its momentum, made nearly orthogonal by five
// Newton–Schulz steps. M ← βM + (1 − β)G;  X ← (1 − β)G + βM;  X ← X/‖X‖_F;
// five times A = XXᵀ, X ← 3.4445·X + (−4.7750·A + 2.0315·A²)·X;
// W ← W·(1 − rate·decay) − rate·√max(1, out/in)·X.

import { type Tensor, tf, tidy } from '../../math/tf.js';

export interface MuonOptions {
  /** Times the rate. */
  readonly weightDecay: number;
  /** β (default `0.95`). */
  readonly momentum?: number;
}

/** Momentum by key. */
export type MuonState = Map<string, Float32Array>;

/**
 * Make one step on matrices, in place.
 * @param shapes (outputs, inputs) of every key of `gradients`.
 * @param weights Changed.
 */
export function muonStep(
  shapes: ReadonlyMap<string, readonly number[]>,
  weights: ReadonlyMap<string, Float32Array>,
  gradients: ReadonlyMap<string, Float32Array>,
  state: MuonState,
  rate: number,
  { weightDecay, momentum = 0.95 }: MuonOptions,
): void {
  for (const keys of bySize(shapes, gradients.keys())) {
    const [out, inputs] = shapes.get(keys[0]) as readonly number[];
    const size = out * inputs;
    const stacked = new Float32Array(keys.length * size);
    for (const [k, key] of keys.entries()) {
      const own = stacked.subarray(k * size, (k + 1) * size);
      lookAhead(own, gradients.get(key) as Float32Array, momentumOf(state, key, size), momentum);
    }
    const updates = orthogonalized(stacked, keys.length, out, inputs);
    const scale = rate * Math.sqrt(Math.max(1, out / inputs));
    const keep = 1 - rate * weightDecay;
    for (const [k, key] of keys.entries()) {
      const w = weights.get(key) as Float32Array;
      for (let i = 0; i < size; i++) w[i] = w[i] * keep - scale * updates[k * size + i];
    }
  }
}

/**
 * Make matrices nearly orthogonal: singular values between about 0.7 and 1.2, same singular vectors.
 * @param stacked count × rows × columns.
 */
export function orthogonalized(
  stacked: Float32Array,
  count: number,
  rows: number,
  columns: number,
): Float32Array {
  const { matMul, tensor, transpose } = tf();
  const tall = rows > columns;
  // The tensor leaves the scope, not its numbers: the engine would search an array for tensors, one
  // number at a time.
  const result = tidy(() => {
    const given: Tensor = tensor(stacked, [count, rows, columns]);
    let x: Tensor = tall ? transpose(given, [0, 2, 1]) : given;
    x = x.div(x.square().sum([1, 2], true).sqrt().add(1e-7));
    for (let i = 0; i < 5; i++) {
      const a: Tensor = matMul(x as never, x as never, false, true);
      const b = a.mul(-4.775).add((matMul(a as never, a as never) as Tensor).mul(2.0315));
      x = x.mul(3.4445).add(matMul(b as never, x as never) as Tensor);
    }
    return tall ? transpose(x, [0, 2, 1]) : x;
  });
  const numbers = result.dataSync() as Float32Array;
  result.dispose();
  return numbers;
}

/** Keys of matrices of the same size together. */
function bySize(
  shapes: ReadonlyMap<string, readonly number[]>,
  keys: Iterable<string>,
): string[][] {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const size = (shapes.get(key) as readonly number[]).join();
    const group = groups.get(size);
    if (group) group.push(key);
    else groups.set(size, [key]);
  }
  return [...groups.values()];
}

/** Update the momentum, and write Nesterov's look-ahead to `into`. */
function lookAhead(into: Float32Array, g: Float32Array, m: Float32Array, beta: number): void {
  for (let i = 0; i < g.length; i++) {
    m[i] = beta * m[i] + (1 - beta) * g[i];
    into[i] = (1 - beta) * g[i] + beta * m[i];
  }
}

function momentumOf(state: MuonState, key: string, size: number): Float32Array {
  let found = state.get(key);
  if (!found) {
    found = new Float32Array(size);
    state.set(key, found);
  }
  return found;
}
