// The parts of a transformer with their gradients written out: only what the gradient needs is kept.
// Where the fused operations of native/kernels.cc are there, each part is one pass over memory;
// else it is composed of plain operations.
// Kept together: every part stands beside its gradient, which changes with it.
// Legend: T tokens, d channels, B batch, h heads, n rows that attend, m rows attended to, e = d/h.

import { hasFused, operation, product, sumRows, type Tensor, tf, tidy } from './tf.js';

/** A linear map: weight (outputs, inputs) and bias (outputs). Also scale and shift of a norm. */
export interface Linear {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Gradients of a linear map or a norm. */
export interface LinearGradient extends Linear {
  readonly dx: Tensor;
}

const epsilon = 1e-5;

/** Matrices of at most so many weights stay in the cache while blocks of tokens pass by. */
const fewWeights = 256 * 256;

/** x·Wᵀ: [T, in] → [T, out], without the bias. */
export function times(x: Tensor, { weight }: Linear): Tensor {
  return product(x, weight, false, true);
}

/** Apply a linear map: [T, in] → [T, out]. */
export function linear(x: Tensor, part: Linear): Tensor {
  return tidy(() => times(x, part).add(part.bias));
}

/** Apply a linear map and add the result to `residual` [T, out]. */
export function linearInto(residual: Tensor, x: Tensor, part: Linear): Tensor {
  return tidy(() => {
    if (hasFused() && part.weight.size <= fewWeights) {
      return operation('CmxLinearInto', [residual, x, part.weight, part.bias], 1)[0];
    }
    const mapped = times(x, part).reshape(residual.shape);
    return hasFused()
      ? operation('CmxAddBias', [residual, mapped, part.bias], 1)[0]
      : residual.add(mapped.add(part.bias));
  });
}

/**
 * Gradients of a linear map.
 * @param dy [T, out]
 */
export function linearBackward(x: Tensor, { weight }: Linear, dy: Tensor): LinearGradient {
  return { dx: product(dy, weight), ...linearWeights(x, dy) };
}

/** Gradients of a linear map's own numbers: x [T, in], dy [T, out]. */
export function linearWeights(x: Tensor, dy: Tensor): Linear {
  return { weight: product(dy, x, true, false), bias: sumRows(dy) };
}

/** What the gradient of a layer norm needs: x̂ [T, d] and 1/σ [T, 1]. */
export interface NormSaved {
  readonly normal: Tensor;
  readonly scale: Tensor;
}

/** Normalise every token (biased variance, ε = 1e-5), then scale and shift. */
export function layerNorm(x: Tensor, { weight, bias }: Linear): NormSaved & { y: Tensor } {
  return tidy(() => {
    if (hasFused()) {
      const [y, normal, scale] = operation('CmxLayerNorm', [x, weight, bias], 3);
      return { y, normal, scale };
    }
    const centred = x.sub(x.mean(-1, true));
    const scale = centred.square().mean(-1, true).add(epsilon).rsqrt();
    const normal = centred.mul(scale);
    return { normal, scale, y: normal.mul(weight).add(bias) };
  });
}

/**
 * Gradients of a layer norm.
 * @param onto Added to dx: the gradient that reaches x another way, [T, d].
 */
export function layerNormBackward(
  { normal, scale }: NormSaved,
  { weight }: Linear,
  dy: Tensor,
  onto?: Tensor,
): LinearGradient {
  return tidy(() => {
    if (hasFused()) {
      const added = onto ?? tf().zerosLike(dy);
      const inputs = [normal, scale, weight, dy, added];
      const [dx, dWeight, dBias] = operation('CmxLayerNormGrad', inputs, 3);
      return { dx, weight: dWeight, bias: dBias };
    }
    const dNormal = dy.mul(weight);
    const along = dNormal.mul(normal).mean(-1, true);
    const dx = dNormal.sub(dNormal.mean(-1, true)).sub(normal.mul(along)).mul(scale);
    return {
      dx: onto ? dx.add(onto) : dx,
      weight: sumRows(dy.mul(normal)),
      bias: sumRows(dy),
    };
  });
}

/**
 * The exact GELU, u·Φ(u), of a linear map's outcome with its bias added.
 * @param mapped x·Wᵀ, as `times` gives it.
 * @param keep Also give the slope Φ(u) + u·φ(u), for the gradient.
 */
export function biasGelu(
  mapped: Tensor,
  bias: Tensor,
  keep: boolean,
): { y: Tensor; slope?: Tensor } {
  return tidy(() => {
    if (hasFused()) {
      if (!keep) return { y: operation('CmxBiasGelu', [mapped, bias], 1)[0] };
      const [y, slope] = operation('CmxBiasGeluKeep', [mapped, bias], 2);
      return { y, slope };
    }
    const u = mapped.add(bias);
    const cumulative = u.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
    const y = u.mul(cumulative);
    if (!keep) return { y };
    const density = u
      .square()
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI));
    return { y, slope: density.mul(u).add(cumulative) };
  });
}

/**
 * Gradients of `biasGelu`, which is run again for them.
 * @param dy [T, d]
 * @returns What came out, y, beside dx and the bias's gradient.
 */
export function biasGeluBackward(
  mapped: Tensor,
  bias: Tensor,
  dy: Tensor,
): { y: Tensor; dx: Tensor; bias: Tensor } {
  return tidy(() => {
    if (hasFused()) {
      const [y, dx, dBias] = operation('CmxBiasGeluGrad', [mapped, bias, dy], 3);
      return { y, dx, bias: dBias };
    }
    const { y, slope } = biasGelu(mapped, bias, true);
    const dx = dy.mul(slope as Tensor);
    return { y, dx, bias: sumRows(dx) };
  });
}

/**
 * A feed-forward block without what its gradient would need: x + W2·gelu(W1·LN(x)).
 * @param x [T, d]
 * @param up W1, [4d, d]
 * @param down W2, [d, 4d]
 */
export function feedForward(x: Tensor, norm: Linear, up: Linear, down: Linear): Tensor {
  return tidy(() => {
    if (hasFused() && up.weight.size <= 4 * fewWeights) {
      const inputs = [norm, up, down].flatMap(({ weight, bias }) => [weight, bias]);
      return operation('CmxFeedForward', [x, ...inputs], 1)[0];
    }
    const { y } = layerNorm(x, norm);
    return linearInto(x, biasGelu(times(y, up), up.bias, false).y, down);
  });
}

/**
 * Project tokens and give every head its own rows.
 * @param x [B, n, d]
 * @param factor Multiplies the result: 1/√e for queries.
 * @returns [B, h, n, e]
 */
export function projectHeads(x: Tensor, part: Linear, heads: number, factor = 1): Tensor {
  return tidy(() => {
    const [b, n, d] = x.shape;
    const mapped = times(x.reshape([b * n, d]), part).reshape([b, n, d]);
    if (hasFused()) {
      return operation('CmxSplitHeads', [mapped, part.bias], 1, headsOf(heads, factor))[0];
    }
    const y = mapped.add(part.bias);
    return splitHeads(factor === 1 ? y : y.mul(factor), heads);
  });
}

/** Whether `projectNormedHeads` norms in passing, so that no normed tokens need to be made. */
export function normsInPassing({ weight }: Linear): boolean {
  return hasFused() && weight.size <= fewWeights;
}

/** `projectHeads` of normed tokens, without what its gradient would need. */
export function projectNormedHeads(
  x: Tensor,
  norm: Linear,
  part: Linear,
  heads: number,
  factor = 1,
): Tensor {
  if (!normsInPassing(part)) {
    return tidy(() => projectHeads(layerNorm(x, norm).y, part, heads, factor));
  }
  const inputs = [x, norm.weight, norm.bias, part.weight, part.bias];
  return operation('CmxNormHeads', inputs, 1, headsOf(heads, factor))[0];
}

/** Give every head its own rows: [B, n, d] → [B, h, n, e]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [b, n, d] = x.shape;
  return tidy(() => {
    if (hasFused()) {
      return operation('CmxSplitHeads', [x, tf().zeros([d])], 1, headsOf(heads, 1))[0];
    }
    return x.reshape([b, n, heads, d / heads]).transpose([0, 2, 1, 3]);
  });
}

/** Put the heads side by side again, times a factor: [B, h, n, e] → [B, n, d]. */
export function mergeHeads(x: Tensor, factor = 1): Tensor {
  const [b, h, n, e] = x.shape;
  return tidy(() => {
    if (hasFused()) return operation('CmxMergeHeads', [x], 1, headsOf(h, factor))[0];
    const y = x.transpose([0, 2, 1, 3]).reshape([b, n, h * e]);
    return factor === 1 ? y : y.mul(factor);
  });
}

/** What the gradient of attention needs beside queries, keys and values. */
export interface AttendSaved {
  /** What came out, [B, n, d]. */
  readonly context: Tensor;
  /** Attention weights [B, h, n, m], where they were made and are small enough to keep. */
  readonly weights?: Tensor;
  /** Logarithms of the sums that the weights were divided by, [B, h, n], where no weights were made. */
  readonly sums?: Tensor;
}

/**
 * Attend, and put the heads side by side.
 * @param q [B, h, n, e], scaled by 1/√e
 * @param k [B, h, m, e]
 * @param v [B, h, m, e]
 * @param keep Whether the gradient will be asked for.
 * @returns context [B, n, d]
 */
export function attendHeads(q: Tensor, k: Tensor, v: Tensor, keep: boolean): AttendSaved {
  return tidy(() => {
    if (attendsInOne(q, k, keep)) {
      const [context, sums] = operation('CmxAttention', [q, k, v], 2);
      return { context, sums };
    }
    const { context, weights } = attend(q, k, v);
    const merged = mergeHeads(context);
    return keep && weights ? { context: merged, weights } : { context: merged };
  });
}

/**
 * Gradients of `attendHeads`, heads side by side.
 * @param dContext [B, n, d]
 * @param factor Multiplies the queries' gradient.
 * @returns dq [B, n, d], dk and dv [B, m, d]
 */
export function attendHeadsBackward(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { context, weights, sums }: AttendSaved,
  dContext: Tensor,
  factor = 1,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  const heads = q.shape[1] as number;
  return tidy(() => {
    if (sums) {
      const inputs = [q, k, v, context, sums, dContext];
      const [dq, dk, dv] = operation('CmxAttentionGrad', inputs, 3, headsOf(heads, factor));
      return { dq, dk, dv };
    }
    const { dq, dk, dv } = attendBackward(q, k, v, weights, splitHeads(dContext, heads));
    return { dq: mergeHeads(dq, factor), dk: mergeHeads(dk), dv: mergeHeads(dv) };
  });
}

/**
 * Whether the operation that does without attention weights is the faster one: the matrix products
 * that make them are as fast where heads are wide, and on the way back where there are few rows.
 */
function attendsInOne(q: Tensor, k: Tensor, keep: boolean): boolean {
  const [, , n, e] = q.shape as [number, number, number, number];
  return hasFused() && e <= 64 && (!keep || n * (k.shape[2] as number) >= fewestWeights);
}

const fewestWeights = 1024;

/** Attention weights larger than this many bytes are made and used part by part. */
const mostWeights = 192 * 2 ** 20;

/**
 * Attention weights and their sum of values.
 * @param q [B, h, n, e], scaled by 1/√e
 * @param k [B, h, m, e]
 * @param v [B, h, m, e]
 * @returns context [B, h, n, e] and, unless they are too large to keep, weights [B, h, n, m]
 */
export function attend(q: Tensor, k: Tensor, v: Tensor): { context: Tensor; weights?: Tensor } {
  return tidy(() => {
    const parts = partsOf(q, k);
    if (parts.length === 1) return attendPart(q, k, v);
    const contexts = parts.map((part) =>
      tidy(() => attendPart(batchPart(q, part), batchPart(k, part), batchPart(v, part)).context),
    );
    return { context: tf().concat(contexts, 0) };
  });
}

/**
 * Gradients of attention.
 * @param weights As `attend` gave them; made anew where it gave none.
 * @param dContext [B, h, n, e]
 */
export function attendBackward(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  weights: Tensor | undefined,
  dContext: Tensor,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  return tidy(() => {
    if (weights) return attendPartBackward(q, k, v, weights, dContext);
    const made = partsOf(q, k).map((part) =>
      tidy(() => {
        const [qp, kp, vp, dp] = [q, k, v, dContext].map((x) => batchPart(x, part));
        return attendPartBackward(qp, kp, vp, attendPart(qp, kp, vp).weights, dp);
      }),
    );
    const join = (key: 'dq' | 'dk' | 'dv'): Tensor =>
      tf().concat(
        made.map((each) => each[key]),
        0,
      );
    return { dq: join('dq'), dk: join('dk'), dv: join('dv') };
  });
}

function attendPart(q: Tensor, k: Tensor, v: Tensor): { weights: Tensor; context: Tensor } {
  const { matMul } = tf();
  const scores = matMul(q as never, k as never, false, true) as Tensor;
  const weights = hasFused() ? operation('CmxSoftmax', [scores], 1)[0] : tf().softmax(scores);
  return { weights, context: matMul(weights as never, v as never) };
}

function attendPartBackward(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  weights: Tensor,
  dContext: Tensor,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  const { matMul } = tf();
  const dWeights = matMul(dContext as never, v as never, false, true) as Tensor;
  let dScores: Tensor;
  if (hasFused()) [dScores] = operation('CmxSoftmaxGrad', [weights, dWeights], 1);
  else dScores = dWeights.sub(dWeights.mul(weights).sum(-1, true)).mul(weights);
  return {
    dq: matMul(dScores as never, k as never),
    dk: matMul(dScores as never, q as never, true, false),
    dv: matMul(weights as never, dContext as never, true, false),
  };
}

/** Parts of the batch whose attention weights are small enough. */
function partsOf(q: Tensor, k: Tensor): readonly (readonly [number, number])[] {
  const [b, h, n] = q.shape;
  const each = 4 * h * n * (k.shape[2] as number);
  const size = Math.max(1, Math.floor(mostWeights / each));
  const parts: [number, number][] = [];
  for (let from = 0; from < b; from += size) parts.push([from, Math.min(b, from + size)]);
  return parts;
}

function batchPart(x: Tensor, [from, to]: readonly [number, number]): Tensor {
  const [, h, n, e] = x.shape;
  return tf().slice(x, [from, 0, 0, 0], [to - from, h as number, n as number, e as number]);
}

function headsOf(heads: number, factor: number): Parameters<typeof operation>[3] {
  return [
    { name: 'heads', type: 'int', value: heads },
    { name: 'factor', type: 'float', value: factor },
  ];
}
