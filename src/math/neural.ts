// The parts of a transformer with their gradients written out: only what the gradient needs is kept.
// Legend: T tokens, d channels, B batch, h heads, n rows attending, m rows attended to.

import { sumRows, type Tensor, tf, tidy } from './tf.js';

/** A linear map: weight (outputs, inputs) and bias (outputs). */
export interface Linear {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Gradients by the name of the parameter. */
export type Gradients = Map<string, Tensor>;

const epsilon = 1e-5;

/** Apply a linear map: [T, in] → [T, out]. */
export function linear(x: Tensor, { weight, bias }: Linear): Tensor {
  const { add, matMul } = tf();
  return tidy(() => add(matMul(x as never, weight as never, false, true), bias));
}

/**
 * Gradients of a linear map.
 * @param dy [T, out]
 * @returns dx, and the gradients of weight and bias.
 */
export function linearBackward(
  x: Tensor,
  { weight }: Linear,
  dy: Tensor,
): { dx: Tensor; weight: Tensor; bias: Tensor } {
  const { matMul } = tf();
  return {
    dx: matMul(dy as never, weight as never),
    weight: matMul(dy as never, x as never, true, false),
    bias: sumRows(dy),
  };
}

/** What the gradient of a layer norm needs: x̂ [T, d] and 1/σ [T, 1]. */
export interface NormSaved {
  readonly normal: Tensor;
  readonly scale: Tensor;
}

/** Normalise every token (biased variance, ε = 1e-5), then scale and shift. */
export function layerNorm(x: Tensor, { weight, bias }: Linear): NormSaved & { y: Tensor } {
  return tidy(() => {
    const centred = x.sub(x.mean(-1, true));
    const scale = centred.square().mean(-1, true).add(epsilon).rsqrt();
    const normal = centred.mul(scale);
    return { normal, scale, y: normal.mul(weight).add(bias) };
  });
}

/** Gradients of a layer norm. */
export function layerNormBackward(
  { normal, scale }: NormSaved,
  { weight }: Linear,
  dy: Tensor,
): { dx: Tensor; weight: Tensor; bias: Tensor } {
  return tidy(() => {
    const dNormal = dy.mul(weight);
    const along = dNormal.mul(normal).mean(-1, true);
    return {
      dx: dNormal.sub(dNormal.mean(-1, true)).sub(normal.mul(along)).mul(scale),
      weight: sumRows(dy.mul(normal)),
      bias: sumRows(dy),
    };
  });
}

/** The exact GELU, x·Φ(x). */
export function gelu(x: Tensor): Tensor {
  return tidy(() => x.mul(Math.SQRT1_2).erf().add(1).mul(x).mul(0.5));
}

/** Gradient of the GELU: dy·(Φ(x) + x·φ(x)). */
export function geluBackward(x: Tensor, dy: Tensor): Tensor {
  return tidy(() => {
    const phi = x
      .square()
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI));
    const Phi = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
    return phi.mul(x).add(Phi).mul(dy);
  });
}

/** Give every head its own rows: [B, n, d] → [B, h, n, d/h]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [b, n, d] = x.shape;
  return tidy(() => x.reshape([b, n, heads, d / heads]).transpose([0, 2, 1, 3]));
}

/** Put the heads side by side again: [B, h, n, d/h] → [B, n, d]. */
export function mergeHeads(x: Tensor): Tensor {
  const [b, h, n, e] = x.shape;
  return tidy(() => x.transpose([0, 2, 1, 3]).reshape([b, n, h * e]));
}

/**
 * Attention weights and their sum of values.
 * @param q [B, h, n, e], already scaled by 1/√e
 * @param k [B, h, m, e]
 * @param v [B, h, m, e]
 * @returns weights [B, h, n, m] and context [B, h, n, e]
 */
export function attend(q: Tensor, k: Tensor, v: Tensor): { weights: Tensor; context: Tensor } {
  const { matMul, softmax } = tf();
  return tidy(() => {
    const weights = softmax(matMul(q as never, k as never, false, true));
    return { weights, context: matMul(weights as never, v as never) };
  });
}

/**
 * Gradients of attention.
 * @param along Row sums of dContext·context, [B, h, n, 1].
 */
export function attendBackward(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  weights: Tensor,
  dContext: Tensor,
  along: Tensor,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  const { matMul } = tf();
  return tidy(() => {
    const dWeights = matMul(dContext as never, v as never, false, true) as Tensor;
    const dScores = dWeights.sub(along).mul(weights);
    return {
      dq: matMul(dScores as never, k as never),
      dk: matMul(dScores as never, q as never, true, false),
      dv: matMul(weights as never, dContext as never, true, false),
    };
  });
}
