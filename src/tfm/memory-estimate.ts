import { totalmem } from 'node:os';
import { countParameters, type Tab2DConfig } from './config.js';

/** Size of a table as the network sees it. */
export interface PassSize {
  readonly support: number;
  readonly query: number;
  readonly features: number;
}

/** Bytes that a fine-tuning step takes at most, about. */
export interface MemoryEstimate {
  /** Weights, gradients and moments. */
  readonly parameters: number;
  /** What backward needs of all layers, kept from forward. */
  readonly kept: number;
  /** The same with each half of a layer run twice. */
  readonly recomputed: number;
}

/** Activations above this size are not kept but computed twice. */
export const mostKept: number = 512 * 2 ** 20;

/** Estimate the memory of a fine-tuning step; the engine itself takes about 0.4 GB more. */
export function estimateMemory(config: Tab2DConfig, size: PassSize): MemoryEstimate {
  const { dim, n_layers, n_heads } = config;
  const rows = size.support + size.query;
  const tokens = rows * (size.features + 1);
  // Numbers a token: 6 of attention and 10 of feed-forward, in both halves of a layer.
  const layer =
    4 *
    (32 * tokens * dim +
      (size.features + 1) * n_heads * rows * size.support +
      rows * n_heads * (size.features + 1) ** 2);
  // Backward of half a layer holds gradients of about the size of what it kept.
  return {
    parameters: 4 * 5 * countParameters(config),
    kept: (n_layers + 1) * layer,
    recomputed: layer + 2 * n_layers * 4 * tokens * dim,
  };
}

/**
 * Choose how a step runs.
 * @returns Whether layers are to be run twice.
 * @throws RangeError with the numbers where neither way fits into memory.
 */
export function planMemory(config: Tab2DConfig, size: PassSize): { readonly recompute: boolean } {
  const estimate = estimateMemory(config, size);
  const recompute = estimate.kept > mostKept;
  const needed = estimate.parameters + (recompute ? estimate.recomputed : estimate.kept);
  const most = 0.9 * totalmem();
  if (needed > most) {
    const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
    throw new RangeError(
      `Cannot fine-tune as a step must fit into memory: ${size.support} + ${size.query} rows × ${size.features} features need about ${gb(needed)} and this machine has ${gb(totalmem())}; lower maxSupport or maxQuery`,
    );
  }
  return { recompute };
}
