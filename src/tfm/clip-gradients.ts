/**
 * Scale gradients down, in place, so that their joint Euclidean norm is at most `most`.
 * @returns The norm before.
 */
export function clipGradients(gradients: ReadonlyMap<string, Float32Array>, most: number): number {
  let squares = 0;
  for (const g of gradients.values()) for (let i = 0; i < g.length; i++) squares += g[i] * g[i];
  const norm = Math.sqrt(squares);
  if (norm > most) {
    const factor = most / norm;
    for (const g of gradients.values()) for (let i = 0; i < g.length; i++) g[i] *= factor;
  }
  return norm;
}
