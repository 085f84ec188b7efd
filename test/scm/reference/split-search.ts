// The best split of a leaf on one feature, from its histogram. Gains are compared without division:
// a/b > c/d as a·d > c·b, all of b, d > 0.

import { type Histogram, ROUND, SHIFT } from './histogram.js';

const LEAST_HESSIAN = 1e-3;
const CATEGORY_SUPPORT = 10;

/** The best split found so far; `v` and `h` are the left side's sums. */
export interface Split {
  gain: number;
  code: number;
  missingLeft: boolean;
  v: number;
  h: number;
  set: Int32Array | undefined;
}

/** Look for a better threshold where hessians are counts. */
export function scanCounts(
  best: Split,
  V: number,
  from: Histogram,
  base: number,
  listed: number,
  missing: boolean,
  least: number,
  l2: number,
): void {
  const { v, codes } = from;
  const N = V + ROUND - ROUND;
  const G = V - N;
  const parent = (G * G) / (N / SHIFT + l2);
  const end = base + listed;
  let top = best.gain + parent;
  let at = -1;
  let sum = 0;
  let left = 0;
  for (let k = base; k < end; k++) {
    sum += v[k];
    const n = sum + ROUND - ROUND;
    if (n < least) continue;
    if (N - n < least) break;
    const g = sum - n;
    const r = G - g;
    const a = n / SHIFT + l2;
    const b = (N - n) / SHIFT + l2;
    const number = g * g * b + r * r * a;
    if (number > top * a * b) {
      top = number / (a * b);
      at = k;
      left = sum;
    }
  }
  let missingLeft = false;
  if (missing) {
    sum = 0;
    for (let k = end - 1; k > base; k--) {
      sum += v[k];
      const n = sum + ROUND - ROUND;
      if (n < least) continue;
      if (N - n < least) break;
      const g = sum - n;
      const l = G - g;
      const a = n / SHIFT + l2;
      const b = (N - n) / SHIFT + l2;
      const number = g * g * b + l * l * a;
      if (number > top * a * b) {
        top = number / (a * b);
        at = k;
        left = V - sum;
        missingLeft = true;
      }
    }
  }
  if (at < 0) return;
  best.gain = top - parent;
  best.code = missingLeft ? codes[at] - 1 : codes[at];
  best.missingLeft = missingLeft;
  best.v = left;
  best.h = (left + ROUND - ROUND) / SHIFT;
  best.set = undefined;
}

/** Look for a better threshold. */
export function scanHessians(
  best: Split,
  V: number,
  H: number,
  from: Histogram,
  base: number,
  listed: number,
  missing: boolean,
  least: number,
  l2: number,
): void {
  const { v, h, codes } = from;
  const N = V + ROUND - ROUND;
  const G = V - N;
  const parent = (G * G) / (H + l2);
  const end = base + listed;
  let top = best.gain + parent;
  let at = -1;
  let sum = 0;
  let w = 0;
  let left = 0;
  let leftH = 0;
  for (let k = base; k < end; k++) {
    sum += v[k];
    w += h[k];
    const n = sum + ROUND - ROUND;
    if (n < least || w < LEAST_HESSIAN) continue;
    if (N - n < least || H - w < LEAST_HESSIAN) break;
    const g = sum - n;
    const r = G - g;
    const a = w + l2;
    const b = H - w + l2;
    const number = g * g * b + r * r * a;
    if (number > top * a * b) {
      top = number / (a * b);
      at = k;
      left = sum;
      leftH = w;
    }
  }
  let missingLeft = false;
  if (missing) {
    sum = 0;
    w = 0;
    for (let k = end - 1; k > base; k--) {
      sum += v[k];
      w += h[k];
      const n = sum + ROUND - ROUND;
      if (n < least || w < LEAST_HESSIAN) continue;
      if (N - n < least || H - w < LEAST_HESSIAN) break;
      const g = sum - n;
      const l = G - g;
      const a = w + l2;
      const b = H - w + l2;
      const number = g * g * b + l * l * a;
      if (number > top * a * b) {
        top = number / (a * b);
        at = k;
        left = V - sum;
        leftH = H - w;
        missingLeft = true;
      }
    }
  }
  if (at < 0) return;
  best.gain = top - parent;
  best.code = missingLeft ? codes[at] - 1 : codes[at];
  best.missingLeft = missingLeft;
  best.v = left;
  best.h = leftH;
  best.set = undefined;
}

/** Buffers of `scanCategories`: places in the list by ratio. */
const ranked = new Int32Array(256);
const ratio = new Float64Array(256);

/** Look for a better set of categories: ordered by G/(H + 10), taken from either end. */
export function scanCategories(
  best: Split,
  V: number,
  H: number,
  from: Histogram,
  base: number,
  length: number,
  missingSlot: number,
  least: number,
  l2: number,
): void {
  const { v, h, codes } = from;
  const counts = v === h;
  const N = V + ROUND - ROUND;
  const G = V - N;
  const support = N / SHIFT / H;
  const parent = (G * G) / (H + l2);
  let used = 0;
  for (let k = base; k < base + length; k++) {
    const n = v[k] + ROUND - ROUND;
    const w = counts ? n / SHIFT : h[k];
    if (w * support < CATEGORY_SUPPORT) continue;
    const r = (v[k] - n) / (w + CATEGORY_SUPPORT);
    // Insertion: lists are short, and ties stay in the order of the codes.
    let at = used++;
    for (; at > 0 && ratio[at - 1] > r; at--) {
      ratio[at] = ratio[at - 1];
      ranked[at] = ranked[at - 1];
    }
    ratio[at] = r;
    ranked[at] = k;
  }
  if (used < 2) return;
  const middle = (used + 1) >> 1;
  let top = best.gain + parent;
  let taken = 0; // from the lower end if positive, from the upper end if negative
  for (let direction = 1; direction >= -1; direction -= 2) {
    const last = direction === 1 ? middle : middle - 1;
    let sum = 0;
    let w = 0;
    for (let k = 0; k < last; k++) {
      const o = ranked[direction === 1 ? k : used - 1 - k];
      sum += v[o];
      const n = sum + ROUND - ROUND;
      w = counts ? n / SHIFT : w + h[o];
      if (n < least || w < LEAST_HESSIAN) continue;
      if (N - n < least || H - w < LEAST_HESSIAN) break;
      const g = sum - n;
      const r = G - g;
      const a = w + l2;
      const b = H - w + l2;
      const number = g * g * b + r * r * a;
      if (number > top * a * b) {
        top = number / (a * b);
        taken = direction * (k + 1);
        best.v = sum;
        best.h = w;
      }
    }
  }
  if (taken === 0) return;
  best.gain = top - parent;
  best.code = 0;
  best.missingLeft = false;
  best.set = new Int32Array(8);
  for (let i = 0; i < Math.abs(taken); i++) {
    const c = codes[ranked[taken > 0 ? i : used - 1 - i]];
    if (c === missingSlot) best.missingLeft = true;
    else best.set[c >> 5] |= 1 << (c & 31);
  }
}
