// Fine-tune all weights of a tabular foundation model on episodes: every step draws a table, parts it
// into support and query rows, and makes one optimiser step on the query rows' loss. The pre-trained
// weights are a candidate like those of any step, so the result is never worse on what `score` sees.

import { isNumeric, type Table } from '../data/table.js';
import { type Random, stream } from '../math/random.js';
import { ready } from '../math/tf.js';
import { type LongWork, longWork, quietly, type Work } from '../work/long-work.js';
import { type AdamState, adamState, adamWStep } from './adamw.js';
import { allNodes, groupsOf } from './class-nodes.js';
import {
  classifierOf,
  type FittedClassifier,
  type NetworkSource,
  type PreparedContext,
  prepareContext,
  prepareRows,
} from './classifier.js';
import { supportCache } from './in-context.js';
import { warmupRate } from './learning-rate.js';
import { type Tfm, tfmOf } from './load-tfm.js';
import { type LoadedNetwork, loadNetwork } from './loaded-network.js';
import { crossEntropy } from './losses.js';
import { type Episode, lossGradients } from './mitra-gradient.js';
import { type Preset, type PresetName, presets } from './presets.js';
import { applyQuantileStep, fitQuantileStep } from './quantile-step.js';
import { splitRows } from './stratified-rows.js';

/** Draws the table of a step: the real rows, or a fresh mixture with synthetic ones. */
export type DrawTable = (random: Random) => Table | Promise<Table>;

export interface FineTuneOptions extends LongWork {
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Rows that every candidate is shown as context: usually the training rows. */
  readonly context: Table;
  /** Score a candidate; lower is better. Called once before the first step and once an evaluated step. */
  readonly score: (candidate: FittedClassifier) => Promise<number>;
  /** Look at a candidate without any influence on the choice. */
  readonly monitor?: (candidate: FittedClassifier) => Promise<Readonly<Record<string, number>>>;
  /** Rates and steps (default: the model's own). */
  readonly preset?: PresetName;
  /** Number of steps (default: the preset's). */
  readonly steps?: number;
  /** Nominal learning rate (default: the preset's). */
  readonly learningRate?: number;
  /** Evaluations without an improvement of 1e-4 before it stops (default `40`). */
  readonly patience?: number;
  /** Steps between two evaluations (default `1`). */
  readonly evaluateEvery?: number;
  /** Most support rows of a step (default `8192`). */
  readonly maxSupport?: number;
  /** Most query rows of a step (default `1024`). */
  readonly maxQuery?: number;
  /** Told of every step as it ends. */
  readonly onStep?: (step: TuningStep) => void;
}

/** One step of fine-tuning; step 0 is the pre-trained model. */
export interface TuningStep {
  readonly step: number;
  readonly learningRate?: number;
  /** Loss of the step's query rows before its update. */
  readonly trainLoss?: number;
  /** What `score` gave; absent where the step was not evaluated. */
  readonly score?: number;
  readonly monitor?: Readonly<Record<string, number>>;
}

/** A fine-tuned model with the way it went. */
export interface FineTuned {
  readonly kind: 'fine-tuned';
  /** The model with the best weights. */
  readonly tfm: Tfm;
  /** The step whose weights were kept; 0: the pre-trained ones. */
  readonly chosenStep: number;
  /** Every evaluated step. */
  readonly steps: readonly (TuningStep & { readonly score: number })[];
  readonly preset: PresetName;
  /** Why it ended before its last step. */
  readonly stopped?: 'patience';
}

/**
 * Fine-tune a model.
 * @param tfm The model; it is left as it is.
 * @param draw Gives the table of every step, with the context's columns.
 * @returns The best weights by `score`, those of step 0 included.
 */
export async function fineTune(
  tfm: Tfm,
  draw: DrawTable,
  options: FineTuneOptions,
): Promise<FineTuned> {
  const preset = options.preset ?? tfm.preset;
  const recipe = recipeOf(preset, options);
  const { seed, patience = 40, evaluateEvery = 1 } = options;
  const context = prepareContext(options.context, tfm.config, { seed, members: 1 });
  await ready();
  return longWork(`fine-tuning ${tfm.name}`, recipe.steps + 1, options, async (work) => {
    const weights = new Map([...tfm.weights].map(([key, data]) => [key, data.slice()]));
    const network = loadNetwork({ config: tfm.config, weights });
    try {
      const moments = adamState();
      const steps: (TuningStep & { readonly score: number })[] = [];
      const judge = (step: Omit<TuningStep, 'score'>): Promise<TuningStep & { score: number }> =>
        evaluateCandidate(tfm.name, network, weights, context, options, work, step);
      const first = await judge({ step: 0 });
      steps.push(first);
      options.onStep?.(first);
      work.tick(1, note(first));
      let best = { step: 0, score: first.score, weights: tfm.weights };
      let [reference, misses] = [first.score, 0];
      let stopped: FineTuned['stopped'];
      for (let t = 1; t <= recipe.steps && !stopped; t++) {
        const learningRate = warmupRate(recipe.learningRate, recipe.warmup, t);
        const drawn = await draw(stream(seed, 'draw', t));
        const random = stream(seed, 'split', t);
        const trainLoss = await trainStep(
          { network, weights, moments, context, recipe, learningRate, options, work },
          drawn,
          random,
        );
        let record: TuningStep = { step: t, learningRate, trainLoss };
        if (t % evaluateEvery === 0 || t === recipe.steps) {
          const judged = await judge(record);
          record = judged;
          steps.push(judged);
          if (judged.score < best.score) {
            const copy = new Map([...weights].map(([key, data]) => [key, data.slice()]));
            best = { step: t, score: judged.score, weights: copy };
          }
          if (judged.score < reference - 1e-4) [reference, misses] = [judged.score, 0];
          else if (++misses >= patience) stopped = 'patience';
        }
        options.onStep?.(record);
        work.tick(1, note(record));
        await work.breathe();
      }
      const name = best.step === 0 ? tfm.name : `${tfm.name}, fine-tuned`;
      return {
        kind: 'fine-tuned',
        tfm: {
          ...tfmOf({ config: tfm.config, weights: best.weights }, name, tfm.source),
          preset: tfm.preset,
        },
        chosenStep: best.step,
        steps,
        preset,
        ...(stopped ? { stopped } : {}),
      };
    } finally {
      network.free();
    }
  });
}

interface StepState {
  readonly network: LoadedNetwork;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly moments: AdamState;
  readonly context: PreparedContext;
  readonly recipe: Preset;
  readonly learningRate: number;
  readonly options: FineTuneOptions;
  readonly work: Work;
}

/** One optimiser step on a drawn table; returns the loss before it. */
async function trainStep(state: StepState, drawn: Table, random: Random): Promise<number> {
  const { network, weights, moments, context, recipe, learningRate, options, work } = state;
  const { episode, queryLabels } = episodeOf(context, drawn, options, random);
  const outputs = network.config.dim_output;
  const { loss, gradients } = await lossGradients(
    network,
    [episode],
    crossEntropy(queryLabels, outputs),
    { pause: () => work.breathe() },
  );
  if (!Number.isFinite(loss)) {
    throw new RangeError(
      `Cannot fine-tune on as the loss must be finite: it is ${loss} at a learning rate of ${learningRate}; lower the learning rate`,
    );
  }
  adamWStep(weights, gradients, moments, learningRate, recipe);
  for (const key of gradients.keys()) network.renew(key, weights.get(key) as Float32Array);
  return loss;
}

/** Part a drawn table into support and query rows and prepare both as predictions would be. */
function episodeOf(
  context: PreparedContext,
  drawn: Table,
  options: FineTuneOptions,
  random: Random,
): { readonly episode: Episode; readonly queryLabels: Int32Array } {
  const { maxSupport = 8192, maxQuery = 1024 } = options;
  const codes = targetCodes(context, drawn);
  const x = prepareRows(context, drawn);
  const nodes = allNodes(context.root);
  const node = nodes[Math.floor(random() * nodes.length)];
  const groups = groupsOf(node, codes);
  const rows = Int32Array.from([...groups.keys()].filter((i) => groups[i] >= 0));
  const labels = rows.map((row) => groups[row]);
  if (rows.length < 2) {
    throw new RangeError(
      `Cannot fine-tune as every drawn table must have at least two rows of the context's classes: it has ${rows.length}`,
    );
  }
  const split = splitRows(labels, { support: maxSupport, query: maxQuery }, random);
  const f = context.support.features;
  const pick = (indices: Int32Array): Float32Array => {
    const out = new Float32Array(indices.length * f);
    indices.forEach((index, i) => {
      const row = rows[index];
      out.set(x.subarray(row * f, (row + 1) * f), i * f);
    });
    return out;
  };
  const support = pick(split.support);
  const step = fitQuantileStep(support, split.support.length, f);
  const supportLabels = split.support.map((i) => labels[i]);
  const known = new Set(supportLabels);
  return {
    episode: {
      features: f,
      support: applyQuantileStep(step, support),
      labels: supportLabels,
      query: applyQuantileStep(step, pick(split.query)),
    },
    // A class that the support lacks cannot be predicted from it: such rows do not count.
    queryLabels: split.query.map((i) => (known.has(labels[i]) ? labels[i] : -1)),
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

async function evaluateCandidate(
  name: string,
  network: LoadedNetwork,
  weights: ReadonlyMap<string, Float32Array>,
  context: PreparedContext,
  options: FineTuneOptions,
  work: Work,
  step: Omit<TuningStep, 'score'>,
): Promise<TuningStep & { score: number }> {
  const source: NetworkSource = {
    name,
    config: network.config,
    weights: () => weights,
    use: (run) => run(network),
  };
  // Several predictions of one candidate share its encoded context.
  const cache = supportCache();
  try {
    const candidate = classifierOf(source, context, { cache, work: quietly(work) });
    const score = await options.score(candidate);
    if (Number.isNaN(score)) {
      throw new RangeError(
        `Cannot fine-tune as score must give a number: it is NaN at step ${step.step}`,
      );
    }
    const monitor = await options.monitor?.(candidate);
    return { ...step, score, ...(monitor ? { monitor } : {}) };
  } finally {
    cache.free();
  }
}

function recipeOf(preset: PresetName, options: FineTuneOptions): Preset {
  const known = presets[preset];
  if (!known) {
    throw new RangeError(
      `Cannot fine-tune as preset must be one of ${Object.keys(presets).join(', ')}: current value is ${preset}`,
    );
  }
  const { steps = known.steps, learningRate = known.learningRate } = options;
  if (!(Number.isInteger(steps) && steps >= 0)) {
    throw new RangeError(
      `Cannot fine-tune as steps must be an integer >= 0: current value is ${steps}`,
    );
  }
  if (!(learningRate > 0 && Number.isFinite(learningRate))) {
    throw new RangeError(
      `Cannot fine-tune as learningRate must be a number > 0: current value is ${learningRate}`,
    );
  }
  const { patience = 1, evaluateEvery = 1 } = options;
  for (const [name, value] of Object.entries({ patience, evaluateEvery })) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(
        `Cannot fine-tune as ${name} must be an integer >= 1: current value is ${value}`,
      );
    }
  }
  return { ...known, steps, learningRate };
}

function note({ step, score }: TuningStep): string {
  return score === undefined ? `step ${step}` : `step ${step}, validation ${score.toPrecision(4)}`;
}
