// Rows of bits in 32-bit words: sets of small integers and the reachability of graphs.

/** n rows of `width` bits each. */
export interface BitMatrix {
  readonly words: Uint32Array;
  /** Words a row. */
  readonly stride: number;
}

/** Make a matrix of bits that are all 0. */
export function bitMatrix(rows: number, width: number): BitMatrix {
  const stride = (width + 31) >>> 5;
  return { words: new Uint32Array(rows * stride), stride };
}

/** Tell whether bit j of row i is set. */
export function hasBit(m: BitMatrix, i: number, j: number): boolean {
  return (m.words[i * m.stride + (j >>> 5)] & (1 << (j & 31))) !== 0;
}

/** Set bit j of row i. */
export function setBit(m: BitMatrix, i: number, j: number): void {
  m.words[i * m.stride + (j >>> 5)] |= 1 << (j & 31);
}

/** Add every bit of row `from` to row `to`. */
export function orRow(m: BitMatrix, to: number, from: number): void {
  const a = to * m.stride;
  const b = from * m.stride;
  for (let k = 0; k < m.stride; k++) m.words[a + k] |= m.words[b + k];
}
