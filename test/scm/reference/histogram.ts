// Histograms of gradients over bin codes.
// A gradient is rounded to some 24 bits and shares one double with the row count,
//   packed = count · SHIFT + gradient,
// so that one addition moves both and all sums are exact whatever their order. A histogram lists only
// the bins that occur, in order: the smaller child's bins are summed from its units, and one walk
// along the parent's list gives both children's lists, the larger one's by subtraction.

/** What one row counts in a packed sum: gradients' sums stay below half of it. */
export const SHIFT: number = 2 ** 39;
/** Adding and taking away this rounds a packed sum to a multiple of SHIFT: its count. */
export const ROUND: number = 1.5 * 2 ** 52 * SHIFT;

/** Sums of the bins that occur: counts and gradients packed, and hessians where they differ from the counts. */
export interface Histogram {
  /** Per feature: how many of its bins occur. They are listed from the feature's offset on. */
  readonly length: Int32Array;
  readonly codes: Uint8Array;
  readonly v: Float64Array;
  readonly h: Float64Array;
}

/** An empty histogram of so many bins in all. */
export function histogramOf(width: number, features: number, unitHessian: boolean): Histogram {
  const v = new Float64Array(width);
  return {
    length: new Int32Array(features),
    codes: new Uint8Array(width),
    v,
    h: unitHessian ? v : new Float64Array(width),
  };
}

/** The count in a packed sum. */
export function rowsOf(v: number): number {
  return (v + ROUND - ROUND) / SHIFT;
}

/** Round gradients to as many bits as leave the sum over all rows below SHIFT / 2, and add the counts. */
export function pack(
  units: Int32Array,
  g: Float64Array,
  count: Float64Array,
  into: Float64Array,
): void {
  let largest = 0;
  for (let i = 0; i < units.length; i++) {
    const a = Math.abs(g[units[i]]);
    if (a > largest) largest = a;
  }
  const room = SHIFT / 4 / Math.max(units.length, 1);
  const scale = largest > 1e-200 ? powerOfTwoBelow(room / largest) : 0;
  const whole = 1.5 * 2 ** 52;
  for (let i = 0; i < units.length; i++) {
    const u = units[i];
    into[u] = count[u] * SHIFT + (g[u] * scale + whole - whole);
  }
}

/** Copy values into the order of some units, so that each feature reads them in line. */
export function gather(
  index: Int32Array,
  from: number,
  to: number,
  values: Float64Array,
  into: Float64Array,
): void {
  for (let i = from; i < to; i++) into[i] = values[index[i]];
}

/** Four columns of codes in one word a unit. */
export function packCodes(columns: readonly Uint8Array[]): Int32Array {
  const [a, b, c, d] = columns;
  return Int32Array.from(a, (x, u) => x | (b[u] << 8) | (c[u] << 16) | (d[u] << 24));
}

/** Add packed values by the codes of four features; their sums begin 256 places apart. */
export function fillFour(
  index: Int32Array,
  from: number,
  to: number,
  words: Int32Array,
  v: Float64Array,
  into: Float64Array,
  base: number,
): void {
  for (let i = from; i < to; i++) {
    const word = words[index[i]];
    const x = v[i];
    into[base + (word & 255)] += x;
    into[base + 256 + ((word >>> 8) & 255)] += x;
    into[base + 512 + ((word >>> 16) & 255)] += x;
    into[base + 768 + (word >>> 24)] += x;
  }
}

/** As `fillFour`, with hessians. */
export function fillFourWith(
  index: Int32Array,
  from: number,
  to: number,
  words: Int32Array,
  v: Float64Array,
  h: Float64Array,
  intoV: Float64Array,
  intoH: Float64Array,
  base: number,
): void {
  for (let i = from; i < to; i++) {
    const word = words[index[i]];
    const x = v[i];
    const y = h[i];
    const a = base + (word & 255);
    const b = base + 256 + ((word >>> 8) & 255);
    const c = base + 512 + ((word >>> 16) & 255);
    const d = base + 768 + (word >>> 24);
    intoV[a] += x;
    intoH[a] += y;
    intoV[b] += x;
    intoH[b] += y;
    intoV[c] += x;
    intoH[c] += y;
    intoV[d] += x;
    intoH[d] += y;
  }
}

/** Add packed values by the codes of one feature. */
export function fillOne(
  index: Int32Array,
  from: number,
  to: number,
  column: Uint8Array,
  v: Float64Array,
  into: Float64Array,
  base: number,
): void {
  for (let i = from; i < to; i++) into[base + column[index[i]]] += v[i];
}

/** As `fillOne`, with hessians. */
export function fillOneWith(
  index: Int32Array,
  from: number,
  to: number,
  column: Uint8Array,
  v: Float64Array,
  h: Float64Array,
  intoV: Float64Array,
  intoH: Float64Array,
  base: number,
): void {
  for (let i = from; i < to; i++) {
    const c = base + column[index[i]];
    intoV[c] += v[i];
    intoH[c] += h[i];
  }
}

/**
 * Walk along a parent's list of one feature: the bins of the smaller child go to `small`, what is left
 * of the parent's stays. Empties the scratch sums.
 * @returns The two lists' lengths: smaller · 512 + larger.
 */
export function divideCounts(
  parent: Histogram,
  base: number,
  length: number,
  scratch: Float64Array,
  from: number,
  small: Histogram,
): number {
  const { codes, v } = parent;
  const smallCodes = small.codes;
  const smallV = small.v;
  let s = base;
  let l = base;
  for (let k = base; k < base + length; k++) {
    const c = codes[k];
    const part = scratch[from + c];
    const rest = v[k] - part;
    scratch[from + c] = 0;
    // Both stores always happen, the place moves on where there is something.
    smallCodes[s] = c;
    smallV[s] = part;
    s += part === 0 ? 0 : 1;
    codes[l] = c;
    v[l] = rest;
    l += rest === 0 ? 0 : 1;
  }
  return ((s - base) << 9) | (l - base);
}

/** As `divideCounts`, with hessians. */
export function divideHessians(
  parent: Histogram,
  base: number,
  length: number,
  scratch: Float64Array,
  scratchH: Float64Array,
  from: number,
  small: Histogram,
): number {
  const { codes, v, h } = parent;
  const smallCodes = small.codes;
  const smallV = small.v;
  const smallH = small.h;
  let s = base;
  let l = base;
  for (let k = base; k < base + length; k++) {
    const c = codes[k];
    const part = scratch[from + c];
    const rest = v[k] - part;
    const partH = scratchH[from + c];
    const restH = h[k] - partH;
    scratch[from + c] = 0;
    scratchH[from + c] = 0;
    smallCodes[s] = c;
    smallV[s] = part;
    smallH[s] = partH;
    s += part === 0 ? 0 : 1;
    codes[l] = c;
    v[l] = rest;
    h[l] = restH;
    l += rest === 0 ? 0 : 1;
  }
  return ((s - base) << 9) | (l - base);
}

/** The largest power of two that is not above x. */
function powerOfTwoBelow(x: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  bits.setBigUint64(0, bits.getBigUint64(0) & 0x7ff0000000000000n);
  return bits.getFloat64(0);
}
