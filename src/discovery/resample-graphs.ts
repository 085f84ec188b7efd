import type { Table } from '../data/table.js';
import { permutation, randomInteger, stream } from '../math/random.js';
import { type LongWork, longWork } from '../work/long-work.js';
import { canonicalOrder, reorderKnowledge, reorderTest, restore } from './canonical-order.js';
import { checkDepth } from './check.js';
import { orientFci } from './fci.js';
import { independenceTest, type TestChoice } from './independence/independence.js';
import { type Knowledge, resolveKnowledge } from './knowledge.js';
import { orientPc, rulesOf } from './pc.js';
import { findSkeleton } from './skeleton.js';

/** What every resample of a run has in common. */
export interface ResampleSetup {
  readonly table: Table;
  readonly seed: number;
  readonly resample: 'bootstrap' | 'subsample';
  readonly share: number;
  readonly alpha: number;
  readonly algorithms: readonly ('pc' | 'fci')[];
  readonly knowledge: Knowledge | undefined;
  readonly sink: string | undefined;
  readonly maxDepth: number | undefined;
  readonly maxPossibleDsep: number | undefined;
  readonly test: TestChoice;
}

/**
 * Learn the graphs of resample number r: p × p marks by algorithm. The adjacencies are found once for
 * all algorithms. A column that is constant in the resample, or determined by others, loses its edges.
 */
export async function resampleGraphs(
  setup: ResampleSetup,
  r: number,
  options: LongWork,
): Promise<Record<string, Int8Array>> {
  const { table, alpha } = setup;
  const names = table.columns.map((c) => c.name);
  const known = resolveKnowledge(setup.knowledge, names, setup.sink);
  const maxDepth = checkDepth(setup.maxDepth, 'edge strengths');
  const weights = rowWeights(setup, r);
  return longWork(`Resample ${r + 1}`, 0, options, async (work) => {
    const test = independenceTest(table, setup.test, { weights, singular: 'independent' });
    const order = canonicalOrder(test);
    const inOrder = reorderTest(test, order);
    const knownInOrder = reorderKnowledge(known, order);
    const skeleton = await findSkeleton(
      inOrder,
      { alpha, maxDepth, stable: true, knowledge: knownInOrder },
      work,
    );
    const graphs: Record<string, Int8Array> = {};
    for (const algorithm of setup.algorithms) {
      if (algorithm === 'pc') {
        const { colliderRule, conflict } = rulesOf({}, test);
        const rules = { alpha, maxDepth, colliderRule, conflict, guaranteeCpdag: false };
        graphs.pc = restore(
          (await orientPc(inOrder, skeleton, knownInOrder, work, rules)).marks,
          order,
        );
      } else {
        const { maxPossibleDsep } = setup;
        const found = await orientFci(inOrder, skeleton, knownInOrder, work, {
          alpha,
          maxPossibleDsep,
        });
        graphs.fci = restore(found.pag.marks, order);
      }
    }
    return graphs;
  });
}

/** How often each row counts in resample number r. */
export function rowWeights(
  setup: Pick<ResampleSetup, 'seed' | 'resample' | 'share'> & { readonly table: Table },
  r: number,
): Int32Array {
  const { rows } = setup.table;
  const random = stream(setup.seed, 'edge-strengths', r);
  const weights = new Int32Array(rows);
  if (setup.resample === 'bootstrap') {
    for (let k = 0; k < rows; k++) weights[randomInteger(random, rows)]++;
  } else {
    const drawn = permutation(random, rows);
    const size = Math.max(1, Math.round(setup.share * rows));
    for (let k = 0; k < size; k++) weights[drawn[k]] = 1;
  }
  return weights;
}
