// The feed-forward block of a Tab2D layer, forward and backward, in pieces.
// Legend: b batch, n rows of tokens in it, d channels.

import {
  biasGelu,
  biasGeluBackward,
  feedForward,
  layerNorm,
  layerNormBackward,
  linearInto,
  linearWeights,
  type NormSaved,
  times,
} from '../math/neural.js';
import { product, sumRows, type Tensor } from '../math/tf.js';
import { flat, type Parts, type TakeGradient } from './layers.js';
import { along, cuts, joined, type Pieces } from './pieces.js';

/** Names of the parts of a feed-forward block. */
export interface FeedForwardNames {
  readonly norm: string;
  readonly up: string;
  readonly down: string;
}

/** What the gradient of a feed-forward block needs; all tokens under each other, [b·n, …]. */
export interface FeedForwardSaved extends NormSaved {
  readonly h: Tensor;
  readonly hidden: Tensor;
  readonly slope: Tensor;
}

/**
 * W1·LN(x) of a feed-forward block, without its bias, in pieces of tokens: the costliest of what is made
 * anew where only the block's input was kept.
 */
export type HiddenSums = readonly Tensor[];

/**
 * What to keep of a feed-forward block: all that its gradient needs, the costliest of it, the input alone
 * (of which the gradient makes all anew, with the same operations to the same numbers), or nothing.
 */
export type FeedForwardKeep = 'all' | 'sums' | 'input' | 'nothing';

/**
 * x + W2·gelu(W1·LN(x)), x [b, n, d].
 * @param keep What will be asked for.
 */
export async function feedForwardBlock(
  pieces: Pieces,
  x: Tensor,
  parts: Parts,
  names: FeedForwardNames,
  keep: FeedForwardKeep,
): Promise<{ y: Tensor; saved?: FeedForwardSaved; sums?: HiddenSums }> {
  const all = await pieces.run(() => flat(x));
  const out: Tensor[] = [];
  if (keep === 'nothing') {
    const { norm, up, down } = names;
    for (const [from, to] of tokenCuts(all)) {
      out.push(
        await pieces.run(() =>
          feedForward(along(all, 0, from, to), parts(norm), parts(up), parts(down)),
        ),
      );
    }
    return { y: await shapedAs(pieces, x, all, out) };
  }
  let saved: FeedForwardSaved | undefined;
  const sums: Tensor[] = [];
  for (const [from, to] of keep === 'all' ? [[0, all.shape[0]] as const] : tokenCuts(all)) {
    const { sums: own, ...norm } = await sumsOf(pieces, all, from, to, parts, names);
    const { y: hidden, slope } = await pieces.run(() =>
      biasGelu(own, parts(names.up).bias, keep === 'all'),
    );
    if (keep === 'sums') sums.push(own);
    else pieces.free(own);
    if (slope) saved = { ...norm, hidden, slope };
    else pieces.free(norm);
    out.push(
      await pieces.run(() => linearInto(along(all, 0, from, to), hidden, parts(names.down))),
    );
    if (!slope) pieces.free(hidden);
  }
  return {
    y: await shapedAs(pieces, x, all, out),
    ...(saved ? { saved } : {}),
    ...(keep === 'sums' ? { sums } : {}),
  };
}

/** Pieces of tokens put together in the shape of x; frees them and the tokens `all` of x. */
async function shapedAs(
  pieces: Pieces,
  x: Tensor,
  all: Tensor,
  parts: readonly Tensor[],
): Promise<Tensor> {
  const y = await joined(pieces, parts, 0);
  const shaped = await pieces.run(() => y.reshape(x.shape));
  pieces.free(all, y);
  return shaped;
}

/**
 * Gradient of a feed-forward block: dy [b, n, d] → dx [b, n, d].
 * @param from What was saved, which is freed, or the block's input, of which it is made anew with the sums
 *  that were kept.
 */
export async function feedForwardBlockBackward(
  pieces: Pieces,
  from: { readonly saved: FeedForwardSaved } | { readonly x: Tensor; readonly sums?: HiddenSums },
  parts: Parts,
  names: FeedForwardNames,
  dy: Tensor,
  take: TakeGradient,
): Promise<Tensor> {
  const { norm, up, down } = names;
  const [all, dAll] = await pieces.run(() => [flat('x' in from ? from.x : dy), flat(dy)]);
  const out: Tensor[] = [];
  const each = 'x' in from ? tokenCuts(all) : [[0, all.shape[0]] as const];
  for (const [piece, [first, last]] of each.entries()) {
    const whole = first === 0 && last === dAll.shape[0];
    const d = whole ? dAll : await pieces.run(() => along(dAll, 0, first, last));
    const back = await pieces.run(() => product(d, parts(down).weight));
    const saved =
      'x' in from
        ? await hiddenAnew(pieces, all, first, last, parts, names, back, from.sums?.[piece])
        : await hiddenSaved(pieces, from.saved, back);
    pieces.free(back);
    await take(down, await pieces.run(() => linearWeights(saved.hidden, d)));
    pieces.free(saved.hidden);
    const dh = await pieces.run(() => product(saved.dHidden, parts(up).weight));
    const weight = await pieces.run(() => product(saved.dHidden, saved.h, true, false));
    await take(up, { weight, bias: saved.dBias });
    pieces.free(saved.dHidden);
    const { dx, ...gradient } = await pieces.run(() =>
      layerNormBackward(saved, parts(norm), dh, d),
    );
    await take(norm, gradient);
    pieces.free(dh, saved.h, saved.normal, saved.scale);
    if (!whole) pieces.free(d);
    out.push(dx);
  }
  const dx = await joined(pieces, out, 0);
  const shaped = await pieces.run(() => dx.reshape(dy.shape));
  pieces.free(all, dAll, dx);
  return shaped;
}

/** Norm and W1·LN(x), without the bias, of some tokens. */
function sumsOf(
  pieces: Pieces,
  tokens: Tensor,
  from: number,
  to: number,
  parts: Parts,
  { norm, up }: FeedForwardNames,
): Promise<NormSaved & { readonly h: Tensor; readonly sums: Tensor }> {
  return pieces.run(() => {
    const { y: h, ...saved } = layerNorm(along(tokens, 0, from, to), parts(norm));
    return { ...saved, h, sums: times(h, parts(up)) };
  });
}

/** What the rest of a gradient needs of the hidden layer of some tokens. */
interface HiddenBackward extends NormSaved {
  readonly h: Tensor;
  readonly hidden: Tensor;
  readonly dHidden: Tensor;
  readonly dBias: Tensor;
}

/**
 * Hidden layer and its gradient, where only the block's input was kept.
 * @param back Gradient of what comes out of the GELU.
 * @param kept W1·LN(x), where it was kept too; freed.
 */
async function hiddenAnew(
  pieces: Pieces,
  tokens: Tensor,
  from: number,
  to: number,
  parts: Parts,
  names: FeedForwardNames,
  back: Tensor,
  kept?: Tensor,
): Promise<HiddenBackward> {
  const { sums, ...saved } = kept
    ? await pieces.run(() => {
        const { y: h, ...norm } = layerNorm(along(tokens, 0, from, to), parts(names.norm));
        return { ...norm, h, sums: kept };
      })
    : await sumsOf(pieces, tokens, from, to, parts, names);
  const hidden = await pieces.run(() => {
    const { y, dx, bias } = biasGeluBackward(sums, parts(names.up).bias, back);
    return { hidden: y, dHidden: dx, dBias: bias };
  });
  pieces.free(sums);
  return { ...saved, ...hidden };
}

/** Gradient of a hidden layer that was kept; frees its slope. */
async function hiddenSaved(
  pieces: Pieces,
  { slope, ...saved }: FeedForwardSaved,
  back: Tensor,
): Promise<HiddenBackward> {
  const dHidden = await pieces.run(() => back.mul(slope));
  pieces.free(slope);
  return { ...saved, dHidden, dBias: await pieces.run(() => sumRows(dHidden)) };
}

/** Pieces of tokens [T, d], so that one matrix product of the hidden layer is one piece. */
function tokenCuts(tokens: Tensor): ReturnType<typeof cuts> {
  const [count, d] = tokens.shape;
  return cuts(count, 4 * d * d);
}
