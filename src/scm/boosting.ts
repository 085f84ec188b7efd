// Gradient boosting of histogram trees: squared error, logistic (one tree an iteration), softmax (one
// tree per class an iteration). Friedman 2001; defaults and early stopping as scikit-learn's
// HistGradientBoosting: rate 0.1, 100 iterations, 31 leaves, 20 rows a leaf, 255 bins.

import type { Random } from '../math/random.js';
import { shuffle } from '../math/random.js';
import {
  type GrowOptions,
  type Loss,
  type TreeGrower,
  treeGrower,
  type Units,
} from './grow-tree.js';
import { type Trees, treesBuilder } from './trees.js';

export interface BoostingOptions extends GrowOptions {
  /** Number of boosting iterations (default `100`). */
  readonly iterations?: number;
  /** Stop when the loss on 10 % held-out rows has not improved for 10 iterations (default: above 10,000 rows). */
  readonly earlyStopping?: boolean;
  /** Whether the trees are kept, not only their predictions (default `true`). */
  readonly keep?: boolean;
  /** Draws the held-out rows of early stopping. */
  readonly random: Random;
}

/** What is predicted, per unit of rows. */
export type BoostingTarget =
  | {
      readonly loss: 'squared';
      /** Per unit: sum of the target over its rows. */
      readonly sum: Float64Array;
      /** Per unit: sum of the target's squares; needed for early stopping only. */
      readonly squares?: Float64Array;
    }
  | {
      readonly loss: 'log';
      readonly classes: number;
      /** Rows of class k in unit u, at k · units + u. */
      readonly counts: Float64Array;
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
  if (loss === 'logistic') {
    const p = new Float64Array(2 * rows);
    for (let r = 0; r < rows; r++) {
      const one = 1 / (1 + Math.exp(-raw[r]));
      p[rows + r] = one;
      p[r] = 1 - one;
    }
    return p;
  }
  const p = Float64Array.from(raw);
  softmax(p, rows, raw.length / rows);
  return p;
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

  const begin = (loss: Loss, start: Float64Array, goal: Float64Array): TreeGrower => {
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
      // A copy: the grower's arrays belong to the next one.
      raw: scores.slice(),
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
  const strata = new Map<number, number[]>();
  for (let u = 0; u < size; u++) {
    if (count[u] === 0) continue;
    let stratum = 0;
    if (target.loss === 'log') {
      for (let k = 1; k < target.classes; k++) {
        if (target.counts[k * size + u] > target.counts[stratum * size + u]) stratum = k;
      }
    }
    const members = strata.get(stratum);
    if (members) members.push(u);
    else strata.set(stratum, [u]);
  }
  const held: number[] = [];
  for (const members of strata.values()) {
    shuffle(options.random, members);
    held.push(...members.slice(0, Math.round(members.length / 10)));
  }
  const kept = Float64Array.from(count);
  for (const u of held) kept[u] = 0;
  const rest = { ...units, count: kept };
  if (target.loss === 'squared') {
    const sum = Float64Array.from(target.sum);
    for (const u of held) sum[u] = 0;
    // Σ (y − f)² over a unit's rows = Σ y² − 2 f Σ y + n f²; Σ y² is the same in every iteration.
    const loss = (raw: Float64Array): number => {
      let error = 0;
      let n = 0;
      for (const u of held) {
        error += (target.squares?.[u] ?? 0) - 2 * raw[u] * target.sum[u] + count[u] * raw[u] ** 2;
        n += count[u];
      }
      return error / (2 * n);
    };
    return boost(rest, { loss: 'squared', sum }, options, { loss });
  }
  const { classes } = target;
  const counts = Float64Array.from(target.counts);
  for (const u of held) for (let k = 0; k < classes; k++) counts[k * size + u] = 0;
  const loss = (raw: Float64Array): number => {
    const p = boostedProbabilities(raw.length === size ? 'logistic' : 'softmax', raw, size);
    let sum = 0;
    let n = 0;
    for (const u of held) {
      for (let k = 0; k < classes; k++) {
        const c = target.counts[k * size + u];
        if (c > 0) sum -= c * Math.log(Math.max(p[k * size + u], 1e-15));
      }
      n += count[u];
    }
    return sum / n;
  };
  return boost(rest, { loss: 'log', classes, counts }, options, { loss });
}

function total(values: Float64Array, count: Float64Array): number {
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
