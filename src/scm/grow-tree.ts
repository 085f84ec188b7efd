// Regression trees on gradients and hessians, best leaf first, by histograms over bin codes.
//   gain = G_L²/(H_L + λ) + G_R²/(H_R + λ) − G²/(H + λ),   leaf value = −rate · G/(H + λ)
// Ke et al. 2017 (LightGBM), with the rules of scikit-learn's HistGradientBoosting: missing cells go
// to the side with the larger gain; categories are ordered by G/(H + 10), those with a support
// below 10 rows always go right. A unit is a group of rows with the same codes: its count, gradient
// and hessian are sums, so grouping changes nothing but the time.
// Growing is done in WebAssembly (kernel/grow-tree.as). Histograms hold gradients rounded to some
// 24 bits, packed with the row count into one double, count · 2³⁹ + gradient: one addition moves
// both, and all sums are exact whatever their order. Leaf values come from the gradients as they are.

import { MISSING } from './bins.js';
import { holdsKernel, takeKernel } from './kernel/kernel.js';
import { scratchIntegers } from './scratch.js';
import type { TreesBuilder } from './trees.js';

/** Features of the units that trees are grown on. */
export interface Units {
  /** Number of units. */
  readonly size: number;
  /** Per feature: one bin code a unit. */
  readonly codes: readonly Uint8Array[];
  /** Per feature: number of codes in use, the missing one left out. */
  readonly bins: readonly number[];
  /** Per feature: whether its codes are categories. */
  readonly categorical: readonly boolean[];
  /** Rows in each unit; units with 0 rows are not trained on, but get their predictions. */
  readonly count: Counts;
}

/** Numbers of rows: bytes where none is above 255. */
export type Counts = Float64Array | Uint8Array;

export interface GrowOptions {
  /** Most leaves a tree has (default `31`). */
  readonly leaves?: number;
  /** Fewest rows in a leaf (default `20`). */
  readonly rowsPerLeaf?: number;
  /** L2 penalty λ on leaf values (default `0`). */
  readonly l2?: number;
  /** Learning rate (default `0.1`). */
  readonly rate?: number;
}

/** What trees are grown to lessen; one output, or for `'softmax'` one a class. */
export type Loss = 'squared' | 'logistic' | 'softmax';

/** Grows trees on the same units. Arrays hold output k of unit u at k · units + u. */
export interface TreeGrower {
  /** To be set once: the target's sum over a unit's rows, or how many of them are of a class (logistic: of the second). */
  readonly target: Float64Array;
  /** To be set once; each tree adds its leaf values. */
  readonly prediction: Float64Array;
  /** Sums over a unit's rows. */
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  /** Fill gradients and hessians from predictions and targets. */
  differentiate(): void;
  /** Grow a tree for output k, add it to the ensemble and its leaf values to the predictions. */
  grow(k: number): void;
}

/**
 * Prepare for growing many trees on the same units. The grower and its arrays hold until the next one
 * is made in the same thread.
 * @param units Codes and row counts.
 * @param builder Receives the trees, if they are wanted.
 */
export function treeGrower(
  units: Units,
  loss: Loss,
  outputs: number,
  builder: TreesBuilder | undefined,
  options: GrowOptions = {},
): TreeGrower {
  const { leaves = 31, rowsPerLeaf = 20, l2 = 0, rate = 0.1 } = options;
  const { bins, categorical, count, size } = units;
  const d = units.codes.length;
  const trained = indicesWhere(count, (c) => c > 0);
  const riding = indicesWhere(count, (c) => c === 0);
  const missing = units.codes.map((column) => trained.some((u) => column[u] === MISSING));
  const offset = new Int32Array(d + 1);
  for (let f = 0; f < d; f++) offset[f + 1] = offset[f] + bins[f] + (missing[f] ? 1 : 0);

  const holder = {};
  const kernel = takeKernel(holder);
  kernel.prepare(
    size,
    trained.length,
    riding.length,
    d,
    offset[d],
    leaves,
    rowsPerLeaf,
    l2,
    rate,
    loss === 'squared' ? 1 : 0,
    outputs,
  );
  const { buffer } = kernel.memory;
  const ints = (at: { readonly value: number }, length: number): Int32Array =>
    new Int32Array(buffer, at.value, length);
  const doubles = (at: { readonly value: number }, length: number): Float64Array =>
    new Float64Array(buffer, at.value, length);

  ints(kernel.trainedUnits, trained.length).set(trained);
  ints(kernel.ridingUnits, riding.length).set(riding);
  ints(kernel.bins, d).set(bins);
  ints(kernel.categorical, d).set(categorical.map(Number));
  ints(kernel.missing, d).set(missing.map(Number));
  ints(kernel.offset, d + 1).set(offset);
  doubles(kernel.count, size).set(count);
  const codes = units.codes.map((column, f) => {
    const at = new Uint8Array(buffer, kernel.codes.value + f * size, size);
    at.set(column);
    // In histograms the missing code follows the last one in use.
    if (bins[f] < MISSING) {
      for (let u = 0; u < size; u++) if (at[u] === MISSING) at[u] = bins[f];
    }
    return at;
  });
  // Four features' codes in one word: one read for four sums.
  const words = ints(kernel.words, (d >> 2) * size);
  for (let q = 0; q < d >> 2; q++) {
    const [a, b, c, e] = codes.slice(4 * q, 4 * q + 4);
    const at = q * size;
    for (let u = 0; u < size; u++) {
      words[at + u] = a[u] | (b[u] << 8) | (c[u] << 16) | (e[u] << 24);
    }
  }
  kernel.findRootBits();
  const hessian = doubles(kernel.hessians, outputs * size);
  if (loss === 'squared') hessian.set(count);

  const most = 2 * leaves + 1;
  const tree = {
    feature: ints(kernel.nodeFeature, most),
    code: ints(kernel.nodeCode, most),
    missingLeft: ints(kernel.nodeMissingLeft, most),
    isSet: ints(kernel.nodeIsSet, most),
    set: ints(kernel.nodeSet, 8 * most),
    child: ints(kernel.nodeChild, most),
    value: doubles(kernel.nodeValue, most),
  };
  const checkHeld = (): void => {
    if (holdsKernel(holder)) return;
    throw new Error('Cannot grow a tree as its grower must hold the kernel: another took it');
  };
  return {
    target: doubles(kernel.targets, outputs * size),
    prediction: doubles(kernel.predictions, outputs * size),
    gradient: doubles(kernel.gradients, outputs * size),
    hessian,
    differentiate() {
      checkHeld();
      if (loss === 'squared') kernel.squaredGradients();
      else if (loss === 'logistic') kernel.logisticGradients();
      else kernel.softmaxGradients();
    },
    grow(k) {
      checkHeld();
      const nodes = kernel.grow(k);
      builder?.tree(nodes, tree);
    },
  };
}

function indicesWhere(values: Counts, holds: (value: number) => boolean): Int32Array {
  let n = 0;
  for (let i = 0; i < values.length; i++) if (holds(values[i])) n++;
  const found = scratchIntegers(n);
  n = 0;
  for (let i = 0; i < values.length; i++) if (holds(values[i])) found[n++] = i;
  return found;
}
