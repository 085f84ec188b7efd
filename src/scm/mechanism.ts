// Causal mechanisms: how a node's value follows from its parents and its own noise.
//   empirical        y drawn from the column                        (roots)
//   additive noise   y = f(pa) + N, N drawn from the residuals      (numbers)
//   discrete         y = round(f(pa)) + N, N whole                  (integers)
//   post-nonlinear   y = g(f(pa) + N), g = exp, log or identity     (by hand)
//   classifier       class = first whose cumulative probability ≥ N, N uniform   (categories)
// Peters, Janzing & Schölkopf 2017, chapters 4 and 7; DoWhy's gcm gives the names.

import { type Random, randomInteger } from '../math/random.js';
import { type Model, predictModel } from './model.js';
import { scratchDoubles } from './scratch.js';

/** How a node follows from its parents. */
export type Mechanism = Empirical | AdditiveNoise | ClassifierMechanism;

export interface Empirical {
  readonly mechanism: 'empirical';
  /** The values that are drawn from: numbers or category indices, NaN where missing cells are kept. */
  readonly values: Float64Array;
}

export interface AdditiveNoise {
  readonly mechanism: 'additive-noise' | 'discrete-additive-noise' | 'post-nonlinear';
  readonly model: Model;
  /** The residuals that are drawn from. */
  readonly noise: Float64Array;
  /** The function g of a post-nonlinear mechanism. */
  readonly link?: Link;
  /** Smallest and largest value that results are held to, where asked for. */
  readonly range?: readonly [number, number];
  /** The values that results are moved to (the nearest), where asked for; in order. */
  readonly support?: Float64Array;
  /** Fitted values in order, one per residual, where residuals are drawn near the new fitted value. */
  readonly fitted?: Float64Array;
  /** Share of missing cells, where they are kept; else 0. */
  readonly missing: number;
}

export interface ClassifierMechanism {
  readonly mechanism: 'classifier';
  readonly model: Model;
  /** Category index of each class of the model. */
  readonly classes: Int32Array;
  /** Share of missing cells, where they are kept; else 0. */
  readonly missing: number;
}

/** An invertible function of one number. */
export type Link = 'identity' | 'exp' | 'log';

/**
 * Draw values of a node.
 * @param parents One Float64Array a parent.
 * @param n Number of rows.
 */
export function drawMechanism(
  mechanism: Mechanism,
  parents: readonly Float64Array[],
  n: number,
  random: Random,
): Float64Array {
  if (mechanism.mechanism === 'empirical') {
    const { values } = mechanism;
    const drawn = scratchDoubles(n);
    for (let i = 0; i < n; i++) drawn[i] = values[randomInteger(random, values.length)];
    return drawn;
  }
  const drawn = applyNoise(mechanism, parents, n, drawNoise(mechanism, parents, n, random));
  if (mechanism.missing > 0) {
    for (let i = 0; i < n; i++) if (random() < mechanism.missing) drawn[i] = Number.NaN;
  }
  return drawn;
}

/** Draw the noise of a node that is no root. */
export function drawNoise(
  mechanism: AdditiveNoise | ClassifierMechanism,
  parents: readonly Float64Array[],
  n: number,
  random: Random,
): Float64Array {
  const drawn = scratchDoubles(n);
  if (mechanism.mechanism === 'classifier') {
    for (let i = 0; i < n; i++) drawn[i] = random();
    return drawn;
  }
  const { noise, fitted, model } = mechanism;
  if (!fitted) {
    for (let i = 0; i < n; i++) drawn[i] = noise[randomInteger(random, noise.length)];
    return drawn;
  }
  // Of the √m residuals whose fitted values stand around the new one.
  const f = predictModel(model, parents, n);
  const width = Math.max(1, Math.round(Math.sqrt(noise.length)));
  for (let i = 0; i < n; i++) {
    const middle = lowerBound(fitted, f[i]);
    const from = Math.min(Math.max(0, middle - (width >> 1)), noise.length - width);
    drawn[i] = noise[from + randomInteger(random, width)];
  }
  return drawn;
}

/** Compute values of a node from its parents and its noise. */
export function applyNoise(
  mechanism: AdditiveNoise | ClassifierMechanism,
  parents: readonly Float64Array[],
  n: number,
  noise: Float64Array,
): Float64Array {
  const out = predictModel(mechanism.model, parents, n);
  if (mechanism.mechanism === 'classifier') {
    return classesAt(mechanism.classes, out, noise);
  }
  const discrete = mechanism.mechanism === 'discrete-additive-noise';
  for (let i = 0; i < n; i++) out[i] = (discrete ? roundHalfEven(out[i]) : out[i]) + noise[i];
  if (mechanism.link === 'exp') for (let i = 0; i < n; i++) out[i] = Math.exp(out[i]);
  if (mechanism.link === 'log') for (let i = 0; i < n; i++) out[i] = Math.log(out[i]);
  if (mechanism.range) {
    const [low, high] = mechanism.range;
    for (let i = 0; i < n; i++) out[i] = Math.min(Math.max(out[i], low), high);
  }
  if (mechanism.support) snap(out, mechanism.support);
  return out;
}

/** Round to the nearest integer, halves to the even one (as NumPy rounds). */
export function roundHalfEven(v: number): number {
  const rounded = Math.round(v);
  return Math.abs(v % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The first class whose cumulative probability reaches the noise; the last class reaches 1. */
function classesAt(
  classes: Int32Array,
  probabilities: Float64Array,
  noise: Float64Array,
): Float64Array {
  const n = noise.length;
  const drawn = scratchDoubles(n);
  const last = classes.length - 1;
  for (let i = 0; i < n; i++) {
    let rest = noise[i];
    let k = 0;
    for (; k < last; k++) {
      rest -= probabilities[k * n + i];
      if (rest <= 0 && probabilities[k * n + i] > 0) break;
    }
    // Rounding may leave the remainder to a last class that has no probability.
    while (k > 0 && probabilities[k * n + i] === 0) k--;
    drawn[i] = classes[k];
  }
  return drawn;
}

function snap(values: Float64Array, support: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const at = lowerBound(support, values[i]);
    const above = support[Math.min(at, support.length - 1)];
    const below = support[Math.max(0, at - 1)];
    values[i] = values[i] - below < above - values[i] ? below : above;
  }
}

function lowerBound(sorted: Float64Array, v: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < v) low = middle + 1;
    else high = middle;
  }
  return low;
}
