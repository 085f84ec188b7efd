// Structural causal models: each column of a table as a function of its parents in a DAG and of noise
// of its own (Pearl 2009, chapter 1.4). Mechanisms are chosen by cross-validation (fit-node.ts).

import type { Table } from '../data/table.js';
import type { Dag } from '../discovery/graph.js';
import { parents as parentsOf, topologicalOrder } from '../discovery/graph-queries.js';
import { type LongWork, longWork } from '../work/long-work.js';
import { checkWorkers } from '../work/pool.js';
import { type Family, families, type Quality, qualities } from './candidates.js';
import { checkDag, checkSeed, checkTable, describe } from './check-arguments.js';
import type { ClassifierScore } from './choose.js';
import type { FittedNode, NodeSettings } from './fit-node.js';
import type { Pair } from './fit-node.worker.js';
import { fitPairs } from './fit-pairs.js';
import { type Frame, frame, MOST_CATEGORIES, type Variable } from './frame.js';
import { limitParents } from './graph-knobs.js';
import type { Link } from './mechanism.js';

export { drawRows, type SampleOptions, sampleScm } from './sample-scm.js';

/** How an SCM is fitted. */
export interface FitScmOptions extends LongWork {
  /** Any integer: same seed, same model. */
  readonly seed: number;
  /** Which candidates are compared (default `'good'`: linear, boosted trees, polynomial). */
  readonly quality?: Quality;
  /** What classifiers are compared by (default `'logLoss'`). */
  readonly score?: ClassifierScore;
  /** Number of folds of the comparison (default `5`). */
  readonly folds?: number;
  /**
   * Whether a candidate is given up as soon as its losses so far put it five standard errors behind the
   * best (default `true`), or only once it has lost for sure.
   */
  readonly race?: boolean;
  /** Residuals that make the noise: of models that did not see the row, or of those that did (default `'out-of-fold'`). */
  readonly noise?: 'out-of-fold' | 'in-sample';
  /** Hold numbers to the range observed (default `false`). */
  readonly clip?: boolean;
  /** Move integers, and numbers with at most 20 different values, to the nearest value observed (default `false`). */
  readonly snap?: boolean;
  /** Draw residuals from rows with nearby fitted values, for noise that depends on the parents (default `false`). */
  readonly localNoise?: boolean;
  /** Whether synthetic rows have missing cells as often as the table's columns (default `'complete'`: none). */
  readonly missing?: 'complete' | 'keep';
  /** What to do with a column that has parents but one value: refuse it, or draw it as it is (default `'refuse'`). */
  readonly constants?: 'refuse' | 'keep';
  /** Hold all mechanisms to one kind of model, for comparisons (default: choose). */
  readonly family?: Family;
  /** Post-nonlinear mechanisms y = g(f(pa) + N) by column: `{ income: 'exp' }`. */
  readonly links?: Readonly<Record<string, Link>>;
  /** Fit a pair of node and parents once for all DAGs that hold it (default `true`); never changes the model's rows. */
  readonly cache?: boolean;
  /** Most parents a node keeps, drawn from those it has (default: all). */
  readonly maxParents?: number;
  /** Most threads (default: one for each core, at most 4); fewer where they would take both more than 40 MiB and more than 6 times the table. Never changes the model. */
  readonly workers?: number;
}

/** A fitted structural causal model over one DAG or several. Plain data. */
export interface Scm {
  readonly kind: 'scm';
  readonly version: 1;
  readonly variables: readonly Variable[];
  readonly target?: string;
  /** Rows that it was fitted on. */
  readonly rows: number;
  readonly settings: NodeSettings;
  /** Each fitted (node, parents) pair once. */
  readonly nodes: readonly FittedNode[];
  /** One model per DAG. */
  readonly models: readonly ScmModel[];
  /** How many pairs of node and parents the DAGs hold, and how many had to be fitted. */
  readonly cache: {
    readonly pairs: number;
    readonly fitted: number;
    /** Share of the pairs that an earlier DAG had already. */
    readonly hitRate: number;
  };
}

/** One DAG of an SCM. */
export interface ScmModel {
  readonly dag: Dag;
  /** Per variable: which of the SCM's `nodes` is its mechanism. */
  readonly nodes: readonly number[];
}

/**
 * Fit a structural causal model to a table.
 * @param table Rows to learn from.
 * @param graphs One DAG over the table's columns, or several: pairs of node and parents that they share are fitted once.
 * @throws Error where the graph does not fit the table, or a column cannot be modelled.
 */
export async function fitScm(
  table: Table,
  graphs: Dag | readonly Dag[],
  options: FitScmOptions,
): Promise<Scm> {
  checkTable('fit the SCM', table);
  const given = Array.isArray(graphs) ? (graphs as readonly Dag[]) : [graphs as Dag];
  for (const graph of given) checkDag('fit the SCM', graph);
  checkSeed('fit the SCM', options);
  const settings = settingsOf(options);
  const { maxParents, seed } = options;
  const dags =
    maxParents === undefined ? given : given.map((dag) => limitParents(dag, maxParents, { seed }));
  if (dags.length === 0)
    throw new RangeError('Cannot fit the SCM as it needs a DAG: none is given');
  for (const dag of dags) checkGraph(table, dag);
  const whole = frame(table, checkWorkers(options.workers) > 1);
  const { pairs, models } = distinctPairs(whole, dags, options.cache ?? true);
  checkOptions(options, table);
  for (const pair of pairs) checkPair(whole, pair, table, options.constants ?? 'refuse');

  return longWork(
    dags.length > 1 ? `Fitting ${dags.length} SCMs` : 'Fitting the SCM',
    pairs.length,
    options,
    async (work) => {
      const nodes = await fitPairs(whole, pairs, settings, options.workers, work);
      return {
        kind: 'scm',
        version: 1,
        variables: whole.columns.map(({ name, type, categories }) => ({
          name,
          type,
          ...(categories ? { categories } : {}),
        })),
        ...(table.target === undefined ? {} : { target: table.target }),
        rows: table.rows,
        settings,
        nodes,
        models,
        cache: {
          pairs: dags.length * table.columns.length,
          fitted: pairs.length,
          hitRate: 1 - pairs.length / (dags.length * table.columns.length),
        },
      };
    },
  );
}

function settingsOf(options: FitScmOptions): NodeSettings {
  const { seed, folds = 5 } = options;
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= 250)) {
    throw new RangeError(
      `Cannot fit the SCM as folds must be an integer from 2 to 250: current value is ${folds}`,
    );
  }
  return {
    seed,
    folds,
    quality: options.quality ?? 'good',
    score: options.score ?? 'logLoss',
    race: options.race ?? true,
    noise: options.noise ?? 'out-of-fold',
    clip: options.clip ?? false,
    snap: options.snap ?? false,
    localNoise: options.localNoise ?? false,
    missing: options.missing ?? 'complete',
    links: options.links ?? {},
    ...(options.family ? { family: options.family } : {}),
  };
}

function checkOptions(options: FitScmOptions, table: Table): void {
  const { quality, family, links } = options;
  const oneOf = (name: string, value: string | undefined, known: readonly string[]): void => {
    if (value === undefined || known.includes(value)) return;
    throw new RangeError(
      `Cannot fit the SCM as ${name} must be one of ${known.join(', ')}: current value is "${value}"`,
    );
  };
  oneOf('quality', quality, qualities);
  oneOf('score', options.score, ['logLoss', 'f1']);
  oneOf('noise', options.noise, ['out-of-fold', 'in-sample']);
  oneOf('missing', options.missing, ['complete', 'keep']);
  oneOf('constants', options.constants, ['refuse', 'keep']);
  for (const name of ['race', 'clip', 'snap', 'localNoise', 'cache'] as const) {
    if (options[name] === undefined || typeof options[name] === 'boolean') continue;
    throw new TypeError(
      `Cannot fit the SCM as ${name} must be true or false: current value is ${describe(options[name])}`,
    );
  }
  oneOf('family', family, families);
  const numbers = table.columns.filter((c) => 'values' in c).map((c) => c.name);
  for (const [name, link] of Object.entries(links ?? {})) {
    oneOf('a column with a link', name, numbers);
    oneOf(`the link of "${name}"`, link, ['identity', 'exp', 'log']);
  }
}

function checkGraph(table: Table, dag: Dag): void {
  topologicalOrder(dag);
  const names = new Set(table.columns.map((c) => c.name));
  const strange = dag.names.filter((name) => !names.has(name));
  if (strange.length > 0) {
    throw new Error(
      `Cannot fit the SCM as every node of the DAG must be a column: "${strange.join('", "')}" is none of the table's; rename or remove it`,
    );
  }
  const nodes = new Set(dag.names);
  const left = [...names].filter((name) => !nodes.has(name));
  if (left.length > 0) {
    throw new Error(
      `Cannot fit the SCM as every column must be a node of the DAG: "${left.join('", "')}" is not; add it to the DAG or drop it from the table`,
    );
  }
}

function distinctPairs(
  { columns }: Frame,
  dags: readonly Dag[],
  cache: boolean,
): { pairs: Pair[]; models: ScmModel[] } {
  const pairs: Pair[] = [];
  const place = new Map<string, number>();
  const models = dags.map((dag): ScmModel => {
    const index = new Map(dag.names.map((name, i) => [name, i]));
    const nodes = columns.map(({ name }) => {
      const parents = parentsOf(dag, index.get(name) as number)
        .map((i) => dag.names[i])
        .sort();
      const key = [name, ...parents].join('\u0000');
      let at = cache ? place.get(key) : undefined;
      if (at === undefined) {
        at = pairs.push({ node: name, parents }) - 1;
        place.set(key, at);
      }
      return at;
    });
    return { dag, nodes };
  });
  return { pairs, models };
}

function checkPair(
  { columns }: Frame,
  { node, parents }: Pair,
  { rows }: Table,
  constants: 'refuse' | 'keep',
): void {
  const target = columns.find((c) => c.name === node);
  if (!target) return;
  const trouble = (requirement: string, value: string, wayOut: string): Error =>
    new Error(`Cannot fit the SCM as ${requirement}: "${node}" ${value}; ${wayOut}`);
  if (rows === 0) throw trouble('the table must have rows', 'has none', 'give it some');
  if (target.missing === rows) {
    throw trouble(
      'every column must have a known cell',
      `is missing in all ${rows} rows`,
      'drop it from the table and the DAG',
    );
  }
  const infinite = target.values.findIndex((v) => Math.abs(v) === Number.POSITIVE_INFINITY);
  if (infinite >= 0) {
    throw trouble(
      'values must be finite',
      `is ${target.values[infinite]} in row ${infinite + 1}`,
      'mark the cell as missing or correct it',
    );
  }
  for (const name of [node, ...parents]) {
    const categories = columns.find((c) => c.name === name)?.categories?.length ?? 0;
    if (categories > MOST_CATEGORIES && parents.length > 0) {
      throw new Error(
        `Cannot fit the SCM as a column with edges may have at most ${MOST_CATEGORIES} categories: "${name}" has ${categories}; merge rare ones, or remove its edges`,
      );
    }
  }
  if (parents.length > 0 && target.distinct === 1 && constants === 'refuse') {
    throw trouble(
      'a column with parents must vary',
      `has one ${target.categories ? 'class' : 'value'}`,
      'remove the edges into it, or drop it',
    );
  }
}
