// BOSS (Andrews, Ramsey, Sanchez-Romero, Camchong & Kummerfeld 2023, "Fast scalable and accurate
// discovery of DAGs using the best order score search"): a score in place of tests. For an order of the
// columns each takes the parents before it that score best (grow, then shrink); columns are moved to
// their best place, one after the other, until no move helps. The result is the CPDAG of that DAG.
//   BIC = ln L − ½·penalty·(free parameters)·ln n, L Gaussian, multinomial, or degenerate Gaussian.

import type { Table } from '../data/table.js';
import { permutation, stream } from '../math/random.js';
import { longWork } from '../work/long-work.js';
import { localScore } from './bic-score.js';
import { checkTable, targetOf } from './check.js';
import { dagOfPairs } from './dag.js';
import { cpdagMarks, pdagOf } from './extension.js';
import type { Dag, Graph } from './graph.js';
import { resolveKnowledge } from './knowledge.js';
import type { SearchOptions } from './pc.js';

/** How BOSS searches. */
export interface BossOptions
  extends Pick<SearchOptions, 'knowledge' | 'targetIsSink' | 'signal' | 'onProgress'> {
  /** Weight of the penalty on parameters; larger gives fewer edges (default `1`). */
  readonly penalty?: number;
  /** Number of orders to start from: the best end counts (default `4`). */
  readonly starts?: number;
  /** Largest number of parents (default: none). */
  readonly maxParents?: number;
}

/** What BOSS found. */
export interface BossResult {
  readonly kind: 'discovery';
  readonly algorithm: 'boss';
  /** The CPDAG; knowledge may direct more. */
  readonly graph: Graph;
  /** The DAG that scored best. */
  readonly dag: Dag;
  readonly score: number;
  readonly test: string;
  readonly rows: number;
  readonly warnings: readonly string[];
}

/**
 * Learn a CPDAG from a table by the best order score search.
 * @throws RangeError for options or columns that do not fit.
 */
export async function boss(table: Table, options: BossOptions = {}): Promise<BossResult> {
  checkTable(table, 'BOSS');
  const { penalty = 1, starts = 4, maxParents = Number.POSITIVE_INFINITY } = options;
  if (!Number.isInteger(starts) || starts < 1) {
    throw new RangeError(
      `Cannot run BOSS as starts must be a positive integer: current value is ${starts}`,
    );
  }
  if (!(penalty > 0)) {
    throw new RangeError(
      `Cannot run BOSS as penalty must be positive: current value is ${penalty}`,
    );
  }
  const names = table.columns.map((c) => c.name);
  const p = names.length;
  const target = targetOf(table);
  const sink = options.targetIsSink ? targetOf(table, 'BOSS') : undefined;
  const known = resolveKnowledge(options.knowledge, names, sink);
  return longWork('Learning a graph with BOSS', starts, options, async (work) => {
    const score = localScore(table, penalty);
    const required = (v: number): number[] =>
      [...names.keys()].filter((u) => known.required[u * p + v] === 1);
    const before = new Map<string, { readonly parents: number[]; readonly value: number }>();
    /** The best parents of v among the columns before it. */
    const best = (v: number, prefix: readonly number[]): { parents: number[]; value: number } => {
      const must = required(v);
      const pool = prefix.filter((u) => !known.forbidden[u * p + v]);
      const key = `${v}|${[...pool].sort((a, b) => a - b).join()}`;
      const kept = before.get(key);
      if (kept) return kept;
      let parents = must;
      let value = must.every((u) => prefix.includes(u))
        ? score.of(v, parents)
        : Number.NEGATIVE_INFINITY;
      if (value > Number.NEGATIVE_INFINITY) {
        for (;;) {
          let gain: number[] | undefined;
          for (const u of parents.length < maxParents ? pool : []) {
            if (parents.includes(u)) continue;
            const wider = [...parents, u];
            const s = score.of(v, wider);
            if (s > value + 1e-9) {
              value = s;
              gain = wider;
            }
          }
          if (!gain) break;
          parents = gain;
        }
        for (;;) {
          let gain: number[] | undefined;
          for (const u of parents) {
            if (must.includes(u)) continue;
            const fewer = parents.filter((w) => w !== u);
            const s = score.of(v, fewer);
            if (s > value + 1e-9) {
              value = s;
              gain = fewer;
            }
          }
          if (!gain) break;
          parents = gain;
        }
      }
      const found = { parents, value };
      if (before.size > 200_000) before.clear();
      before.set(key, found);
      return found;
    };
    const total = (order: readonly number[]): number =>
      order.reduce((sum, v, k) => sum + best(v, order.slice(0, k)).value, 0);
    let order: number[] = [];
    let value = Number.NEGATIVE_INFINITY;
    for (let start = 0; start < starts; start++) {
      let trialOrder = initialOrder(p, known.required, start);
      let trialValue = total(trialOrder);
      for (let improved = true; improved; ) {
        improved = false;
        for (let v = 0; v < p; v++) {
          const rest = trialOrder.filter((u) => u !== v);
          let place = -1;
          for (let k = 0; k <= p - 1; k++) {
            const s = total([...rest.slice(0, k), v, ...rest.slice(k)]);
            if (s > trialValue + 1e-6) {
              trialValue = s;
              place = k;
            }
            await work.breathe();
          }
          if (place >= 0) {
            trialOrder = [...rest.slice(0, place), v, ...rest.slice(place)];
            improved = true;
          }
        }
      }
      if (trialValue > value + 1e-6) {
        value = trialValue;
        order = trialOrder;
      }
      work.tick(1, `score ${value.toFixed(1)}`);
    }
    const pairs = order.flatMap((v, k) =>
      best(v, order.slice(0, k)).parents.map((u): [number, number] => [u, v]),
    );
    const dag = dagOfPairs(names, pairs, target);
    const limited = options.knowledge || sink !== undefined ? known : undefined;
    const marks = cpdagMarks(pdagOf(dag), limited).marks;
    return {
      kind: 'discovery',
      algorithm: 'boss',
      graph: { ...dag, type: limited ? 'pdag' : 'cpdag', marks },
      dag,
      score: value,
      test: score.name,
      rows: table.rows,
      warnings: [],
    };
  });
}

/** An order that puts required parents first: the columns' own, its reverse, then shuffled ones. */
function initialOrder(p: number, required: Uint8Array, start: number): number[] {
  const plain = Array.from({ length: p }, (_, i) => i);
  const wanted =
    start === 0
      ? plain
      : start === 1
        ? plain.reverse()
        : Array.from(permutation(stream(start, 'boss'), p));
  const order: number[] = [];
  while (order.length < p) {
    const next = wanted.find((v) => {
      if (order.includes(v)) return false;
      for (let u = 0; u < p; u++) if (required[u * p + v] && !order.includes(u)) return false;
      return true;
    }) as number;
    order.push(next);
  }
  return order;
}
