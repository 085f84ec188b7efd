// Gradient boosting of histogram trees: squared error, logistic (one tree an iteration), softmax (one
// tree per class an iteration). Friedman 2001; defaults and early stopping as scikit-learn's
// HistGradientBoosting: rate 0.1, 100 iterations, 31 leaves, 20 rows a leaf, 255 bins.

import type { Random } from '../math/random.js';
import { shuffle } from '../math/random.js';
import {
  type Counts,
  type GrowOptions,
  type Loss,
  type TreeGrower,
  treeGrower,
  type Units,
} from './grow-tree.js';
import { scratchBytes, scratchDoubles, scratchIntegers } from './scratch.js';
import { type Trees, treesBuilder } from './trees.js';

export interface BoostingOptions extends GrowOptions {
  /** Number of boosting iterations (default `100`). */
  readonly iterations?: number;
  /** Stop when the loss on 10 % held-out rows has not improved for 10 iterations (default: above 10,000 rows). */
  readonly earlyStopping?: boolean;
  /** Whether the trees are kept, not only their predictions (default `true`). */
  readonly keep?: boolean;
  /** Whether the raw predictions may lie in memory that the next fit takes (default `false`: a copy). */
  readonly borrow?: boolean;
  /** Draws the held-out rows of early stopping. */
  readonly random: Random;
}

/** What is predicted, per unit of rows. */
export type BoostingTarget =
  | {
      readonly loss: 'squared';
      /** Per unit: sum of the target over its rows. */
      readonly sum: Float64Array;
      /** Per unit: sum of the target's squares, where a unit has several rows; needed for early stopping only. */
      readonly squares?: Float64Array;
    }
  | {
      readonly loss: 'log';
      readonly classes: number;
      /** Rows of class k in unit u, at k · units + u. */
      readonly counts: Counts;
    };

/** A fitted booster, less the binning of its features. */
export interface BoostedTrees {
  readonly loss: Loss;
  /** Start of each output; −Infinity for a class that training rows lack. */
  readonly start: Float64Array;
  /** Output of the trees of one iteration, in turn. */
  readonly outputs: Int32Array;
  readonly iterations: number;
  readonly trees: Trees;
}

/** A booster and its raw predictions for the units that it was fitted on. */
export interface BoostingFit {
  readonly model: BoostedTrees;
  /** Raw output k of unit u at k · units + u: the mean, the log-odds, or the class scores. */
  readonly raw: Float64Array;
}

/**
 * Fit boosted trees.
 * @param units Codes and row counts; units with 0 rows get predictions only.
 * @param target Sums per unit.
 */
export function fitBoosting(
  units: Units,
  target: BoostingTarget,
  options: BoostingOptions,
): BoostingFit {
  let rows = 0;
  for (const c of units.count) rows += c;
  if (options.earlyStopping ?? rows > 10_000) return fitWithEarlyStopping(units, target, options);
  return boost(units, target, options, undefined);
}

/** Raw predictions to class probabilities, both column by column (k · rows + r). */
export function boostedProbabilities(
  loss: BoostedTrees['loss'],
  raw: Float64Array,
  rows: number,
): Float64Array {
  const p = scratchDoubles(loss === 'logistic' ? 2 * rows : raw.length);
  p.set(raw, p.length - raw.length);
  toProbabilities(loss, p, rows);
  return p;
}

/** Scores to probabilities in place; a logistic score stands in the second class's place. */
function toProbabilities(loss: BoostedTrees['loss'], p: Float64Array, rows: number): void {
  if (loss !== 'logistic') {
    softmax(p, rows, p.length / rows);
    return;
  }
  for (let r = 0; r < rows; r++) {
    const one = 1 / (1 + Math.exp(-p[rows + r]));
    p[rows + r] = one;
    p[r] = 1 - one;
  }
}

interface Validation {
  /** Loss of the raw predictions on the held-out rows. */
  readonly loss: (raw: Float64Array) => number;
}

function boost(
  units: Units,
  target: BoostingTarget,
  options: BoostingOptions,
  validation: Validation | undefined,
): BoostingFit {
  const iterations = options.iterations ?? 100;
  const builder = treesBuilder();
  const receiver = (options.keep ?? true) ? builder : undefined;
  const { size, count } = units;
  const losses: number[] = [];
  const enough = (raw: Float64Array): boolean => {
    if (!validation) return false;
    losses.push(validation.loss(raw));
    if (losses.length <= 10) return false;
    const reference = losses[losses.length - 11] - 1e-7;
    return losses.slice(-10).every((loss) => loss >= reference);
  };
  let made = 0;

  const begin = (loss: Loss, start: Float64Array, goal: Counts): TreeGrower => {
    const grower = treeGrower(units, loss, start.length, receiver, options);
    grower.target.set(goal);
    start.forEach((v, k) => {
      grower.prediction.fill(v, k * size, (k + 1) * size);
    });
    return grower;
  };
  const iterate = (grower: TreeGrower, outputs: Int32Array): void => {
    let stop = enough(grower.prediction);
    while (!stop && made < iterations) {
      grower.differentiate();
      for (const k of outputs) grower.grow(k);
      made++;
      stop = enough(grower.prediction);
    }
  };
  const only = Int32Array.of(0);

  if (target.loss === 'squared') {
    const start = Float64Array.of(total(target.sum, count) / total(count, count));
    const grower = begin('squared', start, target.sum);
    iterate(grower, only);
    return fitted('squared', start, only, grower.prediction);
  }
  const { classes, counts } = target;
  const shares = Float64Array.from({ length: classes }, (_, k) =>
    total(counts.subarray(k * size, (k + 1) * size), count),
  );
  if (classes === 2 && shares[0] > 0 && shares[1] > 0) {
    const start = Float64Array.of(Math.log(shares[1] / shares[0]));
    const grower = begin('logistic', start, counts.subarray(size));
    iterate(grower, only);
    return fitted('logistic', start, only, grower.prediction);
  }
  const rows = total(count, count);
  const present = Int32Array.from(shares.keys()).filter((k) => shares[k] > 0);
  const start = shares.map((n) => (n > 0 ? Math.log(n / rows) : Number.NEGATIVE_INFINITY));
  const grower = begin('softmax', start, counts);
  iterate(grower, present);
  return fitted('softmax', start, present, grower.prediction);

  function fitted(
    loss: BoostedTrees['loss'],
    starts: Float64Array,
    outputs: Int32Array,
    scores: Float64Array,
  ): BoostingFit {
    return {
      model: { loss, start: starts, outputs, iterations: made, trees: builder.finish() },
      // The grower's arrays belong to the next one.
      raw: options.borrow ? scores : scores.slice(),
    };
  }
}

/** Hold 10 % of the units out (whole units: they share their codes), stratified by their commonest class. */
function fitWithEarlyStopping(
  units: Units,
  target: BoostingTarget,
  options: BoostingOptions,
): BoostingFit {
  const { size, count } = units;
  const held = heldUnits(units, target, options.random);
  const kept = countsOf(count);
  for (const u of held) kept[u] = 0;
  const rest = { ...units, count: kept };
  if (target.loss === 'squared') {
    const { sum, squares } = target;
    // Σ (y − f)² over a unit's rows = Σ y² − 2 f Σ y + n f²; Σ y² is the same in every iteration.
    const loss = (raw: Float64Array): number => {
      let error = 0;
      let n = 0;
      for (const u of held) {
        error +=
          (squares ? squares[u] : sum[u] ** 2) - 2 * raw[u] * sum[u] + count[u] * raw[u] ** 2;
        n += count[u];
      }
      return error / (2 * n);
    };
    return boost(rest, target, options, { loss });
  }
  const { classes, counts } = target;
  const m = held.length;
  const p = scratchDoubles(classes * m);
  const loss = (raw: Float64Array): number => {
    const outputs = raw.length / size;
    const first = classes - outputs;
    for (let k = 0; k < outputs; k++) {
      for (let i = 0; i < m; i++) p[(first + k) * m + i] = raw[k * size + held[i]];
    }
    toProbabilities(outputs === 1 ? 'logistic' : 'softmax', p, m);
    let sum = 0;
    let n = 0;
    for (let i = 0; i < m; i++) {
      for (let k = 0; k < classes; k++) {
        const c = counts[k * size + held[i]];
        if (c > 0) sum -= c * Math.log(Math.max(p[k * m + i], 1e-15));
      }
      n += count[held[i]];
    }
    return sum / n;
  };
  return boost(rest, target, options, { loss });
}

/** A tenth of the units, drawn for each commonest class. */
function heldUnits(units: Units, target: BoostingTarget, random: Random): Int32Array {
  const { size, count } = units;
  const classes = target.loss === 'log' ? target.classes : 1;
  const stratum = scratchBytes(size);
  const sizes = new Map<number, number>();
  for (let u = 0; u < size; u++) {
    if (count[u] === 0) continue;
    let top = 0;
    if (target.loss === 'log') {
      for (let k = 1; k < classes; k++) {
        if (target.counts[k * size + u] > target.counts[top * size + u]) top = k;
      }
    }
    stratum[u] = top;
    sizes.set(top, (sizes.get(top) ?? 0) + 1);
  }
  const parts: Int32Array[] = [];
  for (const [k, length] of sizes) {
    const members = scratchIntegers(length);
    let n = 0;
    for (let u = 0; u < size; u++) if (count[u] > 0 && stratum[u] === k) members[n++] = u;
    shuffle(random, members);
    parts.push(members.subarray(0, Math.round(length / 10)));
  }
  const held = scratchIntegers(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    held.set(part, at);
    at += part.length;
  }
  return held;
}

function countsOf(count: Counts): Counts {
  const copy =
    count instanceof Uint8Array ? scratchBytes(count.length) : scratchDoubles(count.length);
  copy.set(count);
  return copy;
}

function total(values: Counts, count: Counts): number {
  let sum = 0;
  for (let u = 0; u < count.length; u++) if (count[u] > 0) sum += values[u];
  return sum;
}

function softmax(p: Float64Array, rows: number, classes: number): void {
  for (let r = 0; r < rows; r++) {
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) top = Math.max(top, p[k * rows + r]);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const e = Math.exp(p[k * rows + r] - top);
      p[k * rows + r] = e;
      sum += e;
    }
    for (let k = 0; k < classes; k++) p[k * rows + r] /= sum;
  }
}
