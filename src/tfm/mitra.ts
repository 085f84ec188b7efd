// Tab2D, the network of Mitra (arXiv 2510.21204; AutoGluon): attention over the rows and over the
// columns of a table. A row's tokens are [y, x_1 … x_f]; query rows see support rows only.
// Legend: b tables, c = f + 1 tokens of a row, s support rows, q query rows, n = s + q, d channels.
// The support side does not depend on the query: it is encoded once and serves any number of rows.

import { layerNorm, linear, type NormSaved } from '../math/neural.js';
import { type Tensor, type Tensor2D, tf, tidy } from '../math/tf.js';
import { hasNumericTarget } from './config.js';
import { askHalf, columnsHalf, forwardHalf, forwardHalfKeys, rowsHalf } from './half-layers.js';
import { type KeysValues, keysValues } from './layers.js';
import type { LoadedNetwork } from './loaded-network.js';
import { along, cuts, joined, type Pause, type Pieces, piecesOf } from './pieces.js';
import { applyQuantileStep, fitQuantileStep, type QuantileStep } from './quantile-step.js';

export type { Pause } from './pieces.js';

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
  await pause();
  const pieces = piecesOf(pause);
  try {
    const z = applyQuantileStep(step, x);
    let state = await pieces.run(() => embed(network, [{ z, labels, rows: s }], f));
    const layers: KeysValues[] = [];
    const last = config.n_layers - 1;
    for (let i = 0; i < last; i++) {
      const half = rowsHalf(i, 1, { from: 0, to: s, keys: s });
      const { y, keys } = await forwardHalfKeys(pieces, network, half, state);
      layers.push(keys);
      pieces.free(state);
      state = await forwardHalf(pieces, network, columnsHalf(i, 1, f + 1, false), y);
      pieces.free(y);
    }
    layers.push(await lastKeys(pieces, network, state));
    pieces.free(state);
    return { step, rows: s, features: f, layers, free: pieces.freeAll };
  } catch (error) {
    pieces.freeAll();
    throw error;
  }
}

/** Keys and values of the last layer: nothing else of it is asked of support rows. */
async function lastKeys(
  pieces: Pieces,
  network: LoadedNetwork,
  state: Tensor,
): Promise<KeysValues> {
  const { n_layers, n_heads } = network.config;
  const names = rowsHalf(n_layers - 1, 1, { from: 0, to: 0, keys: 0 }).attention;
  const [c, s, d] = state.shape;
  const parts: KeysValues[] = [];
  for (const [from, to] of cuts(c, 2 * s * d * d)) {
    parts.push(
      await pieces.run(() => keysValues(along(state, 0, from, to), network.part, names, n_heads)),
    );
  }
  const of = (key: 'k' | 'v'): Promise<Tensor> =>
    joined(
      pieces,
      parts.map((part) => part[key]),
      0,
    );
  return { k: await of('k'), v: await of('v') };
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
  const pieces = piecesOf(pause);
  try {
    const z = applyQuantileStep(support.step, x);
    let state = await pieces.run(() => embed(network, [{ z, rows }], f));
    for (let i = 0; i < config.n_layers; i++) {
      const last = i === config.n_layers - 1;
      const rowsAsk = rowsHalf(i, 1, { from: 0, to: rows, keys: support.rows });
      const y = await askHalf(pieces, network, rowsAsk, state, support.layers[i]);
      pieces.free(state);
      state = await forwardHalf(pieces, network, columnsHalf(i, 1, f + 1, last), y);
      pieces.free(y);
    }
    const { logits, y } = await pieces.run(() => {
      const read = readOut(network, state);
      return { logits: read.logits, y: read.y };
    });
    return { logits: logits.dataSync() as Float32Array, state: y.dataSync() as Float32Array };
  } finally {
    pieces.freeAll();
  }
}

/** Rows of one side of a table: support rows have labels, query rows have none. */
export interface Side {
  /** rows × features after the quantile step. */
  readonly z: Float32Array;
  readonly rows: number;
  readonly labels?: ArrayLike<number>;
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
