// The seventeen one-dimensional functions that nodes of a synthetic causal model apply to their sum.

/** Functions of one number; identity and tanh stand twice, to be drawn twice as often. */
export const activations: readonly ((x: number) => number)[] = [
  (x) => x,
  (x) => x,
  Math.tanh,
  Math.tanh,
  Math.sin,
  Math.abs,
  Math.sign,
  Math.round,
  (x) => Math.max(x, 0),
  (x) => (x > 0 ? x : 0.1 * x),
  (x) => x * x,
  (x) => Math.exp(-x * x),
  (x) => 1 / (1 + Math.exp(-2 * x)),
  (x) => Math.log1p(Math.abs(x)),
  (x) => Math.min(1, Math.max(-1, x)),
  (x) => x - Math.floor(x),
  (x) => (x > 0.5 ? x : 0),
];
