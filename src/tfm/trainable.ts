// Which numbers fine-tuning changes: all weights, all but frozen ones, or low-rank additions to the
// matrices of the layers (LoRA, Hu et al., arXiv 2106.09685): W = W₀ + (α/r)·B·A.

import type { Random } from '../math/random.js';
import { type Tab2DConfig, tensorShapes } from './config.js';
import type { Pause } from './pieces.js';
import type { Weights } from './weights.js';

/** Low-rank additions in place of the weights themselves. */
export interface LoraOptions {
  /** Rank r of each addition. */
  readonly rank: number;
  /** Scale: the addition is multiplied by alpha/rank (default `2 × rank`). */
  readonly alpha?: number;
}

export interface TrainableOptions {
  /** Parts of keys, or patterns; weights whose key has one stay as they are. */
  readonly freeze?: readonly (string | RegExp)[];
  readonly lora?: LoraOptions;
}

/** Numbers under training and the weights that follow from them. */
export interface Trainable {
  /** The network's weights. */
  readonly weights: Map<string, Float32Array>;
  /** The numbers that the optimiser changes, by their own keys. */
  readonly trained: ReadonlyMap<string, Float32Array>;
  /** Gradients of the trained numbers from those of the weights. */
  gradients(
    ofWeights: ReadonlyMap<string, Float32Array>,
  ): Promise<ReadonlyMap<string, Float32Array>>;
  /** Bring the weights up to date; returns the keys that changed. */
  refresh(): Promise<readonly string[]>;
}

/**
 * Choose what is trained.
 * @param random Draws the start of the low-rank additions.
 * @throws RangeError where nothing is left to train.
 */
export async function trainable(
  start: Weights,
  config: Tab2DConfig,
  options: TrainableOptions,
  random: Random,
  pause: Pause,
): Promise<Trainable> {
  const { freeze = [], lora } = options;
  const weights = await copied(start, pause);
  const frozen = (key: string): boolean =>
    freeze.some((each) => (typeof each === 'string' ? key.includes(each) : each.test(key)));
  const keys = [...weights.keys()].filter((key) => !frozen(key));
  const made = lora
    ? lowRank(start, weights, keys, config, lora, random, pause)
    : {
        weights,
        trained: new Map(keys.map((key) => [key, weights.get(key) as Float32Array])),
        gradients: async (all: ReadonlyMap<string, Float32Array>) =>
          new Map(keys.map((key) => [key, all.get(key) as Float32Array])),
        refresh: async () => keys,
      };
  if (made.trained.size === 0) {
    throw new RangeError('Cannot fine-tune as some weights must be trained: all are frozen');
  }
  return made;
}

/** Patterns of all weights but those of the last layers and of what reads them out. */
export function allButLast(layers: number, { n_layers }: Tab2DConfig): readonly RegExp[] {
  const first = Array.from({ length: Math.max(0, n_layers - layers) }, (_, i) => i);
  if (first.length === 0) return [];
  return [/^[xy]_embedding\./, ...first.map((i) => new RegExp(`^layers\\.${i}\\.`))];
}

/** How many of the first layers, with the embeddings before them, have no key among these. */
export function untouchedLayers(keys: Iterable<string>, { n_layers }: Tab2DConfig): number {
  let first = n_layers;
  for (const key of keys) {
    if (/^[xy]_embedding\./.test(key)) return 0;
    const layer = /^layers\.(\d+)\./.exec(key);
    if (layer) first = Math.min(first, Number(layer[1]));
  }
  return first;
}

/** A real copy, made tensor by tensor. */
export async function copied(
  weights: ReadonlyMap<string, Float32Array>,
  pause: Pause,
): Promise<Map<string, Float32Array>> {
  const copy = new Map<string, Float32Array>();
  for (const [key, data] of weights) {
    copy.set(key, data.slice());
    await pause();
  }
  return copy;
}

function lowRank(
  start: Weights,
  weights: Map<string, Float32Array>,
  allowed: readonly string[],
  config: Tab2DConfig,
  { rank, alpha = 2 * rank }: LoraOptions,
  random: Random,
  pause: Pause,
): Trainable {
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= config.dim)) {
    throw new RangeError(
      `Cannot fine-tune as the rank of lora must be an integer from 1 to ${config.dim}: current value is ${rank}`,
    );
  }
  const shapes = tensorShapes(config);
  const keys = allowed.filter(
    (key) => key.startsWith('layers.') && (shapes.get(key) as readonly number[]).length === 2,
  );
  const scale = alpha / rank;
  const trained = new Map<string, Float32Array>();
  const sides = new Map<
    string,
    { a: Float32Array; b: Float32Array; out: number; inputs: number }
  >();
  for (const key of keys) {
    const [out, inputs] = shapes.get(key) as readonly number[];
    // A starts uniform as a linear map's weights do, B at zero: the network starts unchanged.
    const reach = 1 / Math.sqrt(inputs);
    const a = Float32Array.from({ length: rank * inputs }, () => (2 * random() - 1) * reach);
    const b = new Float32Array(out * rank);
    trained.set(`${key}.lora_a`, a);
    trained.set(`${key}.lora_b`, b);
    sides.set(key, { a, b, out, inputs });
  }
  return {
    weights,
    trained,
    async gradients(all) {
      const found = new Map<string, Float32Array>();
      for (const [key, { a, b, out, inputs }] of sides) {
        const g = all.get(key) as Float32Array;
        const da = new Float32Array(a.length);
        const db = new Float32Array(b.length);
        for (let i = 0; i < out; i++) {
          for (let r = 0; r < rank; r++) {
            let sum = 0;
            const factor = scale * b[i * rank + r];
            for (let j = 0; j < inputs; j++) {
              sum += g[i * inputs + j] * a[r * inputs + j];
              da[r * inputs + j] += factor * g[i * inputs + j];
            }
            db[i * rank + r] = scale * sum;
          }
        }
        found.set(`${key}.lora_a`, da);
        found.set(`${key}.lora_b`, db);
        await pause();
      }
      return found;
    },
    async refresh() {
      for (const [key, { a, b, out, inputs }] of sides) {
        const w = (start.get(key) as Float32Array).slice();
        for (let i = 0; i < out; i++) {
          for (let r = 0; r < rank; r++) {
            const factor = scale * b[i * rank + r];
            if (factor === 0) continue;
            for (let j = 0; j < inputs; j++) w[i * inputs + j] += factor * a[r * inputs + j];
          }
        }
        weights.set(key, w);
        await pause();
      }
      return keys;
    },
  };
}
