// Predictions of one network for one prepared table: views of an ensemble, a tree of decisions where
// there are many classes, the support encoded once, the query in chunks.

import { allNodes, type ClassNode, groupsOf } from './class-nodes.js';
import { type Discriminants, withOwnScores, withScores } from './discriminants.js';
import type { LoadedNetwork } from './loaded-network.js';
import { decodeQuery, type EncodedSupport, encodeSupport, type Pause } from './mitra.js';

/** How a member of an ensemble sees the table. */
export interface View {
  /** Directions, the rows' scores on which it is shown after the features, where the model expects them. */
  readonly discriminants?: Discriminants;
  /** +1 or −1 a column, the scores among them; absent: as it is. */
  readonly signs?: Int8Array;
  /** Seeds the order in which classes take the network's slots; absent: as they are. */
  readonly slots?: readonly number[];
}

/** Context rows as numbers. */
export interface Support {
  readonly features: number;
  /** rows × features */
  readonly x: Float32Array;
  /** Class of every row. */
  readonly labels: Int32Array;
}

/** Encoded supports that outlive one prediction: while a candidate's weights stay the same. */
export interface SupportCache {
  readonly encoded: Map<string, EncodedSupport>;
  free(): void;
}

/** Start an empty cache. */
export function supportCache(): SupportCache {
  const encoded = new Map<string, EncodedSupport>();
  return {
    encoded,
    free() {
      for (const each of encoded.values()) each.free();
      encoded.clear();
    },
  };
}

export interface PredictionWork {
  readonly pause: Pause;
  /** Told how many rows of how many passes are done. */
  readonly tick?: (rows: number) => void;
  readonly cache?: SupportCache;
}

/** Count the passes of the query through the network that a prediction takes. */
export function passes(root: ClassNode, views: readonly View[]): number {
  return allNodes(root).length * views.length;
}

/**
 * Predict class probabilities, averaged over views.
 * @param query rows × features
 * @returns rows × classes
 */
export async function classProbabilities(
  network: LoadedNetwork,
  root: ClassNode,
  classes: number,
  support: Support,
  views: readonly View[],
  query: Float32Array,
  work: PredictionWork,
): Promise<Float64Array> {
  const rows = query.length / support.features;
  const total = new Float64Array(rows * classes);
  for (const [member, view] of views.entries()) {
    const { support: seen, query: asked } = shownTo(view, support, query);
    const walk = async (node: ClassNode, path: string, reach: Float64Array): Promise<void> => {
      const logits = await nodeLogits(network, node, seen, view, asked, `${member}${path}`, work);
      const width = node.groups.length;
      const p = softmaxRows(logits, width);
      for (const [g, group] of node.groups.entries()) {
        const child = node.children[g];
        if (child) {
          const below = new Float64Array(rows);
          for (let i = 0; i < rows; i++) below[i] = reach[i] * p[i * width + g];
          await walk(child, `${path}/${g}`, below);
        } else {
          for (let i = 0; i < rows; i++) {
            total[i * classes + group[0]] += (reach[i] * p[i * width + g]) / views.length;
          }
        }
      }
    };
    await walk(root, '', new Float64Array(rows).fill(1));
  }
  return total;
}

/**
 * Predict a node's logits, one a group.
 * @returns rows × groups
 */
export async function nodeLogits(
  network: LoadedNetwork,
  node: ClassNode,
  support: Support,
  view: View,
  query: Float32Array,
  key: string,
  work: PredictionWork,
): Promise<Float64Array> {
  const width = node.groups.length;
  const slots = slotsOf(view, width);
  const outputs = network.config.dim_output;
  const raw = await rawOutputs(network, nodeSupport(node, support, slots), query, key, work);
  const rows = query.length / support.features;
  const logits = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let g = 0; g < width; g++) logits[i * width + g] = raw[i * outputs + slots[g]];
  }
  return logits;
}

/** Rows of a node's classes, labelled by the slots of their groups. */
export function nodeSupport(node: ClassNode, support: Support, slots: readonly number[]): Support {
  const { features, x, labels } = support;
  const groups = groupsOf(node, labels);
  const rows = [...groups.keys()].filter((i) => groups[i] >= 0);
  const own = new Float32Array(rows.length * features);
  rows.forEach((row, i) => {
    own.set(x.subarray(row * features, (row + 1) * features), i * features);
  });
  return { features, x: own, labels: Int32Array.from(rows, (i) => slots[groups[i]]) };
}

/** Which of the network's outputs each of `width` groups uses. */
export function slotsOf(view: View, width: number): readonly number[] {
  return (view.slots ?? Array.from({ length: width }, (_, g) => g)).filter((slot) => slot < width);
}

/**
 * Run the network: support once (or from the cache), query in chunks.
 * @returns rows × outputs
 */
export async function rawOutputs(
  network: LoadedNetwork,
  support: {
    readonly features: number;
    readonly x: Float32Array;
    readonly labels: ArrayLike<number>;
  },
  query: Float32Array,
  key: string,
  work: PredictionWork,
): Promise<Float32Array> {
  const { features } = support;
  const { dim_output: outputs } = network.config;
  const rows = query.length / features;
  const out = new Float32Array(rows * outputs);
  let encoded = work.cache?.encoded.get(key);
  if (!encoded) {
    encoded = await encodeSupport(network, support.x, support.labels, work.pause);
    work.cache?.encoded.set(key, encoded);
  }
  try {
    const chunk = chunkRows(network, features, encoded.rows);
    for (let start = 0; start < rows; start += chunk) {
      const end = Math.min(rows, start + chunk);
      const part = query.subarray(start * features, end * features);
      out.set(await decodeQuery(network, encoded, part, work.pause), start * outputs);
      work.tick?.(end - start);
    }
    return out;
  } finally {
    if (!work.cache) encoded.free();
  }
}

/** Rows as a member sees them. */
export function shownTo(
  { discriminants, signs }: View,
  support: Support,
  query: Float32Array,
): { readonly support: Support; readonly query: Float32Array } {
  const features = support.features + (discriminants?.columns ?? 0);
  const x = mirrored(withOwnScores(discriminants, support.x), signs);
  return {
    support: { ...support, features, x },
    query: mirrored(withScores(discriminants, query), signs),
  };
}

/** Turn every column by its sign. */
export function mirrored(x: Float32Array, signs: Int8Array | undefined): Float32Array {
  return signs ? x.map((value, i) => value * signs[i % signs.length]) : x;
}

/** Softmax of every row, in double precision. */
export function softmaxRows(logits: ArrayLike<number>, width: number): Float64Array {
  const p = Float64Array.from(logits);
  for (let at = 0; at < p.length; at += width) {
    let top = Number.NEGATIVE_INFINITY;
    for (let j = at; j < at + width; j++) top = Math.max(top, p[j]);
    let sum = 0;
    for (let j = at; j < at + width; j++) {
      p[j] = Math.exp(p[j] - top);
      sum += p[j];
    }
    for (let j = at; j < at + width; j++) p[j] /= sum;
  }
  return p;
}

/** Query rows a chunk, so that the widest tensor stays below 48 MB. */
function chunkRows({ config }: LoadedNetwork, features: number, support: number): number {
  const widest = Math.max(4 * config.dim, config.n_heads * support);
  return Math.max(1, Math.min(4096, Math.floor(12e6 / ((features + 1) * widest))));
}
