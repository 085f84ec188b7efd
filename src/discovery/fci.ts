// FCI (Spirtes, Meek & Richardson 1995; Zhang 2008): like PC, but with latent common causes and
// selection allowed. Adjacencies, colliders, Possible-D-SEP, colliders again, then the rules R1–R10.

import type { Table } from '../data/table.js';
import { longWork, type Work } from '../work/long-work.js';
import { canonicalOrder, reorderKnowledge, reorderTest, restore } from './canonical-order.js';
import { checkAlpha, checkDepth, checkTable, targetOf } from './check.js';
import { compatOrientFci } from './compat/causal-learn-fci.js';
import { checkCompat, compatSets, compatSkeleton } from './compat/causal-learn-skeleton.js';
import { countedTest } from './compat/counted-test.js';
import { type EdgeProperties, edgeProperties } from './edge-properties.js';
import { applyFciRules, at, circlePag, mark, type Pag } from './fci-rules.js';
import { ARROW, type Graph, TAIL } from './graph.js';
import { independenceTest } from './independence/independence.js';
import type { IndependenceTest } from './independence/test.js';
import { type ResolvedKnowledge, resolveKnowledge } from './knowledge.js';
import { partByPossibleDsep } from './part-by-possible-dsep.js';
import type { SearchOptions } from './pc.js';
import { type DiscoveryResult, separatingSets } from './result.js';
import { findSkeleton, type Skeleton } from './skeleton.js';

/** How FCI goes about it. */
export interface FciOptions extends SearchOptions {
  /**
   * Largest set drawn from Possible-D-SEP; 0 leaves that step out (default: that of `maxDepth`, so no
   * limit where none is set, as in Tetrad and causal-learn). On 162 simulated models with latent causes
   * no limit cost accuracy or time against 1 to 4, as only possible ancestors are drawn (table in
   * test/bench/discovery/limits.md); set one where a dense graph takes too long.
   */
  readonly maxPossibleDsep?: number;
  /** Apply R5–R7, for rows selected by effects of the columns (default `true`). */
  readonly selectionBias?: boolean;
  /** Longest path that the rules look at, in edges (default: none). */
  readonly maxPathLength?: number;
  /** Do as causal-learn at commit e30895b does, its order and its defaults included. */
  readonly compat?: 'causal-learn';
}

/** What FCI found. */
export interface FciResult extends DiscoveryResult {
  readonly algorithm: 'fci' | 'rfci';
  /** What is known of the directed edges. */
  readonly edgeProperties: readonly EdgeProperties[];
  /** Number of different tests; counted in compatibility mode only. */
  readonly tests?: number;
}

/**
 * Learn a PAG from a table by FCI.
 * @param table Rows; a missing cell leaves its row out of the tests that need it.
 * @throws RangeError for options or columns that do not fit.
 */
export async function fci(table: Table, options: FciOptions = {}): Promise<FciResult> {
  checkTable(table, 'FCI');
  const alpha = checkAlpha(options.alpha, 'FCI');
  const maxDepth = checkDepth(options.maxDepth, 'FCI');
  checkDepth(options.maxPossibleDsep, 'FCI', 'maxPossibleDsep');
  checkDepth(options.maxPathLength, 'FCI', 'maxPathLength');
  const target = targetOf(table);
  const names = table.columns.map((c) => c.name);
  const known = resolveKnowledge(
    options.knowledge,
    names,
    options.targetIsSink ? targetOf(table, 'FCI') : undefined,
  );
  return longWork('Learning a graph with FCI', 0, options, async (work) => {
    const singular = options.compat ? 'error-when-met' : 'error';
    const test = independenceTest(table, options.test, { singular });
    if (options.compat) return compatFci(table, test, known, options, { alpha, maxDepth }, work);
    const order = canonicalOrder(test);
    const inOrder = reorderTest(test, order);
    const knownInOrder = reorderKnowledge(known, order);
    const skeleton = await findSkeleton(
      inOrder,
      { alpha, maxDepth, stable: options.stable ?? true, knowledge: knownInOrder },
      work,
    );
    const found = await orientFci(inOrder, skeleton, knownInOrder, work, {
      ...options,
      alpha,
      maxPossibleDsep: options.maxPossibleDsep ?? maxDepth,
    });
    const graph: Graph = {
      kind: 'graph',
      type: 'pag',
      names,
      marks: restore(found.pag.marks, order),
      ...(target === undefined ? {} : { target }),
    };
    return {
      kind: 'discovery',
      algorithm: 'fci',
      graph,
      test: test.name,
      alpha,
      rows: table.rows,
      depth: skeleton.depth,
      warnings: [...(test.warnings ?? []), ...skeleton.warnings, ...found.warnings],
      edgeProperties: propertiesOf(found.pag, order, names),
      get separatingSets() {
        return separatingSets(found.skeleton, order);
      },
    };
  });
}

/** FCI in causal-learn's order. */
async function compatFci(
  table: Table,
  test: IndependenceTest,
  knowledge: ResolvedKnowledge,
  options: FciOptions,
  limits: { readonly alpha: number; readonly maxDepth: number },
  work: Work,
): Promise<FciResult> {
  checkCompat(options.compat, test, table, options, ['maxPossibleDsep', 'selectionBias']);
  const { alpha, maxDepth } = limits;
  const counted = countedTest(test);
  const breathe = (): Promise<void> => work.breathe();
  const stable = options.stable ?? true;
  const names = table.columns.map((c) => c.name);
  const p = names.length;
  const skeleton = await compatSkeleton(
    counted,
    p,
    { alpha, maxDepth, stable, knowledge, everyVisit: true },
    breathe,
  );
  const maxPathLength = options.maxPathLength ?? Number.POSITIVE_INFINITY;
  const marks = await compatOrientFci(
    skeleton,
    counted,
    { alpha, names, knowledge, maxPathLength },
    breathe,
  );
  const { target } = table;
  const near = Array.from({ length: p }, (_, i) =>
    Array.from({ length: p }, (_, j) => j).filter((j) => marks[i * p + j] !== 0),
  );
  return {
    kind: 'discovery',
    algorithm: 'fci',
    graph: {
      kind: 'graph',
      type: 'pag',
      names,
      marks,
      ...(target === undefined ? {} : { target }),
    },
    test: test.name,
    alpha,
    rows: table.rows,
    depth: skeleton.depth,
    tests: counted.count(),
    warnings: test.warnings ?? [],
    edgeProperties: edgeProperties({ p, marks, near }, names),
    separatingSets: compatSets(skeleton, p, counted),
  };
}

/** The properties of a graph whose node k is column `order[k]`. */
export function propertiesOf(
  pag: Pag,
  order: Int32Array,
  names: readonly string[],
): EdgeProperties[] {
  return edgeProperties(
    pag,
    Array.from(order, (i) => names[i]),
  );
}

/** Orient a skeleton; everything in the order of the test's own numbers. */
export async function orientFci(
  test: IndependenceTest,
  skeleton: Skeleton,
  knowledge: ResolvedKnowledge,
  work: Work,
  options: {
    readonly alpha: number;
    readonly maxPossibleDsep?: number | undefined;
    readonly selectionBias?: boolean | undefined;
    readonly maxPathLength?: number | undefined;
  },
): Promise<{ readonly pag: Pag; readonly skeleton: Skeleton; readonly warnings: string[] }> {
  const limit = options.maxPossibleDsep ?? Number.POSITIVE_INFINITY;
  let current = skeleton;
  let pag = startPag(current, knowledge);
  await orientFciColliders(pag, current, work);
  if (limit > 0) {
    current = await partByPossibleDsep(test, pag, current, knowledge, limit, options.alpha, work);
    if (current !== skeleton) {
      pag = startPag(current, knowledge);
      await orientFciColliders(pag, current, work);
    }
  }
  const settled = current;
  await applyFciRules(
    pag,
    {
      separatedBy: (d, c, b) => separatedBy(settled, d, c, b),
      selectionBias: options.selectionBias ?? true,
      maxPathLength: options.maxPathLength ?? Number.POSITIVE_INFINITY,
    },
    () => work.breathe(),
  );
  return { pag, skeleton: current, warnings: [] };
}

/** Whether b is in a set that separates d and c; `undefined` where no test parted them. */
export function separatedBy(
  skeleton: Skeleton,
  d: number,
  c: number,
  b: number,
): boolean | undefined {
  return skeleton.inSeparator(d, c, b);
}

/** Circles everywhere, but for what knowledge says. */
export function startPag(skeleton: Skeleton, knowledge: ResolvedKnowledge): Pag {
  const g = circlePag(skeleton.variables, skeleton.adjacent);
  for (let i = 0; i < g.p; i++) {
    for (const j of g.near[i]) {
      if (knowledge.required[i * g.p + j]) {
        g.marks[i * g.p + j] = TAIL;
        g.marks[j * g.p + i] = ARROW;
      } else if (knowledge.forbidden[i * g.p + j] && !knowledge.required[j * g.p + i]) {
        // That i does not cause j leaves a latent common cause possible: only the mark at i is known.
        g.marks[i * g.p + j] = ARROW;
      }
    }
  }
  return g;
}

/** R0: unshielded a *–* b *–* c whose separating sets lack b ⇒ a *→ b ←* c. */
export async function orientFciColliders(g: Pag, skeleton: Skeleton, work: Work): Promise<void> {
  for (let b = 0; b < g.p; b++) {
    for (const [k, a] of g.near[b].entries()) {
      if (at(g, b, a) === TAIL) continue;
      for (const c of g.near[b].slice(k + 1)) {
        if (at(g, b, c) === TAIL || g.marks[a * g.p + c] !== 0) continue;
        if (at(g, b, a) === ARROW && at(g, b, c) === ARROW) continue;
        if (separatedBy(skeleton, a, c, b) !== false) continue;
        mark(g, b, a, ARROW);
        mark(g, b, c, ARROW);
      }
    }
    await work.breathe();
  }
}
