import { ready } from '../math/tf.js';
import { type LongWork, longWork } from '../work/long-work.js';
import type { Tfm } from './load-tfm.js';
import { loadNetwork } from './loaded-network.js';
import { type Episode, type LossGradient, lossGradients } from './mitra-gradient.js';

/** Logits of query rows, a function of them, and its gradient with respect to every cell. */
export interface InputGradients {
  readonly value: number;
  /** query rows × outputs */
  readonly logits: Float32Array;
  /** support rows × features */
  readonly support: Float32Array;
  /** query rows × features */
  readonly query: Float32Array;
}

/**
 * Give the gradient of a function of the logits with respect to the network's inputs, for generators
 * that move rows along it. The inputs are the z-scores after the quantile step: the step itself is
 * piecewise constant and has no gradient. The energy of TabEBM (arXiv 2409.16118), −log Σ exp(logits), is
 * such a function, as is `crossEntropy(labels, outputs)`.
 * @example
 * const step = fitQuantileStep(support, supportRows, features);
 * const episode = {
 *   features,
 *   support: applyQuantileStep(step, support),
 *   labels,
 *   query: applyQuantileStep(step, query),
 * };
 * const { query: slope } = await inputGradients(tfm, episode, crossEntropy(queryLabels, 10));
 * @param episode Support and query rows as z-scores.
 * @param of The function and its gradient with respect to the logits.
 */
export async function inputGradients(
  tfm: Tfm,
  episode: Episode,
  of: LossGradient,
  options: LongWork = {},
): Promise<InputGradients> {
  await ready();
  return longWork('input gradients', 0, { onProgress: () => {}, ...options }, async (work) => {
    const network = loadNetwork(tfm);
    try {
      const pause = (): Promise<void> => work.breathe();
      const pass = await lossGradients(network, [episode], of, { inputs: true, pause });
      const { loss: value, logits, inputs = new Float32Array() } = pass;
      const supportCells = episode.support.length;
      return {
        value,
        logits,
        support: inputs.slice(0, supportCells),
        query: inputs.slice(supportCells),
      };
    } finally {
      network.free();
    }
  });
}
