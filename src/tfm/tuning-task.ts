// What is tuned: how a drawn table becomes an episode, and how a candidate is made of the weights.

import { isNumeric, type Table, takeRows } from '../data/table.js';
import type { Random } from '../math/random.js';
import type { LongWork } from '../work/long-work.js';
import { allNodes, groupsOf } from './class-nodes.js';
import {
  classifierOf,
  encodeRows,
  type FittedClassifier,
  type NetworkSource,
  type PreparedContext,
} from './classifier.js';
import {
  type Discriminants,
  fitDiscriminants,
  withOwnScores,
  withScores,
} from './discriminants.js';
import type { SupportCache } from './in-context.js';
import { crossEntropy } from './losses.js';
import type { Episode, LossGradient } from './mitra-gradient.js';
import { applyQuantileStep, fitQuantileStep } from './quantile-step.js';
import {
  type FittedRegressor,
  numericTarget,
  type PreparedRegression,
  prepareRegressionRows,
  regressorOf,
} from './regressor.js';
import { splitRows } from './stratified-rows.js';
import { encodeTargets, targetLoss } from './target-bins.js';

/** How a step parts and judges its rows. */
export interface EpisodeOptions {
  /** Most support rows of a step (default `8192`). */
  readonly maxSupport?: number;
  /** Most query rows of a step (default `1024`). */
  readonly maxQuery?: number;
  /** Share of the probability spread over the classes in the loss (default `0`). */
  readonly labelSmoothing?: number;
  /** Leave outputs that no class uses out of the loss; the reference does not (default `false`). */
  readonly maskUnused?: boolean;
}

/** A prediction task under tuning. */
export interface TuningTask<Model> {
  /** Size of the context. */
  readonly rows: number;
  readonly features: number;
  /** What tells it from other tasks. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Part a drawn table into support and query rows, both prepared as predictions are. */
  episode(drawn: Table, random: Random): { readonly episode: Episode; readonly loss: LossGradient };
  /** Make a model of weights to be judged. */
  candidate(
    source: NetworkSource,
    extra: { readonly cache: SupportCache; readonly work: LongWork },
  ): Model;
}

/** The task of telling classes apart. */
export function classTask(
  context: PreparedContext,
  options: EpisodeOptions,
): TuningTask<FittedClassifier> {
  const { support, classes, target, views } = context;
  // Steps are shown what the first member of an ensemble is.
  const { axes = 0, columns = 0 } = views[0].discriminants ?? {};
  const nodes = allNodes(context.root);
  return {
    rows: support.labels.length,
    features: support.features + columns,
    identity: { target, classes, context: fingerprint(support.x, support.labels) },
    episode(drawn, random) {
      const codes = targetCodes(context, drawn);
      // With more classes than outputs, every step tunes one of the decisions.
      const node = nodes[Math.floor(random() * nodes.length)];
      const groups = groupsOf(node, codes);
      const rows = Int32Array.from([...groups.keys()].filter((i) => groups[i] >= 0));
      const labels = rows.map((row) => groups[row]);
      const split = partRows(labels, options, random);
      // What is learned from the target is learned anew: all rows would tell the query's labels.
      const { orders } = context.encoding;
      const shown = split.support.map((i) => rows[i]);
      const x = encodeRows(context, drawn, orders && takeRows(drawn, shown));
      const known = new Set(split.support.map((i) => labels[i]));
      // A class that the support lacks cannot be predicted from it: such rows do not count.
      const asked = split.query.map((i) => (known.has(labels[i]) ? labels[i] : -1));
      const { labelSmoothing = 0, maskUnused = false } = options;
      return {
        episode: episodeOf(x, context.picked.length, rows, labels, split, (seen) =>
          fitDiscriminants(
            seen,
            Int32Array.from(shown, (row) => codes[row]),
            axes,
          ),
        ),
        loss: (logits) => {
          const outputs = logits.length / asked.length;
          const counted = maskUnused ? node.groups.length : outputs;
          return crossEntropy(asked, outputs, { labelSmoothing, classes: counted })(logits);
        },
      };
    },
    candidate: (source, extra) => classifierOf(source, context, extra),
  };
}

/** The task of predicting a number. */
export function numberTask(
  context: PreparedRegression,
  outputs: number,
  options: EpisodeOptions,
): TuningTask<FittedRegressor> {
  const { x, y, features, target, code } = context;
  return {
    rows: y.length,
    features,
    identity: { target, context: fingerprint(x, y) },
    episode(drawn, random) {
      const labels = encodeTargets(code, numericTarget(drawn, target));
      const rows = Int32Array.from(labels.keys());
      const split = partRows(new Int32Array(labels.length), options, random);
      const asked = Float64Array.from(split.query, (i) => labels[i]);
      return {
        episode: episodeOf(prepareRegressionRows(context, drawn), features, rows, labels, split),
        loss: targetLoss(code, asked, outputs),
      };
    },
    candidate: (source, extra) => regressorOf(source, context, extra),
  };
}

interface Split {
  readonly support: Int32Array;
  readonly query: Int32Array;
}

function partRows(labels: Int32Array, options: EpisodeOptions, random: Random): Split {
  const { maxSupport = 8192, maxQuery = 1024 } = options;
  if (labels.length < 2) {
    throw new RangeError(
      `Cannot fine-tune as every drawn table must have at least two rows of the context's classes: it has ${labels.length}`,
    );
  }
  return splitRows(labels, { support: maxSupport, query: maxQuery }, random);
}

function episodeOf(
  x: Float32Array,
  features: number,
  rows: Int32Array,
  labels: ArrayLike<number>,
  split: Split,
  discriminantsOf?: (support: Float32Array) => Discriminants | undefined,
): Episode {
  const pick = (indices: Int32Array): Float32Array => {
    const out = new Float32Array(indices.length * features);
    indices.forEach((index, i) => {
      const row = rows[index];
      out.set(x.subarray(row * features, (row + 1) * features), i * features);
    });
    return out;
  };
  const own = pick(split.support);
  const asked = pick(split.query);
  const found = discriminantsOf?.(own);
  const width = features + (found?.columns ?? 0);
  const support = withOwnScores(found, own);
  const step = fitQuantileStep(support, split.support.length, width);
  return {
    features: width,
    support: applyQuantileStep(step, support),
    labels: Float64Array.from(split.support, (i) => labels[i]),
    query: applyQuantileStep(step, withScores(found, asked)),
  };
}

/** Codes of a drawn table's target in the context's classes; −1 for others and missing ones. */
function targetCodes(context: PreparedContext, drawn: Table): Int32Array {
  const found = drawn.columns.find((c) => c.name === context.target);
  if (!found || isNumeric(found)) {
    throw new TypeError(
      `Cannot fine-tune as every drawn table must have the categorical target "${context.target}": ${found ? `it is ${found.type}` : 'it is absent'}`,
    );
  }
  const place = found.categories.map((name) => context.classes.indexOf(name));
  return found.codes.map((code) => (code < 0 ? -1 : place[code]));
}

/** Size and sum of the numbers: tells tables apart well enough to refuse a wrong checkpoint. */
function fingerprint(x: Float32Array, y: ArrayLike<number>): readonly number[] {
  return [y.length, x.length, x.reduce((a, b) => a + b, 0)];
}
