// The tree kernel in plain TypeScript: what kernel/grow-tree.as must equal bit by bit. It lists a
// histogram's bins that occur instead of marking them, and searches one child after the other.

import { MISSING } from '../../../src/scm/bins.js';
import type { GrowOptions, Units } from '../../../src/scm/grow-tree.js';
import type { TreesBuilder } from '../../../src/scm/trees.js';
import {
  divideCounts,
  divideHessians,
  fillFour,
  fillFourWith,
  fillOne,
  fillOneWith,
  gather,
  type Histogram,
  histogramOf,
  pack,
  packCodes,
  rowsOf,
  SHIFT,
} from './histogram.js';
import { type Split, scanCategories, scanCounts, scanHessians } from './split-search.js';

/**
 * Grow one tree and add its leaf values to the units' predictions.
 * @param gradient One a unit (sum over its rows).
 * @param hessian One a unit; the unit's count, where the hessian of a row is 1.
 * @param prediction One a unit; changed in place.
 */
export type GrowTree = (
  gradient: Float64Array,
  hessian: Float64Array,
  prediction: Float64Array,
) => void;

/**
 * Prepare the buffers for growing many trees on the same units.
 * @param units Codes and row counts.
 * @param builder Receives the trees.
 * @param unitHessian Whether the hessian of every row is 1 (squared error), so that it equals the count.
 */
export function treeGrower(
  units: Units,
  builder: TreesBuilder,
  unitHessian: boolean,
  options: GrowOptions = {},
): GrowTree {
  const { leaves = 31, rowsPerLeaf = 20, l2 = 0, rate = 0.1 } = options;
  const { bins, categorical, size } = units;
  const count = Float64Array.from(units.count);
  const d = units.codes.length;
  const least = rowsPerLeaf * SHIFT;

  const trained = indicesWhere(count, (c) => c > 0);
  const riding = indicesWhere(count, (c) => c === 0);
  const trainedMissing = units.codes.map((column) => trained.some((u) => column[u] === MISSING));
  // In histograms the missing code follows the last one in use.
  const codes = units.codes.map((column, f) =>
    column.includes(MISSING) && bins[f] < MISSING
      ? column.map((c) => (c === MISSING ? bins[f] : c))
      : column,
  );
  const offset = new Int32Array(d + 1);
  for (let f = 0; f < d; f++) offset[f + 1] = offset[f] + bins[f] + (trainedMissing[f] ? 1 : 0);
  const width = offset[d];

  const index = new Int32Array(trained.length);
  const rider = new Int32Array(riding.length);
  const spare = new Int32Array(size);
  const packed = new Float64Array(size);
  const orderedV = new Float64Array(trained.length);
  const orderedH = unitHessian ? orderedV : new Float64Array(trained.length);
  const pool: Histogram[] = [];
  const goesLeft = new Uint8Array(256);
  const scratchV = new Float64Array(256 * Math.max(4, d));
  const scratchH = new Float64Array(unitHessian ? 0 : scratchV.length);
  // Four features' codes in one word: one read for four sums.
  const words = Array.from({ length: d >> 2 }, (_, q) => packCodes(codes.slice(4 * q, 4 * q + 4)));
  const split: Split = { gain: 0, code: 0, missingLeft: false, v: 0, h: 0, set: undefined };

  // Leaves under way.
  const most = 2 * leaves;
  const start = new Int32Array(most);
  const end = new Int32Array(most);
  const riderStart = new Int32Array(most);
  const riderEnd = new Int32Array(most);
  const sumV = new Float64Array(most);
  const sumH = new Float64Array(most);
  const treeNode = new Int32Array(most);
  const histogram: (Histogram | undefined)[] = new Array(most).fill(undefined);
  const gain = new Float64Array(most);
  const feature = new Int32Array(most);
  const code = new Int32Array(most);
  const missingLeft = new Uint8Array(most);
  const leftV = new Float64Array(most);
  const leftH = new Float64Array(most);
  const leftSet: (Int32Array | undefined)[] = new Array(most).fill(undefined);

  const record = (node: number, f: number): void => {
    if (split.gain <= gain[node]) return;
    gain[node] = split.gain;
    feature[node] = f;
    code[node] = split.code;
    missingLeft[node] = split.missingLeft ? 1 : 0;
    leftV[node] = split.v;
    leftH[node] = split.h;
    leftSet[node] = split.set;
  };

  /** Find the best split of a leaf from its histogram. */
  const search = (node: number, from: Histogram): void => {
    gain[node] = 0;
    const V = sumV[node];
    const H = unitHessian ? rowsOf(V) : sumH[node];
    for (let f = 0; f < d; f++) {
      const base = offset[f];
      const length = from.length[f];
      if (length < 2) continue;
      split.gain = gain[node];
      const missing = trainedMissing[f] && from.codes[base + length - 1] === bins[f];
      const listed = missing ? length - 1 : length;
      if (categorical[f]) scanCategories(split, V, H, from, base, length, bins[f], least, l2);
      else if (unitHessian) scanCounts(split, V, from, base, listed, missing, least, l2);
      else scanHessians(split, V, H, from, base, listed, missing, least, l2);
      record(node, f);
    }
  };

  const isOpen = (node: number): boolean => rowsOf(sumV[node]) >= 2 * rowsPerLeaf;
  const take = (): Histogram => pool.pop() ?? histogramOf(width, d, unitHessian);

  /** Add up a leaf's units by bin, feature f from 256 · f on in the scratch sums. */
  const sumBins = (node: number): void => {
    const from = start[node];
    const to = end[node];
    words.forEach((word, q) => {
      if (unitHessian) fillFour(index, from, to, word, orderedV, scratchV, 1024 * q);
      else fillFourWith(index, from, to, word, orderedV, orderedH, scratchV, scratchH, 1024 * q);
    });
    for (let f = 4 * words.length; f < d; f++) {
      const base = 256 * f;
      if (unitHessian) fillOne(index, from, to, codes[f], orderedV, scratchV, base);
      else fillOneWith(index, from, to, codes[f], orderedV, orderedH, scratchV, scratchH, base);
    }
  };

  const buildRoot = (): Histogram => {
    const into = take();
    sumBins(0);
    for (let f = 0; f < d; f++) {
      const base = offset[f];
      const slots = offset[f + 1] - base;
      let n = 0;
      for (let c = 0; c < slots; c++) {
        const at = 256 * f + c;
        if (scratchV[at] === 0) continue;
        into.codes[base + n] = c;
        into.v[base + n] = scratchV[at];
        scratchV[at] = 0;
        if (!unitHessian) {
          into.h[base + n] = scratchH[at];
          scratchH[at] = 0;
        }
        n++;
      }
      into.length[f] = n;
    }
    return into;
  };

  /** Turn a parent's histogram into the larger child's, in place, and return the smaller one's. */
  const divide = (small: number, parent: Histogram): Histogram => {
    const into = take();
    sumBins(small);
    for (let f = 0; f < d; f++) {
      const base = offset[f];
      const length = parent.length[f];
      const n = unitHessian
        ? divideCounts(parent, base, length, scratchV, 256 * f, into)
        : divideHessians(parent, base, length, scratchV, scratchH, 256 * f, into);
      into.length[f] = n >>> 9;
      parent.length[f] = n & 511;
    }
    return into;
  };

  /** Move the units (or riders) that go left to the front; returns where the right ones begin. */
  const partition = (list: Int32Array, column: Uint8Array, from: number, to: number): number => {
    const r = moveLeft(list, column, from, to, goesLeft, spare);
    const cut = to - r;
    for (let i = 0; i < r; i++) list[cut + i] = spare[i];
    return cut;
  };

  const setGoesLeft = (node: number): void => {
    const set = leftSet[node];
    if (set) {
      for (let c = 0; c < MISSING; c++) goesLeft[c] = (set[c >> 5] >>> (c & 31)) & 1;
    } else {
      goesLeft.fill(1, 0, code[node] + 1);
      goesLeft.fill(0, code[node] + 1, MISSING);
    }
    goesLeft[bins[feature[node]]] = missingLeft[node];
    goesLeft[MISSING] = missingLeft[node];
  };

  return (g, h, prediction) => {
    index.set(trained);
    rider.set(riding);
    let made = 1;
    start[0] = 0;
    end[0] = trained.length;
    riderStart[0] = 0;
    riderEnd[0] = riding.length;
    pack(trained, g, count, packed);
    let V = 0;
    let H = 0;
    for (let i = 0; i < trained.length; i++) {
      V += packed[trained[i]];
      H += h[trained[i]];
    }
    sumV[0] = V;
    sumH[0] = H;
    treeNode[0] = builder.root();
    gain[0] = 0;

    const open: number[] = [];
    const done: number[] = [];
    const order = (node: number): void => {
      gather(index, start[node], end[node], packed, orderedV);
      if (!unitHessian) gather(index, start[node], end[node], h, orderedH);
    };
    const consider = (node: number, from: Histogram, wanted: boolean): void => {
      if (wanted) search(node, from);
      if (wanted && gain[node] > 0) {
        histogram[node] = from;
        open.push(node);
      } else {
        pool.push(from);
        done.push(node);
      }
    };
    if (isOpen(0) && H > 0) {
      order(0);
      consider(0, buildRoot(), true);
    } else done.push(0);

    while (open.length > 0 && open.length + done.length < leaves) {
      let at = 0;
      for (let i = 1; i < open.length; i++) if (gain[open[i]] > gain[open[at]]) at = i;
      const node = open[at];
      open.splice(at, 1);

      const left = made;
      const right = made + 1;
      made += 2;
      // A feature without missing cells in training sends later ones to the larger child.
      if (!trainedMissing[feature[node]]) {
        missingLeft[node] = 2 * rowsOf(leftV[node]) > rowsOf(sumV[node]) ? 1 : 0;
      }
      const first = builder.split(
        treeNode[node],
        feature[node],
        code[node],
        missingLeft[node] === 1,
        leftSet[node],
      );
      setGoesLeft(node);
      const column = codes[feature[node]];
      const cut = partition(index, column, start[node], end[node]);
      const riderCut = partition(rider, column, riderStart[node], riderEnd[node]);
      start[left] = start[node];
      end[left] = cut;
      start[right] = cut;
      end[right] = end[node];
      riderStart[left] = riderStart[node];
      riderEnd[left] = riderCut;
      riderStart[right] = riderCut;
      riderEnd[right] = riderEnd[node];
      sumV[left] = leftV[node];
      sumH[left] = leftH[node];
      sumV[right] = sumV[node] - leftV[node];
      sumH[right] = sumH[node] - leftH[node];
      treeNode[left] = first;
      treeNode[right] = first + 1;

      const last = open.length + done.length + 2 >= leaves;
      const parent = histogram[node] as Histogram;
      histogram[node] = undefined;
      const small = cut - start[left] <= end[right] - cut ? left : right;
      const large = small === left ? right : left;
      const smallOpen = !last && isOpen(small);
      const largeOpen = !last && isOpen(large);
      if (smallOpen || largeOpen) {
        order(small);
        consider(small, divide(small, parent), smallOpen);
        consider(large, parent, largeOpen);
      } else {
        pool.push(parent);
        done.push(small, large);
      }
    }

    for (const node of open) {
      const h1 = histogram[node];
      if (h1) pool.push(h1);
      histogram[node] = undefined;
      done.push(node);
    }
    for (const node of done) {
      let G = 0;
      let weight = l2;
      for (let i = start[node]; i < end[node]; i++) {
        G += g[index[i]];
        weight += h[index[i]];
      }
      const value = weight > 0 ? (-rate * G) / weight : 0;
      builder.leaf(treeNode[node], value);
      for (let i = start[node]; i < end[node]; i++) prediction[index[i]] += value;
      for (let i = riderStart[node]; i < riderEnd[node]; i++) prediction[rider[i]] += value;
    }
  };
}

/** Returns how many units go right; they lie in `spare`. */
function moveLeft(
  list: Int32Array,
  column: Uint8Array,
  from: number,
  to: number,
  goesLeft: Uint8Array,
  spare: Int32Array,
): number {
  let l = from;
  let r = 0;
  for (let i = from; i < to; i++) {
    const u = list[i];
    const left = goesLeft[column[u]];
    // Both stores always happen: no branch to guess.
    list[l] = u;
    spare[r] = u;
    l += left;
    r += 1 - left;
  }
  return r;
}

function indicesWhere(values: Float64Array, holds: (value: number) => boolean): Int32Array {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (holds(values[i])) found.push(i);
  return Int32Array.from(found);
}
