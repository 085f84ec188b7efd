// What was chosen for each node and why, as one table.

import { leftOut, type Quality } from './candidates.js';
import { checkScm } from './check-arguments.js';
import type { Candidate } from './choose.js';
import type { Mechanism } from './mechanism.js';
import type { Scm } from './scm.js';

/** One fitted pair of node and parents. */
export interface ScmSummaryRow {
  readonly node: string;
  readonly parents: readonly string[];
  /** In how many of the DAGs the node has these parents. */
  readonly dags: number;
  readonly mechanism: Mechanism['mechanism'];
  /** Name of the chosen model; absent at roots. */
  readonly chosen?: string;
  /** What candidates were compared by. */
  readonly criterion?: 'mse' | 'logLoss' | 'f1';
  readonly candidates: readonly Candidate[];
  /** Standard deviation of the noise (numbers), mean held-out log-loss (classes); absent at roots. */
  readonly spread?: number;
  readonly notes: readonly string[];
}

/** A fitted SCM in words and numbers. */
export interface ScmSummary {
  readonly kind: 'scm-summary';
  readonly rows: number;
  readonly dags: number;
  readonly quality: Quality;
  /** Models that DoWhy compares at this quality and that are left out here. */
  readonly leftOut: readonly string[];
  readonly cache: Scm['cache'];
  readonly nodes: readonly ScmSummaryRow[];
}

/** Summarise which mechanisms an SCM has and why they were chosen. */
export function summarizeScm(scm: Scm): ScmSummary {
  checkScm('summarise the SCM', scm);
  const uses = new Int32Array(scm.nodes.length);
  for (const model of scm.models) for (const at of model.nodes) uses[at]++;
  return {
    kind: 'scm-summary',
    rows: scm.rows,
    dags: scm.models.length,
    quality: scm.settings.quality,
    leftOut: leftOut[scm.settings.quality],
    cache: scm.cache,
    nodes: scm.nodes.map(({ name, parents, mechanism, choice }, i) => ({
      node: name,
      parents,
      dags: uses[i],
      mechanism: mechanism.mechanism,
      ...(choice
        ? { chosen: choice.chosen, criterion: choice.criterion, spread: choice.spread }
        : {}),
      candidates: choice?.candidates ?? [],
      notes: choice?.notes ?? [],
    })),
  };
}
