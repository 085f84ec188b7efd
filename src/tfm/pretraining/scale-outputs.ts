import type { Network } from '../weights.js';

/** Divide a network's logits by a temperature for good, in the weights of its last linear map. */
export function scaleOutputs(network: Network, temperature: number): Network {
  const weights = new Map(network.weights);
  for (const key of ['final_layer.weight', 'final_layer.bias']) {
    weights.set(
      key,
      (weights.get(key) as Float32Array).map((w) => w / temperature),
    );
  }
  return { config: network.config, weights };
}
