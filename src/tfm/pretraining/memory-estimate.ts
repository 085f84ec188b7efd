import { countParameters } from '../config.js';
import { networkConfig, type PretrainConfig } from './pretrain-config.js';

/**
 * Estimate the peak memory of a run, in bytes: weights with moments, average and gradients, and what
 * the largest batch keeps for its way back. Within about 30 % of what was measured at 128 channels.
 */
export function estimateMemory(config: PretrainConfig): number {
  const { dim, layers, heads } = config;
  const kept = (tokens: number, rows: number, features: number): number => {
    // 32 numbers a channel and token (norms, queries, keys, values, both feed-forward blocks), and
    // the weights of both attentions, of at most 90 % of the rows and of every column.
    const attention = heads * (0.9 * rows + features + 1);
    return 4 * layers * tokens * (32 * dim + attention);
  };
  const large = config.phases.some((phase) => (phase.large ?? 0) > 0);
  const batches = config.phases.map((phase) =>
    kept(config.tokens, phase.rows[1], phase.maxFeatures),
  );
  if (large) batches.push(kept(config.largeTokens, 1250, 100));
  const weights = 4 * 8 * countParameters(networkConfig(config));
  // A third more for what an operation needs while it runs, and the process with its engine.
  return weights + 1.3 * Math.max(...batches) + 4e8;
}

/**
 * Refuse a run that does not fit.
 * @param available Bytes.
 * @throws RangeError with the numbers and what to lower.
 */
export function checkMemory(config: PretrainConfig, available: number): void {
  const needed = estimateMemory(config);
  if (needed <= available) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new RangeError(
    `Cannot pre-train as the memory must hold about ${gigabytes(needed)}: ${gigabytes(available)} are available; lower tokens (${config.tokens}), largeTokens (${config.largeTokens}), dim or layers`,
  );
}
