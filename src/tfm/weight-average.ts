// Averages of the weights over the steps of a run: one step's weights are as noisy as its few query
// rows, their average is not (Polyak & Juditsky 1992).

import type { Pause } from './pieces.js';
import type { Weights } from './weights.js';

/**
 * Take a step's weights into an exponential average; the arrays that were there stay as they are.
 * @param average What has been averaged so far; its entries of `keys` are replaced.
 * @param keys Which weights have changed.
 * @param share How much of the average so far remains, 0 … 1.
 */
export async function takeIntoAverage(
  average: Map<string, Float32Array>,
  weights: Weights,
  keys: Iterable<string>,
  share: number,
  pause: Pause,
): Promise<void> {
  for (const key of keys) {
    const before = average.get(key) as Float32Array;
    const now = weights.get(key) as Float32Array;
    average.set(
      key,
      before.map((value, i) => share * value + (1 - share) * now[i]),
    );
    await pause();
  }
}
