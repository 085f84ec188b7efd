import type { Linear } from '../math/neural.js';
import { type Tensor, tf } from '../math/tf.js';
import { type Tab2DConfig, tensorShapes } from './config.js';
import type { Network } from './weights.js';

/** A network whose weights are tensors, until it is freed. */
export interface LoadedNetwork {
  readonly config: Tab2DConfig;
  tensor(key: string): Tensor;
  /** Weight and bias of a part. */
  part(prefix: string): Linear;
  /** Take the numbers of `key` anew, after an optimiser's step. */
  renew(key: string, numbers: Float32Array): void;
  free(): void;
}

/**
 * Serve a network's weights as tensors; the engine must be ready. A tensor is made when it is first
 * asked for, so that a large network does not hold everything up at once.
 */
export function loadNetwork({ config, weights }: Network): LoadedNetwork {
  const shapes = tensorShapes(config);
  const numbers = new Map(weights);
  const tensors = new Map<string, Tensor>();
  const tensor = (key: string): Tensor => {
    let found = tensors.get(key);
    if (!found) {
      found = uploaded(numbers.get(key) as Float32Array, shapes.get(key) as number[]);
      tensors.set(key, found);
    }
    return found;
  };
  return {
    config,
    tensor,
    part: (prefix) => ({ weight: tensor(`${prefix}.weight`), bias: tensor(`${prefix}.bias`) }),
    renew(key, own) {
      tensors.get(key)?.dispose();
      tensors.delete(key);
      numbers.set(key, own);
    },
    free() {
      for (const each of tensors.values()) each.dispose();
      tensors.clear();
    },
  };
}

/**
 * A tensor with a copy of the numbers, which outlives the tidy that it is made in. The engine copies
 * them on the first use: here, as the optimiser writes into the array that they came in.
 */
function uploaded(numbers: Float32Array, shape: number[]): Tensor {
  const given = tf().tensor(numbers, shape);
  const own = tf().keep(given.reshape(shape));
  given.dispose();
  return own;
}
