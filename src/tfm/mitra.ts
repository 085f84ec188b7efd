// Tab2D, the network of Mitra (arXiv 2510.21204; AutoGluon): attention over the rows and over the
// columns of a table. A row's tokens are [y, x_1 … x_f]; query rows see support rows only.
// Legend: b tables, c = f + 1 tokens of a row, s support rows, q query rows, n = s + q, d channels.
// The support side does not depend on the query: it is encoded once and serves any number of rows.

import { layerNorm, linear, type NormSaved } from '../math/neural.js';
import { ownTensors, type Tensor, type Tensor2D, tf, tidy } from '../math/tf.js';
import { hasNumericTarget } from './config.js';
import {
  type AttentionNames,
  askBlock,
  attentionBlock,
  type FeedForwardNames,
  feedForwardBlock,
  type KeysValues,
  keysValues,
} from './layers.js';
import type { LoadedNetwork } from './loaded-network.js';
import { applyQuantileStep, fitQuantileStep, type QuantileStep } from './quantile-step.js';

/** Let others work, and stop the work when it is to stop. */
export type Pause = () => Promise<void>;

/** Context of predictions, encoded: the first layers' keys and values of every support row. */
export interface EncodedSupport {
  readonly step: QuantileStep;
  readonly rows: number;
  readonly features: number;
  readonly layers: readonly KeysValues[];
  free(): void;
}

/**
 * Encode support rows.
 * @param x rows × features, row-major, finite.
 * @param labels One label slot (or number, for a plain regressor) a row.
 */
export async function encodeSupport(
  network: LoadedNetwork,
  x: Float32Array,
  labels: ArrayLike<number>,
  pause: Pause,
): Promise<EncodedSupport> {
  const { config } = network;
  const s = labels.length;
  const f = x.length / s;
  const step = fitQuantileStep(x, s, f);
  const { own, free, freeAll } = ownTensors();
  try {
    let state = own(embed(network, [{ z: applyQuantileStep(step, x), labels, rows: s }], f));
    const layers: KeysValues[] = [];
    for (let i = 0; i < config.n_layers; i++) {
      const names = namesOf(i);
      const whole = { from: 0, to: s, keys: s };
      const kv = tidy(() => {
        const h = layerNorm(state, network.part(names.rows.norm)).y;
        return keysValues(h, network.part, names.rows.attention, config.n_heads);
      });
      layers.push({ k: own(kv.k), v: own(kv.v) });
      if (i === config.n_layers - 1) break;
      const next = (make: () => Tensor): void => {
        const made = own(tidy(make));
        free(state);
        state = made;
      };
      next(() => attentionBlock(state, network.part, names.rows, whole, config.n_heads, false).y);
      await pause();
      next(() => feedForwardBlock(state, network.part, names.first, false).y);
      await pause();
      const all = { from: 0, to: f + 1, keys: f + 1 };
      next(
        () =>
          attentionBlock(swap(state, 1), network.part, names.columns, all, config.n_heads, false).y,
      );
      await pause();
      next(() => swap(feedForwardBlock(state, network.part, names.second, false).y, 1));
      await pause();
    }
    free(state);
    return { step, rows: s, features: f, layers, free: freeAll };
  } catch (error) {
    freeAll();
    throw error;
  }
}

/**
 * Predict query rows from encoded support rows.
 * @param x rows × features, row-major, finite.
 * @returns logits, rows × outputs.
 */
export async function decodeQuery(
  network: LoadedNetwork,
  support: EncodedSupport,
  x: Float32Array,
  pause: Pause,
): Promise<Float32Array> {
  return (await decodeState(network, support, x, pause)).logits;
}

/** As `decodeQuery`, with the normed hidden state of every row's target token: rows × dim. */
export async function decodeState(
  network: LoadedNetwork,
  support: EncodedSupport,
  x: Float32Array,
  pause: Pause,
): Promise<{ readonly logits: Float32Array; readonly state: Float32Array }> {
  const { config } = network;
  const f = support.features;
  const rows = x.length / f;
  const { own, free, freeAll } = ownTensors();
  try {
    const z = applyQuantileStep(support.step, x);
    let state = own(embed(network, [{ z, rows }], f));
    const next = (make: () => Tensor): void => {
      const made = own(tidy(make));
      free(state);
      state = made;
    };
    for (let i = 0; i < config.n_layers; i++) {
      const names = namesOf(i);
      const last = i === config.n_layers - 1;
      next(() => askBlock(state, network.part, names.rows, support.layers[i], config.n_heads));
      await pause();
      next(() => feedForwardBlock(state, network.part, names.first, false).y);
      await pause();
      const tokens = { from: 0, to: last ? 1 : f + 1, keys: f + 1 };
      next(
        () =>
          attentionBlock(swap(state, 1), network.part, names.columns, tokens, config.n_heads, false)
            .y,
      );
      await pause();
      next(() => feedForwardBlock(state, network.part, names.second, false).y);
      if (!last) next(() => swap(state, 1));
      await pause();
    }
    const { logits, y } = tidy(() => {
      const read = readOut(network, state);
      return { logits: read.logits, y: read.y };
    });
    own(logits);
    own(y);
    return { logits: logits.dataSync() as Float32Array, state: y.dataSync() as Float32Array };
  } finally {
    freeAll();
  }
}

/** Rows of one side of a table: support rows have labels, query rows have none. */
export interface Side {
  /** rows × features after the quantile step. */
  readonly z: Float32Array;
  readonly rows: number;
  readonly labels?: ArrayLike<number>;
}

/** Names of the parts of layer i. */
export function namesOf(i: number): {
  readonly rows: AttentionNames;
  readonly first: FeedForwardNames;
  readonly columns: AttentionNames;
  readonly second: FeedForwardNames;
} {
  const at = `layers.${i}`;
  return {
    rows: { norm: `${at}.layer_norm1`, attention: `${at}.attention1` },
    first: { norm: `${at}.layer_norm2`, up: `${at}.linear1`, down: `${at}.linear2` },
    columns: { norm: `${at}.layer_norm3`, attention: `${at}.attention2` },
    second: { norm: `${at}.layer_norm4`, up: `${at}.linear3`, down: `${at}.linear4` },
  };
}

/** Make tokens of the sides of one table, rows under each other: → [c, n, d]. */
export function embed(network: LoadedNetwork, sides: readonly Side[], f: number): Tensor {
  const { concat, tensor } = tf();
  return tidy(() => {
    const d = network.config.dim;
    const n = sides.reduce((sum, side) => sum + side.rows, 0);
    const cells = tensor(columnsFirst(sides, f, n), [f * n, 1]);
    const { weight, bias } = network.part('x_embedding.x_embedding');
    const x = cells.mul(weight.reshape([1, d])).add(bias);
    const y = sides.map((side) => targetTokens(network, side));
    return concat([...y, x], 0).reshape([f + 1, n, d]);
  });
}

/** One-hot rows, or the numbers themselves for a plain regressor: [s, slots]. */
export function labelRows(network: LoadedNetwork, labels: ArrayLike<number>): Tensor {
  const { config } = network;
  const slots = hasNumericTarget(config) ? 1 : config.dim_output;
  const rows = new Float32Array(labels.length * slots);
  for (let i = 0; i < labels.length; i++) {
    if (slots === 1) rows[i] = labels[i];
    else rows[i * slots + labels[i]] = 1;
  }
  return tf().tensor(rows, [labels.length, slots]);
}

/** Cells of all sides, column after column. */
export function columnsFirst(sides: readonly Side[], f: number, n: number): Float32Array {
  const cells = new Float32Array(f * n);
  let start = 0;
  for (const { z, rows } of sides) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < f; j++) cells[j * n + start + i] = z[i * f + j];
    }
    start += rows;
  }
  return cells;
}

/** Final norm and final layer on target tokens [q, 1, d] → logits [q, outputs]. */
export function readOut(
  network: LoadedNetwork,
  state: Tensor,
): NormSaved & { y: Tensor; logits: Tensor } {
  const norm = layerNorm(state.reshape([-1, network.config.dim]), network.part('final_layer_norm'));
  return { ...norm, logits: linear(norm.y, network.part('final_layer')) };
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

function targetTokens(network: LoadedNetwork, { rows, labels }: Side): Tensor2D {
  const { matMul, tile } = tf();
  const d = network.config.dim;
  if (!labels) return tile(network.tensor('y_embedding.y_mask.weight'), [rows, 1]) as Tensor2D;
  const table = network.tensor('y_embedding.y_embedding.weight').reshape([-1, d]);
  const tokens = matMul(labelRows(network, labels), table) as Tensor2D;
  return hasNumericTarget(network.config)
    ? tokens.add(network.tensor('y_embedding.y_embedding.bias'))
    : tokens;
}
