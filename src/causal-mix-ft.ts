// CausalMixFT (Bühler, Purucker, Hutter, arXiv 2601.04110): fine-tune a tabular foundation model on
// the real training rows mixed with rows from structural causal models fitted to those same rows.
// Validation and test rows are never seen by discovery, by the models or by the generators.

import { causal } from './augmentation/causal.js';
import type { FittedGenerator, Generator } from './augmentation/generator.js';
import { mixture } from './augmentation/mixture.js';
import type { Table } from './data/table.js';
import { checkTarget } from './data/target.js';
import { evaluate, type Scores } from './evaluation/evaluate.js';
import { evaluateRegressor } from './evaluation/regression.js';
import { type Random, stream } from './math/random.js';
import type { FittedClassifier } from './tfm/classifier.js';
import {
  type FineTuned,
  type FineTuneOptions,
  fineTune,
  fineTuneRegressor,
} from './tfm/fine-tune.js';
import type { Tfm } from './tfm/load-tfm.js';
import { type FittedRegressor, numericTarget } from './tfm/regressor.js';
import type { LongWork } from './work/long-work.js';

/** What both ways of fine-tuning take; the rest are options of `fineTune`. */
export interface TuningOptions
  extends Omit<FineTuneOptions, 'context' | 'score' | 'monitor' | keyof LongWork> {
  /** The foundation model to start from; it is left as it is. */
  readonly tfm: Tfm;
  /** Seed of everything that is drawn. */
  readonly seed: number;
}

export interface CausalMixFTOptions extends TuningOptions {
  /** Where the synthetic rows come from (default `causal()`). */
  readonly generator?: Generator;
  /** Synthetic rows per real training row, drawn afresh at every step (default `1`). */
  readonly ratio?: number;
}

export interface TuningData extends LongWork {
  /** Rows that are scored at every step and never used to choose: usually the test rows. */
  readonly monitor?: Table;
}

/** A way of fine-tuning, ready to be fitted. */
export interface Tuning {
  /**
   * Fine-tune on the training rows and keep the step that is best on the validation rows.
   * @param train Rows to learn from; they are also the context of every prediction.
   * @param validation Rows that choose the step, by log-loss.
   */
  fit(train: Table, validation: Table, data?: TuningData): Promise<TunedClassifier>;
  /**
   * As `fit` where the target is numeric.
   * @param train Rows to learn from; they are also the context of every prediction.
   * @param validation Rows that choose the step, by root mean squared error.
   */
  fitRegressor(train: Table, validation: Table, data?: TuningData): Promise<TunedRegressor>;
}

/** One evaluated step of a run. */
export interface HistoryStep {
  /** 0 is the pre-trained model. */
  readonly step: number;
  /** Score on the validation rows, in the history's metric. */
  readonly validation: number;
  /** Score on the monitored rows, in the same metric. */
  readonly test?: number;
  readonly trainLoss?: number;
  readonly learningRate?: number;
  /** Every metric at this step. */
  readonly scores: { readonly validation: Scores; readonly test?: Scores };
}

/** How validation and test scores went along one or several runs. */
export interface History {
  readonly kind: 'history';
  /** The metric of `validation` and `test`; the one that chose the steps. */
  readonly metric: 'logLoss';
  /** Which foundation model was tuned. */
  readonly model: string;
  readonly runs: readonly {
    readonly method: string;
    readonly seed: number;
    readonly steps: readonly HistoryStep[];
    /** The step whose weights were kept. */
    readonly chosenStep: number;
  }[];
}

/** A fine-tuned classifier with the real training rows as its context. */
export interface TunedClassifier extends FittedClassifier {
  readonly history: History;
  /** The fitted generator, where synthetic rows were mixed in. */
  readonly generator?: FittedGenerator;
}

/** A fine-tuned regressor with the real training rows as its context. */
export interface TunedRegressor extends FittedRegressor {
  /** How it went: scores are root mean squared errors, `monitor.rmse` that of the monitored rows. */
  readonly tuning: Pick<FineTuned, 'chosenStep' | 'steps' | 'stopped'>;
  /** The fitted generator, where synthetic rows were mixed in. */
  readonly generator?: FittedGenerator;
}

/**
 * Fine-tune on real rows mixed with synthetic rows from structural causal models.
 * @param options Model, seed, generator, ratio and the options of `fineTune`.
 */
export function causalMixFT(options: CausalMixFTOptions): Tuning {
  const { generator = causal(), ratio = 1, seed, ...tuning } = options;
  if (!(ratio >= 0 && Number.isFinite(ratio))) {
    throw new RangeError(
      `Cannot mix rows as ratio must be a number >= 0: current value is ${ratio}`,
    );
  }
  const mixed = async (
    train: Table,
    { monitor: _, ...work }: TuningData,
  ): Promise<{ draw: (random: Random) => Table; fitted: FittedGenerator }> => {
    const fitted = await generator.fit(train, { ...work, random: stream(seed, 'generator') });
    const size = Math.round(ratio * train.rows);
    const draw = (random: Random): Table =>
      size === 0 ? train : mixture(train, fitted.sample(size, { random }), { random });
    return { draw, fitted };
  };
  const own = { ...tuning, seed };
  return {
    async fit(train, validation, data = {}) {
      checkTarget(train); // before the generator takes its time
      const { draw, fitted } = await mixed(train, data);
      const tuned = await tune(own, 'CausalMixFT', draw, train, validation, data);
      return { ...tuned, generator: fitted };
    },
    async fitRegressor(train, validation, data = {}) {
      numericTarget(train, train.target);
      const { draw, fitted } = await mixed(train, data);
      const tuned = await tuneRegressor(own, draw, train, validation, data);
      return { ...tuned, generator: fitted };
    },
  };
}

/**
 * Fine-tune on the real training rows only: the baseline that CausalMixFT is compared with.
 * @param options Model, seed and the options of `fineTune`.
 */
export function standardFineTuning(options: TuningOptions): Tuning {
  return {
    fit: (train, validation, data = {}) =>
      tune(options, 'fine-tuning', () => train, train, validation, data),
    fitRegressor: (train, validation, data = {}) =>
      tuneRegressor(options, () => train, train, validation, data),
  };
}

/** Put the runs of several histories of the same model and metric into one, to be seen together. */
export function joinHistories(...histories: readonly [History, ...History[]]): History {
  const [first] = histories;
  const other = histories.find((h) => h.metric !== first.metric || h.model !== first.model);
  if (other) {
    throw new TypeError(
      `Cannot join histories as they must share model and metric: current values are "${first.model}", ${first.metric} and "${other.model}", ${other.metric}`,
    );
  }
  return { ...first, runs: histories.flatMap((h) => h.runs) };
}

async function tune(
  { tfm, seed, ...tuning }: TuningOptions,
  method: string,
  draw: (random: Random) => Table,
  train: Table,
  validation: Table,
  { monitor, ...work }: TuningData,
): Promise<TunedClassifier> {
  const scored: HistoryStep['scores'][] = [];
  const tuned = await fineTune(tfm, draw, {
    ...tuning,
    ...work,
    seed,
    context: train,
    score: async (candidate) => {
      const scores = await evaluate(candidate, validation);
      const test = monitor ? { test: await evaluate(candidate, monitor) } : {};
      scored.push({ validation: scores, ...test });
      return scores.logLoss;
    },
  });
  const model = await tuned.tfm.fit(train, { seed });
  const steps = tuned.steps.map(({ step, trainLoss, learningRate }, i): HistoryStep => {
    const { validation, test } = scored[i];
    return {
      step,
      validation: validation.logLoss,
      ...(test ? { test: test.logLoss } : {}),
      ...(trainLoss === undefined ? {} : { trainLoss }),
      ...(learningRate === undefined ? {} : { learningRate }),
      scores: scored[i],
    };
  });
  const run = { method, seed, steps, chosenStep: tuned.chosenStep };
  return {
    ...model,
    history: { kind: 'history', metric: 'logLoss', model: tfm.name, runs: [run] },
  };
}

async function tuneRegressor(
  { tfm, seed, ...tuning }: TuningOptions,
  draw: (random: Random) => Table,
  train: Table,
  validation: Table,
  { monitor, ...work }: TuningData,
): Promise<TunedRegressor> {
  const { tfm: best, ...went } = await fineTuneRegressor(tfm, draw, {
    ...tuning,
    ...work,
    seed,
    context: train,
    score: async (candidate) => (await evaluateRegressor(candidate, validation)).rmse,
    ...(monitor
      ? { monitor: async (candidate) => ({ ...(await evaluateRegressor(candidate, monitor)) }) }
      : {}),
  });
  const { chosenStep, steps, stopped } = went;
  const tuned = { chosenStep, steps, ...(stopped ? { stopped } : {}) };
  return { ...(await best.fitRegressor(train, { seed })), tuning: tuned };
}
