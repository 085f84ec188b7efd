import type { Tensor } from './tf.js';

/** Tensors held across steps of asynchronous work, freed one by one or all at the end. */
export interface Owned {
  own<T extends Tensor>(tensor: T): T;
  free(...tensors: readonly (Tensor | undefined)[]): void;
  freeAll(): void;
}

/** Start an empty set of held tensors. */
export function ownTensors(): Owned {
  const held = new Set<Tensor>();
  return {
    own: (tensor) => {
      held.add(tensor);
      return tensor;
    },
    free: (...tensors) => {
      for (const tensor of tensors) if (tensor && held.delete(tensor)) tensor.dispose();
    },
    freeAll: () => {
      for (const tensor of held) tensor.dispose();
      held.clear();
    },
  };
}
