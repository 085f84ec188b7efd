// Loss gradients of Tab2D over one or several tables of the same size. Support and query rows go
// through the layers together, the query rows after the support rows. The last layer computes only
// what the target token of the query rows needs. Backward runs block by block; with `recompute`
// only the inputs of the layers' halves are kept, and each half is run a second time on the way back,
// but for its last matrix product. Kept together: the way there keeps exactly what the way back takes.

import { layerNormBackward, linearBackward } from '../math/neural.js';
import { type Owned, ownTensors, sumRows, type Tensor, tf, tidy } from '../math/tf.js';
import { hasNumericTarget, tensorShapes } from './config.js';
import {
  type AttentionNames,
  type AttentionRows,
  type AttentionSaved,
  attentionBlock,
  attentionBlockBackward,
  type FeedForwardNames,
  type FeedForwardSaved,
  feedForwardBlock,
  feedForwardBlockBackward,
  feedForwardSaved,
  type TakeGradient,
} from './layers.js';
import type { LoadedNetwork } from './loaded-network.js';
import { columnsFirst, embed, labelRows, namesOf, type Pause, readOut, swap } from './mitra.js';

/** One table to learn from, after the quantile step. All of a batch have the same sizes. */
export interface Episode {
  readonly features: number;
  /** support rows × features */
  readonly support: Float32Array;
  /** Label slot, or number for a plain regressor, of every support row. */
  readonly labels: ArrayLike<number>;
  /** query rows × features */
  readonly query: Float32Array;
}

/** A loss of all logits (tables × query rows × outputs) and its gradient. */
export type LossGradient = (logits: Float32Array) => {
  readonly loss: number;
  readonly gradient: Float32Array;
};

export interface GradientOptions {
  /** Keep only the inputs of the layers' halves and run each twice: less memory, a fifth more work. */
  readonly recompute?: boolean;
  /** Also return the gradient with respect to the cells (support rows first). */
  readonly inputs?: boolean;
  readonly pause?: Pause;
  /** Looks at the tokens after each layer but the last, [c, n, d] a table. */
  readonly onLayer?: (layer: number, tokens: Tensor) => void;
}

export interface LossGradients {
  readonly loss: number;
  readonly logits: Float32Array;
  /** By key, shaped as the weights. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** tables × (support + query rows) × features, where asked for. */
  readonly inputs?: Float32Array;
}

interface HalfSaved {
  readonly attention: AttentionSaved;
  readonly feed: FeedForwardSaved;
}

/**
 * Run the network forward and back.
 * @param loss Turns logits into a loss and its gradient.
 */
export async function lossGradients(
  network: LoadedNetwork,
  episodes: readonly Episode[],
  loss: LossGradient,
  options: GradientOptions = {},
): Promise<LossGradients> {
  const { recompute = false, pause = async () => {} } = options;
  const { config } = network;
  const tables = episodes.length;
  const f = episodes[0].features;
  const s = episodes[0].labels.length;
  const q = episodes[0].query.length / f;
  const size: Size = { tables, c: f + 1, s, q };
  const owned = ownTensors();
  const gradients = new Map<string, Float32Array>();
  const take: TakeGradient = (prefix, weight, bias) => {
    gradients.set(`${prefix}.weight`, weight.dataSync() as Float32Array);
    gradients.set(`${prefix}.bias`, bias.dataSync() as Float32Array);
  };
  try {
    const { concat, tensor } = tf();
    let state = owned.own(
      tidy(() =>
        concat(
          episodes.map((e) => embed(network, sides(e), f)),
          0,
        ),
      ),
    );
    const halves = Array.from({ length: config.n_layers }, (_, i) => halvesOf(network, i, size));
    const kept: { readonly half: Half; readonly input: Tensor; readonly saved?: HalfSaved }[] = [];
    for (const [i, layer] of halves.entries()) {
      for (const half of layer) {
        const input = state;
        const { y, saved } = await forwardHalf(network, half, input, !recompute, owned, pause);
        kept.push({ half, input, ...(saved ? { saved } : {}) });
        if (!recompute) owned.free(input);
        state = y;
      }
      if (i < config.n_layers - 1) options.onLayer?.(i, state);
    }
    const read = tidy(() => readOut(network, state));
    for (const each of Object.values(read)) owned.own(each as Tensor);
    const logits = read.logits.dataSync() as Float32Array;
    const { loss: value, gradient } = loss(logits);
    let dState = owned.own(
      tidy(() => {
        const dLogits = tensor(gradient, [tables * q, config.dim_output]);
        const final = linearBackward(read.y, network.part('final_layer'), dLogits);
        take('final_layer', final.weight, final.bias);
        const norm = layerNormBackward(read, network.part('final_layer_norm'), final.dx);
        take('final_layer_norm', norm.weight, norm.bias);
        return norm.dx.reshape([tables * q, 1, config.dim]);
      }),
    );
    owned.free(state, read.y, read.normal, read.scale, read.logits);
    for (const { half, input, saved } of kept.reverse()) {
      const own = saved ?? (await forwardAgain(network, half, input, owned, pause));
      owned.free(input);
      dState = await backwardHalf(network, half, own, dState, take, owned, pause);
    }
    const cells = embedBackward(network, episodes, size, dState, gradients, options.inputs);
    return { loss: value, logits, gradients, ...(cells ? { inputs: cells } : {}) };
  } finally {
    owned.freeAll();
  }
}

interface Size {
  readonly tables: number;
  readonly c: number;
  readonly s: number;
  readonly q: number;
}

/** Half of a layer: attention along rows or along columns, and the feed-forward block after it. */
interface Half {
  readonly attention: AttentionNames;
  readonly feed: FeedForwardNames;
  readonly rows: AttentionRows;
  readonly tables: number;
  /** Whether tokens come and go columns first and are turned rows first in between. */
  readonly turned: boolean;
  /** Whether what comes out is turned back; the last half gives target tokens only. */
  readonly turnedBack: boolean;
}

/** The halves of layer i; in the last only query rows and their target tokens ask. */
function halvesOf(
  network: LoadedNetwork,
  i: number,
  { tables, c, s, q }: Size,
): readonly [Half, Half] {
  const last = i === network.config.n_layers - 1;
  const names = namesOf(i);
  return [
    {
      attention: names.rows,
      feed: names.first,
      rows: { from: last ? s : 0, to: s + q, keys: s },
      tables,
      turned: false,
      turnedBack: false,
    },
    {
      attention: names.columns,
      feed: names.second,
      rows: { from: 0, to: last ? 1 : c, keys: c },
      tables,
      turned: true,
      turnedBack: !last,
    },
  ];
}

/** Half a layer: [b·c, n, d] → the same; the last of all: → [b·q, 1, d]. */
async function forwardHalf(
  network: LoadedNetwork,
  half: Half,
  x: Tensor,
  keep: boolean,
  owned: Owned,
  pause: Pause,
): Promise<{ y: Tensor; saved?: HalfSaved }> {
  const attended = attend(network, half, x, keep, owned);
  await pause();
  const { y, saved: feed } = tidy(() => {
    const out = feedForwardBlock(attended.y, network.part, half.feed, keep);
    return { ...out, y: half.turnedBack ? swap(out.y, half.tables) : out.y };
  });
  owned.own(y);
  owned.free(attended.y);
  if (feed) for (const each of Object.values(feed)) owned.own(each as Tensor);
  await pause();
  const { saved: attention } = attended;
  return feed && attention ? { y, saved: { attention, feed } } : { y };
}

/** What the gradient of half a layer needs, from the half's input. */
async function forwardAgain(
  network: LoadedNetwork,
  half: Half,
  x: Tensor,
  owned: Owned,
  pause: Pause,
): Promise<HalfSaved> {
  const { y, saved: attention } = attend(network, half, x, true, owned);
  await pause();
  const feed = feedForwardSaved(y, network.part, half.feed);
  for (const each of Object.values(feed)) owned.own(each as Tensor);
  owned.free(y);
  await pause();
  return { attention: attention as AttentionSaved, feed };
}

function attend(
  network: LoadedNetwork,
  { attention, rows, turned, tables }: Half,
  x: Tensor,
  keep: boolean,
  owned: Owned,
): { y: Tensor; saved?: AttentionSaved } {
  const made = tidy(() => {
    const tokens = turned ? swap(x, tables) : x;
    const { n_heads } = network.config;
    const out = attentionBlock(tokens, network.part, attention, rows, n_heads, keep);
    return keep ? out : { y: out.y };
  }) as { y: Tensor; saved?: AttentionSaved };
  owned.own(made.y);
  if (made.saved) for (const each of Object.values(made.saved)) owned.own(each as Tensor);
  return made;
}

/** Gradient of half a layer; frees what was saved and the gradient that came in. */
async function backwardHalf(
  network: LoadedNetwork,
  { attention, feed, rows, tables, turned, turnedBack }: Half,
  saved: HalfSaved,
  dy: Tensor,
  take: TakeGradient,
  owned: Owned,
  pause: Pause,
): Promise<Tensor> {
  const { part, config } = network;
  const dAttended = owned.own(
    tidy(() => {
      const d = turnedBack ? swap(dy, tables) : dy;
      return feedForwardBlockBackward(saved.feed, part, feed, d, take);
    }),
  );
  owned.free(dy, ...Object.values(saved.feed));
  await pause();
  const dx = owned.own(
    tidy(() => {
      const d = dAttended;
      const { n_heads } = config;
      const out = attentionBlockBackward(saved.attention, part, attention, rows, n_heads, d, take);
      return turned ? swap(out, tables) : out;
    }),
  );
  owned.free(dAttended, ...Object.values(saved.attention));
  await pause();
  return dx;
}

/** Gradients of the embeddings from that of the tokens [b·c, n, d]; of the cells where asked. */
function embedBackward(
  network: LoadedNetwork,
  episodes: readonly Episode[],
  { tables, c, s, q }: Size,
  dTokens: Tensor,
  gradients: Map<string, Float32Array>,
  wantCells = false,
): Float32Array | undefined {
  const { concat, matMul, slice, tensor } = tf();
  const { config } = network;
  const d = config.dim;
  const n = s + q;
  const f = c - 1;
  const keep = (key: string, gradient: Tensor): void => {
    gradients.set(key, gradient.dataSync() as Float32Array);
  };
  let cellGradients: Float32Array | undefined;
  tidy(() => {
    const all = dTokens.reshape([tables, c, n, d]);
    const dy = slice(all, [0, 0, 0, 0], [tables, 1, n, d]).reshape([tables, n, d]);
    const dSupport = slice(dy, [0, 0, 0], [tables, s, d]).reshape([tables * s, d]);
    const labels = concat(
      episodes.map((e) => labelRows(network, e.labels) as never),
      0,
    );
    keep('y_embedding.y_embedding.weight', matMul(labels as never, dSupport as never, true, false));
    if (hasNumericTarget(config)) keep('y_embedding.y_embedding.bias', sumRows(dSupport));
    const dQuery = slice(dy, [0, s, 0], [tables, q, d]).reshape([tables * q, d]);
    keep('y_embedding.y_mask.weight', sumRows(dQuery));
    const dx = slice(all, [0, 1, 0, 0], [tables, f, n, d]).reshape([tables * f * n, d]);
    const z = new Float32Array(tables * f * n);
    episodes.forEach((e, t) => {
      z.set(columnsFirst(sides(e), f, n), t * f * n);
    });
    const cells = tensor(z, [tables * f * n, 1]);
    keep('x_embedding.x_embedding.weight', matMul(dx as never, cells as never, true, false));
    keep('x_embedding.x_embedding.bias', sumRows(dx));
    if (wantCells) {
      const w = network.tensor('x_embedding.x_embedding.weight');
      const dCells = matMul(dx as never, w as never).reshape([tables, f, n]);
      cellGradients = dCells.transpose([0, 2, 1]).dataSync() as Float32Array;
    }
  });
  const missing = [...tensorShapes(config).keys()].filter((key) => !gradients.has(key));
  if (missing.length > 0) throw new Error(`Cannot give gradients as none reached ${missing}`);
  return cellGradients;
}

function sides(e: Episode): Parameters<typeof embed>[1] {
  return [
    { z: e.support, rows: e.labels.length, labels: e.labels },
    { z: e.query, rows: e.query.length / e.features },
  ];
}
