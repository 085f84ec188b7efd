// Half a layer of Tab2D: attention along rows or along columns, and the feed-forward block after it.
// The items that attention does not mix (columns in the first half, rows in the second) go through it
// in slices, forward and backward: large tables need no more working memory than small ones.
// Kept together: the backward pass goes through the same slices as the forward pass above it.
// Legend: b tables, c = f + 1 tokens of a row, n rows, d channels.

import { type Tensor, tidy } from '../math/tf.js';
import {
  type FeedForwardNames,
  type FeedForwardSaved,
  feedForwardBlock,
  feedForwardBlockBackward,
  type HiddenSums,
} from './feed-forward.js';
import {
  type AttentionNames,
  type AttentionRows,
  type AttentionSaved,
  askBlock,
  attentionBlock,
  attentionBlockBackward,
  type KeysValues,
  type TakeGradient,
} from './layers.js';
import type { LoadedNetwork } from './loaded-network.js';
import { along, cuts, joined, type Pieces, perPiece } from './pieces.js';

/** Half of a layer. */
export interface Half {
  readonly attention: AttentionNames;
  readonly feed: FeedForwardNames;
  readonly rows: AttentionRows;
  readonly tables: number;
  /** Whether tokens come columns first and are turned rows first. */
  readonly turned: boolean;
  /** Whether what comes out is turned back. */
  readonly turnedBack: boolean;
}

/** A half's input, and of each slice what may be kept beside it. */
export interface HalfInput {
  readonly x: Tensor;
  readonly sums?: readonly HiddenSums[];
}

/** What the gradient of half a layer needs. */
export interface HalfSaved {
  readonly attention: AttentionSaved;
  readonly feed: FeedForwardSaved;
}

/** The first half of layer i: attention along rows. */
export function rowsHalf(i: number, tables: number, rows: AttentionRows): Half {
  const at = `layers.${i}`;
  return {
    attention: { norm: `${at}.layer_norm1`, attention: `${at}.attention1` },
    feed: { norm: `${at}.layer_norm2`, up: `${at}.linear1`, down: `${at}.linear2` },
    rows,
    tables,
    turned: false,
    turnedBack: false,
  };
}

/** The second half of layer i: attention along columns; of the last layer only target tokens come. */
export function columnsHalf(i: number, tables: number, columns: number, last: boolean): Half {
  const at = `layers.${i}`;
  return {
    attention: { norm: `${at}.layer_norm3`, attention: `${at}.attention2` },
    feed: { norm: `${at}.layer_norm4`, up: `${at}.linear3`, down: `${at}.linear4` },
    rows: { from: 0, to: last ? 1 : columns, keys: columns },
    tables,
    turned: true,
    turnedBack: !last,
  };
}

/**
 * Run half a layer.
 * @param x [b·c, n, d]
 * @returns y, the same but for rows that do not ask; the last of all: [b·n, 1, d].
 */
export async function forwardHalf(
  pieces: Pieces,
  network: LoadedNetwork,
  half: Half,
  x: Tensor,
): Promise<Tensor> {
  return (await forwardSlices(pieces, network, half, x, {})).y;
}

/**
 * Run half a layer whose gradient will run it again: with the same operations, to the same numbers.
 * @param keep Whether to keep the costliest of what would be made anew.
 */
export async function forwardHalfTwice(
  pieces: Pieces,
  network: LoadedNetwork,
  half: Half,
  x: Tensor,
  keep: boolean,
): Promise<{ readonly y: Tensor; readonly sums?: readonly HiddenSums[] }> {
  const { y, sums } = await forwardSlices(pieces, network, half, x, { twice: true, sums: keep });
  return keep ? { y, sums } : { y };
}

/** Bytes that `forwardHalfTwice` may keep of b items (columns in the first half, rows in the second). */
export function sumsBytes({ rows }: Half, items: number, dim: number): number {
  return 4 * items * (rows.to - rows.from) * 4 * dim;
}

/** Run half a layer and give the keys and values of all rows that were asked. */
export async function forwardHalfKeys(
  pieces: Pieces,
  network: LoadedNetwork,
  half: Half,
  x: Tensor,
): Promise<{ readonly y: Tensor; readonly keys: KeysValues }> {
  const { y, keys } = await forwardSlices(pieces, network, half, x, { keys: true });
  const k = await joined(
    pieces,
    keys.map((each) => each.k),
    0,
  );
  const v = await joined(
    pieces,
    keys.map((each) => each.v),
    0,
  );
  return { y, keys: { k, v } };
}

/** Run half a layer whose asked rows were encoded before. */
export async function askHalf(
  pieces: Pieces,
  network: LoadedNetwork,
  { attention, feed }: Half,
  x: Tensor,
  { k, v }: KeysValues,
): Promise<Tensor> {
  const { part, config } = network;
  const out: Tensor[] = [];
  const all = slices(x);
  for (const [from, to] of all) {
    const [xs, ks, vs] = await sliced(pieces, all.length, [x, k, v], from, to);
    const known = { k: ks, v: vs };
    const asked = await askBlock(pieces, xs, part, attention, known, config.n_heads);
    if (all.length > 1) pieces.free(xs, ks, vs);
    const { y } = await feedForwardBlock(pieces, asked, part, feed, 'nothing');
    pieces.free(asked);
    out.push(y);
  }
  return joined(pieces, out, 0);
}

/** Run half a layer and keep what its gradient needs. */
export async function forwardHalfKept(
  pieces: Pieces,
  network: LoadedNetwork,
  half: Half,
  x: Tensor,
): Promise<{ readonly y: Tensor; readonly saved: HalfSaved }> {
  const { attention: names, feed: feedNames, rows, turned } = half;
  const { part, config } = network;
  const tokens = turned ? await pieces.run(() => swap(x, half.tables)) : x;
  const { n_heads } = config;
  const { y, saved: attention } = await attentionBlock(
    pieces,
    tokens,
    part,
    names,
    rows,
    n_heads,
    true,
  );
  if (turned) pieces.free(tokens);
  const fed = await feedForwardBlock(pieces, y, part, feedNames, 'all');
  pieces.free(y);
  const saved = { attention, feed: fed.saved as FeedForwardSaved };
  return { y: await turnedBack(pieces, half, fed.y), saved };
}

/**
 * Gradient of half a layer; frees what was saved and the gradient that came in.
 * @param from What was saved, or the half's input, of which it is made anew slice by slice with the sums
 *  that were kept.
 */
export async function backwardHalf(
  pieces: Pieces,
  network: LoadedNetwork,
  half: Half,
  from: { readonly saved: HalfSaved } | HalfInput,
  dOut: Tensor,
  take: TakeGradient,
): Promise<Tensor> {
  const { attention, feed, rows, tables, turned } = half;
  const { part, config } = network;
  const { n_heads } = config;
  let dy = dOut;
  if (half.turnedBack) {
    dy = await pieces.run(() => swap(dOut, tables));
    pieces.free(dOut);
  }
  const out: Tensor[] = [];
  if ('saved' in from) {
    const d = await feedForwardBlockBackward(
      pieces,
      { saved: from.saved.feed },
      part,
      feed,
      dy,
      take,
    );
    const { attention: saved } = from.saved;
    out.push(await attentionBlockBackward(pieces, saved, part, attention, rows, n_heads, d, take));
    pieces.free(d, saved);
  } else {
    const x = turned ? await pieces.run(() => swap(from.x, tables)) : from.x;
    const all = slices(x);
    for (const [i, [first, last]] of all.entries()) {
      const [xs, ds] = await sliced(pieces, all.length, [x, dy], first, last);
      const { y, saved } = await attentionBlock(pieces, xs, part, attention, rows, n_heads, true);
      const sums = from.sums?.[i];
      const input = sums ? { x: y, sums } : { x: y };
      const d = await feedForwardBlockBackward(pieces, input, part, feed, ds, take);
      pieces.free(y);
      if (all.length > 1) pieces.free(xs, ds);
      out.push(
        await attentionBlockBackward(pieces, saved, part, attention, rows, n_heads, d, take),
      );
      pieces.free(d, saved);
    }
    if (turned) pieces.free(x);
  }
  pieces.free(dy);
  const dx = await joined(pieces, out, 0);
  if (!turned) return dx;
  const back = await pieces.run(() => swap(dx, tables));
  pieces.free(dx);
  return back;
}

/** Change between columns-first and rows-first tokens of b tables: [b·m, n, d] → [b·n, m, d]. */
export function swap(x: Tensor, tables: number): Tensor {
  const [bm, n, d] = x.shape;
  const m = bm / tables;
  return tidy(() =>
    x
      .reshape([tables, m, n, d])
      .transpose([0, 2, 1, 3])
      .reshape([tables * n, m, d]),
  );
}

async function forwardSlices(
  pieces: Pieces,
  network: LoadedNetwork,
  half: Half,
  x: Tensor,
  want: { readonly keys?: boolean; readonly twice?: boolean; readonly sums?: boolean },
): Promise<{ y: Tensor; keys: KeysValues[]; sums: HiddenSums[] }> {
  const { attention, feed, rows, turned, tables } = half;
  const { part, config } = network;
  const tokens = turned ? await pieces.run(() => swap(x, tables)) : x;
  const out: Tensor[] = [];
  const keys: KeysValues[] = [];
  const sums: HiddenSums[] = [];
  const { twice = false } = want;
  const keep = want.sums ? 'sums' : twice ? 'input' : 'nothing';
  const all = slices(tokens);
  for (const [from, to] of all) {
    const [xs] = await sliced(pieces, all.length, [tokens], from, to);
    const { n_heads } = config;
    const attended = await attentionBlock(pieces, xs, part, attention, rows, n_heads, twice);
    if (all.length > 1) pieces.free(xs);
    const fed = await feedForwardBlock(pieces, attended.y, part, feed, keep);
    pieces.free(attended.y);
    if (want.keys) keys.push(attended.saved);
    else pieces.free(attended.saved);
    if (fed.sums) sums.push(fed.sums);
    out.push(fed.y);
  }
  if (turned) pieces.free(tokens);
  return { y: await turnedBack(pieces, half, await joined(pieces, out, 0)), keys, sums };
}

async function turnedBack(pieces: Pieces, half: Half, y: Tensor): Promise<Tensor> {
  if (!half.turnedBack) return y;
  const back = await pieces.run(() => swap(y, half.tables));
  pieces.free(y);
  return back;
}

/** Tokens of a slice, about: one matrix product of the hidden layer is one piece. */
export function sliceTokens(dim: number): number {
  return perPiece(4 * dim * dim);
}

/** Slices of tokens [b, n, d]. */
function slices(tokens: Tensor): ReturnType<typeof cuts> {
  const [b, n, d] = tokens.shape;
  return cuts(b, 4 * n * d * d);
}

/** Items from…to of every tensor; the tensors themselves where there is one slice. */
async function sliced(
  pieces: Pieces,
  count: number,
  tensors: readonly Tensor[],
  from: number,
  to: number,
): Promise<readonly Tensor[]> {
  if (count === 1) return tensors;
  return pieces.run(() => tensors.map((x) => along(x, 0, from, to)));
}
