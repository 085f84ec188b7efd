// One training batch: tables of equal shape, their columns as quantile buckets of the support rows.
// A batch is a function of configuration and step alone, so any worker may draw any batch, and a run
// that goes on after a stop sees the same tables.

import { randomExponential } from '../../math/draws.js';
import { type Random, stream } from '../../math/random.js';
import { orderByTarget } from '../category-order.js';
import {
  applyDiscriminants,
  besideEachOther,
  columnsPerAxis,
  fitDiscriminants,
} from '../discriminants.js';
import { bucket, fitQuantileStep } from '../quantile-step.js';
import { between, logUniform } from './draws.js';
import type { PretrainConfig } from './pretrain-config.js';
import { classCount, type DrawnTable, drawTable } from './prior.js';

/** Tables of equal shape, one after the other. */
export interface Batch {
  readonly step: number;
  readonly tables: number;
  readonly rows: number;
  /** How many of the rows, the first ones, are support. */
  readonly support: number;
  readonly features: number;
  /** tables × rows × features: how many of the support's 999 quantiles are below the value. */
  readonly buckets: Int16Array;
  /** tables × rows class ids; −1 for a query row whose class the support lacks. */
  readonly labels: Int8Array;
}

/** Sizes of one batch. */
export interface BatchShape {
  readonly tables: number;
  readonly rows: number;
  readonly support: number;
  /** Columns, the discriminants' among them. */
  readonly features: number;
  /** The last columns are the scores on so many discriminants. */
  readonly discriminants: number;
}

/**
 * Draw the sizes of the batch of a step: small tables first, large ones late and few.
 * @param step 0 … steps − 1.
 */
export function batchShape(config: PretrainConfig, step: number): BatchShape {
  const random = stream(config.seed, 'shape', step);
  const progress = Math.max(config.startPhase, step / config.steps);
  const phase = config.phases.find(({ until }) => progress < until) ?? config.phases.at(-1);
  if (!phase) throw new RangeError('Cannot draw a batch as there must be a phase: there is none');
  let rows = Math.round(logUniform(random, ...phase.rows));
  let features = Math.min(
    phase.maxFeatures,
    2 + Math.floor(randomExponential(random, 1 / phase.featureMean)),
  );
  let tokens = config.tokens;
  if (random() < (phase.large ?? 0)) {
    features = Math.round(logUniform(random, 10, 100));
    rows = Math.round(logUniform(random, 500, 1250));
    tokens = config.largeTokens;
  }
  // Tables of a batch have equally many columns, so equally many discriminants.
  const most = Math.min(config.discriminants, config.classes - 1);
  const discriminants = most > 0 ? Math.min(most, classCount(random) - 1) : 0;
  features += columnsPerAxis * discriminants;
  rows = Math.max(40, Math.min(rows, Math.floor(tokens / (features + 1))));
  const tables = Math.floor(tokens / (rows * (features + 1)));
  const support = Math.floor(rows * between(random, 0.3, 0.9));
  return {
    rows,
    features,
    discriminants,
    tables: Math.max(1, Math.min(config.maxTables, tables)),
    support: Math.min(rows - 10, Math.max(20, support)),
  };
}

/** Draw the batch of a step. */
export function drawBatch(config: PretrainConfig, step: number): Batch {
  const shape = batchShape(config, step);
  const { tables, rows, support, features } = shape;
  const buckets = new Int16Array(rows * tables * features);
  const labels = new Int8Array(rows * tables);
  for (let t = 0; t < tables; t++) {
    const random = stream(config.seed, 'table', step, t);
    const table = drawTeachable(random, config, shape);
    if (config.categoryOrder === 'target') orderCategories(random, table, support);
    buckets.set(bucketsOf(shownColumns(table, shape), support, features), t * rows * features);
    const seen = new Set(table.labels.subarray(0, support));
    for (let i = 0; i < rows; i++) {
      labels[t * rows + i] = i < support || seen.has(table.labels[i]) ? table.labels[i] : -1;
    }
  }
  return { step, ...shape, buckets, labels };
}

/**
 * Turn buckets into the z-scores that the network reads.
 * @returns tables × rows × features.
 */
export function zScores({ tables, rows, support, features, buckets }: Batch): Float32Array {
  const z = new Float32Array(buckets.length);
  const scaled = new Float32Array(rows);
  for (let column = 0; column < tables * features; column++) {
    const first = Math.floor(column / features) * rows * features + (column % features);
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      scaled[i] = buckets[first + i * features] / support;
      if (i < support) sum += scaled[i];
    }
    const mean = Math.fround(sum / support);
    let squares = 0;
    for (let i = 0; i < support; i++) squares += Math.fround(scaled[i] - mean) ** 2;
    const deviation = Math.fround(Math.sqrt(Math.fround(squares / support)));
    if (deviation === 0) continue;
    for (let i = 0; i < rows; i++) {
      z[first + i * features] = Math.fround(scaled[i] - mean) / deviation;
    }
  }
  return z;
}

/** A mixture of priors that know few classes only must not be drawn from for ever. */
const attempts = 40;

/**
 * Draw until the support holds two classes and the query one of them; at first also until there are
 * as many classes as the discriminants need.
 */
function drawTeachable(random: Random, config: PretrainConfig, shape: BatchShape): DrawnTable {
  const { rows, support, discriminants } = shape;
  const features = shape.features - columnsPerAxis * discriminants;
  const least = discriminants + 1;
  const most = discriminants > 0 && discriminants < config.discriminants ? least : config.classes;
  const options = { rows, features, minClasses: least, maxClasses: most, mix: config.mix };
  for (let attempt = 0; ; attempt++) {
    const table = drawTable(random, options);
    const seen = new Set(table.labels.subarray(0, support));
    const fewest = attempt < attempts ? Math.max(2, least) : 2;
    const asked = table.labels.subarray(support).some((y) => seen.has(y));
    if (asked && seen.size >= fewest) return table;
  }
}

/**
 * Put levels in the order of the target, as predictions do, in place. Some stay: a table's levels may
 * have an order of their own, or be called numbers.
 */
function orderCategories(random: Random, table: DrawnTable, support: number): void {
  const share = random() < 0.5 ? 1 : random();
  const labels = table.labels.subarray(0, support);
  for (const [j, column] of table.columns.entries()) {
    if (!table.levels[j] || random() >= share) continue;
    const top = column.reduce((a, b) => Math.max(a, b), 0);
    // A missing cell, −1, is a category of its own.
    const levels = Int32Array.from(column, (code) => (code < 0 ? top + 1 : code));
    const { codes } = orderByTarget(levels.subarray(0, support), top + 2, labels);
    for (let i = 0; i < column.length; i++) column[i] = codes[levels[i]];
  }
}

/** Columns as a prediction shows them: rows × features, the scores on the discriminants last. */
function shownColumns(table: DrawnTable, shape: BatchShape): Float32Array {
  const { rows, support, discriminants } = shape;
  const columns = columnsPerAxis * discriminants;
  const own = shape.features - columns;
  const x = new Float32Array(rows * own);
  for (const [j, column] of table.columns.entries()) {
    const mean = table.levels[j] ? 0 : meanOf(column.subarray(0, support));
    for (let i = 0; i < rows; i++) x[i * own + j] = Number.isNaN(column[i]) ? mean : column[i];
  }
  if (discriminants === 0) return x;
  const labels = table.labels.subarray(0, support);
  const found = fitDiscriminants(x.subarray(0, support * own), labels, discriminants);
  // Columns that a table of fewer classes has no axes for stay constant.
  const scores = new Float32Array(rows * columns);
  if (found) {
    const rest = applyDiscriminants(found, x.subarray(support * own));
    for (let i = 0; i < rows; i++) {
      const [from, row] = i < support ? [found.own, i] : [rest, i - support];
      const ours = from.subarray(row * found.columns, (row + 1) * found.columns);
      scores.set(ours, i * columns);
    }
  }
  return besideEachOther(x, own, scores, columns);
}

/** Mean of the known values; 0 where none is known. */
function meanOf(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : 0;
}

/** Buckets of all columns by the first rows' quantiles: rows × features. */
function bucketsOf(x: Float32Array, support: number, features: number): Int16Array {
  const { boundaries } = fitQuantileStep(x.subarray(0, support * features), support, features);
  const levels = boundaries.length / features;
  const own = Array.from({ length: features }, (_, j) =>
    boundaries.subarray(j * levels, (j + 1) * levels),
  );
  return Int16Array.from(x, (value, at) => bucket(own[at % features], value));
}
