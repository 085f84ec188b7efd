// How sure each edge is: PC and FCI on resamples of the rows, and the share of the resulting graphs
// in which i → j. An edge without a direction, with a circle or with two heads counts half each way.
// A resample is a vector of row multiplicities; each has its own random stream, so the number of
// workers never changes a number.

import type { Table } from '../data/table.js';
import { type LongWork, longWork, quietly, type Work } from '../work/long-work.js';
import { checkWorkers, parallelMap } from '../work/pool.js';
import { checkAlpha, checkDepth, checkTable, targetOf } from './check.js';
import { addCounts, type EdgeCounts, emptyCounts, probabilitiesOf } from './edge-counts.js';
import { automaticTest, type TestChoice } from './independence/independence.js';
import { variables } from './independence/variables.js';
import { type Knowledge, resolveKnowledge } from './knowledge.js';
import { type ResampleSetup, resampleGraphs } from './resample-graphs.js';

/** How edge strengths are found. */
export interface EdgeStrengthsOptions extends LongWork {
  /** Settles every random choice. */
  readonly seed: number;
  /** Number of resamples (default `20`). */
  readonly resamples?: number;
  /** What learns a graph from each resample (default: both). */
  readonly algorithms?: readonly ('pc' | 'fci')[];
  /** As many rows with replacement, or a share of them without (default `bootstrap`). */
  readonly resample?: 'bootstrap' | 'subsample';
  /** Share of the rows in a subsample (default `0.5`). */
  readonly share?: number;
  /** Two columns count as independent where p > alpha (default `0.05`). */
  readonly alpha?: number;
  /** The independence test (default `auto`: by the column types). */
  readonly test?: TestChoice;
  /** What is known beforehand; sampled DAGs keep to it too. */
  readonly knowledge?: Knowledge;
  /** No edge leads out of the target (default `false`). */
  readonly targetIsSink?: boolean;
  /**
   * Largest conditioning set (default `3`). On simulated models of numbers, categories and both, larger
   * ones changed the areas under the curves by no more than 0.002 in the mean, and took three times as
   * long on categories (table in test/bench/discovery/limits.md).
   */
  readonly maxDepth?: number;
  /** Largest set that FCI draws from Possible-D-SEP (default: that of `maxDepth`). */
  readonly maxPossibleDsep?: number;
  /** Number of threads (default: one for each core, at most 4); results are the same for any number. */
  readonly workers?: number;
}

/** Probability of each edge over the graphs of the resamples. */
export interface EdgeStrengths {
  readonly kind: 'edge-strengths';
  readonly names: readonly string[];
  /** p × p, row-major: entry (i, j) is P(i → j). */
  readonly probabilities: Float64Array;
  /** How often each kind of edge came out, by algorithm. */
  readonly counts: Readonly<Record<string, EdgeCounts>>;
  /** Number of graphs averaged over. */
  readonly graphs: number;
  readonly resamples: number;
  readonly resample: 'bootstrap' | 'subsample';
  readonly algorithms: readonly ('pc' | 'fci')[];
  readonly alpha: number;
  /** Name of the independence test. */
  readonly test: string;
  readonly seed: number;
  readonly target?: string;
  readonly knowledge?: Knowledge;
  readonly targetIsSink?: boolean;
  readonly warnings: readonly string[];
}

/**
 * Measure how strong each edge is.
 * @param table Rows to resample; at least 4.
 * @throws RangeError for options or columns that do not fit.
 */
export async function edgeStrengths(
  table: Table,
  options: EdgeStrengthsOptions,
): Promise<EdgeStrengths> {
  const action = 'edge strengths';
  checkTable(table, action);
  const alpha = checkAlpha(options.alpha, action);
  const maxDepth = checkDepth(options.maxDepth ?? 3, action);
  checkDepth(options.maxPossibleDsep, action, 'maxPossibleDsep');
  const workers = checkWorkers(options.workers);
  const { seed, resamples = 20, resample = 'bootstrap', share = 0.5 } = options;
  const algorithms = options.algorithms ?? ['pc', 'fci'];
  checkOptions(seed, resamples, resample, share, algorithms);
  const names = table.columns.map((c) => c.name);
  const target = targetOf(table);
  const sink = options.targetIsSink ? targetOf(table, action) : undefined;
  resolveKnowledge(options.knowledge, names, sink);
  const vars = variables(table);
  const choice = options.test ?? 'auto';
  const test = choice === 'auto' ? automaticTest(vars) : choice;
  const setup: ResampleSetup = {
    table,
    seed,
    resample,
    share,
    alpha,
    algorithms,
    knowledge: options.knowledge,
    sink,
    maxDepth,
    maxPossibleDsep: options.maxPossibleDsep ?? maxDepth,
    test,
  };
  return longWork('Measuring edge strengths', resamples, options, async (work) => {
    const tasks = Array.from({ length: resamples }, (_, r) => r);
    const all =
      typeof test !== 'string' || workers === 1 || resamples === 1 || isSmall(table)
        ? await inProcess(setup, tasks, work)
        : await parallelMap<number, Record<string, Int8Array>>(
            new URL('./edge-strengths.worker.js', import.meta.url),
            tasks,
            { workers, setup, signal: work.signal, onResult: () => work.tick() },
          );
    const counts: Record<string, EdgeCounts> = {};
    for (const algorithm of algorithms) {
      counts[algorithm] = emptyCounts(names.length);
      for (const graphs of all) addCounts(counts[algorithm], graphs[algorithm]);
    }
    return {
      kind: 'edge-strengths',
      names,
      probabilities: probabilitiesOf(Object.values(counts), names.length),
      counts,
      graphs: resamples * algorithms.length,
      resamples,
      resample,
      algorithms,
      alpha,
      test: typeof test === 'string' ? test : test.name,
      seed,
      ...(target === undefined ? {} : { target }),
      ...(options.knowledge ? { knowledge: options.knowledge } : {}),
      ...(options.targetIsSink ? { targetIsSink: true } : {}),
      warnings:
        vars.constant.length > 0
          ? [
              `Left without edges, as they never vary: ${vars.constant.map((i) => `"${names[i]}"`).join(', ')}`,
            ]
          : [],
    };
  });
}

/** Whether starting threads would take longer than the work. */
function isSmall(table: Table): boolean {
  return table.columns.length ** 2 * table.rows < 20_000;
}

async function inProcess(
  setup: ResampleSetup,
  tasks: readonly number[],
  work: Work,
): Promise<Record<string, Int8Array>[]> {
  const all: Record<string, Int8Array>[] = [];
  for (const r of tasks) {
    all.push(await resampleGraphs(setup, r, quietly(work)));
    work.tick();
    await work.breathe();
  }
  return all;
}

function checkOptions(
  seed: number,
  resamples: number,
  resample: string,
  share: number,
  algorithms: readonly string[],
): void {
  const fail = (requirement: string): never => {
    throw new RangeError(`Cannot measure edge strengths as ${requirement}`);
  };
  if (!Number.isSafeInteger(seed)) fail(`seed must be an integer: current value is ${seed}`);
  if (!Number.isInteger(resamples) || resamples < 1) {
    fail(`resamples must be a positive integer: current value is ${resamples}`);
  }
  if (resample !== 'bootstrap' && resample !== 'subsample') {
    fail(`resample must be bootstrap or subsample: current value is "${resample}"`);
  }
  if (!(share > 0 && share <= 1)) fail(`share must be in (0, 1]: current value is ${share}`);
  if (algorithms.length === 0 || algorithms.some((a) => a !== 'pc' && a !== 'fci')) {
    fail(`algorithms must be of pc and fci: current value is [${algorithms.join(', ')}]`);
  }
}

export { type SampleDagOptions, type SampledDag, sampleDag, sampleDags } from './sample-dag.js';
