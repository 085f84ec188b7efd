// The attention block of a Tab2D layer, forward and backward, in pieces.
// Legend: b batch, n rows of tokens in it, d channels. An attention block attends along n.

import {
  type AttendSaved,
  attendHeads,
  attendHeadsBackward,
  type Linear,
  layerNorm,
  layerNormBackward,
  linearInto,
  linearWeights,
  type NormSaved,
  normsInPassing,
  projectHeads,
  projectNormedHeads,
} from '../math/neural.js';
import { product, type Tensor, tf } from '../math/tf.js';
import { along, cuts, joined, type Pieces } from './pieces.js';

/** Give a linear map or norm by the beginning of its keys. */
export type Parts = (prefix: string) => Linear;

/** Take over the gradients of one part; they are added to what was taken before. */
export type TakeGradient = (prefix: string, gradient: Linear) => Promise<void>;

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
export interface AttentionSaved extends NormSaved, AttendSaved, KeysValues {
  readonly h: Tensor;
  readonly q: Tensor;
}

/** Keys and values of the asked rows, [b, heads, keys, d/heads]. */
export interface KeysValues {
  readonly k: Tensor;
  readonly v: Tensor;
}

/**
 * x[from…to] + O(attention of LN(x)[from…to] over LN(x)[0…keys]).
 * @param x [b, n, d]
 * @param keep Whether the gradient will be asked for; else only keys and values are given.
 * @returns y [b, to − from, d]
 */
export async function attentionBlock<Keep extends boolean>(
  pieces: Pieces,
  x: Tensor,
  parts: Parts,
  { norm, attention }: AttentionNames,
  rows: AttentionRows,
  heads: number,
  keep: Keep,
): Promise<{ y: Tensor; saved: Keep extends true ? AttentionSaved : KeysValues }> {
  const made = await pieces.run(() => {
    if (!keep && normsInPassing(parts(`${attention}.q`))) {
      const own = along(x, 1, rows.from, rows.to);
      const asked = along(x, 1, 0, rows.keys);
      const part = parts(`${attention}.q`);
      const q = projectNormedHeads(own, parts(norm), part, heads, scaleOf(x, heads));
      return { q, ...keysValues(asked, parts, { norm, attention }, heads) };
    }
    const { y: h, normal, scale } = layerNorm(x, parts(norm));
    const own = along(h, 1, rows.from, rows.to);
    const asked = along(h, 1, 0, rows.keys);
    const q = projectHeads(own, parts(`${attention}.q`), heads, scaleOf(x, heads));
    const known = projectKeysValues(asked, parts, attention, heads);
    return keep ? { q, ...known, h, normal, scale } : { q, ...known };
  });
  const { q, k, v } = made;
  const attended = await attend(pieces, q, k, v, keep);
  const y = await pieces.run(() => {
    const own = along(x, 1, rows.from, rows.to);
    return linearInto(own, flat(attended.context), parts(`${attention}.o`));
  });
  if (!keep) pieces.free(q, attended);
  const saved = keep ? { ...made, ...attended } : { k, v };
  return { y, saved: saved as Keep extends true ? AttentionSaved : KeysValues };
}

/**
 * An attention block whose asked rows were encoded before: x + O(attention of LN(x) over k, v).
 * @param x [b, n, d]
 */
export async function askBlock(
  pieces: Pieces,
  x: Tensor,
  parts: Parts,
  { norm, attention }: AttentionNames,
  { k, v }: KeysValues,
  heads: number,
): Promise<Tensor> {
  const q = await pieces.run(() =>
    projectNormedHeads(x, parts(norm), parts(`${attention}.q`), heads, scaleOf(x, heads)),
  );
  const attended = await attend(pieces, q, k, v, false);
  const y = await pieces.run(() => linearInto(x, flat(attended.context), parts(`${attention}.o`)));
  pieces.free(q, attended);
  return y;
}

/** Keys and values of rows x [b, m, d], normed. */
export function keysValues(
  x: Tensor,
  parts: Parts,
  { norm, attention }: AttentionNames,
  heads: number,
): KeysValues {
  const [k, v] = [parts(`${attention}.k`), parts(`${attention}.v`)];
  if (!normsInPassing(k)) {
    return projectKeysValues(layerNorm(x, parts(norm)).y, parts, attention, heads);
  }
  return {
    k: projectNormedHeads(x, parts(norm), k, heads),
    v: projectNormedHeads(x, parts(norm), v, heads),
  };
}

/** Keys and values of rows h [b, m, d] that are normed already. */
function projectKeysValues(h: Tensor, parts: Parts, attention: string, heads: number): KeysValues {
  return {
    k: projectHeads(h, parts(`${attention}.k`), heads),
    v: projectHeads(h, parts(`${attention}.v`), heads),
  };
}

/** Gradient of an attention block: dy [b, to − from, d] → dx [b, n, d]. */
export async function attentionBlockBackward(
  pieces: Pieces,
  saved: AttentionSaved,
  parts: Parts,
  { norm, attention }: AttentionNames,
  rows: AttentionRows,
  heads: number,
  dy: Tensor,
  take: TakeGradient,
): Promise<Tensor> {
  const { h, q, k, v } = saved;
  const [, n, d] = h.shape;
  const back = async (name: string, x: () => Tensor, dOut: Tensor): Promise<Tensor> => {
    const key = `${attention}.${name}`;
    const { dx, ...gradient } = await pieces.run(() => ({
      dx: product(flat(dOut), parts(key).weight).reshape(dOut.shape),
      ...linearWeights(flat(x()), flat(dOut)),
    }));
    await take(key, gradient);
    return dx;
  };
  const dContext = await back('o', () => saved.context, dy);
  const factor = Math.sqrt(heads / d);
  const { dq, dk, dv } = await attendBackward(pieces, q, k, v, saved, dContext, factor);
  pieces.free(dContext);
  const asked = (): Tensor => along(h, 1, 0, rows.keys);
  const dhq = await back('q', () => along(h, 1, rows.from, rows.to), dq);
  const dhk = await back('k', asked, dk);
  const dhv = await back('v', asked, dv);
  pieces.free(dq, dk, dv);
  const { dx, ...gradient } = await pieces.run(() => {
    const dh = placeRows(dhq, rows.from, n).add(placeRows(dhk.add(dhv), 0, n));
    return layerNormBackward(saved, parts(norm), dh, placeRows(dy, rows.from, n));
  });
  pieces.free(dhq, dhk, dhv);
  await take(norm, gradient);
  return dx;
}

/** What queries are multiplied by: 1/√(d/heads). */
function scaleOf(x: Tensor, heads: number): number {
  return Math.sqrt(heads / (x.shape[2] as number));
}

async function attend(
  pieces: Pieces,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  keep: boolean,
): Promise<AttendSaved> {
  const parts: AttendSaved[] = [];
  const all = queryCuts(q, k, 2);
  for (const [from, to] of all) {
    // The weights of several pieces are too large to keep.
    const kept = keep && all.length === 1;
    parts.push(await pieces.run(() => attendHeads(along(q, 2, from, to), k, v, kept)));
  }
  if (parts.length === 1) return parts[0];
  const sums = parts.flatMap((part) => (part.sums ? [part.sums] : []));
  const context = await joined(
    pieces,
    parts.map((part) => part.context),
    1,
  );
  return { context, ...(sums.length > 0 ? { sums: await joined(pieces, sums, 2) } : {}) };
}

async function attendBackward(
  pieces: Pieces,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { context, sums, weights }: AttendSaved,
  dContext: Tensor,
  factor: number,
): Promise<{ dq: Tensor; dk: Tensor; dv: Tensor }> {
  const all = weights ? [[0, q.shape[2] as number] as const] : queryCuts(q, k, 5);
  const dqs: Tensor[] = [];
  let whole: { dk: Tensor; dv: Tensor } | undefined;
  for (const [from, to] of all) {
    const { dq, dk, dv } = await pieces.run(() => {
      const saved = {
        context: along(context, 1, from, to),
        ...(weights ? { weights } : {}),
        ...(sums ? { sums: along(sums, 2, from, to) } : {}),
      };
      const d = along(dContext, 1, from, to);
      return attendHeadsBackward(along(q, 2, from, to), k, v, saved, d, factor);
    });
    dqs.push(dq);
    const before = whole;
    whole = { dk, dv };
    if (before) {
      whole = await pieces.run(() => ({ dk: before.dk.add(dk), dv: before.dv.add(dv) }));
      pieces.free(before, dk, dv);
    }
  }
  const { dk, dv } = whole as { dk: Tensor; dv: Tensor };
  return { dq: await joined(pieces, dqs, 1), dk, dv };
}

/** Pieces of queries [b, h, n, e]; `products` counts multiplications a query, key and channel. */
function queryCuts(q: Tensor, k: Tensor, products: number): ReturnType<typeof cuts> {
  const [b, h, n, e] = q.shape;
  return cuts(n, products * b * h * e * (k.shape[2] as number));
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

/** Tokens under each other, [b·n, d]. */
export function flat(x: Tensor): Tensor {
  return x.reshape([-1, x.shape[x.rank - 1] as number]);
}
