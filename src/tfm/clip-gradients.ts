import type { Pause } from './pieces.js';

/**
 * Scale gradients down, in place, so that their joint Euclidean norm is at most `most`.
 * @returns The norm before.
 */
export function clipGradients(gradients: ReadonlyMap<string, Float32Array>, most: number): number {
  let squares = 0;
  for (const g of gradients.values()) squares += squaresOf(g);
  const norm = Math.sqrt(squares);
  if (norm > most) for (const g of gradients.values()) scale(g, most / norm);
  return norm;
}

/** As `clipGradients`, with a pause after every tensor. */
export async function clipInPieces(
  gradients: ReadonlyMap<string, Float32Array>,
  most: number,
  pause: Pause,
): Promise<void> {
  let squares = 0;
  for (const g of gradients.values()) {
    squares += squaresOf(g);
    await pause();
  }
  const norm = Math.sqrt(squares);
  if (norm <= most) return;
  for (const g of gradients.values()) {
    scale(g, most / norm);
    await pause();
  }
}

function squaresOf(g: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < g.length; i++) squares += g[i] * g[i];
  return squares;
}

function scale(g: Float32Array, factor: number): void {
  for (let i = 0; i < g.length; i++) g[i] *= factor;
}
