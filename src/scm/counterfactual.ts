// Counterfactuals: what given rows would have been under interventions (Pearl 2009, 7.1).
//   1. abduction   the noise of each node from its observed value: y − f(pa)
//   2. action      the intervention
//   3. prediction  descendants from their new parents and their own noise
// A class says only in which interval its uniform noise lies: it is drawn from there, which is exact
// in distribution. Nodes whose parents did not change keep their values to the last bit.

import type { Table } from '../data/table.js';
import { childSeed, type Random, stream } from '../math/random.js';
import { checkScm, checkSeed } from './check-arguments.js';
import { unframe, type Variable } from './frame.js';
import { changes, dealRows, type Interventions, valuesOf } from './intervene.js';
import {
  type AdditiveNoise,
  applyNoise,
  type ClassifierMechanism,
  roundHalfEven,
} from './mechanism.js';
import { predictModel } from './model.js';
import { stepsOf } from './sample-scm.js';
import type { Scm, ScmModel } from './scm.js';

export interface CounterfactualOptions {
  /** Any integer: same seed, same rows. */
  readonly seed: number;
}

/** Rows as they would have been. */
export interface Counterfactual {
  readonly kind: 'counterfactual';
  readonly table: Table;
  /** Categorical columns that were recomputed: drawn, as their noise is known to an interval only. */
  readonly sampled: readonly string[];
}

/**
 * Compute counterfactual rows.
 * @param scm A fitted model; over several DAGs rows are dealt to them in turn.
 * @param rows Observed rows; their missing cells stay missing.
 * @param interventions By column name.
 * @throws Error where a row has a class that its mechanism gives probability 0.
 */
export function counterfactual(
  scm: Scm,
  rows: Table,
  interventions: Interventions,
  options: CounterfactualOptions,
): Counterfactual {
  checkScm('compute counterfactuals', scm);
  const seed = checkSeed('compute counterfactuals', options);
  const change = changes(scm, interventions);
  const observed = valuesOf(scm, rows);
  if (rows.rows === 0) {
    throw new RangeError(
      'Cannot compute counterfactuals as there must be rows: current value is 0',
    );
  }
  const base = childSeed(stream(seed, 'counterfactual'));
  const values = observed.map((column) => Float64Array.from(column));
  const sampled = new Set<string>();
  dealRows(scm, rows.rows).forEach((own, m) => {
    const part = observed.map((column) => Float64Array.from(own, (r) => column[r]));
    const names = own.map((r) => r + 1);
    const found = predict(scm, scm.models[m], part, change, names, sampled, (name) =>
      stream(base, 'node', m, name),
    );
    found.forEach((column, j) => {
      own.forEach((r, i) => {
        values[j][r] = column[i];
      });
    });
  });
  return {
    kind: 'counterfactual',
    table: unframe(scm.variables, values, scm.target),
    sampled: scm.variables.map((v) => v.name).filter((name) => sampled.has(name)),
  };
}

/**
 * Find the noise that gave observed values.
 * @param variable The node's variable, for errors.
 * @param rowNames How errors call the rows.
 */
export function abduct(
  mechanism: AdditiveNoise | ClassifierMechanism,
  parents: readonly Float64Array[],
  observed: Float64Array,
  random: Random,
  { name, categories }: Variable,
  rowNames: ArrayLike<number>,
): Float64Array {
  const n = observed.length;
  const f = predictModel(mechanism.model, parents, n);
  const noise = new Float64Array(n);
  if (mechanism.mechanism === 'classifier') {
    const { classes } = mechanism;
    for (let i = 0; i < n; i++) {
      const u = random(); // drawn for every row, so that one row does not change another's
      if (Number.isNaN(observed[i])) continue;
      const k = classes.indexOf(observed[i]);
      const share = k < 0 ? 0 : f[k * n + i];
      if (!(share > 0)) {
        throw new RangeError(
          `Cannot find the noise of "${name}" as its class must have a probability above 0: row ${rowNames[i]} has class "${categories?.[observed[i]] ?? observed[i]}", probability ${share}`,
        );
      }
      let below = 0;
      for (let q = 0; q < k; q++) below += f[q * n + i];
      noise[i] = below + share * (1 - u);
    }
    return noise;
  }
  const { link } = mechanism;
  const discrete = mechanism.mechanism === 'discrete-additive-noise';
  for (let i = 0; i < n; i++) {
    const y =
      link === 'exp' ? Math.log(observed[i]) : link === 'log' ? Math.exp(observed[i]) : observed[i];
    noise[i] = y - (discrete ? roundHalfEven(f[i]) : f[i]);
  }
  return noise;
}

function predict(
  scm: Scm,
  model: ScmModel,
  observed: readonly Float64Array[],
  change: ReadonlyMap<number, (value: number) => number>,
  rowNames: ArrayLike<number>,
  sampled: Set<string>,
  source: (name: string) => Random,
): Float64Array[] {
  const values = observed.map((column) => Float64Array.from(column));
  for (const { at, node, parents } of stepsOf(scm, model)) {
    const n = values[at].length;
    const { mechanism } = node;
    // Rows whose parents are other than observed.
    const moved: number[] = [];
    for (let i = 0; i < n; i++) {
      if (parents.some((j) => !Object.is(values[j][i], observed[j][i]))) moved.push(i);
    }
    if (moved.length > 0 && mechanism.mechanism !== 'empirical') {
      if (mechanism.mechanism === 'classifier') sampled.add(node.name);
      const before = parents.map((j) => Float64Array.from(moved, (i) => observed[j][i]));
      const after = parents.map((j) => Float64Array.from(moved, (i) => values[j][i]));
      const own = Float64Array.from(moved, (i) => observed[at][i]);
      const names = moved.map((i) => rowNames[i]);
      const noise = abduct(mechanism, before, own, source(node.name), scm.variables[at], names);
      const next = applyNoise(mechanism, after, moved.length, noise);
      moved.forEach((i, q) => {
        if (!Number.isNaN(own[q])) values[at][i] = next[q];
      });
    }
    const f = change.get(at);
    if (f) values[at] = values[at].map((v) => (Number.isNaN(v) ? v : f(v)));
  }
  return values;
}
