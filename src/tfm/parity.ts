// Checks a folder of reference numbers (the fixtures' form) against this implementation: what the
// folder holds is checked, what it lacks is passed over. The test suite and `npm run parity` use it.
// Kept together: the form of the folder and what is checked of it read as one list.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ready } from '../math/tf.js';
import { adamState, adamWStep } from './adamw.js';
import type { Tab2DConfig } from './config.js';
import { warmupRate } from './learning-rate.js';
import { loadNetwork } from './loaded-network.js';
import { crossEntropy, squaredError } from './losses.js';
import { decodeQuery, encodeSupport } from './mitra.js';
import { type Episode, type LossGradient, lossGradients } from './mitra-gradient.js';
import { fitPreprocessor, transformMatrix } from './preprocess.js';
import { applyQuantileStep, fitQuantileStep } from './quantile-step.js';
import { readSafetensors } from './safetensors.js';
import { type Network, readNetwork } from './weights.js';

/** The largest error met in one check, and what it may be. */
export interface ParityCheck {
  readonly folder: string;
  readonly check: string;
  readonly error: number;
  readonly gate: number;
}

type Matrix = readonly (readonly number[])[];

interface Forward {
  readonly x_support: Matrix;
  readonly y_support: readonly number[];
  readonly x_query: Matrix;
  readonly y_query: readonly number[];
  readonly z_support: Matrix;
  readonly z_query: Matrix;
  readonly layer_outputs?: Readonly<
    Record<string, { readonly support: readonly Matrix[]; readonly query: readonly Matrix[] }>
  >;
  readonly logits_f32: readonly number[] | Matrix;
  readonly ce_f32?: number;
  readonly mse_f32?: number;
}

interface Tuning {
  readonly weight_decay: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly lr: number;
  readonly warmup: number;
  readonly lrs: readonly number[];
  readonly splits: readonly { readonly support: number[]; readonly query: number[] }[];
  readonly f32: {
    readonly train_loss: readonly number[];
    readonly val_loss: readonly number[];
    readonly final_logits: readonly number[] | Matrix;
  };
}

/** Run every check that a folder allows, sub-folders with a `config.json` included. */
export async function checkParity(folder: string): Promise<ParityCheck[]> {
  await ready();
  const checks: ParityCheck[] = [];
  const add = (where: string, check: string, error: number, gate: number): void => {
    checks.push({ folder: where, check, error, gate });
  };
  const file = (name: string): string => join(folder, name);
  if (existsSync(file('quantile_cases.json'))) {
    checkQuantiles(read(file('quantile_cases.json')), (...check) => add('.', ...check));
  }
  if (existsSync(file('lr_traces.json'))) {
    checkRates(read(file('lr_traces.json')), (...check) => add('.', ...check));
  }
  if (existsSync(file('preprocess.json'))) {
    checkPreprocessing(read(file('preprocess.json')), (...check) => add('.', ...check));
  }
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  for (const name of ['.', ...folders.sort()]) {
    if (!existsSync(join(folder, name, 'config.json'))) continue;
    await checkNetwork(join(folder, name), (...check) => add(name, ...check));
  }
  return checks;
}

type Add = (check: string, error: number, gate: number) => void;

interface QuantileCase {
  readonly name: string;
  readonly support: readonly number[];
  readonly query: readonly number[];
  readonly z_support: readonly number[];
  readonly z_query: readonly number[];
}

function checkQuantiles(cases: readonly QuantileCase[], add: Add): void {
  for (const { name, support, query, z_support, z_query } of cases) {
    const values = Float32Array.from(support);
    const step = fitQuantileStep(values, values.length, 1);
    const error = Math.max(
      distance(applyQuantileStep(step, values), z_support),
      distance(applyQuantileStep(step, Float32Array.from(query)), z_query),
    );
    add(`quantile step, ${name}`, error, 1e-6);
  }
}

function checkRates(
  traces: Readonly<
    Record<string, readonly number[] | { lr: number; warmup: number; rates: readonly number[] }>
  >,
  add: Add,
): void {
  const known: Readonly<Record<string, { lr: number; warmup: number }>> = {
    stock: { lr: 1e-4, warmup: 1000 },
    v2: { lr: 1e-5, warmup: 10 },
  };
  for (const [name, trace] of Object.entries(traces)) {
    const { lr, warmup } =
      'rates' in trace ? trace : (known[name] ?? { lr: Number.NaN, warmup: 1 });
    const rates = 'rates' in trace ? trace.rates : trace;
    const error = rates.map((rate, i) => Math.abs(warmupRate(lr, warmup, i + 1) / rate - 1));
    add(`learning rates, ${name} (relative)`, largest(error), 1e-9);
  }
}

function checkPreprocessing(
  found: {
    readonly train: readonly (readonly (number | null)[])[];
    readonly test: readonly (readonly (number | null)[])[];
    readonly kept_columns: readonly number[];
    readonly train_transformed: Matrix;
    readonly test_transformed: Matrix;
  },
  add: Add,
): void {
  const matrix = (rows: readonly (readonly (number | null)[])[]): Float64Array =>
    Float64Array.from(rows.flatMap((row) => row.map((cell) => cell ?? Number.NaN)));
  const width = found.train[0].length;
  const preprocessor = fitPreprocessor(matrix(found.train), width);
  const same = preprocessor.kept.join() === found.kept_columns.join();
  add('preprocessing, kept columns', same ? 0 : Number.POSITIVE_INFINITY, 0);
  if (!same) return;
  const error = (rows: readonly (readonly (number | null)[])[], expected: Matrix): number =>
    distance(transformMatrix(preprocessor, matrix(rows)), expected.flat());
  add('preprocessing, training rows', error(found.train, found.train_transformed), 1e-6);
  add('preprocessing, test rows', error(found.test, found.test_transformed), 1e-6);
}

async function checkNetwork(folder: string, add: Add): Promise<void> {
  const network = await readNetwork(folder);
  const forwardFile = join(folder, 'forward.json');
  if (!existsSync(forwardFile)) return;
  const forward = read<Forward>(forwardFile);
  const f = forward.x_support[0].length;
  const support = Float32Array.from(forward.x_support.flat());
  const query = Float32Array.from(forward.x_query.flat());
  const step = fitQuantileStep(support, forward.y_support.length, f);
  const zs = applyQuantileStep(step, support);
  const zq = applyQuantileStep(step, query);
  const z = Math.max(distance(zs, forward.z_support.flat()), distance(zq, forward.z_query.flat()));
  add('quantile step of the pass', z, 1e-6);
  const episode = { features: f, support: zs, labels: forward.y_support, query: zq };
  const loss = lossOf(network.config, forward.y_query);
  const expected = forward.logits_f32.flat();
  for (const recompute of [false, true]) {
    const loaded = loadNetwork(network);
    let states = 0;
    const onLayer = (layer: number, tokens: { dataSync(): ArrayLike<number> }): void => {
      const wanted = forward.layer_outputs?.[layer];
      if (wanted) states = Math.max(states, tokenDistance(tokens.dataSync(), wanted));
    };
    const pass = await lossGradients(loaded, [episode], loss, { recompute, onLayer });
    loaded.free();
    const how = recompute ? ' (recomputed)' : '';
    add(`layer states${how}`, states, 1e-5);
    add(`logits${how}`, distance(pass.logits, expected), 1e-5);
    add(`loss${how}`, Math.abs(pass.loss - (forward.ce_f32 ?? (forward.mse_f32 as number))), 1e-5);
    const gradientFile = join(folder, 'grads_f32.safetensors');
    if (existsSync(gradientFile)) {
      const { relative, keyBias } = await gradientErrors(gradientFile, pass.gradients);
      add(`gradients, of each tensor's largest${how}`, relative, 1e-4);
      add(`gradients of k.bias, absolute${how}`, keyBias, 1e-6);
    }
  }
  const cached = await cachedLogits(network, support, forward.y_support, query);
  add('logits with cached support', distance(cached, expected), 1e-5);
  const tuningFile = join(folder, 'finetune.json');
  if (existsSync(tuningFile)) await checkTuning(folder, network, forward, read(tuningFile), add);
}

async function checkTuning(
  folder: string,
  network: Network,
  forward: Forward,
  tuning: Tuning,
  add: Add,
): Promise<void> {
  const weights = new Map([...network.weights].map(([key, data]) => [key, data.slice()]));
  const state = adamState();
  const noise = roundingNoise();
  const { x_support, y_support, x_query, y_query } = forward;
  const options = { weightDecay: tuning.weight_decay, betas: tuning.betas, epsilon: tuning.eps };
  let [trainError, validationError, rateError] = [0, 0, 0];
  let logits: Float32Array = new Float32Array();
  for (const [t, split] of tuning.splits.entries()) {
    const episode = episodeOf(x_support, y_support, split.support, split.query);
    const labels = split.query.map((i) => y_support[i]);
    const loaded = loadNetwork({ config: network.config, weights });
    const pass = await lossGradients(loaded, [episode], lossOf(network.config, labels));
    trainError = Math.max(trainError, Math.abs(pass.loss - tuning.f32.train_loss[t]));
    const rate = warmupRate(tuning.lr, tuning.warmup, t + 1);
    rateError = Math.max(rateError, Math.abs(rate / tuning.lrs[t] - 1));
    adamWStep(weights, pass.gradients, state, rate, options);
    noise.see(pass.gradients, state.v, 1 - options.betas[1] ** (t + 1), rate);
    loaded.free();
    logits = await cachedLogits(
      { config: network.config, weights },
      Float32Array.from(x_support.flat()),
      y_support,
      Float32Array.from(x_query.flat()),
    );
    const { loss } = lossOf(network.config, y_query)(logits);
    validationError = Math.max(validationError, Math.abs(loss - tuning.f32.val_loss[t]));
  }
  add('learning rates of the steps (relative)', rateError, 1e-9);
  add('losses of the steps', trainError, 1e-4);
  add('validation losses after the steps', validationError, 1e-4);
  add('logits after the steps', distance(logits, tuning.f32.final_logits.flat()), 1e-4);
  const after = join(folder, `after_${tuning.splits.length}_steps_f32.safetensors`);
  if (!existsSync(after)) return;
  let [sure, noisy, keyBias] = [0, 0, 0];
  for (const [key, { data }] of await readSafetensors(after)) {
    const own = weights.get(key) as Float32Array;
    if (key.endsWith('.k.bias')) {
      keyBias = Math.max(keyBias, distance(own, data));
      continue;
    }
    for (let i = 0; i < data.length; i++) {
      const distant = Math.abs(own[i] - data[i]);
      const error = Number.isNaN(distant) ? Number.POSITIVE_INFINITY : distant;
      const reach = noise.reach(key, i);
      if (reach <= weightGate) sure = Math.max(sure, error);
      else noisy = Math.max(noisy, error / (weightGate + reach));
    }
  }
  add('weights after the steps', sure, weightGate);
  add('weights of noisy gradients, of what Adam makes of rounding', noisy, 1);
  const sumOfRates = tuning.lrs.reduce((a, b) => a + b, 0);
  add('k.bias after the steps', keyBias, sumOfRates);
}

const weightGate = 1e-5;

/**
 * Tells how far Adam, which divides gradients by their size, carries their rounding: in single
 * precision reference and this implementation are each off by up to 5e-7 of a tensor's largest
 * gradient. Of numbers whose own gradient is that small it makes steps of any size up to the rate.
 * Gradients of exactly 0 have no rounding.
 */
function roundingNoise(): {
  see(
    gradients: ReadonlyMap<string, Float32Array>,
    squares: ReadonlyMap<string, Float32Array>,
    correction: number,
    rate: number,
  ): void;
  /** The most that rounding can have moved a number by. */
  reach(key: string, i: number): number;
} {
  const rounding = 2 * 5e-7;
  const reaches = new Map<string, Float64Array>();
  return {
    see(gradients, squares, correction, rate) {
      for (const [key, gradient] of gradients) {
        const v = squares.get(key) as Float32Array;
        const reach = reaches.get(key) ?? new Float64Array(v.length);
        const error = rounding * largest(gradient);
        for (let i = 0; i < v.length; i++) {
          if (v[i] > 0) reach[i] += rate * Math.min(2, error / Math.sqrt(v[i] / correction));
        }
        reaches.set(key, reach);
      }
    },
    reach: (key, i) => reaches.get(key)?.[i] ?? 0,
  };
}

function episodeOf(
  x: Matrix,
  y: readonly number[],
  support: readonly number[],
  query: readonly number[],
): Episode {
  const rows = (indices: readonly number[]): Float32Array =>
    Float32Array.from(indices.flatMap((i) => x[i]));
  const step = fitQuantileStep(rows(support), support.length, x[0].length);
  return {
    features: x[0].length,
    support: applyQuantileStep(step, rows(support)),
    labels: support.map((i) => y[i]),
    query: applyQuantileStep(step, rows(query)),
  };
}

async function cachedLogits(
  network: Network,
  support: Float32Array,
  labels: readonly number[],
  query: Float32Array,
): Promise<Float32Array> {
  const loaded = loadNetwork(network);
  const pause = async (): Promise<void> => {};
  const encoded = await encodeSupport(loaded, support, labels, pause);
  const logits = await decodeQuery(loaded, encoded, query, pause);
  encoded.free();
  loaded.free();
  return logits;
}

function lossOf(config: Tab2DConfig, labels: readonly number[]): LossGradient {
  return config.task === 'REGRESSION' && config.dim_output === 1
    ? squaredError(labels)
    : crossEntropy(labels, config.dim_output);
}

async function gradientErrors(
  file: string,
  gradients: ReadonlyMap<string, Float32Array>,
): Promise<{ relative: number; keyBias: number }> {
  let [relative, keyBias] = [0, 0];
  for (const [key, { data }] of await readSafetensors(file)) {
    const error = distance(gradients.get(key) as Float32Array, data);
    if (key.endsWith('.k.bias')) keyBias = Math.max(keyBias, error);
    else relative = Math.max(relative, error / Math.max(largest(data), 1e-12));
  }
  return { relative, keyBias };
}

/** Tokens are [c, n, d] here and (row, token, channel) in the file. */
function tokenDistance(
  tokens: ArrayLike<number>,
  wanted: { readonly support: readonly Matrix[]; readonly query: readonly Matrix[] },
): number {
  const rows = [...wanted.support, ...wanted.query];
  const [c, d] = [rows[0].length, rows[0][0].length];
  let error = 0;
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < c; j++) {
      for (let k = 0; k < d; k++) {
        error = Math.max(error, Math.abs(tokens[(j * rows.length + i) * d + k] - row[j][k]));
      }
    }
  }
  return error;
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const error = Math.abs(a[i] - b[i]);
    // Not Math.max alone: a NaN must count as wrong.
    if (!(error <= most)) most = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return most;
}

function largest(values: ArrayLike<number>): number {
  return distance(values, new Float32Array(values.length));
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
