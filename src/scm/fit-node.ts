// One node of an SCM: which mechanism suits it, fitted on the table's rows.

import { stream } from '../math/random.js';
import { candidatesFor, type Family, type Quality } from './candidates.js';
import { type Choice, type ClassifierScore, choose } from './choose.js';
import { dealFolds } from './folds.js';
import type { Frame, FrameColumn } from './frame.js';
import { type AdditiveNoise, type Link, type Mechanism, roundHalfEven } from './mechanism.js';
import { problem } from './problem.js';
import { inScratch } from './scratch.js';

/** What one node's fit depends on, besides the table. */
export interface NodeSettings {
  readonly seed: number;
  readonly quality: Quality;
  readonly score: ClassifierScore;
  readonly folds: number;
  /** Whether candidates far behind are given up before the last fold. */
  readonly race: boolean;
  readonly noise: 'out-of-fold' | 'in-sample';
  readonly clip: boolean;
  readonly snap: boolean;
  readonly localNoise: boolean;
  readonly missing: 'complete' | 'keep';
  /** The only model to fit, where the choice is not automatic. */
  readonly family?: Family;
  /** The function g of post-nonlinear mechanisms, by node. */
  readonly links: Readonly<Record<string, Link>>;
}

/** A fitted node. */
export interface FittedNode {
  readonly name: string;
  /** Names of the parents in the order that the mechanism reads them: sorted. */
  readonly parents: readonly string[];
  readonly mechanism: Mechanism;
  /** Which candidates were compared, and how they did; absent at roots. */
  readonly choice?: NodeChoice;
}

/** What was chosen for a node and why. */
export interface NodeChoice extends Omit<Choice, 'model' | 'outOfFold' | 'inSample'> {
  /** Standard deviation of the noise (numbers), or mean log-loss over the training rows (classes). */
  readonly spread: number;
}

/**
 * Fit one node.
 * @param node Its name.
 * @param parents Names of its parents, sorted.
 */
export function fitNode(
  frame: Frame,
  node: string,
  parents: readonly string[],
  settings: NodeSettings,
): FittedNode {
  const target = columnOf(frame, node);
  const { missing } = settings;
  // A column of one value is drawn as it is, whatever its parents.
  if (parents.length === 0 || target.distinct <= 1) {
    const values = missing === 'keep' ? target.values.slice() : knownValues(target);
    return { name: node, parents, mechanism: { mechanism: 'empirical', values } };
  }
  return inScratch(() => fitChosen(frame, target, parents, settings));
}

/** Fit a node that has parents and varies. */
function fitChosen(
  frame: Frame,
  target: FrameColumn,
  parents: readonly string[],
  settings: NodeSettings,
): FittedNode {
  const { name: node } = target;
  const { missing } = settings;
  const link = settings.links[node];
  const explained = link && link !== 'identity' ? unlinked(target, link) : target;
  const categorical = target.categories !== undefined;
  const known = target.values.length - target.missing;
  const folds = Math.min(settings.folds, known);
  const foldOf = dealFolds(target.values, categorical, folds, stream(settings.seed, 'folds', node));
  // A constant parent says nothing; the mechanism still lists it.
  const columns = parents.map((name) => columnOf(frame, name));
  const p = problem(explained, columns, foldOf, folds);
  const choice = choose(
    p,
    candidatesFor(p, settings),
    settings.score,
    settings.race,
    (...names) => stream(settings.seed, 'mechanism', node, parents.join('\u0000'), ...names),
    settings.noise === 'in-sample',
  );
  const { model, outOfFold, inSample, ...why } = choice;
  const missingShare = missing === 'keep' ? target.missing / target.values.length : 0;

  if (p.classes && p.classOf) {
    let loss = 0;
    for (const q of outOfFold) loss -= Math.log(Math.max(q, Number.EPSILON)) / p.rows.length;
    return {
      name: node,
      parents,
      mechanism: { mechanism: 'classifier', model, classes: p.classes, missing: missingShare },
      choice: { ...why, spread: loss },
    };
  }
  const discrete = target.type === 'integer' && !link;
  const fitted = settings.noise === 'in-sample' && inSample ? inSample : outOfFold;
  const noise = new Float64Array(fitted.length);
  for (let i = 0; i < noise.length; i++) {
    const f = discrete ? roundHalfEven(fitted[i]) : fitted[i];
    noise[i] = explained.values[p.rows[i]] - f;
  }
  const mechanism: AdditiveNoise = {
    mechanism: link ? 'post-nonlinear' : discrete ? 'discrete-additive-noise' : 'additive-noise',
    model,
    noise,
    missing: missingShare,
    ...(link ? { link } : {}),
    ...(settings.clip ? { range: rangeOf(target.values) } : {}),
    ...(settings.snap && fewValues(target) ? { support: supportOf(target.values) } : {}),
  };
  return {
    name: node,
    parents,
    mechanism: settings.localNoise ? { ...mechanism, ...sortedByFit(fitted, noise) } : mechanism,
    choice: { ...why, spread: deviation(noise) },
  };
}

/** The column of a frame by its name. */
export function columnOf(frame: Frame, name: string): FrameColumn {
  const found = frame.columns.find((c) => c.name === name);
  if (!found) {
    throw new RangeError(
      `Cannot read a column as the table must have it: "${name}" is none of ${frame.columns.map((c) => c.name).join(', ')}`,
    );
  }
  return found;
}

function knownValues({ values, missing }: FrameColumn): Float64Array {
  const known = new Float64Array(values.length - missing);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) known[n++] = values[i];
  return known;
}

function unlinked(target: FrameColumn, link: Link): FrameColumn {
  const inverse = link === 'exp' ? Math.log : Math.exp;
  const values = target.values.map(inverse);
  const bad = values.findIndex((v, i) => !Number.isFinite(v) && !Number.isNaN(target.values[i]));
  if (bad >= 0) {
    throw new RangeError(
      `Cannot fit "${target.name}" with the link "${link}" as its values must be ${link === 'exp' ? '> 0' : 'small enough for exp'}: row ${bad + 1} is ${target.values[bad]}; take another link`,
    );
  }
  return { ...target, values };
}

function rangeOf(values: Float64Array): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}

/** Snapping suits integers, and numbers of which at most 20 differ. */
function fewValues({ type, distinct }: FrameColumn): boolean {
  return type === 'integer' || distinct <= 20;
}

function supportOf(values: Float64Array): Float64Array {
  return Float64Array.from(new Set(values.filter((v) => !Number.isNaN(v)))).sort();
}

function sortedByFit(
  fitted: Float64Array,
  noise: Float64Array,
): Pick<AdditiveNoise, 'fitted' | 'noise'> {
  const order = Array.from(noise.keys()).sort((a, b) => fitted[a] - fitted[b] || a - b);
  return {
    fitted: Float64Array.from(order, (i) => fitted[i]),
    noise: Float64Array.from(order, (i) => noise[i]),
  };
}

function deviation(values: Float64Array): number {
  let mean = 0;
  for (const v of values) mean += v / values.length;
  let sum = 0;
  for (const v of values) sum += (v - mean) ** 2;
  return Math.sqrt(sum / values.length);
}
