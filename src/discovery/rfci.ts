// RFCI (Colombo, Maathuis, Kalisch & Richardson 2012, "Learning high-dimensional directed acyclic
// graphs with latent and selection variables"): FCI without Possible-D-SEP. Before a triple counts as
// a collider, and before a discriminating path is used, the edges involved are tested once more given
// the set that parted the ends; an edge that falls changes the triples.

import type { Table } from '../data/table.js';
import { longWork, type Work } from '../work/long-work.js';
import { canonicalOrder, reorderKnowledge, reorderTest, restore } from './canonical-order.js';
import { checkAlpha, checkDepth, checkTable, targetOf } from './check.js';
import { type FciOptions, type FciResult, propertiesOf, startPag } from './fci.js';
import { applyFciRules, at, mark, type Pag } from './fci-rules.js';
import { ARROW, NO_EDGE, TAIL } from './graph.js';
import { independenceTest } from './independence/independence.js';
import { eachSubset } from './independence/subsets.js';
import type { IndependenceTest } from './independence/test.js';
import { type ResolvedKnowledge, resolveKnowledge } from './knowledge.js';
import { separatingSets } from './result.js';
import { findSkeleton, type Skeleton } from './skeleton.js';

/**
 * Learn a PAG from a table by RFCI, the fast form of FCI.
 * @param table Rows; a missing cell leaves its row out of the tests that need it.
 * @throws RangeError for options or columns that do not fit.
 */
export async function rfci(
  table: Table,
  options: Omit<FciOptions, 'maxPossibleDsep' | 'compat'> = {},
): Promise<FciResult> {
  checkTable(table, 'RFCI');
  const alpha = checkAlpha(options.alpha, 'RFCI');
  const maxDepth = checkDepth(options.maxDepth, 'RFCI');
  checkDepth(options.maxPathLength, 'RFCI', 'maxPathLength');
  const target = targetOf(table);
  const names = table.columns.map((c) => c.name);
  const sink = options.targetIsSink ? targetOf(table, 'RFCI') : undefined;
  const known = resolveKnowledge(options.knowledge, names, sink);
  return longWork('Learning a graph with RFCI', 0, options, async (work) => {
    const test = independenceTest(table, options.test);
    const order = canonicalOrder(test);
    const inOrder = reorderTest(test, order);
    const knownInOrder = reorderKnowledge(known, order);
    const stable = options.stable ?? true;
    const skeleton = await findSkeleton(
      inOrder,
      { alpha, maxDepth, stable, knowledge: knownInOrder },
      work,
    );
    const pag = await orientRfci(inOrder, skeleton, knownInOrder, work, { ...options, alpha });
    return {
      kind: 'discovery',
      algorithm: 'rfci',
      graph: {
        kind: 'graph',
        type: 'pag',
        names,
        marks: restore(pag.marks, order),
        ...(target === undefined ? {} : { target }),
      },
      test: test.name,
      alpha,
      rows: table.rows,
      depth: skeleton.depth,
      warnings: [...(test.warnings ?? []), ...skeleton.warnings],
      edgeProperties: propertiesOf(pag, order, names),
      get separatingSets() {
        return separatingSets(skeleton, order);
      },
    };
  });
}

/** Orient a skeleton by RFCI. */
async function orientRfci(
  test: IndependenceTest,
  skeleton: Skeleton,
  knowledge: ResolvedKnowledge,
  work: Work,
  options: { readonly alpha: number } & Pick<FciOptions, 'selectionBias' | 'maxPathLength'>,
): Promise<Pag> {
  const g = startPag(skeleton, knowledge);
  const near = g.near as number[][];
  const logAlpha = Math.log(options.alpha);
  const own = new Map<number, readonly number[]>();
  const pair = (i: number, j: number): number => Math.min(i, j) * g.p + Math.max(i, j);
  const sepset = (i: number, j: number): readonly number[] | undefined =>
    own.get(pair(i, j)) ?? skeleton.firstSeparator(i, j);
  const inside = (i: number, j: number, v: number): boolean | undefined =>
    own.get(pair(i, j))?.includes(v) ?? skeleton.inSeparator(i, j, v);
  /** The smallest part of a set that separates i and j; `undefined` where none does. */
  const smallest = (i: number, j: number, set: readonly number[]): number[] | undefined => {
    if (knowledge.required[i * g.p + j] || knowledge.required[j * g.p + i]) return undefined;
    let found: number[] | undefined;
    for (let size = 0; size <= set.length && !found; size++) {
      eachSubset(set, size, (s) => {
        if (!(test.test(i, j, s).logP > logAlpha)) return undefined;
        found = [...s];
        return true;
      });
    }
    return found;
  };
  const cut = (i: number, j: number, set: readonly number[]): void => {
    own.set(pair(i, j), set);
    g.marks[i * g.p + j] = g.marks[j * g.p + i] = NO_EDGE;
    near[i].splice(near[i].indexOf(j), 1);
    near[j].splice(near[j].indexOf(i), 1);
  };
  const triples = (): [number, number, number][] => {
    const found: [number, number, number][] = [];
    for (let b = 0; b < g.p; b++) {
      for (const [k, a] of near[b].entries()) {
        for (const c of near[b].slice(k + 1)) {
          if (g.marks[a * g.p + c] === NO_EDGE) found.push([a, b, c]);
        }
      }
    }
    return found;
  };
  /** Cut the edges of unshielded triples that do not stand the test given the ends' set. */
  const settle = async (): Promise<void> => {
    const checked = new Set<string>();
    for (let changed = true; changed; ) {
      changed = false;
      for (const [a, b, c] of triples()) {
        if (g.marks[a * g.p + b] === NO_EDGE || g.marks[b * g.p + c] === NO_EDGE) continue;
        const set = sepset(a, c);
        if (set === undefined || set.includes(b) || checked.has(`${a},${b},${c}`)) continue;
        checked.add(`${a},${b},${c}`);
        for (const [i, j] of [
          [a, b],
          [b, c],
        ]) {
          const rest = set.filter((v) => v !== i && v !== j);
          if (!(test.test(i, j, rest).logP > logAlpha)) continue;
          const least = smallest(i, j, rest);
          if (!least) continue;
          cut(i, j, least);
          changed = true;
        }
        await work.breathe();
      }
    }
    for (const [a, b, c] of triples()) {
      if (at(g, b, a) === TAIL || at(g, b, c) === TAIL || inside(a, c, b) !== false) continue;
      mark(g, b, a, ARROW);
      mark(g, b, c, ARROW);
    }
  };
  await settle();
  for (let again = true; again; ) {
    again = false;
    await applyFciRules(
      g,
      {
        separatedBy: inside,
        selectionBias: options.selectionBias ?? true,
        maxPathLength: options.maxPathLength ?? Number.POSITIVE_INFINITY,
        mayUse(path, c) {
          const set = sepset(path[0], c);
          if (set === undefined) return false;
          const nodes = [...path, c];
          for (let k = 0; k + 1 < nodes.length; k++) {
            const [i, j] = [nodes[k], nodes[k + 1]];
            const least = smallest(
              i,
              j,
              set.filter((v) => v !== i && v !== j),
            );
            if (!least) continue;
            cut(i, j, least);
            again = true;
            return false;
          }
          return true;
        },
      },
      () => work.breathe(),
    );
    if (again) await settle();
  }
  return g;
}
