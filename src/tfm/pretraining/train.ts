// Pre-training: batches of the prior in order, the gradient of the mean cross-entropy, Muon on the
// layers' matrices and AdamW on the rest, averaged weights. One step a turn of the loop.

import { ready } from '../../math/tf.js';
import { adamWStep } from '../adamw.js';
import { clipGradients } from '../clip-gradients.js';
import { tensorShapes } from '../config.js';
import { type LoadedNetwork, loadNetwork } from '../loaded-network.js';
import { crossEntropy } from '../losses.js';
import type { Pause } from '../mitra.js';
import { type Episode, lossGradients } from '../mitra-gradient.js';
import { type Batch, zScores } from './batch.js';
import { batchStream } from './batch-stream.js';
import { muonStep } from './muon.js';
import { networkConfig, type PretrainConfig } from './pretrain-config.js';
import type { TrainingState } from './training-state.js';

/** What a step was like. */
export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  /** Tables of the batch. */
  readonly tables: number;
  readonly rows: number;
  readonly features: number;
  /** Mean cross-entropy of the query rows. */
  readonly loss: number;
  /** The same of a guess by the classes' shares among the support rows. */
  readonly guessLoss: number;
  /** Norm of the gradient before it is clipped. */
  readonly gradientNorm: number;
  /** Factor on both rates. */
  readonly rate: number;
}

export interface TrainOptions {
  /** Threads that draw tables; never changes the result (default `1`). */
  readonly workers?: number;
  /** Lets others work, and throws to stop. */
  readonly pause?: Pause;
}

/** Thrown where the loss is no number. */
export class TrainingDiverged extends Error {
  /** The step whose loss it was. */
  readonly step: number;
  constructor(step: number, loss: number) {
    super(
      `Cannot go on pre-training as the loss must be a number: at step ${step} it is ${loss}; lower muonRate and adamRate`,
    );
    this.name = 'TrainingDiverged';
    this.step = step;
  }
}

/**
 * Train from the state's step to the last of the configuration, changing the state in place.
 *
 * Yields after each step; between steps the state is whole and may be saved. A loss that is no number
 * ends the run before the weights are changed.
 * @throws TrainingDiverged
 */
export async function* train(
  state: TrainingState,
  options: TrainOptions = {},
): AsyncGenerator<StepReport, void, undefined> {
  await ready();
  const { config } = state;
  const { workers = 1, pause = async () => {} } = options;
  const shape = networkConfig(config);
  const network = loadNetwork({ config: shape, weights: state.weights });
  try {
    for await (const batch of batchStream(config, {
      from: state.step,
      to: config.steps,
      workers,
    })) {
      const report = await trainStep(state, network, batch, pause);
      yield report;
    }
  } finally {
    network.free();
  }
}

/** Factor on the rates: linear warm-up, constant, linear to 0. */
export function rateFactor(config: PretrainConfig, step: number): number {
  const up = config.warmUp > 0 ? Math.min(1, (step + 1) / config.warmUp) : 1;
  const down = config.decay > 0 ? Math.min(1, (1 - step / config.steps) / config.decay) : 1;
  return up * down;
}

/** The cross-entropy gradient of one batch. */
export async function batchGradients(
  network: LoadedNetwork,
  batch: Batch,
  pause: Pause = async () => {},
): Promise<{ readonly loss: number; readonly gradients: Map<string, Float32Array> }> {
  const { loss, gradients } = await lossGradients(
    network,
    episodesOf(batch),
    crossEntropy(queryLabels(batch), network.config.dim_output),
    { pause },
  );
  return { loss, gradients: new Map(gradients) };
}

/** Apply one optimiser step to the state's weights and average. */
export function applyGradients(
  state: TrainingState,
  gradients: ReadonlyMap<string, Float32Array>,
  rate: number,
): void {
  const { config, weights, adam, muon } = state;
  const shapes = tensorShapes(networkConfig(config));
  const matrices = new Map<string, Float32Array>();
  const rest = new Map<string, Float32Array>();
  for (const [key, gradient] of gradients) {
    const isMatrix = key.startsWith('layers.') && shapes.get(key)?.length === 2;
    (isMatrix ? matrices : rest).set(key, gradient);
  }
  adamWStep(weights, rest, adam, config.adamRate * rate, { weightDecay: 0, betas: [0.9, 0.98] });
  muonStep(shapes, weights, matrices, muon, config.muonRate * rate, config);
  // Short memory at first, so that the average does not carry the initial weights along.
  const keep = Math.min(config.average, (state.step + 1) / (state.step + 20));
  for (const [key, w] of weights) {
    const a = state.average.get(key) as Float32Array;
    for (let i = 0; i < a.length; i++) a[i] = keep * a[i] + (1 - keep) * w[i];
  }
}

async function trainStep(
  state: TrainingState,
  network: LoadedNetwork,
  batch: Batch,
  pause: Pause,
): Promise<StepReport> {
  const { config } = state;
  const { loss, gradients } = await batchGradients(network, batch, pause);
  const gradientNorm = clipGradients(gradients, config.clip);
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
    throw new TrainingDiverged(state.step + 1, Number.isFinite(loss) ? gradientNorm : loss);
  }
  const rate = rateFactor(config, state.step);
  applyGradients(state, gradients, rate);
  for (const [key, numbers] of state.weights) network.renew(key, numbers);
  state.step++;
  state.tables += batch.tables;
  const { tables, rows, features } = batch;
  const guess = guessLoss(batch);
  return { step: state.step, tables, rows, features, loss, guessLoss: guess, gradientNorm, rate };
}

/** The tables of a batch as episodes of the network. */
export function episodesOf(batch: Batch): Episode[] {
  const { tables, rows, support, features, labels } = batch;
  const z = zScores(batch);
  return Array.from({ length: tables }, (_, t) => {
    const cells = z.subarray(t * rows * features, (t + 1) * rows * features);
    return {
      features,
      support: cells.subarray(0, support * features),
      labels: labels.subarray(t * rows, t * rows + support),
      query: cells.subarray(support * features),
    };
  });
}

/** Labels of the query rows, table after table. */
function queryLabels({ tables, rows, support, labels }: Batch): Int8Array {
  const query = rows - support;
  const out = new Int8Array(tables * query);
  for (let t = 0; t < tables; t++) {
    out.set(labels.subarray(t * rows + support, (t + 1) * rows), t * query);
  }
  return out;
}

/** Cross-entropy of guessing by the shares of the support's classes. */
function guessLoss({ tables, rows, support, labels }: Batch): number {
  let [loss, counted] = [0, 0];
  for (let t = 0; t < tables; t++) {
    const counts = new Int32Array(10);
    for (let i = 0; i < support; i++) counts[labels[t * rows + i]]++;
    for (let i = support; i < rows; i++) {
      const y = labels[t * rows + i];
      if (y < 0) continue;
      loss -= Math.log(counts[y] / support);
      counted++;
    }
  }
  return loss / Math.max(1, counted);
}
