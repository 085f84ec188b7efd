// The two blocks that a Tab2D layer is made of, forward and backward.
// Legend: b batch, n rows of tokens in it, d channels. An attention block attends along n.

import {
  type AttendSaved,
  attendHeads,
  attendHeadsBackward,
  type Linear,
  layerNorm,
  layerNormBackward,
  linearBackward,
  linearGelu,
  linearInto,
  type NormSaved,
  projectHeads,
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
export interface AttentionSaved extends NormSaved, AttendSaved {
  readonly h: Tensor;
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Keys and values of the asked rows, [b, heads, keys, d/heads]. */
export interface KeysValues {
  readonly k: Tensor;
  readonly v: Tensor;
}

/**
 * x[from…to] + O(attention of LN(x)[from…to] over LN(x)[0…keys]).
 * @param x [b, n, d]
 * @param keep Whether the gradient will be asked for.
 * @returns y [b, to − from, d]
 */
export function attentionBlock(
  x: Tensor,
  parts: Parts,
  { norm, attention }: AttentionNames,
  rows: AttentionRows,
  heads: number,
  keep: boolean,
): { y: Tensor; saved: AttentionSaved } {
  return tidy(() => {
    const { y: h, normal, scale } = layerNorm(x, parts(norm));
    const { k, v } = keysValues(rowsOf(h, 0, rows.keys), parts, attention, heads);
    const q = queries(rowsOf(h, rows.from, rows.to), parts, attention, heads);
    const attended = attendHeads(q, k, v, keep);
    const own = rowsOf(x, rows.from, rows.to);
    const y = linearInto(own, flat(attended.context), parts(`${attention}.o`));
    return { y, saved: { h, normal, scale, q, k, v, ...attended } };
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
    const { context } = attendHeads(queries(h, parts, attention, heads), k, v, false);
    return linearInto(x, flat(context), parts(`${attention}.o`));
  });
}

/** Keys and values of rows h [b, m, d]. */
export function keysValues(h: Tensor, parts: Parts, attention: string, heads: number): KeysValues {
  return tidy(() => ({
    k: projectHeads(h, parts(`${attention}.k`), heads),
    v: projectHeads(h, parts(`${attention}.v`), heads),
  }));
}

/** Queries of rows h [b, n, d], scaled. */
export function queries(h: Tensor, parts: Parts, attention: string, heads: number): Tensor {
  const factor = Math.sqrt(heads / (h.shape[2] as number));
  return projectHeads(h, parts(`${attention}.q`), heads, factor);
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
  const [, n, d] = saved.h.shape;
  return tidy(() => {
    const back = (name: string, x: Tensor, dOut: Tensor): Tensor => {
      const key = `${attention}.${name}`;
      const { dx, weight, bias } = linearBackward(flat(x), parts(key), flat(dOut));
      take(key, weight, bias);
      return dx.reshape(x.shape);
    };
    const { q, k, v } = saved;
    const dContext = back('o', saved.context, dy);
    const { dq, dk, dv } = attendHeadsBackward(q, k, v, saved, dContext, Math.sqrt(heads / d));
    const dhq = back('q', rowsOf(saved.h, rows.from, rows.to), dq);
    const hk = rowsOf(saved.h, 0, rows.keys);
    const dhk = back('k', hk, dk).add(back('v', hk, dv));
    const dh = placeRows(dhq, rows.from, n).add(placeRows(dhk, 0, n));
    const normed = layerNormBackward(saved, parts(norm), dh, placeRows(dy, rows.from, n));
    take(norm, normed.weight, normed.bias);
    return normed.dx;
  });
}

/** Names of the parts of a feed-forward block. */
export interface FeedForwardNames {
  readonly norm: string;
  readonly up: string;
  readonly down: string;
}

/** Hidden layers larger than this many bytes are made and used part by part. */
const mostHidden = 128 * 2 ** 20;

/** What the gradient of a feed-forward block needs. */
export interface FeedForwardSaved extends NormSaved {
  readonly h: Tensor;
  readonly hidden: Tensor;
  readonly slope: Tensor;
}

/**
 * x + W2·gelu(W1·LN(x)), x [b, n, d].
 * @param keep Whether the gradient will be asked for.
 */
export function feedForwardBlock(
  x: Tensor,
  parts: Parts,
  { norm, up, down }: FeedForwardNames,
  keep: boolean,
): { y: Tensor; saved?: FeedForwardSaved } {
  const [b, n, d] = x.shape;
  const most = Math.max(1, Math.floor(mostHidden / (16 * n * d)));
  if (!keep && b > most) {
    return tidy(() => {
      const made: Tensor[] = [];
      for (let from = 0; from < b; from += most) {
        const part = tf().slice(x, [from, 0, 0], [Math.min(most, b - from), n, d]);
        made.push(feedForwardBlock(part, parts, { norm, up, down }, false).y);
        part.dispose();
      }
      return { y: tf().concat(made, 0) };
    });
  }
  return tidy(() => {
    const { y: h, normal, scale } = layerNorm(x, parts(norm));
    const { y: hidden, slope } = linearGelu(flat(h), parts(up), keep);
    const y = linearInto(x, hidden, parts(down));
    return slope ? { y, saved: { h, normal, scale, hidden, slope } } : { y };
  });
}

/** What the gradient of a feed-forward block needs, without the block's result. */
export function feedForwardSaved(
  x: Tensor,
  parts: Parts,
  { norm, up }: FeedForwardNames,
): FeedForwardSaved {
  return tidy(() => {
    const { y: h, normal, scale } = layerNorm(x, parts(norm));
    const { y: hidden, slope } = linearGelu(flat(h), parts(up), true);
    return { h, normal, scale, hidden, slope: slope as Tensor };
  });
}

/** Gradient of a feed-forward block: dy [b, n, d] → dx [b, n, d]; frees `hidden` and `slope`. */
export function feedForwardBlockBackward(
  saved: FeedForwardSaved,
  parts: Parts,
  { norm, up, down }: FeedForwardNames,
  dy: Tensor,
  take: TakeGradient,
): Tensor {
  return tidy(() => {
    const second = linearBackward(saved.hidden, parts(down), flat(dy));
    take(down, second.weight, second.bias);
    saved.hidden.dispose();
    const dHidden = second.dx.mul(saved.slope);
    second.dx.dispose();
    saved.slope.dispose();
    const first = linearBackward(flat(saved.h), parts(up), dHidden);
    take(up, first.weight, first.bias);
    const normed = layerNormBackward(saved, parts(norm), first.dx.reshape(dy.shape), dy);
    take(norm, normed.weight, normed.bias);
    return normed.dx;
  });
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
