// PC (Spirtes, Glymour & Scheines 2000): adjacencies by independence tests, colliders by separating
// sets, the rest by Meek's rules. Assumes no latent common causes, no selection and faithfulness.
// Kept together: the options, their checks and the three stages that they steer.

import type { Table } from '../data/table.js';
import { type LongWork, longWork, type Work } from '../work/long-work.js';
import { canonicalOrder, reorderKnowledge, reorderTest, restore } from './canonical-order.js';
import { checkAlpha, checkDepth, checkTable, targetOf } from './check.js';
import { type ColliderRule, type ConflictRule, orientColliders } from './colliders.js';
import { compatOrientPc } from './compat/causal-learn-pc.js';
import { checkCompat, compatSets, compatSkeleton } from './compat/causal-learn-skeleton.js';
import { countedTest } from './compat/counted-test.js';
import { cpdagMarks, extend } from './extension.js';
import { ARROW, type Graph, type GraphType } from './graph.js';
import { independenceTest, type TestChoice } from './independence/independence.js';
import type { IndependenceTest } from './independence/test.js';
import { type Knowledge, type ResolvedKnowledge, resolveKnowledge } from './knowledge.js';
import { applyMeek, directed, orientByKnowledge, undirectedPdag } from './meek.js';
import { type DiscoveryResult, separatingSets } from './result.js';
import { findSkeleton, type Skeleton } from './skeleton.js';

/** What PC and FCI have in common. */
export interface SearchOptions extends LongWork {
  /** Two columns count as independent where p > alpha (default `0.05`). */
  readonly alpha?: number;
  /** The independence test (default `auto`: by the column types). */
  readonly test?: TestChoice;
  /** What is known beforehand. */
  readonly knowledge?: Knowledge;
  /** No edge leads out of the target (default `false`). */
  readonly targetIsSink?: boolean;
  /** Largest conditioning set (default: none). */
  readonly maxDepth?: number;
  /** Edges leave at the end of a depth, so that their order does not matter (default `true`). */
  readonly stable?: boolean;
}

/** How PC goes about it. */
export interface PcOptions extends SearchOptions {
  /** How colliders are found (default `sepset`). */
  readonly colliderRule?: ColliderRule;
  /** Who wins where colliders contradict each other (default `stronger`; with an oracle `keep`). */
  readonly conflict?: ConflictRule;
  /** Return a graph that stands for at least one DAG, whatever the data say (default `false`). */
  readonly guaranteeCpdag?: boolean;
  /** Do as causal-learn 0.1.4.7 does, its order and its defaults included. */
  readonly compat?: 'causal-learn';
}

/** What PC found. */
export interface PcResult extends DiscoveryResult {
  readonly algorithm: 'pc';
  /** Colliders that gave way to others. */
  readonly colliderConflicts: number;
  /** Orientations that were left out because they would have closed a cycle. */
  readonly blockedOrientations: number;
  /** Number of different tests; counted in compatibility mode only. */
  readonly tests?: number;
}

/**
 * Learn a CPDAG from a table by PC.
 * @param table Rows; a missing cell leaves its row out of the tests that need it.
 * @throws RangeError for options or columns that do not fit.
 */
export async function pc(table: Table, options: PcOptions = {}): Promise<PcResult> {
  checkTable(table, 'PC');
  const alpha = checkAlpha(options.alpha, 'PC');
  const maxDepth = checkDepth(options.maxDepth, 'PC');
  const target = targetOf(table);
  const names = table.columns.map((c) => c.name);
  const known = resolveKnowledge(
    options.knowledge,
    names,
    options.targetIsSink ? targetOf(table, 'PC') : undefined,
  );
  return longWork('Learning a graph with PC', 0, options, async (work) => {
    const singular = options.compat ? 'error-when-met' : 'error';
    const test = independenceTest(table, options.test, { singular });
    const { colliderRule, conflict } = rulesOf(options, test);
    if (options.compat) {
      return compatPc(
        table,
        test,
        known,
        options,
        { alpha, maxDepth, colliderRule, conflict },
        work,
      );
    }
    const order = canonicalOrder(test);
    const inOrder = reorderTest(test, order);
    const knownInOrder = reorderKnowledge(known, order);
    const skeleton = await findSkeleton(
      inOrder,
      { alpha, maxDepth, stable: options.stable ?? true, knowledge: knownInOrder },
      work,
    );
    const found = await orientPc(inOrder, skeleton, knownInOrder, work, {
      alpha,
      maxDepth,
      colliderRule,
      conflict,
      guaranteeCpdag: options.guaranteeCpdag ?? false,
    });
    const graph: Graph = {
      kind: 'graph',
      type: found.type,
      names,
      marks: restore(found.marks, order),
      ...(target === undefined ? {} : { target }),
    };
    return {
      kind: 'discovery',
      algorithm: 'pc',
      graph,
      test: test.name,
      alpha,
      rows: table.rows,
      depth: skeleton.depth,
      colliderConflicts: found.conflicts,
      blockedOrientations: found.blocked,
      warnings: [...(test.warnings ?? []), ...skeleton.warnings, ...found.warnings],
      get separatingSets() {
        return separatingSets(skeleton, order);
      },
    };
  });
}

/** PC in causal-learn's order. */
async function compatPc(
  table: Table,
  test: IndependenceTest,
  knowledge: ResolvedKnowledge,
  options: PcOptions,
  rules: {
    readonly alpha: number;
    readonly maxDepth: number;
    readonly colliderRule: ColliderRule;
    readonly conflict: ConflictRule;
  },
  work: Work,
): Promise<PcResult> {
  checkCompat(options.compat, test, table, options, ['guaranteeCpdag']);
  const { alpha, maxDepth } = rules;
  const counted = countedTest(test);
  const breathe = (): Promise<void> => work.breathe();
  const stable = options.stable ?? true;
  const p = table.columns.length;
  const skeleton = await compatSkeleton(
    counted,
    p,
    { alpha, maxDepth, stable, knowledge, everyVisit: false },
    breathe,
  );
  const { marks, blocked } = await compatOrientPc(
    skeleton,
    counted,
    { alpha, rule: rules.colliderRule, conflict: rules.conflict, knowledge },
    breathe,
  );
  const { target } = table;
  return {
    kind: 'discovery',
    algorithm: 'pc',
    graph: {
      kind: 'graph',
      type: typeOf(marks, p),
      names: table.columns.map((c) => c.name),
      marks,
      ...(target === undefined ? {} : { target }),
    },
    test: test.name,
    alpha,
    rows: table.rows,
    depth: skeleton.depth,
    tests: counted.count(),
    colliderConflicts: 0,
    blockedOrientations: blocked,
    warnings: test.warnings ?? [],
    separatingSets: compatSets(skeleton, p, counted),
  };
}

/** The rules of a run: the defaults, those of an oracle, or an error for what an oracle cannot answer. */
export function rulesOf(
  options: PcOptions,
  test: IndependenceTest,
): { colliderRule: ColliderRule; conflict: ConflictRule } {
  const colliderRule = options.colliderRule ?? 'sepset';
  if (!['sepset', 'max-p', 'definite-max-p'].includes(colliderRule)) {
    throw new RangeError(
      `Cannot run PC as colliderRule must be sepset, max-p or definite-max-p: current value is "${colliderRule}"`,
    );
  }
  const conflict =
    options.conflict ??
    (test.oracle || options.compat
      ? 'keep'
      : colliderRule === 'definite-max-p'
        ? 'stronger-star'
        : 'stronger');
  if (!['overwrite', 'bidirect', 'keep', 'stronger', 'stronger-star'].includes(conflict)) {
    throw new RangeError(
      `Cannot run PC as conflict must be overwrite, bidirect, keep, stronger or stronger-star: current value is "${conflict}"`,
    );
  }
  if (colliderRule === 'definite-max-p' && (conflict === 'overwrite' || conflict === 'bidirect')) {
    throw new RangeError(
      `Cannot run PC as definite-max-p goes with keep, stronger and stronger-star only: conflict is "${conflict}"`,
    );
  }
  if (test.oracle && (colliderRule !== 'sepset' || conflict.startsWith('stronger'))) {
    throw new RangeError(
      `Cannot run PC as an oracle has no p-values to rank: colliderRule is "${colliderRule}", conflict is "${conflict}"; use sepset with keep`,
    );
  }
  return { colliderRule, conflict };
}

/** Orient a skeleton; everything in the order of the test's own numbers. */
export async function orientPc(
  test: IndependenceTest,
  skeleton: Skeleton,
  knowledge: ResolvedKnowledge,
  work: Work,
  options: {
    readonly alpha: number;
    readonly maxDepth: number;
    readonly colliderRule: ColliderRule;
    readonly conflict: ConflictRule;
    readonly guaranteeCpdag: boolean;
  },
): Promise<{
  readonly marks: Int8Array;
  readonly type: GraphType;
  readonly conflicts: number;
  readonly blocked: number;
  readonly warnings: readonly string[];
}> {
  const g = undirectedPdag(skeleton.variables, skeleton.adjacent);
  const warnings: string[] = [];
  const left = orientByKnowledge(g, knowledge);
  if (left.length > 0) {
    warnings.push(
      `${left.length} edges that knowledge directs would close a cycle and were left open`,
    );
  }
  const { conflicts } = await orientColliders(
    g,
    skeleton,
    test,
    {
      rule: options.colliderRule,
      conflict: options.conflict,
      alpha: options.alpha,
      most: Math.min(options.maxDepth, skeleton.depth),
      knowledge,
    },
    () => work.breathe(),
  );
  if (options.conflict === 'overwrite') breakCycles(g, warnings);
  const blocked = applyMeek(g, knowledge);
  if (!options.guaranteeCpdag) {
    return { marks: g.marks, type: typeOf(g.marks, g.p), conflicts, blocked, warnings };
  }
  const extended = extend(g, knowledge, true) as { marks: Int8Array; forced: boolean };
  const cpdag = cpdagMarks({ ...g, marks: extended.marks }, knowledge).marks;
  let changed = 0;
  for (let i = 0; i < g.p; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [i * g.p + j, j * g.p + i];
      if (cpdag[a] !== g.marks[a] || cpdag[b] !== g.marks[b]) changed++;
    }
  }
  if (changed > 0) {
    warnings.push(`${changed} edges were turned or opened so that the graph is a CPDAG`);
  }
  return { marks: cpdag, type: 'cpdag', conflicts, blocked, warnings };
}

/** Colliders that overwrite each other can close directed cycles: open an edge of each. */
function breakCycles(g: ReturnType<typeof undirectedPdag>, warnings: string[]): void {
  let opened = 0;
  for (let i = 0; i < g.p; i++) {
    for (const j of g.near[i]) {
      if (!directed(g, i, j)) continue;
      if (closesCycle(g, i, j)) {
        g.marks[i * g.p + j] = g.marks[j * g.p + i] = -1;
        opened++;
      }
    }
  }
  if (opened > 0) warnings.push(`${opened} edges of colliders that closed a cycle were left open`);
}

function closesCycle(g: ReturnType<typeof undirectedPdag>, i: number, j: number): boolean {
  const seen = new Uint8Array(g.p);
  const stack = [j];
  while (stack.length > 0) {
    const a = stack.pop() as number;
    if (a === i) return true;
    for (const b of g.near[a]) {
      if (!seen[b] && directed(g, a, b)) {
        seen[b] = 1;
        stack.push(b);
      }
    }
  }
  return false;
}

/** A partly directed graph with edges of other kinds is only a "graph". */
function typeOf(marks: Int8Array, p: number): GraphType {
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      if (marks[i * p + j] === ARROW && marks[j * p + i] === ARROW) return 'graph';
    }
  }
  return 'pdag';
}
