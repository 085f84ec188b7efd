// The mixture of priors from which pre-training tables are drawn, and what every drawn table goes
// through: a little label noise, finished columns, dense labels, and the learnability filter.

import { randomChoice } from '../../math/draws.js';
import { permutation, type Random } from '../../math/random.js';
import { between } from './draws.js';
import { finishColumns } from './finish-columns.js';
import { learnability } from './learnability.js';
import { additive } from './priors/additive.js';
import { classToFeatures } from './priors/class-to-features.js';
import { forest } from './priors/forest.js';
import { hybridScm } from './priors/hybrid-scm.js';
import { lookUpTable } from './priors/look-up-table.js';
import { mlpScm } from './priors/mlp-scm.js';
import { rareClass } from './priors/rare-class.js';
import { ruleList } from './priors/rule-list.js';
import { sharpThresholds } from './priors/sharp-thresholds.js';
import type { Prior, SyntheticTable } from './synthetic-table.js';

/** Name of a prior. */
export type PriorName =
  | 'mlpScm'
  | 'hybridScm'
  | 'forest'
  | 'additive'
  | 'classToFeatures'
  | 'lookUpTable'
  | 'ruleList'
  | 'rareClass'
  | 'sharpThresholds';

/** The priors by name. */
export const priors: Readonly<Record<PriorName, Prior>> = {
  mlpScm,
  hybridScm,
  forest,
  additive,
  classToFeatures,
  lookUpTable,
  ruleList,
  rareClass,
  sharpThresholds,
};

/** How often each prior is drawn; weights need not sum to 1, and absent ones are 0. */
export type PriorMix = Readonly<Partial<Record<PriorName, number>>>;

/** The default mixture: about a quarter of the tables follow sharp rules. */
export const defaultMix: PriorMix = {
  mlpScm: 0.3,
  hybridScm: 0.12,
  forest: 0.15,
  additive: 0.1,
  classToFeatures: 0.11,
  lookUpTable: 0.07,
  ruleList: 0.06,
  rareClass: 0.04,
  sharpThresholds: 0.05,
};

/** A drawn table and the prior that it came from. */
export interface DrawnTable extends SyntheticTable {
  readonly prior: PriorName;
  /** Number of classes that occur; labels are 0 … classes − 1. */
  readonly classes: number;
}

/** What tables to draw. */
export interface PriorOptions {
  readonly rows: number;
  readonly features: number;
  /** Fewest classes that are asked for; a table may come out with fewer (default `2`). */
  readonly minClasses?: number;
  /** Most classes (default `10`). */
  readonly maxClasses?: number;
  /** Chances of the priors (default `defaultMix`). */
  readonly mix?: PriorMix;
  /** Drop tables that simple predictors cannot learn (default `true`). */
  readonly filter?: boolean;
}

const attempts = 40;

/**
 * Draw one table of the mixture.
 * @returns Columns, dense labels in random order, and which prior it was.
 */
export function drawTable(random: Random, options: PriorOptions): DrawnTable {
  const {
    rows,
    features,
    minClasses = 2,
    maxClasses = 10,
    mix = defaultMix,
    filter = true,
  } = options;
  const names = Object.keys(priors) as PriorName[];
  const weights = names.map((name) => mix[name] ?? 0);
  for (let attempt = 0; ; attempt++) {
    const prior = names[randomChoice(random, weights)];
    let classes = classCount(random);
    while (classes < minClasses || classes > maxClasses) classes = classCount(random);
    const table = priors[prior](random, { rows, features, classes });
    if (random() < (table.sharp ? 0.05 : 0.12)) mislabel(random, table.labels);
    const count = relabel(random, table.labels);
    if (count === 0) continue;
    finishColumns(random, table);
    clean(table);
    // The last attempt is taken whatever it is: a shape at which nothing is learnable must not hang.
    const least = between(random, -0.05, 0.5);
    if (filter && attempt < attempts && learnability(table) < least) continue;
    return { ...table, prior, classes: count };
  }
}

/** Draw a number of classes: two for half of the tables, else 3 … 10, fewer more often. */
export function classCount(random: Random): number {
  return 2 + randomChoice(random, [0.52, 0.19, 0.1, 0.06, 0.04, 0.03, 0.02, 0.02, 0.02]);
}

/** Exchange the labels of up to a fifth of the rows. */
function mislabel(random: Random, labels: Int32Array): void {
  const share = between(random, 0, 0.2);
  const from = permutation(random, labels.length);
  const old = Int32Array.from(labels);
  for (let i = 0; i < labels.length; i++) if (random() < share) labels[i] = old[from[i]];
}

/**
 * Number the classes that occur densely, in random order, in place.
 * @returns How many there are; 0 where fewer than two have four rows.
 */
function relabel(random: Random, labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const y of labels) counts.set(y, (counts.get(y) ?? 0) + 1);
  if ([...counts.values()].filter((rows) => rows >= 4).length < 2) return 0;
  const order = permutation(random, counts.size);
  const id = new Map([...counts.keys()].sort((a, b) => a - b).map((y, k) => [y, order[k]]));
  for (let i = 0; i < labels.length; i++) labels[i] = id.get(labels[i]) as number;
  return counts.size;
}

/** Infinite values, which a steep chain of functions can give, become the nearest large number. */
function clean({ columns }: SyntheticTable): void {
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      if (Math.abs(column[i]) > 1e6) column[i] = Math.sign(column[i]) * 1e6;
    }
  }
}
