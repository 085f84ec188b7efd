// Pseudo-random numbers: xoshiro128** 1.1 (Blackman & Vigna 2021, "Scrambled linear pseudorandom
// number generators"), its state filled from a text by xmur-style 32-bit mixing and splitmix32.
// Streams are derived by name, so a step added elsewhere never changes another step's numbers.

/** A source of uniform numbers in [0, 1) with 53 random bits. */
export type Random = () => number;

/**
 * Make the named random stream of a seed.
 * @param seed Any integer that `Number.isSafeInteger` accepts.
 * @param names What the stream is for, as a path: `stream(7, 'edge-strengths', 3)`.
 */
export function stream(seed: number, ...names: readonly (string | number)[]): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new TypeError(
      `Cannot make a random stream as seed must be an integer: current value is ${seed}`,
    );
  }
  let a = 0x9e3779b9;
  const text = [seed, ...names].join('/');
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    a = Math.imul(a, 5) + 0xe6546b64;
  }
  // Two independent mixes of the text give 64 bits of key; splitmix32 spreads them over the state.
  let b = 0x7f4a7c15;
  for (let i = text.length - 1; i >= 0; i--) {
    b = Math.imul(b ^ text.charCodeAt(i), 0xc2b2ae35);
    b = (b << 15) | (b >>> 17);
    b = Math.imul(b, 9) + 0x27d4eb2f;
  }
  const mix = (x: number): number => {
    let z = x + 0x9e3779b9;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  const s0 = mix(a);
  const s1 = mix(b ^ s0);
  const s2 = mix(a + s1);
  const s3 = mix(b + s2) | 1; // never all zero
  return xoshiro128(s0, s1, s2, s3);
}

/** Derive an integer seed for a part of the work from a source already at hand. */
export function childSeed(random: Random): number {
  return Math.floor(random() * 0x1_0000_0000);
}

/**
 * Draw an integer uniformly from 0 … n − 1.
 * @param n At least 1 and at most 2^32.
 */
export function randomInteger(random: Random, n: number): number {
  return Math.floor(random() * n);
}

/** Shuffle an array in place (Fisher–Yates) and return it. */
export function shuffle<A extends { length: number; [i: number]: number }>(
  random: Random,
  array: A,
): A {
  for (let i = array.length - 1; i > 0; i--) {
    const j = randomInteger(random, i + 1);
    const t = array[i];
    array[i] = array[j];
    array[j] = t;
  }
  return array;
}

/** The integers 0 … n − 1 in random order. */
export function permutation(random: Random, n: number): Int32Array {
  return shuffle(
    random,
    Int32Array.from({ length: n }, (_, i) => i),
  );
}

/**
 * Make a source from the generator's 128-bit state; not all four words may be zero. Two 32-bit
 * outputs make one number.
 */
export function xoshiro128(s0: number, s1: number, s2: number, s3: number): Random {
  const next = (): number => {
    const r = Math.imul(s1, 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  };
  return () => {
    const high = next() >>> 5; // 27 bits
    const low = next() >>> 6; // 26 bits
    return (high * 0x4000000 + low) / 0x20000000000000;
  };
}
