import type { NetworkSource } from './classifier.js';
import { loadNetwork } from './loaded-network.js';
import type { Network } from './weights.js';

/** Serve a network's weights: tensors exist only while they are used. */
export function sourceOf(name: string, network: Network): NetworkSource {
  return {
    name,
    config: network.config,
    weights: () => network.weights,
    async use(run) {
      const loaded = loadNetwork(network);
      try {
        return await run(loaded);
      } finally {
        loaded.free();
      }
    },
  };
}
