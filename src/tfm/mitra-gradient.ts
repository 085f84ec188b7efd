// Loss gradients of Tab2D over one or several tables of the same size. Support and query rows go
// through the layers together, the query rows after the support rows. The last layer computes only
// what the target token of the query rows needs. Backward runs block by block; with `recompute`
// only the inputs of layers are kept and each layer is run a second time on the way back.

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
  /** Keep only the layers' inputs and run each layer twice: less memory, a third more work. */
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

interface LayerSaved {
  rows: AttentionSaved;
  first: FeedForwardSaved;
  columns: AttentionSaved;
  second: FeedForwardSaved;
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
    const inputs: Tensor[] = [];
    const saved: (LayerSaved | undefined)[] = [];
    for (let i = 0; i < config.n_layers; i++) {
      inputs.push(state);
      const layer = await forwardLayer(network, i, state, size, !recompute, owned, pause);
      saved.push(layer.saved);
      if (!recompute) owned.free(state);
      state = layer.y;
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
    for (let i = config.n_layers - 1; i >= 0; i--) {
      let layer = saved[i];
      if (!layer) {
        const again = await forwardLayer(network, i, inputs[i], size, true, owned, pause);
        owned.free(again.y, inputs[i]);
        layer = again.saved as LayerSaved;
      }
      dState = await backwardLayer(network, i, layer, size, dState, take, owned, pause);
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

/** Which rows and tokens ask and are asked in a layer; in the last only query rows and token 0 ask. */
function rowsOfLayer(
  { c, s, q }: Size,
  last: boolean,
): {
  readonly rows: AttentionRows;
  readonly columns: AttentionRows;
} {
  return {
    rows: { from: last ? s : 0, to: s + q, keys: s },
    columns: { from: 0, to: last ? 1 : c, keys: c },
  };
}

/** One layer: [b·c, n, d] → the same; the last: → [b·q, 1, d]. */
async function forwardLayer(
  network: LoadedNetwork,
  i: number,
  x: Tensor,
  size: Size,
  keep: boolean,
  owned: Owned,
  pause: Pause,
): Promise<{ y: Tensor; saved: LayerSaved | undefined }> {
  const { n_heads, n_layers } = network.config;
  const last = i === n_layers - 1;
  const names = namesOf(i);
  const asks = rowsOfLayer(size, last);
  const saved: Partial<LayerSaved> = {};
  let y = x;
  const step = async <S extends object>(
    run: (x: Tensor) => { y: Tensor; saved: S },
  ): Promise<S | undefined> => {
    const made = tidy(() => {
      const { y: out, saved: kept } = run(y);
      return keep ? { y: out, saved: kept } : { y: out };
    });
    if (y !== x) owned.free(y);
    y = owned.own(made.y);
    if ('saved' in made) for (const t of Object.values(made.saved as object)) owned.own(t);
    await pause();
    return (made as { saved?: S }).saved;
  };
  const attention = (x: Tensor, part: AttentionNames, rows: AttentionRows) =>
    attentionBlock(x, network.part, part, rows, n_heads);
  const feed = (x: Tensor, part: FeedForwardNames) =>
    feedForwardBlock(x, network.part, part, keep) as { y: Tensor; saved: FeedForwardSaved };
  const { tables } = size;
  saved.rows = await step((x) => attention(x, names.rows, asks.rows));
  saved.first = await step((x) => feed(x, names.first));
  saved.columns = await step((x) => attention(swap(x, tables), names.columns, asks.columns));
  saved.second = await step((x) => {
    const out = feed(x, names.second);
    return last ? out : { ...out, y: swap(out.y, tables) };
  });
  return { y, saved: keep ? (saved as LayerSaved) : undefined };
}

/** Gradient of one layer; frees what was saved and the gradient that came in. */
async function backwardLayer(
  network: LoadedNetwork,
  i: number,
  saved: LayerSaved,
  size: Size,
  dy: Tensor,
  take: TakeGradient,
  owned: Owned,
  pause: Pause,
): Promise<Tensor> {
  const { n_heads, n_layers } = network.config;
  const last = i === n_layers - 1;
  const names = namesOf(i);
  const asks = rowsOfLayer(size, last);
  const { tables } = size;
  const part = network.part;
  let d = dy;
  const step = async (used: object, run: (d: Tensor) => Tensor): Promise<void> => {
    const made = owned.own(tidy(() => run(d)));
    owned.free(d, ...Object.values(used));
    d = made;
    await pause();
  };
  await step(saved.second, (d) =>
    feedForwardBlockBackward(saved.second, part, names.second, last ? d : swap(d, tables), take),
  );
  await step(saved.columns, (d) =>
    swap(
      attentionBlockBackward(saved.columns, part, names.columns, asks.columns, n_heads, d, take),
      tables,
    ),
  );
  await step(saved.first, (d) => feedForwardBlockBackward(saved.first, part, names.first, d, take));
  await step(saved.rows, (d) =>
    attentionBlockBackward(saved.rows, part, names.rows, asks.rows, n_heads, d, take),
  );
  return d;
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
