// Passes through the network run piece by piece, so that other work, progress and Stop get their turn
// every few hundredths of a second whatever the size of the network and of the table.

import { ownTensors } from '../math/own-tensors.js';
import { type Tensor, tf, tidy } from '../math/tf.js';

/** Let others work, and stop the work when it is to stop. */
export type Pause = () => Promise<void>;

/** Work that is done piece by piece; it owns what the pieces give until that is freed. */
export interface Pieces {
  /** Run one piece, then pause. The tensors of its result, a tensor or a record of such, live on. */
  run<T>(make: () => T): Promise<T>;
  /** Free tensors, or all that records of such hold, except what was given away or freed before. */
  free(...values: readonly unknown[]): void;
  freeAll(): void;
}

/** Start work in pieces. */
export function piecesOf(pause: Pause): Pieces {
  const owned = ownTensors();
  return {
    async run(make) {
      const made = tidy(make);
      for (const tensor of tensorsIn(made)) owned.own(tensor);
      await pause();
      return made;
    },
    free(...values) {
      for (const value of values) owned.free(...tensorsIn(value));
    },
    freeAll: owned.freeAll,
  };
}

/**
 * Multiplications of one piece: some 60 ms of two idle cores. Matrix products of pieces a third of that
 * are 5 % slower each; of larger ones, hardly faster.
 */
let mostProducts = 6e9;

/**
 * Change how many multiplications make a piece: tests hold large and small pieces against each other.
 * @returns How many it were before.
 */
export function usePieces(products: number): number {
  const before = mostProducts;
  mostProducts = products;
  return before;
}

/** Items of a piece, at most but one at least; `products` counts multiplications an item. */
export function perPiece(products: number): number {
  return Math.max(1, Math.floor(mostProducts / products));
}

/**
 * Cut work into pieces of about the same size.
 * @param n Items of the work.
 * @param products Multiplications an item.
 * @returns Where each piece begins and ends; every piece has at least one item.
 */
export function cuts(n: number, products: number): readonly (readonly [number, number])[] {
  const count = Math.max(1, Math.min(n, Math.ceil((n * products) / mostProducts)));
  return Array.from({ length: count }, (_, i) => [
    Math.floor((n * i) / count),
    Math.floor((n * (i + 1)) / count),
  ]);
}

/** Items from…to along an axis; the tensor itself where that is all. */
export function along(x: Tensor, axis: number, from: number, to: number): Tensor {
  if (from === 0 && to === x.shape[axis]) return x;
  const begin = x.shape.map((_, i) => (i === axis ? from : 0));
  const size = x.shape.map((length, i) => (i === axis ? to - from : length));
  return tf().slice(x, begin, size);
}

/** Put pieces together again and free them; a single piece is given as it is. */
export async function joined(
  pieces: Pieces,
  parts: readonly Tensor[],
  axis: number,
): Promise<Tensor> {
  if (parts.length === 1) return parts[0];
  const whole = await pieces.run(() => tf().concat([...parts], axis));
  pieces.free(parts);
  return whole;
}

function tensorsIn(value: unknown): Tensor[] {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return [];
  if (value instanceof tf().Tensor) return [value];
  return Object.values(value).flatMap(tensorsIn);
}
