import type { CategoryOrdering } from '../category-order.js';
import type { Tab2DConfig } from '../config.js';
import { defaultMix, type PriorMix, priors } from './prior.js';

/** Sizes of tables in one part of the training. */
export interface Phase {
  /** Share of all steps at which it ends. */
  readonly until: number;
  /** Fewest and most rows; drawn log-uniformly. */
  readonly rows: readonly [number, number];
  /** Mean of the exponential part of the number of features, which starts at 2. */
  readonly featureMean: number;
  /** Most features. */
  readonly maxFeatures: number;
  /** Share of steps with one large table instead (default `0`): up to 1,250 rows and 100 features. */
  readonly large?: number;
}

/** Everything that a training run depends on: same configuration, same curve. */
export interface PretrainConfig {
  /** Seed of all tables and of the first weights. */
  readonly seed: number;
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  /** Outputs, and most classes of a table. */
  readonly classes: number;
  readonly steps: number;
  /** Cells with the label's (rows × (features + 1)) in a batch, about. */
  readonly tokens: number;
  /** Most tables of a batch. */
  readonly maxTables: number;
  /** Most cells of one large table. */
  readonly largeTokens: number;
  /** Peak rate of Muon, on the layers' matrices. */
  readonly muonRate: number;
  /** Peak rate of AdamW, on all the rest. */
  readonly adamRate: number;
  /** Decay of the layers' matrices, times their rate. */
  readonly weightDecay: number;
  /** Steps of linear warm-up. */
  readonly warmUp: number;
  /** Share of the steps at the end over which the rates fall linearly to 0. */
  readonly decay: number;
  /** Decay of the averaged weights, which are what is evaluated and kept. */
  readonly average: number;
  /** Largest norm of the gradient. */
  readonly clip: number;
  readonly phases: readonly Phase[];
  readonly mix: PriorMix;
  /** Start at this share of the curriculum, for runs that go on from trained weights. */
  readonly startPhase: number;
  /** How the tables' categories become codes, and those of every table that the model will see. */
  readonly categoryOrder: CategoryOrdering;
  /** Most discriminants shown as further columns, here and of every table that the model will see. */
  readonly discriminants: number;
}

/** The recipe: 128 channels, 4 layers, 4 heads; small tables first. */
export const defaultPretrainConfig: PretrainConfig = {
  seed: 1,
  dim: 128,
  layers: 4,
  heads: 4,
  classes: 10,
  steps: 12_000,
  tokens: 12_000,
  maxTables: 24,
  largeTokens: 30_000,
  muonRate: 0.01,
  adamRate: 2e-3,
  weightDecay: 0.02,
  warmUp: 60,
  decay: 0.5,
  average: 0.99,
  clip: 1,
  phases: [
    { until: 0.06, rows: [60, 130], featureMean: 2.5, maxFeatures: 6 },
    { until: 0.3, rows: [60, 320], featureMean: 5, maxFeatures: 20 },
    { until: 0.75, rows: [80, 600], featureMean: 9, maxFeatures: 60 },
    { until: 1, rows: [80, 800], featureMean: 10, maxFeatures: 60, large: 0.04 },
  ],
  mix: defaultMix,
  startPhase: 0,
  categoryOrder: 'target',
  discriminants: 3,
};

/** Shape of the network that a configuration trains. */
export function networkConfig(config: PretrainConfig): Tab2DConfig {
  return {
    dim: config.dim,
    dim_output: config.classes,
    n_layers: config.layers,
    n_heads: config.heads,
    task: 'CLASSIFICATION',
    ...(config.categoryOrder === 'target' ? { category_order: 'target' } : {}),
    ...(config.discriminants > 0 ? { discriminants: config.discriminants } : {}),
  };
}

type Check = readonly [keyof PretrainConfig, (value: number) => boolean, string];

const integer = (low: number, high: number): ((value: number) => boolean) => {
  return (value) => Number.isInteger(value) && value >= low && value <= high;
};
const within = (low: number, high: number): ((value: number) => boolean) => {
  return (value) => value >= low && value <= high;
};

const checks: readonly Check[] = [
  ['seed', Number.isSafeInteger, 'an integer'],
  ['dim', integer(4, 4096), 'an integer from 4 to 4096'],
  ['layers', integer(1, 64), 'an integer from 1 to 64'],
  ['heads', integer(1, 64), 'an integer from 1 to 64'],
  ['classes', integer(2, 10), 'an integer from 2 to 10'],
  ['steps', integer(1, 1e8), 'an integer >= 1'],
  ['tokens', integer(500, 1e7), 'an integer >= 500'],
  ['maxTables', integer(1, 4096), 'an integer from 1 to 4096'],
  ['largeTokens', integer(500, 1e7), 'an integer >= 500'],
  ['muonRate', within(0, 1), 'a number from 0 to 1'],
  ['adamRate', within(0, 1), 'a number from 0 to 1'],
  ['weightDecay', within(0, 10), 'a number from 0 to 10'],
  ['warmUp', integer(0, 1e8), 'an integer >= 0'],
  ['decay', within(0, 1), 'a number from 0 to 1'],
  ['average', within(0, 0.99999), 'a number from 0 to 0.99999'],
  ['clip', within(1e-6, 1e9), 'a positive number'],
  ['discriminants', integer(0, 9), 'an integer from 0 to 9'],
  ['startPhase', within(0, 1), 'a number from 0 to 1'],
];

/**
 * Complete a configuration from the defaults and check it.
 * @param given Any of the fields, as a JSON file may hold them.
 * @throws TypeError or RangeError that names the field.
 */
export function pretrainConfig(given: Readonly<Record<string, unknown>> = {}): PretrainConfig {
  const unknown = Object.keys(given).find((name) => !(name in defaultPretrainConfig));
  if (unknown !== undefined) {
    fail(
      `"${unknown}" must be a field of the configuration: the fields are ${Object.keys(defaultPretrainConfig).join(', ')}`,
    );
  }
  const config = { ...defaultPretrainConfig, ...given } as PretrainConfig;
  for (const [name, holds, what] of checks) {
    const value = config[name];
    if (typeof value !== 'number' || !holds(value)) {
      fail(`${name} must be ${what}: current value is ${JSON.stringify(value)}`);
    }
  }
  if (config.dim % config.heads !== 0) {
    fail(`heads must divide dim: current values are ${config.heads} and ${config.dim}`);
  }
  if (config.categoryOrder !== 'name' && config.categoryOrder !== 'target') {
    fail(
      `categoryOrder must be "name" or "target": current value is ${JSON.stringify(config.categoryOrder)}`,
    );
  }
  checkPhases(config.phases);
  checkMix(config.mix);
  return config;
}

/**
 * List what differs between two configurations.
 * @returns One line a field: its name, the first value, the second.
 */
export function configDifferences(a: PretrainConfig, b: PretrainConfig): string[] {
  const names = Object.keys(defaultPretrainConfig) as (keyof PretrainConfig)[];
  return names
    .map((name) => [name, JSON.stringify(a[name]), JSON.stringify(b[name])] as const)
    .filter(([, x, y]) => x !== y)
    .map(([name, x, y]) => `${name}: ${x} before, ${y} now`);
}

function checkPhases(phases: readonly Phase[]): void {
  let before = 0;
  for (const [i, phase] of phases.entries()) {
    const [low, high] = phase.rows;
    const fits =
      phase.until > before &&
      Number.isInteger(low) &&
      Number.isInteger(high) &&
      low >= 40 &&
      high >= low &&
      phase.featureMean > 0 &&
      Number.isInteger(phase.maxFeatures) &&
      phase.maxFeatures >= 2;
    if (!fits) {
      fail(
        `phases must follow each other, with rows [low >= 40, high] and at least 2 features: phase ${i + 1} is ${JSON.stringify(phase)}`,
      );
    }
    before = phase.until;
  }
  if (before !== 1) fail(`the last phase must end at 1: it ends at ${before}`);
}

function checkMix(mix: PriorMix): void {
  let sum = 0;
  for (const [name, weight] of Object.entries(mix)) {
    if (!(name in priors)) {
      fail(`the mix must name priors: "${name}" is none of ${Object.keys(priors).join(', ')}`);
    }
    if (!(weight >= 0 && Number.isFinite(weight))) {
      fail(`weights of the mix must be >= 0: that of ${name} is ${weight}`);
    }
    sum += weight;
  }
  if (!(sum > 0)) fail('the mix must give some prior a positive weight: it gives none');
}

function fail(requirement: string): never {
  throw new RangeError(`Cannot pre-train as ${requirement}`);
}
