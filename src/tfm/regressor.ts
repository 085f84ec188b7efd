// A regressor that predicts in context; the counterpart of classifier.ts for numeric targets.

import { isNumeric, type Table, takeRows } from '../data/table.js';
import { permutation, stream } from '../math/random.js';
import { ready } from '../math/tf.js';
import { checkSeed } from '../scm/check-arguments.js';
import { type LongWork, longWork, type Work } from '../work/long-work.js';
import { checkFitOptions } from './check-fit-options.js';
import type { FitOptions, NetworkSource } from './classifier.js';
import type { Tab2DConfig } from './config.js';
import { mirrored, rawOutputs, type SupportCache } from './in-context.js';
import {
  type Encoding,
  encodeFeatures,
  fitEncoding,
  fitPreprocessor,
  type Preprocessor,
  transformMatrix,
} from './preprocess.js';
import { fitProjection, type Projection, project } from './principal-components.js';
import { saveRegressor } from './save-regressor.js';
import {
  decodeTargets,
  encodeTargets,
  fitTargetCode,
  slotProbabilities,
  type TargetCode,
} from './target-bins.js';

/** A model that was shown its context rows and predicts numbers. */
export interface FittedRegressor {
  readonly kind: 'regressor';
  /** Name of the column that is predicted. */
  readonly target: string;
  /** Which foundation model predicts. */
  readonly tfm: string;
  /** What was done to the context beyond the usual, one sentence each. */
  readonly notes: readonly string[];
  /** Predict the target of every row, in its own units. */
  predict(rows: Table, options?: LongWork): Promise<Float64Array>;
  /**
   * Predict quantiles of every row's target; only networks with bins can.
   * @param levels Each in (0, 1).
   * @returns rows × levels, row-major.
   */
  predictQuantiles(
    rows: Table,
    levels: readonly number[],
    options?: LongWork,
  ): Promise<Float64Array>;
  /** Write weights, context and preprocessing as one portable folder, for `loadRegressor`. */
  save(folder: string): Promise<void>;
}

/** How a member of an ensemble sees the table. */
export interface RegressionView {
  readonly signs?: Int8Array;
  readonly mirroredTarget?: boolean;
}

/** A table with a numeric target, ready for the network. */
export interface PreparedRegression {
  readonly target: string;
  readonly encoding: Encoding;
  readonly preprocessor: Preprocessor;
  /** Where there were too many features: their principal components are shown. */
  readonly projection?: Projection;
  readonly features: number;
  /** rows × features */
  readonly x: Float32Array;
  readonly y: Float64Array;
  readonly code: TargetCode;
  readonly views: readonly RegressionView[];
  readonly notes: readonly string[];
}

/**
 * Prepare context rows with a numeric target for a network.
 * @throws RangeError or TypeError where the target does not allow it.
 */
export async function prepareRegression(
  context: Table,
  config: Tab2DConfig,
  options: FitOptions,
): Promise<PreparedRegression> {
  checkSeed('fit the regressor', options);
  const { seed, members = 1, maxRows = 8192, maxFeatures = 256 } = options;
  checkFitOptions('regressor', { members, maxRows, maxFeatures });
  const notes: string[] = [];
  const all = numericTarget(context, context.target);
  let shown = context;
  if (context.rows > maxRows) {
    shown = takeRows(
      context,
      permutation(stream(seed, 'context-rows'), context.rows).subarray(0, maxRows),
    );
    notes.push(`${maxRows} of ${context.rows} context rows are shown, drawn at random`);
  }
  const target = context.target as string;
  const y = shown === context ? all : numericTarget(shown, target);
  const encoding = fitEncoding(shown);
  const values = encodeFeatures(encoding, shown);
  const preprocessor = fitPreprocessor(values, encoding.names.length);
  const whole = transformMatrix(preprocessor, values);
  const width = preprocessor.kept.length;
  let projection: Projection | undefined;
  if (width > maxFeatures) {
    const random = stream(seed, 'component-rows');
    projection = await longWork('principal components', 0, { onProgress() {} }, (work) =>
      fitProjection(whole, y.length, maxFeatures, random, () => work.breathe()),
    );
    const coded = encoding.categories.some((c) => c !== undefined);
    notes.push(
      `${projection.components.length / width} principal components of ${width} features are shown${coded ? ' (codes, where there are categories)' : ''}`,
    );
  }
  const x = projection ? project(projection, whole) : whole;
  const features = projection ? x.length / y.length : width;
  const code = fitTargetCode(config, y);
  if (code.way === 'groups') {
    notes.push(
      `the model is a classifier: it tells ${code.centres.length} groups of the target apart, and their means are averaged`,
    );
  }
  const views = Array.from({ length: members }, (_, m): RegressionView => {
    if (m === 0) return {};
    const random = stream(seed, 'view', m);
    const signs = Int8Array.from({ length: features }, () => (random() < 0.5 ? -1 : 1));
    return { signs, mirroredTarget: random() < 0.5 };
  });
  return {
    target,
    encoding,
    preprocessor,
    ...(projection ? { projection } : {}),
    features,
    x,
    y,
    code,
    views,
    notes,
  };
}

/** Turn rows into what the network is shown. */
export function prepareRegressionRows(context: PreparedRegression, rows: Table): Float32Array {
  const { encoding, preprocessor, projection } = context;
  const x = transformMatrix(preprocessor, encodeFeatures(encoding, rows));
  return projection ? project(projection, x) : x;
}

/** Make the regressor of a prepared context and a source of weights. */
export function regressorOf(
  source: NetworkSource,
  context: PreparedRegression,
  extra: { readonly cache?: SupportCache; readonly work?: LongWork } = {},
): FittedRegressor {
  const { code, views, features, y } = context;
  const { dim_output: width } = source.config;
  const each = async (
    rows: Table,
    options: LongWork,
    take: (outputs: Float32Array, view: RegressionView) => void,
  ): Promise<void> => {
    await ready();
    const x = prepareRegressionRows(context, rows);
    const total = rows.rows * views.length;
    const small = total * (features + 1) * source.config.dim ** 2 < 2e9;
    const quiet = small ? { onProgress: () => {} } : {};
    const body = (work: Work): Promise<void> =>
      source.use(async (network) => {
        for (const [member, view] of views.entries()) {
          const support = {
            features,
            x: mirrored(context.x, view.signs),
            labels: encodeTargets(code, y, view.mirroredTarget),
          };
          const asked = mirrored(x, view.signs);
          const { cache } = extra;
          take(
            await rawOutputs(network, support, asked, `${member}`, {
              pause: () => work.breathe(),
              tick: (n) => work.tick(n),
              ...(cache ? { cache } : {}),
            }),
            view,
          );
        }
      });
    await longWork('predicting', total, { ...quiet, ...extra.work, ...options }, body);
  };
  return {
    kind: 'regressor',
    target: context.target,
    tfm: source.name,
    notes: context.notes,
    async predict(rows, options = {}) {
      const mean = new Float64Array(rows.rows);
      if (rows.rows === 0) return mean;
      if (features === 0) return mean.fill(y.reduce((a, b) => a + b, 0) / y.length);
      await each(rows, options, (outputs, view) => {
        const own = decodeTargets(code, outputs, width, view.mirroredTarget);
        for (let i = 0; i < mean.length; i++) mean[i] += own[i] / views.length;
      });
      return mean;
    },
    async predictQuantiles(rows, levels, options = {}) {
      if (code.way !== 'bins') {
        throw new TypeError(
          `Cannot predict quantiles as the model must predict bins of the target: ${source.name} does not; load a binned regressor`,
        );
      }
      const bad = levels.find((level) => !(level > 0 && level < 1));
      if (bad !== undefined) {
        throw new RangeError(
          `Cannot predict quantiles as levels must be in (0, 1): current value is ${bad}`,
        );
      }
      const slots = code.centres.length;
      const p = new Float64Array(rows.rows * slots);
      await each(rows, options, (outputs, view) => {
        const own = slotProbabilities(code, outputs, width);
        for (let i = 0; i < rows.rows; i++) {
          for (let j = 0; j < slots; j++) {
            // A mirrored target turns the order of its bins round.
            const at = view.mirroredTarget ? slots - 1 - j : j;
            p[i * slots + j] += own[i * slots + at] / views.length;
          }
        }
      });
      return quantilesOf(code, p, levels);
    },
    save: (folder) => saveRegressor(folder, source, context),
  };
}

/** Invert the distribution function, linear within a bin. */
function quantilesOf(code: TargetCode, p: Float64Array, levels: readonly number[]): Float64Array {
  const slots = code.centres.length;
  const rows = p.length / slots;
  const width = code.centres[1] - code.centres[0];
  const out = new Float64Array(rows * levels.length);
  for (let i = 0; i < rows; i++) {
    for (const [l, level] of levels.entries()) {
      let [below, j] = [0, 0];
      while (j < slots - 1 && below + p[i * slots + j] < level) below += p[i * slots + j++];
      const share = (level - below) / Math.max(p[i * slots + j], 1e-300);
      out[i * levels.length + l] = code.centres[j] + (Math.min(1, share) - 0.5) * width;
    }
  }
  return out;
}

/** The target of regression rows, checked. */
export function numericTarget(rows: Table, name: string | undefined): Float64Array {
  const found = rows.columns.find((c) => c.name === name);
  const refuse = (met: string): never => {
    throw new RangeError(
      `Cannot fit the regressor as every row must have a numeric target: ${met}`,
    );
  };
  if (!found) return refuse(name === undefined ? 'the table names none' : `"${name}" is absent`);
  if (!isNumeric(found)) return refuse(`"${name}" is ${found.type}; use fit for classes`);
  const missing = found.values.reduce((n, value) => n + (Number.isNaN(value) ? 1 : 0), 0);
  if (missing > 0) return refuse(`"${name}" is missing in ${missing} of ${rows.rows} rows`);
  if (rows.rows < 2) return refuse(`the table has ${rows.rows} rows; at least 2 are needed`);
  return found.values;
}
