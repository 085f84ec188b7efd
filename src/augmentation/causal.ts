// Rows from structural causal models fitted to sampled graphs (CausalMixFT, arXiv 2601.04110):
//   table → edge strengths P over resamples → DAGs drawn from P → one SCM per DAG → synthetic rows.
// Missing cells: discovery deletes test-wise, the mechanisms impute or route them; synthetic rows
// are complete.

import type { Table } from '../data/table.js';
import type { EdgeStrengths } from '../discovery/edge-strengths.js';
import {
  type EdgeStrengthsOptions,
  edgeStrengths,
  sampleDags,
} from '../discovery/edge-strengths.js';
import type { Dag } from '../discovery/graph.js';
import { childSeed } from '../math/random.js';
import { checkRandom, checkTable } from '../scm/check-arguments.js';
import { drawRows, type FitScmOptions, fitScm, type Scm } from '../scm/scm.js';
import type { LongWork } from '../work/long-work.js';
import type { FitGeneratorOptions, FittedGenerator, Generator } from './generator.js';

/** How the causal generator finds its graphs and fits its models. */
export interface CausalOptions {
  /** Number of DAGs drawn from the edge strengths; each gives an equal share of the rows (default `8`). */
  readonly dags?: number;
  /** Options of `edgeStrengths` (default: 20 bootstrap resamples × PC and FCI, alpha 0.05). */
  readonly discovery?: Omit<EdgeStrengthsOptions, 'seed' | keyof LongWork>;
  /** Options of `fitScm` (default: quality "good"). */
  readonly scm?: Omit<FitScmOptions, 'seed' | keyof LongWork>;
  /** The graphs themselves, in place of discovery: domain knowledge, or a graph edited by hand. */
  readonly graphs?: readonly Dag[];
}

/** A causal generator that has seen its training rows, with everything it learned. */
export interface FittedCausal extends FittedGenerator {
  /** Probability of each edge over the resamples; absent where the graphs were given. */
  readonly strengths?: EdgeStrengths;
  /** The graphs that the models were fitted to. */
  readonly dags: readonly Dag[];
  /** The fitted models, one per graph. */
  readonly scm: Scm;
}

/** The causal generator; its fit tells what it learned. */
export interface CausalGenerator extends Generator {
  fit(table: Table, options: FitGeneratorOptions): Promise<FittedCausal>;
}

/**
 * Generate rows from structural causal models fitted to graphs that are learned from the table.
 * @param options Graphs, discovery and models (defaults as published, see README "What the paper leaves open").
 */
export function causal(options: CausalOptions = {}): CausalGenerator {
  return {
    name: 'causal',
    async fit(table, given) {
      checkTable('fit the causal generator', table);
      checkRandom('fit the causal generator', given?.random);
      const { random, ...work } = given;
      const seed = childSeed(random);
      const found = options.graphs
        ? { dags: options.graphs }
        : await discover(table, seed, options, work);
      // A column can be constant among the training rows though it is not in the whole table.
      const settings = { constants: 'keep', ...options.scm, ...work, seed } as const;
      const scm = await fitScm(table, found.dags, settings);
      return { ...found, scm, sample: (size, draw) => drawRows(scm, size, draw?.random) };
    },
  };
}

async function discover(
  table: Table,
  seed: number,
  options: CausalOptions,
  work: LongWork,
): Promise<{ strengths: EdgeStrengths; dags: readonly Dag[] }> {
  const strengths = await edgeStrengths(table, { ...options.discovery, ...work, seed });
  return { strengths, dags: sampleDags(strengths, options.dags ?? 8, { seed }) };
}
