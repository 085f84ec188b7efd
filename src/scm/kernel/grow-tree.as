// Grows one regression tree on gradients and hessians, best leaf first. ../grow-tree.ts prepares the
// memory and says what the numbers mean; test/scm/reference/ holds the same in plain TypeScript, and a
// test compares the two bit by bit.
//
// A histogram has one slot a bin: the packed sum of counts and gradients (f64) and, unless the hessian
// of a row is 1, the sum of hessians (f64). Bits say which slots are not empty. The two children of a
// split are searched side by side in the two lanes of a vector: lane 0 the one with fewer units, whose
// slots are summed up, lane 1 the other one, whose slots are the parent's less these.

import { ensure, reset, take } from './memory';

const SHIFT: f64 = 549755813888.0; // 2^39
const ROUND: f64 = 1.5 * 4503599627370496.0 * SHIFT; // 1.5 · 2^52 · SHIFT
const LEAST_HESSIAN: f64 = 1e-3;
const CATEGORY_SUPPORT: f64 = 10.0;
const MISSING: i32 = 255;
/** Units whose packed sums are put in order at a time. */
const CHUNK: usize = 4096;

let size: i32 = 0;
let trained: i32 = 0;
let riding: i32 = 0;
let features: i32 = 0;
let leaves: i32 = 0;
let rowsPerLeaf: f64 = 0;
let least: f64 = 0;
let l2: f64 = 0;
let rate: f64 = 0;
let outputs: i32 = 1;
let unit: bool = false;
let slots: i32 = 0;
/** Bytes of a histogram's slots, of its bits, and of one slot as a shift. */
let slotBytes: usize = 0;
let slotShift: usize = 0;

// What grow-tree.ts fills in.
export let codes: usize = 0; // u8, feature f of unit u at f · size + u
export let words: usize = 0; // u32, codes of features 4q … 4q + 3 of unit u at q · size + u
export let count: usize = 0; // f64 a unit
export let trainedUnits: usize = 0; // u32
export let ridingUnits: usize = 0; // u32
export let bins: usize = 0; // i32 a feature: codes in use, the missing one left out
export let categorical: usize = 0; // i32 a feature
export let missing: usize = 0; // i32 a feature: whether a trained unit's cell is missing
export let offset: usize = 0; // i32 a feature: its first slot
export let targets: usize = 0; // f64, output k of unit u at k · size + u: sums of the target, or rows of a class
export let gradients: usize = 0; // f64, output k of unit u at k · size + u
export let hessians: usize = 0; // f64, likewise
export let predictions: usize = 0; // f64, likewise, changed by grow()

// What grow() leaves behind, per node of the tree.
export let nodeFeature: usize = 0; // i32, −1 at a leaf
export let nodeCode: usize = 0; // i32
export let nodeMissingLeft: usize = 0; // i32
export let nodeIsSet: usize = 0; // i32
export let nodeSet: usize = 0; // 8 × i32
export let nodeChild: usize = 0; // i32, the left child; the right one follows
export let nodeValue: usize = 0; // f64, at leaves

let nodeStart: usize = 0;
let nodeEnd: usize = 0;
let nodeRiderStart: usize = 0;
let nodeRiderEnd: usize = 0;
let nodeV: usize = 0;
let nodeH: usize = 0;
let nodeGain: usize = 0;
let nodeLeftV: usize = 0;
let nodeLeftH: usize = 0;
let nodeHistogram: usize = 0;
let openNodes: usize = 0;
let openCount: i32 = 0;
let doneCount: i32 = 0;

let gradient: usize = 0;
let hessian: usize = 0;
let prediction: usize = 0;
let index: usize = 0;
let rider: usize = 0;
let spare: usize = 0;
let packed: usize = 0; // one slot a unit
let ordered: usize = 0;
let goesLeft: usize = 0;
let ranked: usize = 0;
let ratio: usize = 0;
let rootBits: usize = 0;
let pool: usize = 0;
let poolCount: i32 = 0;
/** Lay out the memory for trees on so many units. Numbers of the pages are grown as needed. */
export function prepare(
  units: i32,
  trainedCount: i32,
  ridingCount: i32,
  featureCount: i32,
  slotCount: i32,
  mostLeaves: i32,
  rowsOfLeaf: f64,
  penalty: f64,
  learningRate: f64,
  unitHessian: i32,
  outputCount: i32,
): void {
  outputs = outputCount;
  size = units;
  trained = trainedCount;
  riding = ridingCount;
  features = featureCount;
  slots = slotCount;
  leaves = mostLeaves;
  rowsPerLeaf = rowsOfLeaf;
  least = rowsOfLeaf * SHIFT;
  l2 = penalty;
  rate = learningRate;
  unit = unitHessian != 0;
  slotShift = unit ? 3 : 4;
  slotBytes = ((<usize>slots) << slotShift) + 15 & ~(<usize>15);
  const n = <usize>units;
  const d = <usize>featureCount;
  const most = <usize>(2 * mostLeaves + 2);
  reset();
  codes = take(d * n);
  words = take((d >> 2) * n * 4);
  count = take(n * 8);
  trainedUnits = take(<usize>trained * 4);
  ridingUnits = take(<usize>riding * 4);
  bins = take(d * 4);
  categorical = take(d * 4);
  missing = take(d * 4);
  offset = take((d + 1) * 4);
  gradients = take(n * 8 * <usize>outputs);
  hessians = unit ? count : take(n * 8 * <usize>outputs);
  predictions = take(n * 8 * <usize>outputs);
  targets = take(n * 8 * <usize>outputs);
  nodeFeature = take(most * 4);
  nodeCode = take(most * 4);
  nodeMissingLeft = take(most * 4);
  nodeIsSet = take(most * 4);
  nodeSet = take(most * 32);
  nodeChild = take(most * 4);
  nodeValue = take(most * 8);
  nodeStart = take(most * 4);
  nodeEnd = take(most * 4);
  nodeRiderStart = take(most * 4);
  nodeRiderEnd = take(most * 4);
  nodeV = take(most * 8);
  nodeH = take(most * 8);
  nodeGain = take(most * 8);
  nodeLeftV = take(most * 8);
  nodeLeftH = take(most * 8);
  nodeHistogram = take(most * 4);
  openNodes = take(most * 4);
  index = take(<usize>trained * 4);
  rider = take(<usize>riding * 4);
  spare = take(n * 4);
  packed = take(n << slotShift);
  ordered = take(min(<usize>trained, CHUNK) << slotShift);
  goesLeft = take(256);
  ranked = take(256 * 4);
  ratio = take(256 * 8);
  rootBits = take(d * 32);
  pool = take(most * 4);
  poolCount = 0;
  // Room for every histogram there can be: memory that grew later would move under its readers.
  ensure(<usize>(mostLeaves + 2) * (slotBytes + (d << 5) + 16));
}

/** Find the slots that trained units occupy: the same for the root of every tree. */
export function findRootBits(): void {
  memory.fill(rootBits, 0, <usize>features * 32);
  for (let f: i32 = 0; f < features; f++) {
    const bits = rootBits + ((<usize>f) << 5);
    const column = codes + <usize>f * <usize>size;
    for (let i: i32 = 0; i < trained; i++) {
      const u = load<u32>(trainedUnits + ((<usize>i) << 2));
      const c = <usize>load<u8>(column + u);
      const at = bits + ((c >> 6) << 3);
      store<u64>(at, load<u64>(at) | ((<u64>1) << (<u64>(c & 63))));
    }
  }
}

/** A histogram: its slots, then 32 bytes of bits a feature. All slots are 0. */
function takeHistogram(): usize {
  if (poolCount > 0) {
    poolCount--;
    return <usize>load<u32>(pool + ((<usize>poolCount) << 2));
  }
  const bytes = slotBytes + (<usize>features << 5);
  const at = take(bytes);
  memory.fill(at, 0, bytes);
  return at;
}

function giveBack(from: usize): void {
  for (let f: i32 = 0; f < features; f++) {
    const bits = from + slotBytes + ((<usize>f) << 5);
    const base = from + ((<usize>load<i32>(offset + ((<usize>f) << 2))) << slotShift);
    for (let word: usize = 0; word < 4; word++) {
      let left = load<u64>(bits + (word << 3));
      if (left == 0) continue;
      store<u64>(bits + (word << 3), 0);
      const first = base + ((word << 6) << slotShift);
      if (left == ~(<u64>0)) {
        memory.fill(first, 0, (<usize>64) << slotShift);
        continue;
      }
      if (unit) {
        while (left != 0) {
          store<f64>(first + ((<usize>ctz(left)) << 3), 0);
          left &= left - 1;
        }
      } else {
        while (left != 0) {
          v128.store(first + ((<usize>ctz(left)) << 4), f64x2.splat(0));
          left &= left - 1;
        }
      }
    }
  }
  store<u32>(pool + ((<usize>poolCount) << 2), <u32>from);
  poolCount++;
}

/** Gradients of ½ (y − f)²; the hessians are there. */
export function squaredGradients(): void {
  const n = size << 3;
  for (let i: i32 = 0; i < n; i += 8) {
    const c = load<f64>(count + <usize>i) * load<f64>(predictions + <usize>i);
    store<f64>(gradients + <usize>i, c - load<f64>(targets + <usize>i));
  }
}

/**
 * e^x for x from −708 to 709, to 1 unit in the last place: x = k ln 2 + r, the series of e^r to r^13,
 * k added to the exponent.
 */
function exponential(x: v128): v128 {
  const whole = f64x2.splat(1.5 * 4503599627370496.0);
  const clamped = f64x2.max(f64x2.min(x, f64x2.splat(709.0)), f64x2.splat(-708.0));
  const shifted = f64x2.add(f64x2.mul(clamped, f64x2.splat(1.4426950408889634)), whole);
  const k = f64x2.sub(shifted, whole);
  let r = f64x2.sub(clamped, f64x2.mul(k, f64x2.splat(6.93147180369123816490e-1)));
  r = f64x2.sub(r, f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10)));
  let e = f64x2.splat(1.0 / 6227020800.0);
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 479001600.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 39916800.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 3628800.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 362880.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 40320.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 5040.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 720.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 120.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 24.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0 / 6.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(0.5));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0));
  e = f64x2.add(f64x2.mul(e, r), f64x2.splat(1.0));
  // The lowest bits of the shifted number are k.
  return i64x2.add(e, i64x2.shl(shifted, 52));
}

/** Gradients and hessians of the log-loss of two classes; targets are rows of the second one. */
export function logisticGradients(): void {
  const one = f64x2.splat(1.0);
  // The last of an odd number of units is done with what follows it: arrays are padded to 16 bytes.
  const n = size << 3;
  for (let i: i32 = 0; i < n; i += 16) {
    const raw = v128.load(predictions + <usize>i);
    const p = f64x2.div(one, f64x2.add(one, exponential(f64x2.neg(raw))));
    const c = f64x2.mul(v128.load(count + <usize>i), p);
    v128.store(gradients + <usize>i, f64x2.sub(c, v128.load(targets + <usize>i)));
    v128.store(hessians + <usize>i, f64x2.mul(c, f64x2.sub(one, p)));
  }
}

/** Gradients and hessians of the log-loss of classes, by softmax; targets are rows of each class. */
export function softmaxGradients(): void {
  const one = f64x2.splat(1.0);
  const n = size << 3;
  for (let i: i32 = 0; i < n; i += 16) {
    // Two units at a time; of an odd number the last one twice.
    const j = i + 16 <= n ? i : n - 8;
    const second: usize = i + 16 <= n ? 8 : 0;
    let top = f64x2.splat(-Infinity);
    let at = <usize>j;
    for (let k: i32 = 0; k < outputs; k++) {
      top = f64x2.pmax(top, pair(predictions + at, second));
      at += <usize>n;
    }
    let sum = f64x2.splat(0);
    at = <usize>j;
    for (let k: i32 = 0; k < outputs; k++) {
      const e = exponential(f64x2.sub(pair(predictions + at, second), top));
      sum = f64x2.add(sum, e);
      storePair(hessians + at, second, e);
      at += <usize>n;
    }
    const share = f64x2.div(one, sum);
    const rows = pair(count + <usize>j, second);
    at = <usize>j;
    for (let k: i32 = 0; k < outputs; k++) {
      const p = f64x2.mul(pair(hessians + at, second), share);
      const c = f64x2.mul(rows, p);
      storePair(gradients + at, second, f64x2.sub(c, pair(targets + at, second)));
      storePair(hessians + at, second, f64x2.mul(c, f64x2.sub(one, p)));
      at += <usize>n;
    }
  }
}

function pair(at: usize, second: usize): v128 {
  return v128.load64_lane(at + second, v128.load64_splat(at), 1);
}

function storePair(at: usize, second: usize, value: v128): void {
  v128.store64_lane(at, value, 0);
  v128.store64_lane(at + second, value, 1);
}

/** Round gradients so that their sum stays below SHIFT / 4, and add the counts. */
function pack(): void {
  let largest: f64 = 0;
  for (let i: i32 = 0; i < trained; i++) {
    const u = <usize>load<u32>(trainedUnits + ((<usize>i) << 2));
    largest = max(largest, abs(load<f64>(gradient + (u << 3))));
  }
  const room = SHIFT / 4.0 / <f64>trained;
  // The largest power of two that is not above room / largest.
  const scale =
    largest > 1e-200
      ? reinterpret<f64>(reinterpret<u64>(room / largest) & 0x7ff0000000000000)
      : 0.0;
  const whole: f64 = 1.5 * 4503599627370496.0;
  for (let i: i32 = 0; i < trained; i++) {
    const u = <usize>load<u32>(trainedUnits + ((<usize>i) << 2));
    const g = load<f64>(gradient + (u << 3)) * scale + whole - whole;
    const at = packed + (u << slotShift);
    store<f64>(at, load<f64>(count + (u << 3)) * SHIFT + g);
    if (!unit) store<f64>(at, load<f64>(hessian + (u << 3)), 8);
  }
}

/** Add a node's units up by bin, into a histogram that is 0. */
function sumBins(node: i32, into: usize): void {
  const from = <usize>load<i32>(nodeStart + ((<usize>node) << 2));
  const to = <usize>load<i32>(nodeEnd + ((<usize>node) << 2));
  const end = index + (to << 2);
  for (let first = index + (from << 2); first < end; first += CHUNK << 2) {
    sumChunk(first, min(first + (CHUNK << 2), end), into);
  }
}

function sumChunk(first: usize, last: usize, into: usize): void {
  if (unit) {
    let at = ordered;
    for (let i = first; i < last; i += 4) {
      store<f64>(at, load<f64>(packed + ((<usize>load<u32>(i)) << 3)));
      at += 8;
    }
  } else {
    let at = ordered;
    for (let i = first; i < last; i += 4) {
      v128.store(at, v128.load(packed + ((<usize>load<u32>(i)) << 4)));
      at += 16;
    }
  }
  const quads = features >> 2;
  for (let q: i32 = 0; q < quads; q++) {
    const four = words + ((<usize>q * <usize>size) << 2);
    const where = offset + ((<usize>q) << 4);
    const a = into + ((<usize>load<i32>(where)) << slotShift);
    const b = into + ((<usize>load<i32>(where, 4)) << slotShift);
    const c = into + ((<usize>load<i32>(where, 8)) << slotShift);
    const d = into + ((<usize>load<i32>(where, 12)) << slotShift);
    if (unit) fillFour(first, last, four, a, b, c, d);
    else fillFourWith(first, last, four, a, b, c, d);
  }
  for (let f = quads << 2; f < features; f++) {
    const base = into + ((<usize>load<i32>(offset + ((<usize>f) << 2))) << slotShift);
    const column = codes + <usize>f * <usize>size;
    let at = ordered;
    if (unit) {
      for (let i = first; i < last; i += 4) {
        const slot = base + ((<usize>load<u8>(column + <usize>load<u32>(i))) << 3);
        store<f64>(slot, load<f64>(slot) + load<f64>(at));
        at += 8;
      }
    } else {
      for (let i = first; i < last; i += 4) {
        const slot = base + ((<usize>load<u8>(column + <usize>load<u32>(i))) << 4);
        v128.store(slot, f64x2.add(v128.load(slot), v128.load(at)));
        at += 16;
      }
    }
  }
}

function fillFour(first: usize, last: usize, four: usize, a: usize, b: usize, c: usize, d: usize): void {
  let at = ordered;
  for (let i = first; i < last; i += 4) {
    const word = load<u32>(four + ((<usize>load<u32>(i)) << 2));
    const x = load<f64>(at);
    at += 8;
    const p = a + ((<usize>(word & 255)) << 3);
    store<f64>(p, load<f64>(p) + x);
    const q = b + ((<usize>((word >>> 8) & 255)) << 3);
    store<f64>(q, load<f64>(q) + x);
    const r = c + ((<usize>((word >>> 16) & 255)) << 3);
    store<f64>(r, load<f64>(r) + x);
    const s = d + ((<usize>(word >>> 24)) << 3);
    store<f64>(s, load<f64>(s) + x);
  }
}

function fillFourWith(first: usize, last: usize, four: usize, a: usize, b: usize, c: usize, d: usize): void {
  let at = ordered;
  for (let i = first; i < last; i += 4) {
    const word = load<u32>(four + ((<usize>load<u32>(i)) << 2));
    const x = v128.load(at);
    at += 16;
    const p = a + ((<usize>(word & 255)) << 4);
    v128.store(p, f64x2.add(v128.load(p), x));
    const q = b + ((<usize>((word >>> 8) & 255)) << 4);
    v128.store(q, f64x2.add(v128.load(q), x));
    const r = c + ((<usize>((word >>> 16) & 255)) << 4);
    v128.store(r, f64x2.add(v128.load(r), x));
    const s = d + ((<usize>(word >>> 24)) << 4);
    v128.store(s, f64x2.add(v128.load(s), x));
  }
}

/** Note a better split of a node. */
function record(node: i32, f: i32, gain: f64, code: i32, missingLeft: i32, isSet: i32, v: f64, h: f64): void {
  const at = <usize>node;
  store<f64>(nodeGain + (at << 3), gain);
  store<i32>(nodeFeature + (at << 2), f);
  store<i32>(nodeCode + (at << 2), code);
  store<i32>(nodeMissingLeft + (at << 2), missingLeft);
  store<i32>(nodeIsSet + (at << 2), isSet);
  store<f64>(nodeLeftV + (at << 3), v);
  store<f64>(nodeLeftH + (at << 3), h);
}

/** Take one feature's slots of the smaller child from the parent's, which become the larger child's. */
function divide(f: i32, small: usize, large: usize): void {
  const bits = slotBytes + ((<usize>f) << 5);
  const base = (<usize>load<i32>(offset + ((<usize>f) << 2))) << slotShift;
  for (let word: usize = 0; word < 4; word++) {
    let left = load<u64>(large + bits + (word << 3));
    let inSmall: u64 = 0;
    let inLarge: u64 = 0;
    const first = base + ((word << 6) << slotShift);
    while (left != 0) {
      const c = ctz(left);
      left &= left - 1;
      const at = first + ((<usize>c) << slotShift);
      const part = load<f64>(small + at);
      const rest = load<f64>(large + at) - part;
      store<f64>(large + at, rest);
      inSmall |= (<u64>(part != 0)) << c;
      inLarge |= (<u64>(rest != 0)) << c;
      if (!unit) {
        const h = load<f64>(large + at + 8) - load<f64>(small + at + 8);
        store<f64>(large + at + 8, rest != 0 ? h : 0);
      }
    }
    store<u64>(small + bits + (word << 3), inSmall);
    store<u64>(large + bits + (word << 3), inLarge);
  }
}

/** Divide one feature's slots and look for better thresholds of both children: hessians are counts. */
function scanBothCounts(f: i32, a: i32, b: i32, wantedA: bool, wantedB: bool, small: usize, large: usize): void {
  const round = f64x2.splat(ROUND);
  const V = f64x2.replace_lane(f64x2.splat(load<f64>(nodeV + ((<usize>a) << 3))), 1, load<f64>(nodeV + ((<usize>b) << 3)));
  const gains = f64x2.replace_lane(f64x2.splat(load<f64>(nodeGain + ((<usize>a) << 3))), 1, load<f64>(nodeGain + ((<usize>b) << 3)));
  const N = f64x2.sub(f64x2.add(V, round), round);
  const G = f64x2.sub(V, N);
  const shift = f64x2.splat(SHIFT);
  const penalty = f64x2.splat(l2);
  const parent = f64x2.div(f64x2.mul(G, G), f64x2.add(f64x2.div(N, shift), penalty));
  const lows = f64x2.replace_lane(f64x2.splat(wantedA ? least : Infinity), 1, wantedB ? least : Infinity);
  // Powers of two: dividing by SHIFT is exact, so multiplying is the same.
  const inverse = f64x2.splat(1.0 / SHIFT);
  let top = f64x2.add(gains, parent);
  let sum = f64x2.splat(0);
  let place = i64x2.splat(-1);
  let left = f64x2.splat(0);
  const bits = slotBytes + ((<usize>f) << 5);
  const base = (<usize>load<i32>(offset + ((<usize>f) << 2))) << 3;
  for (let word: usize = 0; word < 4; word++) {
    let todo = load<u64>(large + bits + (word << 3));
    let inSmall: u64 = 0;
    let inLarge: u64 = 0;
    const first = base + (word << 9);
    while (todo != 0) {
      const c = ctz(todo);
      todo &= todo - 1;
      const at = first + ((<usize>c) << 3);
      const s = v128.load64_splat(small + at);
      const l = f64x2.sub(v128.load64_splat(large + at), s);
      v128.store64_lane(large + at, l, 0);
      const v = v128.shuffle<f64>(s, l, 0, 3);
      const occurs = f64x2.ne(v, f64x2.splat(0));
      const there = <u64>i64x2.bitmask(occurs);
      inSmall |= (there & 1) << c;
      inLarge |= (there >> 1) << c;
      sum = f64x2.add(sum, v);
      const n = f64x2.sub(f64x2.add(sum, round), round);
      const rest = f64x2.sub(N, n);
      // A bin that does not occur in a child is no threshold of its own.
      const enough = v128.and(occurs, v128.and(f64x2.ge(n, lows), f64x2.ge(rest, lows)));
      if (!v128.any_true(enough)) continue;
      const g = f64x2.sub(sum, n);
      const r = f64x2.sub(G, g);
      const p = f64x2.add(f64x2.mul(n, inverse), penalty);
      const q = f64x2.add(f64x2.mul(rest, inverse), penalty);
      const number = f64x2.add(f64x2.mul(f64x2.mul(g, g), q), f64x2.mul(f64x2.mul(r, r), p));
      const product = f64x2.mul(top, p);
      const better = v128.and(f64x2.gt(number, f64x2.mul(product, q)), enough);
      if (v128.any_true(better)) {
        top = v128.bitselect(f64x2.div(number, f64x2.mul(p, q)), top, better);
        place = v128.bitselect(i64x2.splat(<i64>((<i64>word << 6) + <i64>c)), place, better);
        left = v128.bitselect(sum, left, better);
      }
    }
    store<u64>(small + bits + (word << 3), inSmall);
    store<u64>(large + bits + (word << 3), inLarge);
  }
  const codeA = <i32>i64x2.extract_lane(place, 0);
  if (codeA >= 0) {
    const v = f64x2.extract_lane(left, 0);
    const gain = f64x2.extract_lane(top, 0) - f64x2.extract_lane(parent, 0);
    if (gain > load<f64>(nodeGain + ((<usize>a) << 3))) record(a, f, gain, codeA, 0, 0, v, (v + ROUND - ROUND) / SHIFT);
  }
  const codeB = <i32>i64x2.extract_lane(place, 1);
  if (codeB >= 0) {
    const v = f64x2.extract_lane(left, 1);
    const gain = f64x2.extract_lane(top, 1) - f64x2.extract_lane(parent, 1);
    if (gain > load<f64>(nodeGain + ((<usize>b) << 3))) record(b, f, gain, codeB, 0, 0, v, (v + ROUND - ROUND) / SHIFT);
  }
}

/** As scanBothCounts, with hessians. */
function scanBothHessians(f: i32, a: i32, b: i32, wantedA: bool, wantedB: bool, small: usize, large: usize): void {
  const round = f64x2.splat(ROUND);
  const V = f64x2.replace_lane(f64x2.splat(load<f64>(nodeV + ((<usize>a) << 3))), 1, load<f64>(nodeV + ((<usize>b) << 3)));
  const H = f64x2.replace_lane(f64x2.splat(load<f64>(nodeH + ((<usize>a) << 3))), 1, load<f64>(nodeH + ((<usize>b) << 3)));
  const gains = f64x2.replace_lane(f64x2.splat(load<f64>(nodeGain + ((<usize>a) << 3))), 1, load<f64>(nodeGain + ((<usize>b) << 3)));
  const N = f64x2.sub(f64x2.add(V, round), round);
  const G = f64x2.sub(V, N);
  const penalty = f64x2.splat(l2);
  const parent = f64x2.div(f64x2.mul(G, G), f64x2.add(H, penalty));
  // Both sides have enough rows where the left one's number is near enough to one half of all.
  const half = f64x2.mul(N, f64x2.splat(0.5));
  const lows = f64x2.replace_lane(f64x2.splat(wantedA ? least : Infinity), 1, wantedB ? least : Infinity);
  const near = f64x2.sub(half, lows);
  const thin = f64x2.splat(LEAST_HESSIAN);
  let top = f64x2.add(gains, parent);
  let sum = f64x2.splat(0);
  let weight = f64x2.splat(0);
  let place = i64x2.splat(-1);
  let left = f64x2.splat(0);
  let leftH = f64x2.splat(0);
  const bits = slotBytes + ((<usize>f) << 5);
  const base = (<usize>load<i32>(offset + ((<usize>f) << 2))) << 4;
  for (let word: usize = 0; word < 4; word++) {
    let todo = load<u64>(large + bits + (word << 3));
    let inSmall: u64 = 0;
    let inLarge: u64 = 0;
    const first = base + (word << 10);
    while (todo != 0) {
      const c = ctz(todo);
      todo &= todo - 1;
      const at = first + ((<usize>c) << 4);
      const s = v128.load(small + at);
      const rough = f64x2.sub(v128.load(large + at), s);
      // Where no row is left, nothing of the hessians' rounding may stay.
      const some = f64x2.ne(rough, f64x2.splat(0));
      const l = v128.and(rough, v128.shuffle<f64>(some, some, 0, 0));
      v128.store(large + at, l);
      const v = v128.shuffle<f64>(s, l, 0, 2);
      const h = v128.shuffle<f64>(s, l, 1, 3);
      const occurs = f64x2.ne(v, f64x2.splat(0));
      const there = <u64>i64x2.bitmask(occurs);
      inSmall |= (there & 1) << c;
      inLarge |= (there >> 1) << c;
      sum = f64x2.add(sum, v);
      weight = f64x2.add(weight, h);
      const n = f64x2.sub(f64x2.add(sum, round), round);
      let enough = v128.and(occurs, f64x2.le(f64x2.abs(f64x2.sub(n, half)), near));
      if (!v128.any_true(enough)) continue;
      const other = f64x2.sub(H, weight);
      enough = v128.and(enough, v128.and(f64x2.ge(weight, thin), f64x2.ge(other, thin)));
      const g = f64x2.sub(sum, n);
      const r = f64x2.sub(G, g);
      const p = f64x2.add(weight, penalty);
      const q = f64x2.add(other, penalty);
      const number = f64x2.add(f64x2.mul(f64x2.mul(g, g), q), f64x2.mul(f64x2.mul(r, r), p));
      const better = v128.and(f64x2.gt(number, f64x2.mul(f64x2.mul(top, p), q)), enough);
      if (v128.any_true(better)) {
        top = v128.bitselect(f64x2.div(number, f64x2.mul(p, q)), top, better);
        place = v128.bitselect(i64x2.splat(<i64>((<i64>word << 6) + <i64>c)), place, better);
        left = v128.bitselect(sum, left, better);
        leftH = v128.bitselect(weight, leftH, better);
      }
    }
    store<u64>(small + bits + (word << 3), inSmall);
    store<u64>(large + bits + (word << 3), inLarge);
  }
  const codeA = <i32>i64x2.extract_lane(place, 0);
  if (codeA >= 0) {
    const gain = f64x2.extract_lane(top, 0) - f64x2.extract_lane(parent, 0);
    if (gain > load<f64>(nodeGain + ((<usize>a) << 3))) record(a, f, gain, codeA, 0, 0, f64x2.extract_lane(left, 0), f64x2.extract_lane(leftH, 0));
  }
  const codeB = <i32>i64x2.extract_lane(place, 1);
  if (codeB >= 0) {
    const gain = f64x2.extract_lane(top, 1) - f64x2.extract_lane(parent, 1);
    if (gain > load<f64>(nodeGain + ((<usize>b) << 3))) record(b, f, gain, codeB, 0, 0, f64x2.extract_lane(left, 1), f64x2.extract_lane(leftH, 1));
  }
}

/** Look for a better threshold of one node on a feature with missing cells, those to either side. */
function scanMissing(f: i32, node: i32, from: usize): void {
  const V = load<f64>(nodeV + ((<usize>node) << 3));
  const N = V + ROUND - ROUND;
  const G = V - N;
  const H = unit ? N / SHIFT : load<f64>(nodeH + ((<usize>node) << 3));
  const parent = (G * G) / (H + l2);
  const gain = load<f64>(nodeGain + ((<usize>node) << 3));
  const bits = from + slotBytes + ((<usize>f) << 5);
  const base = from + ((<usize>load<i32>(offset + ((<usize>f) << 2))) << slotShift);
  const missingSlot = load<i32>(bins + ((<usize>f) << 2));
  const hasMissing = (load<u64>(bits + ((<usize>(missingSlot >> 6)) << 3)) >> (<u64>(missingSlot & 63))) & 1;
  let top = gain + parent;
  let place: i32 = -1;
  let missingLeft: i32 = 0;
  let left: f64 = 0;
  let leftH: f64 = 0;
  let sum: f64 = 0;
  let w: f64 = 0;
  let lowest: i32 = -1;
  let ended = false;
  for (let word: i32 = 0; word < 4 && !ended; word++) {
    let todo = load<u64>(bits + ((<usize>word) << 3));
    while (todo != 0) {
      const c = (word << 6) + <i32>ctz(todo);
      todo &= todo - 1;
      if (c == missingSlot) continue;
      if (lowest < 0) lowest = c;
      const at = base + ((<usize>c) << slotShift);
      sum += load<f64>(at);
      const n = sum + ROUND - ROUND;
      w = unit ? n / SHIFT : w + load<f64>(at, 8);
      if (n < least || (!unit && w < LEAST_HESSIAN)) continue;
      if (N - n < least || (!unit && H - w < LEAST_HESSIAN)) {
        ended = true;
        break;
      }
      const g = sum - n;
      const r = G - g;
      const p = w + l2;
      const q = (unit ? (N - n) / SHIFT : H - w) + l2;
      const number = g * g * q + r * r * p;
      if (number > top * p * q) {
        top = number / (p * q);
        place = c;
        left = sum;
        leftH = w;
      }
    }
  }
  if (hasMissing) {
    sum = 0;
    w = 0;
    ended = false;
    for (let word: i32 = 3; word >= 0 && !ended; word--) {
      let todo = load<u64>(bits + ((<usize>word) << 3));
      while (todo != 0) {
        const bit = 63 - <i32>clz(todo);
        todo &= ~((<u64>1) << (<u64>bit));
        const c = (word << 6) + bit;
        if (c == missingSlot) continue;
        if (c <= lowest) {
          ended = true;
          break;
        }
        const at = base + ((<usize>c) << slotShift);
        sum += load<f64>(at);
        const n = sum + ROUND - ROUND;
        w = unit ? n / SHIFT : w + load<f64>(at, 8);
        if (n < least || (!unit && w < LEAST_HESSIAN)) continue;
        if (N - n < least || (!unit && H - w < LEAST_HESSIAN)) {
          ended = true;
          break;
        }
        const g = sum - n;
        const l = G - g;
        const p = w + l2;
        const q = (unit ? (N - n) / SHIFT : H - w) + l2;
        const number = g * g * q + l * l * p;
        if (number > top * p * q) {
          top = number / (p * q);
          place = c - 1;
          left = V - sum;
          leftH = H - w;
          missingLeft = 1;
        }
      }
    }
  }
  if (place < 0) return;
  if (unit) leftH = (left + ROUND - ROUND) / SHIFT;
  const better = top - parent;
  if (better > gain) record(node, f, better, place, missingLeft, 0, left, leftH);
}

/** Look for a better set of categories: ordered by G/(H + 10), taken from either end. */
function scanCategories(f: i32, node: i32, from: usize): void {
  const V = load<f64>(nodeV + ((<usize>node) << 3));
  const N = V + ROUND - ROUND;
  const G = V - N;
  const H = unit ? N / SHIFT : load<f64>(nodeH + ((<usize>node) << 3));
  const support = N / SHIFT / H;
  const parent = (G * G) / (H + l2);
  const gain = load<f64>(nodeGain + ((<usize>node) << 3));
  const bits = from + slotBytes + ((<usize>f) << 5);
  const base = from + ((<usize>load<i32>(offset + ((<usize>f) << 2))) << slotShift);
  let used: i32 = 0;
  for (let word: i32 = 0; word < 4; word++) {
    let todo = load<u64>(bits + ((<usize>word) << 3));
    while (todo != 0) {
      const c = (word << 6) + <i32>ctz(todo);
      todo &= todo - 1;
      const slot = base + ((<usize>c) << slotShift);
      const v = load<f64>(slot);
      const n = v + ROUND - ROUND;
      const w = unit ? n / SHIFT : load<f64>(slot, 8);
      if (w * support < CATEGORY_SUPPORT) continue;
      const r = (v - n) / (w + CATEGORY_SUPPORT);
      // Insertion: lists are short, and ties stay in the order of the codes.
      let at = used++;
      while (at > 0 && load<f64>(ratio + ((<usize>(at - 1)) << 3)) > r) {
        store<f64>(ratio + ((<usize>at) << 3), load<f64>(ratio + ((<usize>(at - 1)) << 3)));
        store<i32>(ranked + ((<usize>at) << 2), load<i32>(ranked + ((<usize>(at - 1)) << 2)));
        at--;
      }
      store<f64>(ratio + ((<usize>at) << 3), r);
      store<i32>(ranked + ((<usize>at) << 2), c);
    }
  }
  if (used < 2) return;
  const middle = (used + 1) >> 1;
  let top = gain + parent;
  let taken: i32 = 0; // from the lower end if positive, from the upper end if negative
  let left: f64 = 0;
  let leftH: f64 = 0;
  for (let direction: i32 = 1; direction >= -1; direction -= 2) {
    const last = direction == 1 ? middle : middle - 1;
    let sum: f64 = 0;
    let w: f64 = 0;
    for (let k: i32 = 0; k < last; k++) {
      const c = load<i32>(ranked + ((<usize>(direction == 1 ? k : used - 1 - k)) << 2));
      const slot = base + ((<usize>c) << slotShift);
      sum += load<f64>(slot);
      const n = sum + ROUND - ROUND;
      w = unit ? n / SHIFT : w + load<f64>(slot, 8);
      if (n < least || w < LEAST_HESSIAN) continue;
      if (N - n < least || H - w < LEAST_HESSIAN) break;
      const g = sum - n;
      const r = G - g;
      const p = w + l2;
      const q = H - w + l2;
      const number = g * g * q + r * r * p;
      if (number > top * p * q) {
        top = number / (p * q);
        taken = direction * (k + 1);
        left = sum;
        leftH = w;
      }
    }
  }
  if (taken == 0) return;
  const better = top - parent;
  if (!(better > gain)) return;
  const missingSlot = load<i32>(bins + ((<usize>f) << 2));
  const set = nodeSet + ((<usize>node) << 5);
  let missingLeft: i32 = 0;
  memory.fill(set, 0, 32);
  const many = taken > 0 ? taken : -taken;
  for (let i: i32 = 0; i < many; i++) {
    const c = load<i32>(ranked + ((<usize>(taken > 0 ? i : used - 1 - i)) << 2));
    if (c == missingSlot) missingLeft = 1;
    else {
      const at = set + ((<usize>(c >> 5)) << 2);
      store<u32>(at, load<u32>(at) | (<u32>1 << (<u32>(c & 31))));
    }
  }
  record(node, f, better, 0, missingLeft, 1, left, leftH);
}

/** Divide a parent's histogram between its children and find the best split of those that are wanted. */
function search(a: i32, b: i32, wantedA: bool, wantedB: bool, small: usize, large: usize): void {
  for (let f: i32 = 0; f < features; f++) {
    const at = (<usize>f) << 2;
    if (load<i32>(categorical + at)) {
      divide(f, small, large);
      if (wantedA) scanCategories(f, a, small);
      if (wantedB) scanCategories(f, b, large);
    } else if (load<i32>(missing + at)) {
      divide(f, small, large);
      if (wantedA) scanMissing(f, a, small);
      if (wantedB) scanMissing(f, b, large);
    } else if (unit) scanBothCounts(f, a, b, wantedA, wantedB, small, large);
    else scanBothHessians(f, a, b, wantedA, wantedB, small, large);
  }
}

/** Move the units (or riders) that go left to the front; returns where the right ones begin. */
function partition(list: usize, column: usize, from: i32, to: i32): i32 {
  let l = list + ((<usize>from) << 2);
  let r = spare;
  const end = list + ((<usize>to) << 2);
  for (let i = l; i < end; i += 4) {
    const u = load<u32>(i);
    const left = <usize>load<u8>(goesLeft + <usize>load<u8>(column + <usize>u));
    // Both stores always happen: no branch to guess.
    store<u32>(l, u);
    store<u32>(r, u);
    l += left << 2;
    r += (1 - left) << 2;
  }
  memory.copy(l, spare, r - spare);
  return <i32>((l - list) >> 2);
}

function setGoesLeft(node: i32, f: i32): void {
  const at = <usize>node;
  const missingLeft = <u8>load<i32>(nodeMissingLeft + (at << 2));
  if (load<i32>(nodeIsSet + (at << 2))) {
    const set = nodeSet + (at << 5);
    for (let c: usize = 0; c < <usize>MISSING; c++) {
      store<u8>(goesLeft + c, <u8>((load<u32>(set + ((c >> 5) << 2)) >> (<u32>(c & 31))) & 1));
    }
  } else {
    const code = <usize>load<i32>(nodeCode + (at << 2));
    memory.fill(goesLeft, 1, code + 1);
    memory.fill(goesLeft + code + 1, 0, <usize>MISSING - code - 1);
  }
  store<u8>(goesLeft + <usize>load<i32>(bins + ((<usize>f) << 2)), missingLeft);
  store<u8>(goesLeft + <usize>MISSING, missingLeft);
}

function rowsOf(v: f64): f64 {
  return (v + ROUND - ROUND) / SHIFT;
}

function isOpen(node: i32): bool {
  return rowsOf(load<f64>(nodeV + ((<usize>node) << 3))) >= 2 * rowsPerLeaf;
}

function begin(node: i32): void {
  store<i32>(nodeFeature + ((<usize>node) << 2), -1);
  store<f64>(nodeGain + ((<usize>node) << 3), 0);
  store<u32>(nodeHistogram + ((<usize>node) << 2), 0);
}

/** Keep a node's histogram where it can be split; the others' are free again. */
function consider(node: i32, from: usize, wanted: bool): void {
  if (wanted && load<f64>(nodeGain + ((<usize>node) << 3)) > 0) {
    store<u32>(nodeHistogram + ((<usize>node) << 2), <u32>from);
    store<i32>(openNodes + ((<usize>openCount) << 2), node);
    openCount++;
  } else {
    giveBack(from);
    doneCount++;
  }
}

/** Grow a tree for output k and add its leaf values to the predictions; returns its number of nodes. */
export function grow(k: i32): i32 {
  const shift = (<usize>k * <usize>size) << 3;
  gradient = gradients + shift;
  hessian = hessians + shift;
  prediction = predictions + shift;
  memory.copy(index, trainedUnits, (<usize>trained) << 2);
  memory.copy(rider, ridingUnits, (<usize>riding) << 2);
  let made: i32 = 1;
  openCount = 0;
  doneCount = 0;
  pack();
  let V: f64 = 0;
  let H: f64 = 0;
  for (let i: i32 = 0; i < trained; i++) {
    const u = <usize>load<u32>(trainedUnits + ((<usize>i) << 2));
    V += load<f64>(packed + (u << slotShift));
    H += load<f64>(hessian + (u << 3));
  }
  begin(0);
  store<i32>(nodeStart, 0);
  store<i32>(nodeEnd, trained);
  store<i32>(nodeRiderStart, 0);
  store<i32>(nodeRiderEnd, riding);
  store<f64>(nodeV, V);
  store<f64>(nodeH, H);
  if (isOpen(0) && H > 0) {
    const root = takeHistogram();
    const nothing = takeHistogram();
    sumBins(0, root);
    memory.copy(root + slotBytes, rootBits, <usize>features << 5);
    search(0, 0, false, true, nothing, root);
    giveBack(nothing);
    consider(0, root, true);
  } else doneCount++;

  while (openCount > 0 && openCount + doneCount < leaves) {
    let at: i32 = 0;
    let node = load<i32>(openNodes);
    for (let i: i32 = 1; i < openCount; i++) {
      const other = load<i32>(openNodes + ((<usize>i) << 2));
      if (load<f64>(nodeGain + ((<usize>other) << 3)) > load<f64>(nodeGain + ((<usize>node) << 3))) {
        at = i;
        node = other;
      }
    }
    const hole = openNodes + ((<usize>at) << 2);
    memory.copy(hole, hole + 4, (<usize>(openCount - at - 1)) << 2);
    openCount--;

    const left = made;
    const right = made + 1;
    made += 2;
    begin(left);
    begin(right);
    const n4 = (<usize>node) << 2;
    const n8 = (<usize>node) << 3;
    const f = load<i32>(nodeFeature + n4);
    const leftV = load<f64>(nodeLeftV + n8);
    const leftH = load<f64>(nodeLeftH + n8);
    const wholeV = load<f64>(nodeV + n8);
    // A feature without missing cells in training sends later ones to the larger child.
    if (!load<i32>(missing + ((<usize>f) << 2))) {
      store<i32>(nodeMissingLeft + n4, 2 * rowsOf(leftV) > rowsOf(wholeV) ? 1 : 0);
    }
    store<i32>(nodeChild + n4, left);
    setGoesLeft(node, f);
    const column = codes + <usize>f * <usize>size;
    const start = load<i32>(nodeStart + n4);
    const end = load<i32>(nodeEnd + n4);
    const cut = partition(index, column, start, end);
    const riderStart = load<i32>(nodeRiderStart + n4);
    const riderEnd = load<i32>(nodeRiderEnd + n4);
    const riderCut = partition(rider, column, riderStart, riderEnd);
    const l4 = (<usize>left) << 2;
    const l8 = (<usize>left) << 3;
    store<i32>(nodeStart + l4, start);
    store<i32>(nodeEnd + l4, cut);
    store<i32>(nodeStart + l4, cut, 4);
    store<i32>(nodeEnd + l4, end, 4);
    store<i32>(nodeRiderStart + l4, riderStart);
    store<i32>(nodeRiderEnd + l4, riderCut);
    store<i32>(nodeRiderStart + l4, riderCut, 4);
    store<i32>(nodeRiderEnd + l4, riderEnd, 4);
    store<f64>(nodeV + l8, leftV);
    store<f64>(nodeH + l8, leftH);
    store<f64>(nodeV + l8, wholeV - leftV, 8);
    store<f64>(nodeH + l8, load<f64>(nodeH + n8) - leftH, 8);

    const last = openCount + doneCount + 2 >= leaves;
    const large = <usize>load<u32>(nodeHistogram + n4);
    store<u32>(nodeHistogram + n4, 0);
    const smallNode = cut - start <= end - cut ? left : right;
    const largeNode = smallNode == left ? right : left;
    const smallOpen = !last && isOpen(smallNode);
    const largeOpen = !last && isOpen(largeNode);
    if (smallOpen || largeOpen) {
      const small = takeHistogram();
      sumBins(smallNode, small);
      search(smallNode, largeNode, smallOpen, largeOpen, small, large);
      consider(smallNode, small, smallOpen);
      consider(largeNode, large, largeOpen);
    } else {
      giveBack(large);
      doneCount += 2;
    }
  }

  for (let node: i32 = 0; node < made; node++) {
    const n4 = (<usize>node) << 2;
    const kept = <usize>load<u32>(nodeHistogram + n4);
    if (kept != 0) {
      // Open when the tree had its leaves: what was its best split is not one.
      giveBack(kept);
      store<u32>(nodeHistogram + n4, 0);
      store<i32>(nodeFeature + n4, -1);
    } else if (load<i32>(nodeFeature + n4) >= 0) continue;
    let G: f64 = 0;
    let weight = l2;
    const first = index + ((<usize>load<i32>(nodeStart + n4)) << 2);
    const end = index + ((<usize>load<i32>(nodeEnd + n4)) << 2);
    for (let i = first; i < end; i += 4) {
      const u = (<usize>load<u32>(i)) << 3;
      G += load<f64>(gradient + u);
      weight += load<f64>(hessian + u);
    }
    const value = weight > 0 ? (-rate * G) / weight : 0;
    store<f64>(nodeValue + ((<usize>node) << 3), value);
    for (let i = first; i < end; i += 4) {
      const u = prediction + ((<usize>load<u32>(i)) << 3);
      store<f64>(u, load<f64>(u) + value);
    }
    const riders = rider + ((<usize>load<i32>(nodeRiderEnd + n4)) << 2);
    for (let i = rider + ((<usize>load<i32>(nodeRiderStart + n4)) << 2); i < riders; i += 4) {
      const u = prediction + ((<usize>load<u32>(i)) << 3);
      store<f64>(u, load<f64>(u) + value);
    }
  }
  return made;
}
