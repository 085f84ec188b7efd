// A classifier that predicts in context: it holds the context rows as numbers, and shows them to the
// network together with the rows to predict. Nothing is trained here.
// Kept together: what a context is prepared to is read only by the predictions below it.

import { type CategoricalColumn, type Table, takeRows } from '../data/table.js';
import { checkTarget } from '../data/target.js';
import { type Random, shuffle, stream } from '../math/random.js';
import { ready } from '../math/tf.js';
import { checkSeed } from '../scm/check-arguments.js';
import { type LongWork, longWork, type Work } from '../work/long-work.js';
import { checkFitOptions } from './check-fit-options.js';
import { type ClassNode, classNodes } from './class-nodes.js';
import { hasNumericTarget, type Tab2DConfig } from './config.js';
import { fitDiscriminants } from './discriminants.js';
import { embedQuery } from './embed-query.js';
import {
  classProbabilities,
  nodeLogits,
  nodeSupport,
  passes,
  type Support,
  type SupportCache,
  shownTo,
  slotsOf,
  type View,
} from './in-context.js';
import type { LoadedNetwork } from './loaded-network.js';
import {
  type Encoding,
  encodeFeatures,
  fitEncoding,
  fitPreprocessor,
  type Preprocessor,
  transformMatrix,
} from './preprocess.js';
import { saveClassifier } from './save-classifier.js';
import { pickColumns, topColumns } from './select-features.js';
import { stratifiedRows } from './stratified-rows.js';

/** A model that was shown its context rows and predicts classes. */
export interface FittedClassifier {
  readonly kind: 'classifier';
  /** Class names; the columns of every prediction. */
  readonly classes: readonly string[];
  /** Name of the column that is predicted. */
  readonly target: string;
  /** Which foundation model predicts. */
  readonly tfm: string;
  /** What was done to the context beyond the usual, one sentence each. */
  readonly notes: readonly string[];
  /** Logits are divided by it; 1 unless calibrated. */
  readonly temperature: number;
  /**
   * Predict the probability of every class.
   * @param rows Any table with the context's feature columns.
   * @returns rows × classes, row-major; a class that the context lacks has 0.
   */
  predictProba(rows: Table, options?: LongWork): Promise<Float64Array>;
  /** Predict the most probable class of every row. */
  predict(rows: Table, options?: LongWork): Promise<string[]>;
  /**
   * Predict logits: the network's own for one member and few classes, else log-probabilities.
   * @returns rows × classes, row-major.
   */
  logits(rows: Table, options?: LongWork): Promise<Float64Array>;
  /**
   * Give the network's last hidden state of every row (first member, first decision).
   * @returns rows × dim of the network, row-major.
   */
  embeddings(rows: Table, options?: LongWork): Promise<Float32Array>;
  /** The same classifier with its logits divided by a temperature; see `calibrate`. */
  withTemperature(temperature: number): FittedClassifier;
  /** Write weights, context and preprocessing as one portable folder, for `loadClassifier`. */
  save(folder: string): Promise<void>;
}

export interface FitOptions {
  /** Seed of everything drawn: the members' views, rows left out, order of many classes. */
  readonly seed: number;
  /** Members of the ensemble; the first sees the table as it is, the others mirrored columns and other class slots (default `1`). */
  readonly members?: number;
  /** Most context rows; more are subsampled stratified (default `8192`). */
  readonly maxRows?: number;
  /** Most features; of more a classifier keeps the best by ANOVA F, a regressor principal components (default `256`). */
  readonly maxFeatures?: number;
  /** Mirror the columns of the first member at random too, as the reference does (default `false`). */
  readonly mirror?: boolean;
}

/** Where the weights of a prediction come from. */
export interface NetworkSource {
  readonly name: string;
  readonly config: Tab2DConfig;
  /** Numbers of the weights, for saving. */
  weights(): ReadonlyMap<string, Float32Array>;
  /** Run with the weights as tensors. */
  use<T>(run: (network: LoadedNetwork) => Promise<T>): Promise<T>;
}

/** A table made ready for the network: everything that a prediction needs but the weights. */
export interface PreparedContext {
  readonly target: string;
  readonly classes: readonly string[];
  readonly encoding: Encoding;
  readonly preprocessor: Preprocessor;
  /** Columns of the preprocessed matrix that are shown. */
  readonly picked: readonly number[];
  /** The picked columns of the context rows. */
  readonly support: Support;
  /** Decisions between the classes that occur, numbered as in `classes`. */
  readonly root: ClassNode;
  readonly views: readonly View[];
  readonly notes: readonly string[];
}

/**
 * Prepare context rows for a network.
 * @throws RangeError or TypeError where the target or the network does not allow it.
 */
export function prepareContext(
  context: Table,
  config: Tab2DConfig,
  options: FitOptions,
): PreparedContext {
  checkSeed('fit the classifier', options);
  const { seed, members = 1, maxRows = 8192, maxFeatures = 256, mirror = false } = options;
  checkFitOptions('classifier', { members, maxRows, maxFeatures });
  if (config.task !== 'CLASSIFICATION' || hasNumericTarget(config)) {
    throw new TypeError(
      'Cannot fit the classifier as the model must be a classifier: it is a regressor; use fitRegressor, or load a classifier',
    );
  }
  const notes: string[] = [];
  const target = checkTarget(context);
  const kept = stratifiedRows(target.codes, maxRows, stream(seed, 'context-rows'));
  if (kept.length < context.rows) {
    notes.push(`${kept.length} of ${context.rows} context rows are shown, drawn stratified`);
  }
  const shown = kept.length < context.rows ? takeRows(context, kept) : context;
  const { codes } = shown.columns.find((c) => c.name === target.name) as CategoricalColumn;
  const encoding = fitEncoding(shown, config.category_order);
  const values = encodeFeatures(encoding, shown);
  const preprocessor = fitPreprocessor(values, encoding.names.length);
  const x = transformMatrix(preprocessor, values);
  const width = preprocessor.kept.length;
  const picked = width > 0 ? topColumns(x, codes, maxFeatures) : [];
  if (picked.length < width) {
    const coded = encoding.categories.some((c) => c !== undefined);
    notes.push(
      `${picked.length} of ${width} features are shown, the best by ANOVA F${coded ? ' (of the codes, where there are categories)' : ''}`,
    );
  }
  const present = target.categories.flatMap((_, code) => (codes.includes(code) ? [code] : []));
  const root = withClasses(
    classNodes(present.length, config.dim_output, stream(seed, 'class-order')),
    present,
  );
  if (present.length > config.dim_output) {
    notes.push(
      `${present.length} classes are told apart by a tree of decisions between at most ${config.dim_output} groups`,
    );
  }
  if (width === 0) {
    notes.push('no feature varies: the classes’ shares in the context are predicted');
  }
  const support = {
    features: picked.length,
    x: pickColumns(x, width, picked),
    labels: codes,
  };
  const views = Array.from({ length: members }, (_, m) => {
    const discriminants = fitDiscriminants(support.x, codes, config.discriminants ?? 0, m);
    const columns = picked.length + (discriminants?.columns ?? 0);
    const view = viewOf(m, mirror, columns, config.dim_output, stream(seed, 'view', m));
    return { ...view, ...(discriminants ? { discriminants } : {}) };
  });
  const { name, categories } = target;
  return {
    target: name,
    classes: categories,
    encoding,
    preprocessor,
    picked,
    support,
    root,
    views,
    notes,
  };
}

/**
 * Turn rows into numbers: rows × picked features.
 * @param support Rows from which the order of categories is learned anew, instead of the context's.
 */
export function encodeRows(context: PreparedContext, rows: Table, support?: Table): Float32Array {
  const { preprocessor, picked } = context;
  const encoding = support ? fitEncoding(support, 'target') : context.encoding;
  const x = transformMatrix(preprocessor, encodeFeatures(encoding, rows));
  return pickColumns(x, preprocessor.kept.length, picked);
}

/** Make the classifier of a prepared context and a source of weights. */
export function classifierOf(
  source: NetworkSource,
  context: PreparedContext,
  extra: {
    readonly temperature?: number;
    readonly cache?: SupportCache;
    readonly work?: LongWork;
  } = {},
): FittedClassifier {
  const { temperature = 1, cache, work: defaults } = extra;
  const { classes, support, root, views } = context;
  const run = async <T>(
    rows: Table,
    options: LongWork,
    body: (network: LoadedNetwork, x: Float32Array, work: Work) => Promise<T>,
  ): Promise<T> => {
    await ready();
    const x = encodeRows(context, rows);
    const total = rows.rows * passes(root, views);
    const small = total * (support.features + 1) * source.config.dim ** 2 < 2e9;
    const quiet = small ? { onProgress: () => {} } : {};
    return longWork('predicting', total, { ...quiet, ...defaults, ...options }, (work) =>
      source.use((network) => body(network, x, work)),
    );
  };
  const predictionWork = (work: Work) => ({
    pause: () => work.breathe(),
    tick: (rows: number) => work.tick(rows),
    ...(cache ? { cache } : {}),
  });
  const probabilities = async (rows: Table, options: LongWork): Promise<Float64Array> => {
    if (support.features === 0 || rows.rows === 0) return shares(context, rows.rows);
    return run(rows, options, (network, x, work) =>
      classProbabilities(network, root, classes.length, support, views, x, predictionWork(work)),
    );
  };
  const logits = async (rows: Table, options: LongWork): Promise<Float64Array> => {
    const single = root.children.every((child) => !child) && views.length === 1;
    if (!single || support.features === 0 || rows.rows === 0) {
      return (await probabilities(rows, options)).map((p) => Math.log(p) / temperature);
    }
    const [view] = views;
    const own = await run(rows, options, (network, x, work) => {
      const shown = shownTo(view, support, x);
      const steps = predictionWork(work);
      return nodeLogits(network, root, shown.support, view, shown.query, '0', steps);
    });
    const out = new Float64Array(rows.rows * classes.length).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < rows.rows; i++) {
      for (const [g, [code]] of root.groups.entries()) {
        out[i * classes.length + code] = own[i * root.groups.length + g] / temperature;
      }
    }
    return out;
  };
  const predictProba = async (rows: Table, options: LongWork = {}): Promise<Float64Array> => {
    const p = await probabilities(rows, options);
    return temperature === 1 ? p : sharpened(p, classes.length, temperature);
  };
  return {
    kind: 'classifier',
    classes,
    target: context.target,
    tfm: source.name,
    notes: context.notes,
    temperature,
    predictProba,
    async predict(rows, options = {}) {
      const p = await predictProba(rows, options);
      return Array.from({ length: rows.rows }, (_, i) => {
        const own = p.subarray(i * classes.length, (i + 1) * classes.length);
        return classes[own.indexOf(Math.max(...own))];
      });
    },
    logits: (rows, options = {}) => logits(rows, options),
    embeddings(rows, options = {}) {
      const [view] = views;
      const slots = slotsOf(view, root.groups.length);
      return run(rows, options, (network, x, work) => {
        const shown = shownTo(view, support, x);
        const seen = nodeSupport(root, shown.support, slots);
        return embedQuery(network, seen, shown.query, () => work.breathe());
      });
    },
    withTemperature: (other) => classifierOf(source, context, { ...extra, temperature: other }),
    save: (folder) => saveClassifier(folder, source, context, temperature),
  };
}

function viewOf(
  member: number,
  mirror: boolean,
  features: number,
  outputs: number,
  random: Random,
): View {
  const signs = Int8Array.from({ length: features }, () => (random() < 0.5 ? -1 : 1));
  if (member === 0) return mirror ? { signs } : {};
  return {
    signs,
    slots: shuffle(
      random,
      Array.from({ length: outputs }, (_, slot) => slot),
    ),
  };
}

/** Replace the numbers 0 … K − 1 in a tree by the codes of the classes that occur. */
function withClasses(node: ClassNode, codes: readonly number[]): ClassNode {
  return {
    groups: node.groups.map((group) => group.map((k) => codes[k])),
    children: node.children.map((child) => (child ? withClasses(child, codes) : undefined)),
  };
}

function shares({ classes, support }: PreparedContext, rows: number): Float64Array {
  const own = new Float64Array(classes.length);
  for (const code of support.labels) own[code] += 1 / support.labels.length;
  const out = new Float64Array(rows * classes.length);
  for (let i = 0; i < rows; i++) out.set(own, i * classes.length);
  return out;
}

/** p^(1/T), normalised: the softmax of the logits divided by T. */
function sharpened(p: Float64Array, classes: number, temperature: number): Float64Array {
  const out = p.map((each) => each ** (1 / temperature));
  for (let at = 0; at < out.length; at += classes) {
    let sum = 0;
    for (let j = at; j < at + classes; j++) sum += out[j];
    for (let j = at; j < at + classes; j++) out[j] /= sum;
  }
  return out;
}
