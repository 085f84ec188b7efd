import { totalmem } from 'node:os';
import { countParameters, type Tab2DConfig } from './config.js';
import { sliceTokens } from './half-layers.js';

/** Size of a table as the network sees it. */
export interface PassSize {
  readonly support: number;
  readonly query: number;
  readonly features: number;
}

/** Bytes that a fine-tuning step takes at most, about. */
export interface MemoryEstimate {
  /** Weights, their tensors, the best weights, gradients and two moments. */
  readonly parameters: number;
  /** What backward needs of all layers, kept from forward. */
  readonly kept: number;
  /** The same with each half of a layer run twice, slice by slice. */
  readonly recomputed: number;
}

/** Activations above this size are not kept but computed twice. */
export const mostKept: number = 512 * 2 ** 20;

/** Estimate the memory of a fine-tuning step; the engine itself takes about 0.4 GB more. */
export function estimateMemory(config: Tab2DConfig, size: PassSize): MemoryEstimate {
  const { dim, n_layers, n_heads } = config;
  const rows = size.support + size.query;
  const columns = size.features + 1;
  const tokens = rows * columns;
  // Numbers a token: 6 of attention and 10 of feed-forward, in both halves of a layer.
  const layer =
    4 *
    (32 * tokens * dim + columns * n_heads * rows * size.support + rows * n_heads * columns ** 2);
  // A slice has one column or row at least; going back takes about twice of what forward keeps.
  const slice = Math.min(tokens, Math.max(rows, columns, sliceTokens(dim)));
  return {
    parameters: 4 * 6 * countParameters(config),
    // Backward of half a layer holds gradients of about the size of what it kept.
    kept: (n_layers + 1) * layer,
    // The inputs of all halves, and a few tensors of their size on the way through one.
    recomputed: 4 * (2 * n_layers + 6) * tokens * dim + (slice / tokens) * layer,
  };
}

/** How a step runs, as the options of `lossGradients` say it. */
export interface MemoryPlan {
  /** Whether layers are to be run twice. */
  readonly recompute: boolean;
  /** Bytes of them that may be kept none the less. */
  readonly keep: number;
}

/**
 * Choose how a step runs. Where layers are run twice, as much of them is kept as the parameters take
 * with their gradients and moments (a step then takes about twice what cannot be spared), and at most
 * half of the memory that would be left.
 * @param available Bytes that the process can still have.
 * @throws RangeError with the numbers where neither way fits into memory.
 */
export function planMemory(
  config: Tab2DConfig,
  size: PassSize,
  available: number = process.availableMemory(),
): MemoryPlan {
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
  if (!recompute) return { recompute, keep: 0 };
  const left = Math.max(0, available - needed) / 2;
  return { recompute, keep: Math.floor(Math.min(Math.max(estimate.parameters, mostKept), left)) };
}
