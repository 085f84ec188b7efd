// Loss gradients of Tab2D over one or several tables of the same size. Support and query rows go
// through the layers together, the query rows after the support rows. The last layer computes only
// what the target token of the query rows needs. Backward runs half by half of the layers; with
// `recompute` only the halves' inputs are kept, and each half is run a second time on the way back, slice
// by slice, but for its last matrix product; of as many halves as `keep` allows, the last ones, the sums of
// the hidden layer are kept too, which is half of that second run.

import { type Linear, layerNormBackward, linearBackward } from '../math/neural.js';
import { sumRows, type Tensor, tf, tidy } from '../math/tf.js';
import { hasNumericTarget, tensorShapes } from './config.js';
import {
  backwardHalf,
  columnsHalf,
  forwardHalf,
  forwardHalfKept,
  forwardHalfTwice,
  type Half,
  type HalfInput,
  type HalfSaved,
  rowsHalf,
  sumsBytes,
} from './half-layers.js';
import type { LoadedNetwork } from './loaded-network.js';
import { columnsFirst, embed, labelRows, readOut } from './mitra.js';
import { type Pause, type Pieces, piecesOf } from './pieces.js';

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
  /** With `recompute`: bytes that may be kept beside the inputs, to run less twice (default `0`). */
  readonly keep?: number;
  /**
   * First layers whose gradients no one wants, nor those of the embeddings before them (default: none):
   * they are run forward only.
   */
  readonly frozenLayers?: number;
  /** Also return the gradient with respect to the cells (support rows first); not with frozen layers. */
  readonly inputs?: boolean;
  readonly pause?: Pause;
  /** Looks at the tokens after each layer but the last, [c, n, d] a table. */
  readonly onLayer?: (layer: number, tokens: Tensor) => void;
}

export interface LossGradients {
  readonly loss: number;
  readonly logits: Float32Array;
  /** By key, shaped as the weights; of frozen layers none. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** tables × (support + query rows) × features, where asked for. */
  readonly inputs?: Float32Array;
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
  const { recompute = false, keep = 0, frozenLayers = 0, pause = async () => {} } = options;
  const { config } = network;
  const tables = episodes.length;
  const f = episodes[0].features;
  const s = episodes[0].labels.length;
  const q = episodes[0].query.length / f;
  const size: Size = { tables, c: f + 1, s, q };
  const pieces = piecesOf(pause);
  const gradients = new Map<string, Float32Array>();
  const sums = gradientSums(pieces, gradients);
  try {
    const { concat, tensor } = tf();
    let state = await pieces.run(() =>
      concat(
        episodes.map((e) => embed(network, sides(e), f)),
        0,
      ),
    );
    const kept: { readonly half: Half; readonly from: HalfInput | { saved: HalfSaved } }[] = [];
    const firstKept = firstWithSums(network, size, keep);
    for (let i = 0; i < config.n_layers; i++) {
      for (const half of halvesOf(network, i, size)) {
        const x = state;
        if (i < frozenLayers) {
          state = await forwardHalf(pieces, network, half, x);
          pieces.free(x);
        } else if (recompute) {
          const withSums = 2 * frozenLayers + kept.length >= firstKept;
          const { y, ...sums } = await forwardHalfTwice(pieces, network, half, x, withSums);
          state = y;
          kept.push({ half, from: { x, ...sums } });
        } else {
          const { y, saved } = await forwardHalfKept(pieces, network, half, x);
          pieces.free(x);
          state = y;
          kept.push({ half, from: { saved } });
        }
      }
      if (i < config.n_layers - 1) options.onLayer?.(i, state);
    }
    const read = await pieces.run(() => readOut(network, state));
    const logits = read.logits.dataSync() as Float32Array;
    const { loss: value, gradient } = loss(logits);
    const { dx, final, norm } = await pieces.run(() => {
      const dLogits = tensor(gradient, [tables * q, config.dim_output]);
      const { dx: dy, ...final } = linearBackward(read.y, network.part('final_layer'), dLogits);
      const { dx, ...norm } = layerNormBackward(read, network.part('final_layer_norm'), dy);
      return { dx: dx.reshape([tables * q, 1, config.dim]), final, norm };
    });
    await sums.take('final_layer', final);
    await sums.take('final_layer_norm', norm);
    pieces.free(state, read);
    let dState = dx;
    for (const { half, from } of kept.reverse()) {
      dState = await backwardHalf(pieces, network, half, from, dState, sums.take);
      pieces.free(from);
      await sums.flush();
    }
    await sums.flush();
    if (frozenLayers > 0) return { loss: value, logits, gradients };
    const cells = embedBackward(network, episodes, size, dState, gradients, options.inputs);
    return { loss: value, logits, gradients, ...(cells ? { inputs: cells } : {}) };
  } finally {
    pieces.freeAll();
  }
}

/** Adds up the gradients of parts that several slices give. */
function gradientSums(
  pieces: Pieces,
  gradients: Map<string, Float32Array>,
): {
  take(prefix: string, gradient: Linear): Promise<void>;
  /** Turn the sums into numbers. */
  flush(): Promise<void>;
} {
  const sums = new Map<string, Linear>();
  return {
    async take(prefix, gradient) {
      const before = sums.get(prefix);
      if (!before) {
        sums.set(prefix, gradient);
        return;
      }
      const sum = await pieces.run(() => ({
        weight: before.weight.add(gradient.weight),
        bias: before.bias.add(gradient.bias),
      }));
      sums.set(prefix, sum);
      pieces.free(before, gradient);
    },
    async flush() {
      for (const [prefix, sum] of sums) {
        await pieces.run(() => {
          gradients.set(`${prefix}.weight`, sum.weight.dataSync() as Float32Array);
          gradients.set(`${prefix}.bias`, sum.bias.dataSync() as Float32Array);
        });
        pieces.free(sum);
      }
      sums.clear();
    },
  };
}

interface Size {
  readonly tables: number;
  readonly c: number;
  readonly s: number;
  readonly q: number;
}

/** The halves of layer i; in the last only query rows and their target tokens ask. */
function halvesOf(
  network: LoadedNetwork,
  i: number,
  { tables, c, s, q }: Size,
): readonly [Half, Half] {
  const last = i === network.config.n_layers - 1;
  return [
    rowsHalf(i, tables, { from: last ? s : 0, to: s + q, keys: s }),
    columnsHalf(i, tables, c, last),
  ];
}

/** The first half of a layer, counted from the network's input, from which on sums are kept. */
function firstWithSums(network: LoadedNetwork, size: Size, most: number): number {
  const { dim, n_layers } = network.config;
  const halves = Array.from({ length: n_layers }, (_, i) => halvesOf(network, i, size)).flat();
  let left = most;
  for (let i = halves.length - 1; i >= 0; i--) {
    left -= sumsBytes(halves[i], size.tables * (halves[i].turned ? size.s + size.q : size.c), dim);
    if (left < 0) return i + 1;
  }
  return 0;
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
