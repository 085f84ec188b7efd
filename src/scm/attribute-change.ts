// Why did a column change between two tables? Each mechanism is taken from the old or the new model;
// a node's share is its Shapley value in the game v(S) = measure of the column when the nodes in S
// follow the new mechanisms (Budhathoki et al. 2021, "Why did the distribution change?").

import type { Table } from '../data/table.js';
import type { Dag } from '../discovery/graph.js';
import { ancestors } from '../discovery/graph-queries.js';
import { childSeed, permutation, stream } from '../math/random.js';
import { type LongWork, longWork, quietly } from '../work/long-work.js';
import { checkCount, checkDag, checkSeed, checkTable } from './check-arguments.js';
import { unframe } from './frame.js';
import { drawMechanism } from './mechanism.js';
import { stepsOf } from './sample-scm.js';
import { type FitScmOptions, fitScm, type Scm } from './scm.js';

export interface AttributeChangeOptions extends LongWork {
  readonly seed: number;
  /** The column whose change is explained. */
  readonly column: string;
  /** A number of the column's values (category indices) (default: their mean). */
  readonly measure?: (values: Float64Array) => number;
  /** Rows drawn for each value of the game (default `5000`). */
  readonly size?: number;
  /** Options of both fits. */
  readonly fit?: Omit<FitScmOptions, 'seed' | keyof LongWork>;
}

export interface ChangeAttribution {
  readonly kind: 'change-attribution';
  readonly column: string;
  /** Measure under the old and the new model. */
  readonly before: number;
  readonly after: number;
  /** Share of each ancestor and of the column itself; they add up to `after − before`. */
  readonly contributions: readonly { readonly node: string; readonly contribution: number }[];
}

/** Nodes up to which all subsets are looked at; above, 100 random orders. */
const MOST_EXACT = 10;

/** Attribute a column's change between two tables to the mechanisms that changed. */
export async function attributeChange(
  before: Table,
  after: Table,
  dag: Dag,
  options: AttributeChangeOptions,
): Promise<ChangeAttribution> {
  const action = 'attribute a change';
  checkTable(action, before);
  checkTable(action, after);
  checkDag(action, dag);
  const seed = checkSeed(action, options);
  const { column, size = 5000, measure = average } = options;
  checkCount(action, 'size', size);
  const at = dag.names.indexOf(column);
  if (at < 0) {
    throw new RangeError(
      `Cannot attribute a change as the column must be in the DAG: "${column}" is none of ${dag.names.join(', ')}`,
    );
  }
  return longWork('Attributing the change', 3, options, async (work) => {
    const fitted = (table: Table): Promise<Scm> =>
      fitScm(table, dag, { ...options.fit, seed, ...quietly(work) });
    const old = await fitted(before);
    work.tick(1, 'old model');
    const now = await fitted(unframe(old.variables, alignedValues(old, after), after.target));
    work.tick(1, 'new model');
    const players = [...new Set([...ancestors(dag, at), at])]
      .sort((a, b) => a - b)
      .map((i) => dag.names[i]);
    const base = childSeed(stream(seed, 'attribute-change'));
    const known = new Map<string, number>();
    const value = async (fresh: ReadonlySet<string>): Promise<number> => {
      const key = players.map((name) => (fresh.has(name) ? '1' : '0')).join('');
      let v = known.get(key);
      if (v === undefined) {
        await work.breathe();
        v = measure(drawMixed(old, now, fresh, column, size, base));
        known.set(key, v);
      }
      return v;
    };
    const contributions = await shapley(players, value, seed);
    return {
      kind: 'change-attribution',
      column,
      before: await value(new Set()),
      after: await value(new Set(players)),
      contributions: players.map((node, i) => ({ node, contribution: contributions[i] })),
    };
  });
}

/** Shapley values: over all subsets, or over random orders where there are too many. */
async function shapley(
  players: readonly string[],
  value: (members: ReadonlySet<string>) => Promise<number>,
  seed: number,
): Promise<Float64Array> {
  const n = players.length;
  const shares = new Float64Array(n);
  if (n > MOST_EXACT) {
    const orders = 100;
    for (let o = 0; o < orders; o++) {
      const order = permutation(stream(seed, 'shapley', o), n);
      const members = new Set<string>();
      let last = await value(members);
      for (const i of order) {
        members.add(players[i]);
        const next = await value(members);
        shares[i] += (next - last) / orders;
        last = next;
      }
    }
    return shares;
  }
  // Weight of a subset of s others: s! (n − 1 − s)! / n!
  const weight = new Float64Array(n).fill(1 / n);
  for (let s = 1; s < n; s++) weight[s] = (weight[s - 1] * s) / (n - s);
  for (let mask = 0; mask < 2 ** n; mask++) {
    const members = new Set(players.filter((_, i) => (mask >> i) & 1));
    const v = await value(members);
    for (let i = 0; i < n; i++) {
      if ((mask >> i) & 1) shares[i] += weight[members.size - 1] * v;
      else shares[i] -= weight[members.size] * v;
    }
  }
  return shares;
}

/** Draw the column with some nodes' mechanisms from the new model, with the same noise streams. */
function drawMixed(
  old: Scm,
  now: Scm,
  fresh: ReadonlySet<string>,
  column: string,
  size: number,
  seed: number,
): Float64Array {
  const values: Float64Array[] = [];
  const newSteps = new Map(stepsOf(now, now.models[0]).map((step) => [step.at, step]));
  let found = new Float64Array(0);
  for (const step of stepsOf(old, old.models[0])) {
    const { node, parents, at } = fresh.has(step.node.name)
      ? (newSteps.get(step.at) ?? step)
      : step;
    const given = parents.map((j) => values[j]);
    values[at] = drawMechanism(node.mechanism, given, size, stream(seed, node.name));
    if (node.name === column) found = values[at] as Float64Array<ArrayBuffer>;
  }
  return found;
}

/** The new rows by the old table's categories. */
function alignedValues(old: Scm, table: Table): Float64Array[] {
  return old.variables.map((variable) => {
    const column = table.columns.find((c) => c.name === variable.name);
    if (!column) {
      throw new RangeError(
        `Cannot attribute a change as both tables must have the same columns: "${variable.name}" is absent from the new one`,
      );
    }
    if ('values' in column) return column.values;
    const place = column.categories.map((name) => variable.categories?.indexOf(name) ?? -1);
    return Float64Array.from(column.codes, (c, r) => {
      if (c < 0) return Number.NaN;
      if (place[c] >= 0) return place[c];
      throw new RangeError(
        `Cannot attribute a change as both tables must have the same categories: "${variable.name}" is "${column.categories[c]}" in row ${r + 1} of the new one only; declare the categories of both alike`,
      );
    });
  });
}

function average(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
