// Binning: numbers sorted by their bits, and each one's bin found among up to 255 thresholds.

import { ensure, reset, take } from './memory';

const MISSING: i32 = 255;

export let numbers: usize = 0; // f64, n to be sorted or coded
export let edges: usize = 0; // f64 × 256, the unused ones Infinity
export let binCodes: usize = 0; // u8 a number
let otherNumbers: usize = 0;
let digits: usize = 0;

/** Lay out the memory for n numbers. */
export function prepareNumbers(n: i32): void {
  reset();
  numbers = take(<usize>n * 8);
  otherNumbers = take(<usize>n * 8);
  binCodes = take(<usize>n);
  edges = take(256 * 8);
  digits = take(6 * 2048 * 4);
  ensure(0);
}

/** Sort the numbers (none of them NaN), least significant digit first: six of eleven bits. */
export function sortNumbers(n: i32): void {
  memory.fill(digits, 0, 6 * 2048 * 4);
  const end = numbers + ((<usize>n) << 3);
  for (let i = numbers; i < end; i += 8) {
    // Bits that order as the numbers do.
    let bits = load<u64>(i);
    bits ^= <u64>((<i64>bits) >> 63) | 0x8000000000000000;
    store<u64>(i, bits);
    for (let p: usize = 0; p < 6; p++) {
      const at = digits + (((p << 11) + <usize>((bits >> (<u64>p * 11)) & 2047)) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
  }
  let from = numbers;
  let to = otherNumbers;
  for (let p: usize = 0; p < 6; p++) {
    const base = digits + (p << 13);
    let before: u32 = 0;
    for (let q: usize = 0; q < 2048; q++) {
      const at = base + (q << 2);
      const here = load<u32>(at);
      store<u32>(at, before);
      before += here;
    }
    const shift = <u64>p * 11;
    const last = from + ((<usize>n) << 3);
    for (let i = from; i < last; i += 8) {
      const bits = load<u64>(i);
      const at = base + ((<usize>((bits >> shift) & 2047)) << 2);
      const place = load<u32>(at);
      store<u32>(at, place + 1);
      store<u64>(to + ((<usize>place) << 3), bits);
    }
    const other = from;
    from = to;
    to = other;
  }
  for (let i = numbers; i < end; i += 8) {
    const bits = load<u64>(i);
    store<u64>(i, bits ^ (<u64>(~(<i64>bits) >> 63) | 0x8000000000000000));
  }
}

/** Code each number by the thresholds below it; NaN as missing. */
export function codeNumbers(n: i32): void {
  for (let i: i32 = 0; i < n; i++) {
    const v = load<f64>(numbers + ((<usize>i) << 3));
    let at: usize = edges;
    for (let step: usize = 1024; step >= 8; step >>= 1) {
      at += v > load<f64>(at + step - 8) ? step : 0;
    }
    store<u8>(binCodes + <usize>i, v == v ? <u8>((at - edges) >> 3) : <u8>MISSING);
  }
}
