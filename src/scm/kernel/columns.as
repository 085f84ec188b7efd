// Products of a matrix, held by columns, with several vectors at once: what regressions spend their time on.

import { ensure, reset, take } from './memory';

export let design: usize = 0; // f64, row i of column j at j · padded + i; rows padded with 0 to a multiple of 8
export let coefficients: usize = 0; // f64, of column j for output k at k · (m + 1) + j; the last one stands alone
export let scores: usize = 0; // f64, row i of output k at k · padded + i
let rows: i32 = 0;
let width: i32 = 0;
let outputs: i32 = 0;

/** Lay out the memory for m columns of so many padded rows. */
export function prepareColumns(padded: i32, m: i32, outputCount: i32): void {
  rows = padded;
  width = m;
  outputs = outputCount;
  reset();
  design = take(<usize>m * <usize>padded * 8);
  coefficients = take(<usize>outputCount * <usize>(m + 1) * 8);
  scores = take(<usize>outputCount * <usize>padded * 8);
  ensure(0);
}

/** Scores from coefficients: eight rows of two outputs at a time stay in registers. */
export function addColumns(): void {
  const stride = (<usize>rows) << 3;
  for (let k: i32 = 0; k < outputs; k += 2) {
    const l = k + 1 < outputs ? k + 1 : k;
    const a = coefficients + ((<usize>k * <usize>(width + 1)) << 3);
    const b = coefficients + ((<usize>l * <usize>(width + 1)) << 3);
    const alone = (<usize>width) << 3;
    for (let i: usize = 0; i < stride; i += 64) {
      let a0 = v128.load64_splat(a + alone);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b0 = v128.load64_splat(b + alone);
      let b1 = b0;
      let b2 = b0;
      let b3 = b0;
      let x = design + i;
      for (let j: usize = 0; j < alone; j += 8) {
        const c = v128.load64_splat(a + j);
        const d = v128.load64_splat(b + j);
        const x0 = v128.load(x);
        const x1 = v128.load(x, 16);
        const x2 = v128.load(x, 32);
        const x3 = v128.load(x, 48);
        a0 = f64x2.add(a0, f64x2.mul(c, x0));
        a1 = f64x2.add(a1, f64x2.mul(c, x1));
        a2 = f64x2.add(a2, f64x2.mul(c, x2));
        a3 = f64x2.add(a3, f64x2.mul(c, x3));
        b0 = f64x2.add(b0, f64x2.mul(d, x0));
        b1 = f64x2.add(b1, f64x2.mul(d, x1));
        b2 = f64x2.add(b2, f64x2.mul(d, x2));
        b3 = f64x2.add(b3, f64x2.mul(d, x3));
        x += stride;
      }
      const s = scores + <usize>k * stride + i;
      v128.store(s, a0);
      v128.store(s, a1, 16);
      v128.store(s, a2, 32);
      v128.store(s, a3, 48);
      const t = scores + <usize>l * stride + i;
      v128.store(t, b0);
      v128.store(t, b1, 16);
      v128.store(t, b2, 32);
      v128.store(t, b3, 48);
    }
  }
}

/** Coefficients from scores: the products with the columns and, alone, the sum. */
export function dotColumns(): void {
  const stride = (<usize>rows) << 3;
  for (let k: i32 = 0; k < outputs; k += 2) {
    const l = k + 1 < outputs ? k + 1 : k;
    const s = scores + <usize>k * stride;
    const t = scores + <usize>l * stride;
    const a = coefficients + ((<usize>k * <usize>(width + 1)) << 3);
    const b = coefficients + ((<usize>l * <usize>(width + 1)) << 3);
    for (let j: i32 = 0; j < width; j += 4) {
      // Beyond the last column the last one again.
      const j1 = min(j + 1, width - 1);
      const j2 = min(j + 2, width - 1);
      const j3 = min(j + 3, width - 1);
      const x0 = design + <usize>j * stride;
      const x1 = design + <usize>j1 * stride;
      const x2 = design + <usize>j2 * stride;
      const x3 = design + <usize>j3 * stride;
      let a0 = f64x2.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b0 = a0;
      let b1 = a0;
      let b2 = a0;
      let b3 = a0;
      for (let i: usize = 0; i < stride; i += 16) {
        const v = v128.load(s + i);
        const w = v128.load(t + i);
        const y0 = v128.load(x0 + i);
        const y1 = v128.load(x1 + i);
        const y2 = v128.load(x2 + i);
        const y3 = v128.load(x3 + i);
        a0 = f64x2.add(a0, f64x2.mul(v, y0));
        a1 = f64x2.add(a1, f64x2.mul(v, y1));
        a2 = f64x2.add(a2, f64x2.mul(v, y2));
        a3 = f64x2.add(a3, f64x2.mul(v, y3));
        b0 = f64x2.add(b0, f64x2.mul(w, y0));
        b1 = f64x2.add(b1, f64x2.mul(w, y1));
        b2 = f64x2.add(b2, f64x2.mul(w, y2));
        b3 = f64x2.add(b3, f64x2.mul(w, y3));
      }
      put(a, j, a0);
      put(a, j1, a1);
      put(a, j2, a2);
      put(a, j3, a3);
      put(b, j, b0);
      put(b, j1, b1);
      put(b, j2, b2);
      put(b, j3, b3);
    }
    let first = f64x2.splat(0);
    let second = f64x2.splat(0);
    for (let i: usize = 0; i < stride; i += 16) {
      first = f64x2.add(first, v128.load(s + i));
      second = f64x2.add(second, v128.load(t + i));
    }
    put(a, width, first);
    put(b, width, second);
  }
}

function put(at: usize, j: i32, sums: v128): void {
  store<f64>(at + ((<usize>j) << 3), f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1));
}
