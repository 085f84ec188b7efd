// The two blocks that a Tab2D layer is made of, forward and backward.
// Legend: b batch, n rows of tokens in it, d channels. An attention block attends along n.

import {
  attend,
  attendBackward,
  gelu,
  geluBackward,
  type Linear,
  layerNorm,
  layerNormBackward,
  linear,
  linearBackward,
  mergeHeads,
  type NormSaved,
  splitHeads,
} from '../math/neural.js';
import { type Tensor, tf, tidy } from '../math/tf.js';

/** Give a linear map or norm by the beginning of its keys. */
export type Parts = (prefix: string) => Linear;

/** Take the gradients of one part; they are added to what was taken before. */
export type TakeGradient = (prefix: string, weight: Tensor, bias: Tensor) => void;

/** Which rows of an attention block ask, and which (the first `keys`) are asked. */
export interface AttentionRows {
  readonly from: number;
  readonly to: number;
  readonly keys: number;
}

/** Names of the parts of an attention block. */
export interface AttentionNames {
  readonly norm: string;
  readonly attention: string;
}

/** What the gradient of an attention block needs. */
export interface AttentionSaved extends NormSaved {
  readonly h: Tensor;
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly weights: Tensor;
  readonly context: Tensor;
}

/** Keys and values of the asked rows, [b, heads, keys, d/heads]. */
export interface KeysValues {
  readonly k: Tensor;
  readonly v: Tensor;
}

/**
 * x[from…to] + O(attention of LN(x)[from…to] over LN(x)[0…keys]).
 * @param x [b, n, d]
 * @returns y [b, to − from, d]
 */
export function attentionBlock(
  x: Tensor,
  parts: Parts,
  { norm, attention }: AttentionNames,
  rows: AttentionRows,
  heads: number,
): { y: Tensor; saved: AttentionSaved } {
  return tidy(() => {
    const { y: h, normal, scale } = layerNorm(x, parts(norm));
    const { k, v } = keysValues(rowsOf(h, 0, rows.keys), parts, attention, heads);
    const q = queries(rowsOf(h, rows.from, rows.to), parts, attention, heads);
    const { weights, context } = attend(q, k, v);
    const merged = mergeHeads(context);
    const y = rowsOf(x, rows.from, rows.to).add(map(merged, parts(`${attention}.o`)));
    return { y, saved: { h, normal, scale, q, k, v, weights, context: merged } };
  });
}

/**
 * An attention block whose asked rows were encoded before: x + O(attention of LN(x) over k, v).
 * @param x [b, n, d]
 */
export function askBlock(
  x: Tensor,
  parts: Parts,
  { norm, attention }: AttentionNames,
  { k, v }: KeysValues,
  heads: number,
): Tensor {
  return tidy(() => {
    const { y: h } = layerNorm(x, parts(norm));
    const { context } = attend(queries(h, parts, attention, heads), k, v);
    return x.add(map(mergeHeads(context), parts(`${attention}.o`)));
  });
}

/** Keys and values of rows h [b, m, d]. */
export function keysValues(h: Tensor, parts: Parts, attention: string, heads: number): KeysValues {
  return tidy(() => ({
    k: splitHeads(map(h, parts(`${attention}.k`)), heads),
    v: splitHeads(map(h, parts(`${attention}.v`)), heads),
  }));
}

/** Queries of rows h [b, n, d], scaled. */
export function queries(h: Tensor, parts: Parts, attention: string, heads: number): Tensor {
  return tidy(() => {
    const q = map(h, parts(`${attention}.q`)).mul(Math.sqrt(heads / (h.shape[2] as number)));
    return splitHeads(q, heads);
  });
}

/** Gradient of an attention block: dy [b, to − from, d] → dx [b, n, d]. */
export function attentionBlockBackward(
  saved: AttentionSaved,
  parts: Parts,
  { norm, attention }: AttentionNames,
  rows: AttentionRows,
  heads: number,
  dy: Tensor,
  take: TakeGradient,
): Tensor {
  const [b, n, d] = saved.h.shape;
  return tidy(() => {
    const asked = rows.to - rows.from;
    const back = (name: string, x: Tensor, dOut: Tensor): Tensor => {
      const key = `${attention}.${name}`;
      const { dx, weight, bias } = linearBackward(flat(x), parts(key), flat(dOut));
      take(key, weight, bias);
      return dx.reshape(x.shape);
    };
    const dMerged = back('o', saved.context, dy);
    const along = dMerged
      .mul(saved.context)
      .reshape([b, asked, heads, d / heads])
      .sum(-1)
      .transpose([0, 2, 1])
      .expandDims(-1);
    const { q, k, v, weights } = saved;
    const g = attendBackward(q, k, v, weights, splitHeads(dMerged, heads), along);
    const dq = mergeHeads(g.dq).mul(Math.sqrt(heads / d));
    const dhq = back('q', rowsOf(saved.h, rows.from, rows.to), dq);
    const hk = rowsOf(saved.h, 0, rows.keys);
    const dhk = back('k', hk, mergeHeads(g.dk)).add(back('v', hk, mergeHeads(g.dv)));
    const dh = placeRows(dhq, rows.from, n).add(placeRows(dhk, 0, n));
    const back1 = layerNormBackward(flatNorm(saved), parts(norm), flat(dh));
    take(norm, back1.weight, back1.bias);
    return back1.dx.reshape([b, n, d]).add(placeRows(dy, rows.from, n));
  });
}

/** Names of the parts of a feed-forward block. */
export interface FeedForwardNames {
  readonly norm: string;
  readonly up: string;
  readonly down: string;
}

/** What the gradient of a feed-forward block needs. */
export interface FeedForwardSaved extends NormSaved {
  readonly h: Tensor;
  readonly before: Tensor;
  readonly after: Tensor;
}

/** x + W2·gelu(W1·LN(x)), x [b, n, d]. */
export function feedForwardBlock(
  x: Tensor,
  parts: Parts,
  { norm, up, down }: FeedForwardNames,
): { y: Tensor; saved: FeedForwardSaved } {
  return tidy(() => {
    const { y: h, normal, scale } = layerNorm(flat(x), parts(norm));
    const before = linear(h, parts(up));
    const after = gelu(before);
    const y = x.add(linear(after, parts(down)).reshape(x.shape));
    return { y, saved: { h, normal, scale, before, after } };
  });
}

/** Gradient of a feed-forward block: dy [b, n, d] → dx [b, n, d]. */
export function feedForwardBlockBackward(
  saved: FeedForwardSaved,
  parts: Parts,
  { norm, up, down }: FeedForwardNames,
  dy: Tensor,
  take: TakeGradient,
): Tensor {
  return tidy(() => {
    const second = linearBackward(saved.after, parts(down), flat(dy));
    take(down, second.weight, second.bias);
    const dBefore = geluBackward(saved.before, second.dx);
    const first = linearBackward(saved.h, parts(up), dBefore);
    take(up, first.weight, first.bias);
    const back = layerNormBackward(saved, parts(norm), first.dx);
    take(norm, back.weight, back.bias);
    return dy.add(back.dx.reshape(dy.shape));
  });
}

/** Apply a linear map to every token of [b, n, d]. */
export function map(x: Tensor, part: Linear): Tensor {
  const [b, n] = x.shape;
  return linear(flat(x), part).reshape([b, n, part.bias.shape[0]]);
}

/** Rows from…to of [b, n, d]. */
export function rowsOf(x: Tensor, from: number, to: number): Tensor {
  const [b, n, d] = x.shape;
  return from === 0 && to === n ? x : tf().slice(x, [0, from, 0], [b, to - from, d]);
}

function placeRows(x: Tensor, from: number, n: number): Tensor {
  const rows = x.shape[1] as number;
  if (rows === n) return x;
  return tf().pad(x, [
    [0, 0],
    [from, n - rows - from],
    [0, 0],
  ]);
}

function flat(x: Tensor): Tensor {
  return x.reshape([-1, x.shape[x.rank - 1] as number]);
}

function flatNorm({ normal, scale }: NormSaved): NormSaved {
  return { normal: flat(normal), scale: flat(scale) };
}
