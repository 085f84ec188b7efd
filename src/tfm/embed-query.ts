import type { Support } from './in-context.js';
import type { LoadedNetwork } from './loaded-network.js';
import { decodeState, encodeSupport, type Pause } from './mitra.js';

/**
 * Give the last hidden state of the target token of query rows, after the final norm.
 * @returns rows × dim
 */
export async function embedQuery(
  network: LoadedNetwork,
  support: Support,
  query: Float32Array,
  pause: Pause,
): Promise<Float32Array> {
  const encoded = await encodeSupport(network, support.x, support.labels, pause);
  try {
    const rows = query.length / support.features;
    const out = new Float32Array(rows * network.config.dim);
    const chunk = 512;
    for (let start = 0; start < rows; start += chunk) {
      const part = query.subarray(start * support.features, (start + chunk) * support.features);
      out.set((await decodeState(network, encoded, part, pause)).state, start * network.config.dim);
    }
    return out;
  } finally {
    encoded.free();
  }
}
