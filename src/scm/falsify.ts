// Does the data contradict a graph? (Eulig et al. 2023, "Toward falsifying causal graphs using a
// permutation-based test".) A DAG says that each node is independent of its non-descendants given its
// parents. Count the tests that find otherwise, and compare with copies of the graph whose nodes are
// permuted:
//   p_LMC = share of copies with at most as many violations; the graph is no better than chance if large
//   p_TPA = share of copies in the graph's own equivalence class; no copy can tell it apart if large

import type { Table } from '../data/table.js';
import { asDag } from '../discovery/dag.js';
import { ARROW, type Dag, NO_EDGE, TAIL } from '../discovery/graph.js';
import { descendants, parents } from '../discovery/graph-queries.js';
import { independenceTest, type TestChoice } from '../discovery/independence/independence.js';
import { permutation, stream } from '../math/random.js';
import { type LongWork, longWork } from '../work/long-work.js';
import { checkCount, checkDag, checkSeed, checkTable } from './check-arguments.js';

export interface FalsifyOptions extends LongWork {
  readonly seed: number;
  /** Permuted copies (default `50`). */
  readonly permutations?: number;
  /** The independence test (default: by the column types). */
  readonly test?: TestChoice;
  /** Level of one test (default `0.05`). */
  readonly alpha?: number;
  /** Level of the two permutation p-values (default `0.2`). */
  readonly significance?: number;
}

/** A node that is not independent of another one, though the graph says so. */
export interface Violation {
  readonly node: string;
  readonly other: string;
  /** The node's parents. */
  readonly given: readonly string[];
  readonly p: number;
}

export interface Falsification {
  readonly kind: 'falsification';
  /** Number of independences that the graph says. */
  readonly tests: number;
  readonly violations: readonly Violation[];
  /** Violations of each permuted copy: the histogram to draw. */
  readonly permuted: readonly number[];
  readonly pLmc: number;
  readonly pTpa: number;
  /** Whether permuted copies differ enough from the graph for the comparison to mean something. */
  readonly falsifiable: boolean;
  /** Whether the graph is falsifiable and explains the data no better than its copies. */
  readonly falsified: boolean;
}

/**
 * Test a DAG against data.
 * @param table Columns with the names of the DAG's nodes.
 */
export async function falsifyGraph(
  table: Table,
  graph: Dag,
  options: FalsifyOptions,
): Promise<Falsification> {
  const action = 'test the graph';
  checkTable(action, table);
  checkDag(action, graph);
  const seed = checkSeed(action, options);
  const { permutations = 50, alpha = 0.05, significance = 0.2 } = options;
  checkCount(action, 'permutations', permutations);
  for (const [name, value] of Object.entries({ alpha, significance })) {
    if (value > 0 && value < 1) continue;
    throw new RangeError(
      `Cannot ${action} as ${name} must be in (0, 1): current value is ${value}`,
    );
  }
  const dag = asDag(graph);
  const place = dag.names.map((name) => {
    const at = table.columns.findIndex((c) => c.name === name);
    if (at < 0) {
      throw new RangeError(
        `Cannot test the graph as the table must have its nodes: "${name}" is none of ${table.columns.map((c) => c.name).join(', ')}`,
      );
    }
    return at;
  });
  const independence = independenceTest(table, options.test ?? 'auto', { singular: 'independent' });
  const known = new Map<string, number>();
  const pValue = (x: number, y: number, given: readonly number[]): number => {
    const s = given.map((v) => place[v]).sort((a, b) => a - b);
    const ends = [place[x], place[y]].sort((a, b) => a - b);
    const key = `${ends} | ${s}`;
    let p = known.get(key);
    if (p === undefined) {
      p = s.length > independence.maxGiven ? 1 : independence.test(ends[0], ends[1], s).p;
      known.set(key, p);
    }
    return p;
  };

  return longWork('Testing the graph', permutations + 1, options, async (work) => {
    const statements = markovConditions(dag);
    const violations: Violation[] = [];
    for (const { x, y, given } of statements) {
      await work.breathe();
      const p = pValue(x, y, given);
      if (p < alpha) {
        const [node, other] = [dag.names[x], dag.names[y]];
        violations.push({ node, other, given: given.map((v) => dag.names[v]), p });
      }
    }
    work.tick();
    const own = equivalenceClass(dag, identityOrder(dag.names.length));
    const permuted: number[] = [];
    let same = 0;
    for (let k = 0; k < permutations; k++) {
      const to = permutation(stream(seed, 'falsify', k), dag.names.length);
      if (equivalenceClass(dag, to) === own) same++;
      let count = 0;
      for (const { x, y, given } of statements) {
        await work.breathe();
        if (
          pValue(
            to[x],
            to[y],
            given.map((v) => to[v]),
          ) < alpha
        )
          count++;
      }
      permuted.push(count);
      work.tick();
    }
    const atMost = permuted.filter((count) => count <= violations.length).length;
    const pLmc = atMost / permutations;
    const pTpa = same / permutations;
    const falsifiable = pTpa <= significance;
    return {
      kind: 'falsification',
      tests: statements.length,
      violations,
      permuted,
      pLmc,
      pTpa,
      falsifiable,
      falsified: falsifiable && pLmc > significance,
    };
  });
}

interface Statement {
  readonly x: number;
  readonly y: number;
  readonly given: readonly number[];
}

/** Each node against each non-descendant that is no parent, given its parents. */
function markovConditions(dag: Dag): Statement[] {
  return dag.names.flatMap((_, x) => {
    const given = parents(dag, x);
    const out = new Set([...descendants(dag, x), ...given, x]);
    return dag.names.flatMap((__, y) => (out.has(y) ? [] : [{ x, y, given }]));
  });
}

/** The skeleton and the unshielded colliders of the relabelled graph, as a text. */
function equivalenceClass(dag: Dag, to: Int32Array): string {
  const p = dag.names.length;
  const marks = new Int8Array(p * p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) marks[to[i] * p + to[j]] = dag.marks[i * p + j];
  }
  const parts: string[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      if (marks[i * p + j] !== NO_EDGE) {
        parts.push(`${j}-${i}`);
        continue;
      }
      for (let k = 0; k < p; k++) {
        const into = (a: number): boolean =>
          marks[k * p + a] === ARROW && marks[a * p + k] === TAIL;
        if (into(i) && into(j)) parts.push(`${j}>${k}<${i}`);
      }
    }
  }
  return parts.join(' ');
}

function identityOrder(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}
