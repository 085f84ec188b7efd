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

/** Make tensors of a network's weights; the engine must be ready. */
export function loadNetwork({ config, weights }: Network): LoadedNetwork {
  const shapes = tensorShapes(config);
  const tensors = new Map<string, Tensor>();
  const make = (key: string, numbers: Float32Array): void => {
    tensors.get(key)?.dispose();
    // A copy: tensors take over the array they are given, and the optimiser writes into `numbers`.
    tensors.set(key, tf().tensor(numbers.slice(), shapes.get(key) as number[]));
  };
  for (const key of shapes.keys()) make(key, weights.get(key) as Float32Array);
  const tensor = (key: string): Tensor => tensors.get(key) as Tensor;
  return {
    config,
    tensor,
    part: (prefix) => ({ weight: tensor(`${prefix}.weight`), bias: tensor(`${prefix}.bias`) }),
    renew: make,
    free() {
      for (const each of tensors.values()) each.dispose();
      tensors.clear();
    },
  };
}
