// Ancestral sampling: nodes in topological order, each from its parents' values and fresh noise.

import type { Table } from '../data/table.js';
import { parents as parentsOf, topologicalOrder } from '../discovery/graph-queries.js';
import { childSeed, type Random, stream } from '../math/random.js';
import { checkCount, checkRandom, checkScm, checkSeed } from './check-arguments.js';
import type { FittedNode } from './fit-node.js';
import { unframe } from './frame.js';
import { drawMechanism } from './mechanism.js';
import type { Scm, ScmModel } from './scm.js';
import { inScratch, releaseScratch } from './scratch.js';

export interface SampleOptions {
  /** Any integer: same seed, same rows. */
  readonly seed: number;
}

/**
 * Draw synthetic rows.
 * @param scm A fitted model; over several DAGs each gives an equal share of the rows, in the order of the DAGs.
 * @param size Number of rows, at least 1.
 * @returns A table with the columns, types, categories and target of the one that was fitted.
 */
export function sampleScm(scm: Scm, size: number, options: SampleOptions): Table {
  return drawRows(scm, size, stream(checkSeed('draw rows', options), 'sample-scm'));
}

/**
 * Draw synthetic rows from a random source (see `sampleScm`).
 * @param size Number of rows, at least 1.
 */
export function drawRows(scm: Scm, size: number, random: Random): Table {
  checkScm('draw rows', scm);
  checkCount('draw rows', 'size', size);
  checkRandom('draw rows', random);
  const seed = childSeed(random);
  const values = scm.variables.map(() => new Float64Array(size));
  const count = scm.models.length;
  // Which DAGs give one row more than others is drawn too.
  const first = Math.floor(random() * count);
  let from = 0;
  scm.models.forEach((model, m) => {
    const extra = (m - first + count) % count < size % count ? 1 : 0;
    const n = Math.floor(size / count) + extra;
    if (n > 0) {
      const part = values.map((column) => column.subarray(from, from + n));
      drawModel(scm, model, part, (name) => stream(seed, 'node', m, name));
    }
    from += n;
  });
  releaseScratch();
  return unframe(scm.variables, values, scm.target);
}

/** A node in the order of drawing: the variable's place, its mechanism, its parents' places. */
export interface Step {
  readonly at: number;
  readonly node: FittedNode;
  readonly parents: readonly number[];
}

/**
 * Put the nodes of one DAG in the order in which they are drawn.
 * @throws Error where a node's parents are no longer those that its mechanism was fitted with.
 */
export function stepsOf(scm: Scm, model: ScmModel): Step[] {
  const place = new Map(scm.variables.map(({ name }, i) => [name, i]));
  const { dag } = model;
  return topologicalOrder(dag).map((i) => {
    const name = dag.names[i];
    const at = place.get(name);
    const node = at === undefined ? undefined : scm.nodes[model.nodes[at]];
    if (at === undefined || node?.name !== name) {
      throw new Error(
        `Cannot use the SCM as every node of its DAG must have a mechanism: "${name}" has none; fit it again`,
      );
    }
    const now = parentsOf(dag, i)
      .map((j) => dag.names[j])
      .sort();
    if (now.join('\u0000') !== node.parents.join('\u0000')) {
      throw new Error(
        `Cannot use the SCM as its DAG must be the one that was fitted: "${name}" now has the parents [${now.join(', ')}], its mechanism [${node.parents.join(', ')}]; fit it again`,
      );
    }
    return { at, node, parents: node.parents.map((parent) => place.get(parent) as number) };
  });
}

/** Fill one column after the other. */
function drawModel(
  scm: Scm,
  model: ScmModel,
  values: readonly Float64Array[],
  source: (name: string) => Random,
): void {
  for (const { at, node, parents } of stepsOf(scm, model)) {
    const given = parents.map((j) => values[j]);
    inScratch(() => {
      values[at].set(drawMechanism(node.mechanism, given, values[at].length, source(node.name)));
    });
  }
}
