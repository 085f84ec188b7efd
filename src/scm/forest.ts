// Random forests (Breiman 2001), extremely randomised trees (Geurts et al. 2006) and single trees over
// bin codes. Splits maximise Σ_k (S_Lk²/n_L + S_Rk²/n_R) over outputs k: the variance of a number, the
// Gini impurity of class indicators. Trees are grown to purity; defaults are scikit-learn's.
// Extra trees draw their cut between the lowest and the highest edge of a node, so at a bin's edge.

import { type Random, randomInteger } from '../math/random.js';
import type { Binning } from './bins.js';
import { MISSING } from './bins.js';
import type { Counts, Units } from './grow-tree.js';
import { findLeaves, type Trees, treesBuilder } from './trees.js';

export interface ForestOptions {
  readonly kind: 'forest' | 'extra-trees' | 'tree';
  /** Number of trees (default `100`; a single tree: 1). */
  readonly trees?: number;
  /** Features looked at in a split (default: all for a number, √d for classes in a forest). */
  readonly features?: number;
  readonly random: Random;
}

/**
 * Fit an ensemble of trees.
 * @param units Codes and row counts; units with 0 rows are left out.
 * @param binnings Of the features; extra trees draw their cuts between the edges.
 * @param sums Output k of unit u, summed over its rows, at k · units + u.
 * @param outputs Number of outputs: 1, or one per class.
 * @returns Trees whose leaves hold the mean of every output.
 */
export function fitForest(
  units: Units,
  binnings: readonly Binning[],
  sums: Float64Array,
  outputs: number,
  options: ForestOptions,
): Trees {
  const { kind, random } = options;
  const d = units.codes.length;
  const trees = options.trees ?? (kind === 'tree' ? 1 : 100);
  const byDefault = outputs > 1 && kind !== 'tree' ? Math.max(1, Math.floor(Math.sqrt(d))) : d;
  const looked = Math.min(options.features ?? byDefault, d);
  const builder = treesBuilder(outputs);
  let rows = 0;
  for (const c of units.count) rows += c;
  const search = splitSearch(units, binnings, sums, outputs, kind === 'extra-trees', random);
  for (let t = 0; t < trees; t++) {
    const weight = kind === 'forest' ? bootstrapWeights(units.count, rows, random) : undefined;
    growOne(units, sums, outputs, weight, looked, random, search, builder);
  }
  return builder.finish();
}

/**
 * Average the leaves' means over the trees.
 * @returns Output k of row r at k · rows + r.
 */
export function predictForest(
  trees: Trees,
  codes: readonly Uint8Array[],
  rows: number,
  outputs: number,
): Float64Array {
  const sums = new Float64Array(outputs * rows);
  const leaves = new Int32Array(rows);
  for (let t = 0; t < trees.roots.length; t++) {
    findLeaves(trees, t, codes, leaves);
    for (let k = 0; k < outputs; k++) {
      for (let r = 0; r < rows; r++) sums[k * rows + r] += trees.value[leaves[r] * outputs + k];
    }
  }
  for (let i = 0; i < sums.length; i++) sums[i] /= trees.roots.length;
  return sums;
}

/** A split of some units on one feature. */
interface Found {
  gain: number;
  code: number;
  missingLeft: boolean;
  set: Int32Array | undefined;
}

type SplitSearch = (
  f: number,
  index: Int32Array,
  from: number,
  to: number,
  weight: Float64Array | undefined,
) => Found | undefined;

function growOne(
  units: Units,
  sums: Float64Array,
  outputs: number,
  weight: Float64Array | undefined,
  looked: number,
  random: Random,
  search: SplitSearch,
  builder: ReturnType<typeof treesBuilder>,
): void {
  const { codes, count, size } = units;
  const used: number[] = [];
  for (let u = 0; u < size; u++) if ((weight ? weight[u] : count[u]) > 0) used.push(u);
  const index = Int32Array.from(used);
  const features = Int32Array.from({ length: codes.length }, (_, f) => f);
  const stack = [{ from: 0, to: index.length, node: builder.root() }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { from, to, node } = item;
    let n = 0;
    let squares = 0;
    const means = new Float64Array(outputs);
    for (let i = from; i < to; i++) {
      const u = index[i];
      const w = weight ? weight[u] / count[u] : 1;
      n += w * count[u];
      for (let k = 0; k < outputs; k++) means[k] += w * sums[k * size + u];
    }
    for (let k = 0; k < outputs; k++) {
      means[k] /= n;
      squares += means[k] ** 2;
      builder.leaf(node, means[k], k);
    }
    // Class shares that are all 0 or 1 cannot get purer; one unit cannot be split.
    if (to - from < 2 || (outputs > 1 && squares > 1 - 1e-12)) continue;
    let best: Found | undefined;
    let feature = -1;
    for (let tried = 0; tried < features.length && (tried < looked || !best); tried++) {
      const j = tried + randomInteger(random, features.length - tried);
      const f = features[j];
      features[j] = features[tried];
      features[tried] = f;
      const found = search(f, index, from, to, weight);
      if (found && (!best || found.gain > best.gain)) {
        best = found;
        feature = f;
      }
    }
    if (!best) continue;
    const cut = partition(index, codes[feature], from, to, best);
    const first = builder.split(node, feature, best.code, best.missingLeft, best.set);
    stack.push({ from: cut, to, node: first + 1 }, { from, to: cut, node: first });
  }
}

function splitSearch(
  units: Units,
  binnings: readonly Binning[],
  sums: Float64Array,
  outputs: number,
  atRandom: boolean,
  random: Random,
): SplitSearch {
  const { codes, categorical, count, size } = units;
  const n = new Float64Array(256);
  const s = new Float64Array(256 * outputs);
  const left = new Float64Array(outputs);
  const whole = new Float64Array(outputs);
  return (f, index, from, to, weight) => {
    const column = codes[f];
    const slots: number[] = [];
    for (let i = from; i < to; i++) {
      const u = index[i];
      const c = column[u];
      if (n[c] === 0) slots.push(c);
      const w = weight ? weight[u] / count[u] : 1;
      n[c] += w * count[u];
      for (let k = 0; k < outputs; k++) s[c * outputs + k] += w * sums[k * size + u];
    }
    slots.sort((a, b) => a - b);
    const found = slots.length > 1 ? best(slots) : undefined;
    for (const c of slots) {
      n[c] = 0;
      s.fill(0, c * outputs, (c + 1) * outputs);
    }
    return found;

    function best(all: number[]): Found | undefined {
      let rows = 0;
      whole.fill(0);
      for (const c of all) {
        rows += n[c];
        for (let k = 0; k < outputs; k++) whole[k] += s[c * outputs + k];
      }
      let parent = 0;
      for (let k = 0; k < outputs; k++) parent += whole[k] ** 2 / rows;
      const hasMissing = all[all.length - 1] === MISSING;
      const known = hasMissing ? all.slice(0, -1) : all;
      if (categorical[f]) orderCategories(known);
      const cuts = atRandom ? [randomCut(known)] : Array.from(known.keys());
      let top: Found | undefined;
      for (const missingLeft of hasMissing ? [false, true] : [false]) {
        left.fill(0);
        let m = 0;
        const take = (c: number): void => {
          m += n[c];
          for (let k = 0; k < outputs; k++) left[k] += s[c * outputs + k];
        };
        if (missingLeft) take(MISSING);
        let next = 0;
        for (const cut of cuts) {
          while (next <= cut) take(known[next++]);
          if (m >= rows - 1e-9 || m <= 0) continue;
          let gain = -parent;
          for (let k = 0; k < outputs; k++) {
            gain += left[k] ** 2 / m + (whole[k] - left[k]) ** 2 / (rows - m);
          }
          if (!(gain > 1e-12 * Math.abs(parent)) && !(atRandom && gain > 0)) continue;
          if (top && gain <= top.gain) continue;
          top = {
            gain,
            code: categorical[f] ? 0 : known[cut],
            missingLeft,
            set: categorical[f] ? setOf(known, cut) : undefined,
          };
        }
      }
      return top;
    }

    /** Two outputs or one: by the mean. More classes: by the share of the commonest one. */
    function orderCategories(known: number[]): void {
      if (atRandom) {
        for (let i = known.length - 1; i > 0; i--) {
          const j = randomInteger(random, i + 1);
          [known[i], known[j]] = [known[j], known[i]];
        }
        return;
      }
      let k = 0;
      for (let q = 1; q < outputs; q++) if (whole[q] > whole[k]) k = q;
      known.sort((a, b) => s[a * outputs + k] / n[a] - s[b * outputs + k] / n[b] || a - b);
    }

    function randomCut(known: readonly number[]): number {
      const last = known.length - 2;
      if (last < 1 || categorical[f]) return randomInteger(random, Math.max(1, known.length - 1));
      const binning = binnings[f];
      const edges = 'edges' in binning ? binning.edges : undefined;
      if (!edges) return randomInteger(random, last + 1);
      const low = edges[known[0]];
      const at = low + random() * (edges[known[last + 1] - 1] - low);
      let cut = 0;
      while (cut < last && edges[known[cut + 1]] <= at) cut++;
      return cut;
    }
  };

  function setOf(known: readonly number[], cut: number): Int32Array {
    const set = new Int32Array(8);
    for (let i = 0; i <= cut; i++) set[known[i] >> 5] |= 1 << (known[i] & 31);
    return set;
  }
}

function partition(
  index: Int32Array,
  column: Uint8Array,
  from: number,
  to: number,
  { code, missingLeft, set }: Found,
): number {
  const right: number[] = [];
  let l = from;
  for (let i = from; i < to; i++) {
    const u = index[i];
    const c = column[u];
    const goes =
      c === MISSING ? missingLeft : set ? ((set[c >> 5] >>> (c & 31)) & 1) === 1 : c <= code;
    if (goes) index[l++] = u;
    else right.push(u);
  }
  index.set(right, l);
  return l;
}

/** Draw as many rows with replacement; each unit's weight is how many of them are its own. */
function bootstrapWeights(count: Counts, rows: number, random: Random): Float64Array {
  const unitOfRow = new Int32Array(rows);
  let r = 0;
  for (let u = 0; u < count.length; u++) for (let i = 0; i < count[u]; i++) unitOfRow[r++] = u;
  const weights = new Float64Array(count.length);
  for (let i = 0; i < rows; i++) weights[unitOfRow[randomInteger(random, rows)]]++;
  return weights;
}
