// Fine-tune all weights of a tabular foundation model on episodes: every step draws a table, parts it
// into support and query rows, and makes one optimiser step on the query rows' loss. The pre-trained
// weights are a candidate like those of any step, so the result is never worse on what `score` sees.
// Kept together: the loop, one step of it and its options are one thought.

import type { Table } from '../data/table.js';
import { type Random, stream } from '../math/random.js';
import { ready } from '../math/tf.js';
import { type LongWork, longWork, quietly, type Work } from '../work/long-work.js';
import { type TimeBudget, timeBudget } from '../work/time-budget.js';
import { type AdamState, adamState, adamWUpdate } from './adamw.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { type FittedClassifier, type NetworkSource, prepareContext } from './classifier.js';
import { clipInPieces } from './clip-gradients.js';
import { supportCache } from './in-context.js';
import { warmupRate } from './learning-rate.js';
import { type Tfm, tfmOf } from './load-tfm.js';
import { type LoadedNetwork, loadNetwork } from './loaded-network.js';
import { type MemoryPlan, type PassSize, planMemory } from './memory-estimate.js';
import { lossGradients } from './mitra-gradient.js';
import { type Preset, type PresetName, presets } from './presets.js';
import { type FittedRegressor, prepareRegression } from './regressor.js';
import {
  allButLast,
  copied,
  type Trainable,
  type TrainableOptions,
  trainable,
  untouchedLayers,
} from './trainable.js';
import { classTask, type EpisodeOptions, numberTask, type TuningTask } from './tuning-task.js';
import { takeIntoAverage } from './weight-average.js';
import type { Weights } from './weights.js';

/** Draws the table of a step: the real rows, or a fresh mixture with synthetic ones. */
export type DrawTable = (random: Random) => Table | Promise<Table>;

export interface FineTuneOptions<Model = FittedClassifier>
  extends LongWork,
    TrainableOptions,
    EpisodeOptions {
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Rows that every candidate is shown as context: usually the training rows. */
  readonly context: Table;
  /** Score a candidate; lower is better. Called once before the first step and once an evaluated step. */
  readonly score: (candidate: Model) => Promise<number>;
  /** Look at a candidate without any influence on the choice. */
  readonly monitor?: (candidate: Model) => Promise<Readonly<Record<string, number>>>;
  /**
   * Rates, steps, what is trained and whether it is averaged (default: the model's own); with `freeze` or
   * `lora` the rates and steps alone.
   */
  readonly preset?: PresetName;
  /** Number of steps (default: the preset's). */
  readonly steps?: number;
  /** Nominal learning rate (default: the preset's). */
  readonly learningRate?: number;
  /** Evaluations without an improvement of 1e-4 before it stops (default `40`). */
  readonly patience?: number;
  /** Steps between two evaluations (default `1`). */
  readonly evaluateEvery?: number;
  /** Joint norm that the gradients are clipped to (default: none). */
  readonly clip?: number;
  /** Folder of checkpoints: a run that was killed goes on from there, to the same numbers. */
  readonly checkpoint?: string;
  /** Steps between two checkpoints (default `5`). */
  readonly checkpointEvery?: number;
  /** Seconds, or a budget shared with other runs: it stops after the step that uses it up. */
  readonly timeBudget?: number | TimeBudget;
  /** Return the last step's weights, not the best (default `false`). */
  readonly keepLast?: boolean;
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
  readonly steps: readonly JudgedStep[];
  readonly preset: PresetName;
  /** Why it ended before its last step. */
  readonly stopped?: 'patience' | 'time';
}

/**
 * Fine-tune a model that predicts classes.
 * @param tfm The model; it is left as it is.
 * @param draw Gives the table of every step, with the context's columns.
 * @returns The best weights by `score`, those of step 0 included.
 */
export async function fineTune(
  tfm: Tfm,
  draw: DrawTable,
  options: FineTuneOptions,
): Promise<FineTuned> {
  const context = prepareContext(options.context, tfm.config, { seed: options.seed });
  return tune(tfm, classTask(context, options), draw, options);
}

/**
 * Fine-tune a model that predicts numbers; `fineTune` for regressors.
 * @param tfm The model; it is left as it is.
 * @param draw Gives the table of every step, with the context's columns.
 */
export async function fineTuneRegressor(
  tfm: Tfm,
  draw: DrawTable,
  options: FineTuneOptions<FittedRegressor>,
): Promise<FineTuned> {
  const context = await prepareRegression(options.context, tfm.config, { seed: options.seed });
  return tune(tfm, numberTask(context, tfm.config.dim_output, options), draw, options);
}

async function tune<Model>(
  tfm: Tfm,
  task: TuningTask<Model>,
  draw: DrawTable,
  options: FineTuneOptions<Model>,
): Promise<FineTuned> {
  const preset = options.preset ?? tfm.preset;
  const recipe = recipeOf(preset, options);
  const { seed, patience = 40, evaluateEvery = 1, checkpointEvery = 5 } = options;
  if (task.features === 0) {
    throw new RangeError(
      'Cannot fine-tune as at least one feature must vary over the context: none does; add features',
    );
  }
  const plan = planMemory(tfm.config, sizeOf(task, options));
  const budget =
    typeof options.timeBudget === 'number' ? timeBudget(options.timeBudget) : options.timeBudget;
  const run = runOf(tfm, preset, recipe, task, options);
  await ready();
  return longWork(`fine-tuning ${tfm.name}`, recipe.steps + 1, options, async (work) => {
    const pause = (): Promise<void> => work.breathe();
    const { weights: start, config } = tfm;
    const { lastLayers = config.n_layers, average: share } = recipe;
    const what = saysWhat(options) ? options : { freeze: allButLast(lastLayers, config) };
    const own = await trainable(start, config, what, stream(seed, 'lora'), pause);
    const averages = share !== undefined;
    // Arrays of the average are never written into, so it may begin as the pre-trained ones.
    const average = averages ? new Map(start) : own.weights;
    const { checkpoint: folder } = options;
    const found = folder === undefined ? undefined : await readCheckpoint<RunState>(folder, run);
    const moments = found?.moments ?? adamState();
    let best: Weights = tfm.weights;
    if (found) {
      for (const [key, numbers] of found.trained) own.trained.get(key)?.set(numbers);
      await own.refresh();
      if (found.best.size > 0) best = found.best;
      for (const [key, numbers] of found.average) average.set(key, numbers);
    }
    const network = loadNetwork({ config, weights: own.weights });
    const judged = averages ? loadNetwork({ config, weights: average }) : network;
    try {
      const judge = (step: Omit<TuningStep, 'score'>): Promise<JudgedStep> =>
        evaluateCandidate(tfm.name, judged, average, task, options, work, step);
      let state = found?.state;
      if (!state) {
        const first = await judge({ step: 0 });
        options.onStep?.(first);
        work.tick(1, note(first));
        const { score } = first;
        state = {
          step: 0,
          steps: [first],
          chosenStep: 0,
          best: score,
          reference: score,
          misses: 0,
        };
      } else work.tick(state.step + 1, `resumed after step ${state.step}`);
      while (state.step < recipe.steps && !state.stopped) {
        const t: number = state.step + 1;
        const learningRate = warmupRate(recipe.learningRate, recipe.warmup, t);
        const drawn = await draw(stream(seed, 'draw', t));
        const { clip } = options;
        const { loss: trainLoss, changed } = await trainStep(
          { network, own, moments, task, recipe, learningRate, clip, work, ...plan },
          drawn,
          stream(seed, 'split', t),
        );
        if (averages) {
          await takeIntoAverage(average, own.weights, changed, share, pause);
          for (const key of changed) judged.renew(key, average.get(key) as Float32Array);
        }
        let record: TuningStep = { step: t, learningRate, trainLoss };
        if (t % evaluateEvery === 0 || t === recipe.steps) {
          const scored = await judge(record);
          record = scored;
          const better = scored.score < state.best;
          if (better) best = await copied(average, pause);
          state = afterStep(state, scored, better, patience);
        } else state = { ...state, step: t };
        if (budget && budget.left() <= 0 && t < recipe.steps) state = { ...state, stopped: 'time' };
        if (folder !== undefined && (t % checkpointEvery === 0 || t === recipe.steps)) {
          const kept = state.chosenStep === 0 ? new Map<string, Float32Array>() : best;
          await writeCheckpoint(folder, t, {
            run,
            state,
            trained: own.trained,
            moments,
            best: kept,
            average: new Map(
              averages ? [...average].filter(([key, own]) => own !== start.get(key)) : [],
            ),
          });
        }
        options.onStep?.(record);
        work.tick(1, note(record));
        await work.breathe();
      }
      const { chosenStep, steps, stopped } = state;
      const chosen = options.keepLast ? state.step : chosenStep;
      const name = chosen === 0 ? tfm.name : `${tfm.name}, fine-tuned`;
      const weights = options.keepLast ? new Map(average) : best;
      return {
        kind: 'fine-tuned',
        tfm: { ...tfmOf({ config: tfm.config, weights }, name, tfm.source), preset: tfm.preset },
        chosenStep: chosen,
        steps,
        preset,
        ...(stopped ? { stopped } : {}),
      };
    } finally {
      network.free();
      judged.free();
    }
  });
}

/** A step with its score. */
export type JudgedStep = TuningStep & { readonly score: number };

/** How far a run has come. */
interface RunState {
  readonly step: number;
  readonly steps: readonly JudgedStep[];
  readonly chosenStep: number;
  readonly best: number;
  /** The score that the next must undercut by 1e-4 to count as an improvement. */
  readonly reference: number;
  readonly misses: number;
  readonly stopped?: 'patience' | 'time';
}

function afterStep(
  state: RunState,
  judged: JudgedStep,
  better: boolean,
  patience: number,
): RunState {
  const improved = judged.score < state.reference - 1e-4;
  const misses = improved ? 0 : state.misses + 1;
  return {
    step: judged.step,
    steps: [...state.steps, judged],
    chosenStep: better ? judged.step : state.chosenStep,
    best: better ? judged.score : state.best,
    reference: improved ? judged.score : state.reference,
    misses,
    ...(misses >= patience ? { stopped: 'patience' } : {}),
  };
}

interface StepWork extends MemoryPlan {
  readonly network: LoadedNetwork;
  readonly own: Trainable;
  readonly moments: AdamState;
  readonly task: TuningTask<unknown>;
  readonly recipe: Preset;
  readonly learningRate: number;
  readonly clip: number | undefined;
  readonly work: Work;
}

/** One optimiser step on a drawn table; returns the loss before it, and which weights have changed. */
async function trainStep(
  step: StepWork,
  drawn: Table,
  random: Random,
): Promise<{ readonly loss: number; readonly changed: readonly string[] }> {
  const { network, own, moments, task, recipe, learningRate, clip, work, recompute, keep } = step;
  const pause = (): Promise<void> => work.breathe();
  // Low-rank additions go by keys of their own, which begin as those of the weights.
  const frozenLayers = untouchedLayers(own.trained.keys(), network.config);
  const { episode, loss: lossOf } = task.episode(drawn, random);
  const { loss, gradients } = await lossGradients(network, [episode], lossOf, {
    recompute,
    keep,
    frozenLayers,
    pause,
  });
  if (!Number.isFinite(loss)) {
    throw new RangeError(
      `Cannot fine-tune on as the loss must be finite: it is ${loss} at a learning rate of ${learningRate}; lower the learning rate`,
    );
  }
  const reached = await own.gradients(gradients);
  if (clip !== undefined) await clipInPieces(reached, clip, pause);
  const update = adamWUpdate(moments, learningRate, recipe);
  for (const [key, gradient] of reached) {
    update(key, own.trained.get(key) as Float32Array, gradient);
    await pause();
  }
  const changed = await own.refresh();
  for (const key of changed) network.renew(key, own.weights.get(key) as Float32Array);
  return { loss, changed };
}

/** Rows of the largest step there can be, as the context has them. */
function sizeOf({ rows, features }: TuningTask<unknown>, options: EpisodeOptions): PassSize {
  const { maxSupport = 8192, maxQuery = 1024 } = options;
  return {
    support: Math.min(maxSupport, Math.ceil(0.8 * rows)),
    query: Math.min(maxQuery, Math.ceil(0.2 * rows)),
    features,
  };
}

/** What a checkpoint must agree in with the run that goes on from it. */
function runOf<Model>(
  tfm: Tfm,
  preset: PresetName,
  recipe: Preset,
  task: TuningTask<Model>,
  options: FineTuneOptions<Model>,
): Record<string, unknown> {
  const { seed, clip, labelSmoothing, maskUnused, freeze, lora, evaluateEvery } = options;
  return {
    model: tfm.name,
    preset,
    ...recipe,
    seed,
    clip,
    labelSmoothing,
    maskUnused,
    freeze: freeze?.map(String),
    lora,
    evaluateEvery,
    ...task.identity,
  };
}

async function evaluateCandidate<Model>(
  name: string,
  network: LoadedNetwork,
  weights: ReadonlyMap<string, Float32Array>,
  task: TuningTask<Model>,
  options: FineTuneOptions<Model>,
  work: Work,
  step: Omit<TuningStep, 'score'>,
): Promise<JudgedStep> {
  const source: NetworkSource = {
    name,
    config: network.config,
    weights: () => weights,
    use: (run) => run(network),
  };
  // Several predictions of one candidate share its encoded context.
  const cache = supportCache();
  try {
    const candidate = task.candidate(source, { cache, work: quietly(work) });
    const score = await options.score(candidate);
    if (typeof score !== 'number' || Number.isNaN(score)) {
      throw new RangeError(
        `Cannot fine-tune as score must give a number: it is ${score} at step ${step.step}`,
      );
    }
    const monitor = await options.monitor?.(candidate);
    return { ...step, score, ...(monitor ? { monitor } : {}) };
  } finally {
    cache.free();
  }
}

/** Whether the caller says what is trained, and so nothing of the preset holds but its rates. */
function saysWhat({ freeze, lora }: TrainableOptions): boolean {
  return freeze !== undefined || lora !== undefined;
}

function recipeOf<Model>(preset: PresetName, options: FineTuneOptions<Model>): Preset {
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
  const { warmup, weightDecay } = known;
  const rates = { learningRate, warmup, weightDecay, steps };
  return saysWhat(options) ? rates : { ...known, ...rates };
}

function note({ step, score }: TuningStep): string {
  return score === undefined ? `step ${step}` : `step ${step}, validation ${score.toPrecision(4)}`;
}
