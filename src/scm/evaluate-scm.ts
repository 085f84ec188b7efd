// How good is a fitted SCM? Each mechanism on real rows (best such as it did not see), the noise's independence of
// the parents, and synthetic against real rows: single columns, pairs, and the whole table.

import type { Table } from '../data/table.js';
import { type Random, stream } from '../math/random.js';
import { type LongWork, longWork } from '../work/long-work.js';
import { checkScm, checkSeed } from './check-arguments.js';
import { abduct } from './counterfactual.js';
import {
  crps,
  klDivergence,
  kolmogorovSmirnov,
  pairDistance,
  totalVariation,
} from './distances.js';
import type { FittedNode } from './fit-node.js';
import { hsicPValue } from './independence.js';
import { valuesOf } from './intervene.js';
import { applyNoise, drawNoise } from './mechanism.js';
import { predictModel } from './model.js';
import { drawRows, stepsOf } from './sample-scm.js';
import type { Scm } from './scm.js';
import { type TwoSampleResult, twoSampleTest } from './two-sample.js';

export interface EvaluateScmOptions extends LongWork {
  readonly seed: number;
  /** Other real rows: what the distances between two real samples are, to compare with. */
  readonly reference?: Table;
  /** Significance of the invertibility test, before Bonferroni (default `0.05`). */
  readonly alpha?: number;
}

/** One mechanism on the rows given. */
export interface NodeEvaluation {
  readonly node: string;
  readonly dag: number;
  /** Numbers: continuous ranked probability score ÷ the column's deviation; smaller is better. */
  readonly crps?: number;
  readonly mse?: number;
  /** Numbers: 1 − mse ÷ variance. */
  readonly r2?: number;
  /** Classes: F1 of the likeliest class, mean over the classes. */
  readonly f1?: number;
  readonly logLoss?: number;
  /** Roots: Kullback–Leibler divergence of the drawn values from the real ones. */
  readonly kl?: number;
  /** Numbers: p-value that noise and parents are independent; small = the mechanism does not fit. */
  readonly independence?: number;
  /** Whether that test rejects, after Bonferroni. */
  readonly rejected?: boolean;
}

/** Distances of one column's synthetic values from the real ones. */
export interface ColumnDistance {
  readonly column: string;
  /** Kolmogorov–Smirnov (numbers) or total variation (categories). */
  readonly distance: number;
  readonly kl: number;
  /** The same distance between the two real samples. */
  readonly reference?: number;
}

export interface ScmEvaluation {
  readonly kind: 'scm-evaluation';
  readonly rows: number;
  /** Whether these are the very rows that it was fitted on: scores flatter it then. */
  readonly fittedOn: boolean;
  readonly nodes: readonly NodeEvaluation[];
  readonly columns: readonly ColumnDistance[];
  /** Mean of the columns' KL divergences. */
  readonly meanKl: number;
  /** Mean total variation of the joint distributions of two columns. */
  readonly pairs: number;
  /** The same between the two real samples. */
  readonly pairsReference?: number;
  /** Classifier two-sample test of synthetic against real rows. */
  readonly twoSample: TwoSampleResult;
  readonly twoSampleReference?: TwoSampleResult;
}

/** Draws of each row's value that its CRPS is taken over. */
const DRAWS = 100;
/** Most rows of the kernel test: its cost grows with their square. */
const KERNEL_ROWS = 500;

/**
 * Evaluate a fitted SCM.
 * @param table Real rows, best such as it was not fitted on.
 */
export async function evaluateScm(
  scm: Scm,
  table: Table,
  options: EvaluateScmOptions,
): Promise<ScmEvaluation> {
  checkScm('evaluate the SCM', scm);
  const seed = checkSeed('evaluate the SCM', options);
  const { reference, alpha = 0.05 } = options;
  const real = valuesOf(scm, table);
  return longWork('Evaluating the SCM', scm.nodes.length + 1, options, async (work) => {
    const nodes: NodeEvaluation[] = [];
    const seen = new Map<FittedNode, NodeEvaluation>();
    const tests = scm.nodes.filter((n) => isNumber(n)).length;
    for (const [m, model] of scm.models.entries()) {
      for (const { at, node, parents } of stepsOf(scm, model)) {
        await work.breathe();
        let found = seen.get(node);
        if (!found) {
          const given = parents.map((j) => real[j]);
          const random = stream(seed, 'evaluate-scm', ...node.parents, node.name);
          found = evaluateNode(scm, node, at, given, real[at], alpha / Math.max(tests, 1), random);
          seen.set(node, found);
          work.tick(1, node.name);
        }
        nodes.push({ ...found, dag: m });
      }
    }
    const synthetic = valuesOf(
      scm,
      drawRows(scm, table.rows, stream(seed, 'evaluate-scm', 'draw')),
    );
    const other = reference ? valuesOf(scm, reference) : undefined;
    const columns = scm.variables.map(({ name, categories }, j): ColumnDistance => {
      const distance = (b: Float64Array): number =>
        categories ? totalVariation(real[j], b, categories.length) : kolmogorovSmirnov(real[j], b);
      return {
        column: name,
        distance: distance(synthetic[j]),
        kl: klDivergence(real[j], synthetic[j], categories?.length),
        ...(other ? { reference: distance(other[j]) } : {}),
      };
    });
    const test = (b: readonly Float64Array[]): TwoSampleResult =>
      twoSampleTest(scm.variables, real, b, stream(seed, 'evaluate-scm', 'two-sample'));
    return {
      kind: 'scm-evaluation',
      rows: table.rows,
      fittedOn: wasFittedOn(scm, real, table.rows),
      nodes,
      columns,
      meanKl: columns.reduce((sum, c) => sum + c.kl, 0) / columns.length,
      pairs: meanPairDistance(scm, real, synthetic),
      ...(other ? { pairsReference: meanPairDistance(scm, real, other) } : {}),
      twoSample: test(synthetic),
      ...(other ? { twoSampleReference: test(other) } : {}),
    };
  });
}

/** Whether a table is the one that an SCM was fitted on: roots keep their columns as they were. */
function wasFittedOn(scm: Scm, real: readonly Float64Array[], rows: number): boolean {
  if (rows !== scm.rows) return false;
  const place = new Map(scm.variables.map(({ name }, j) => [name, j]));
  return scm.nodes.every(({ name, parents, mechanism }) => {
    if (parents.length > 0 || mechanism.mechanism !== 'empirical') return true;
    const { values } = mechanism;
    const column = real[place.get(name) as number];
    const own = values.length < rows ? column.filter((v) => !Number.isNaN(v)) : column;
    return own.length === values.length && own.every((v, i) => Object.is(v, values[i]));
  });
}

function isNumber({ mechanism }: FittedNode): boolean {
  return mechanism.mechanism !== 'empirical' && mechanism.mechanism !== 'classifier';
}

function evaluateNode(
  scm: Scm,
  { name, mechanism }: FittedNode,
  at: number,
  parents: readonly Float64Array[],
  values: Float64Array,
  alpha: number,
  random: Random,
): NodeEvaluation {
  const common = { node: name, dag: 0 };
  const known = Int32Array.from(values.keys()).filter((r) => !Number.isNaN(values[r]));
  const y = Float64Array.from(known, (r) => values[r]);
  const x = parents.map((p) => Float64Array.from(known, (r) => p[r]));
  const n = y.length;
  if (n === 0) return common;
  if (mechanism.mechanism === 'empirical') {
    const drawn = Float64Array.from(
      y,
      () => mechanism.values[Math.floor(random() * mechanism.values.length)],
    );
    return { ...common, kl: klDivergence(y, drawn, scm.variables[at].categories?.length) };
  }
  if (mechanism.mechanism === 'classifier') {
    const p = predictModel(mechanism.model, x, n);
    const { classes } = mechanism;
    const right = new Float64Array(classes.length);
    const said = new Float64Array(classes.length);
    const there = new Float64Array(classes.length);
    let logLoss = 0;
    for (let i = 0; i < n; i++) {
      let top = 0;
      for (let k = 1; k < classes.length; k++) if (p[k * n + i] > p[top * n + i]) top = k;
      const own = classes.indexOf(y[i]);
      said[top]++;
      if (own >= 0) there[own]++;
      if (own === top) right[top]++;
      logLoss -= Math.log(Math.max(own >= 0 ? p[own * n + i] : 0, Number.EPSILON)) / n;
    }
    let f1 = 0;
    for (let k = 0; k < classes.length; k++) {
      if (said[k] + there[k] > 0) f1 += (2 * right[k]) / (said[k] + there[k]) / classes.length;
    }
    return { ...common, f1, logLoss };
  }
  const f = predictModel(mechanism.model, x, n);
  const mean = y.reduce((a, b) => a + b, 0) / n;
  const variance = y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
  const centre = mechanism.link ? applyNoise(mechanism, x, n, new Float64Array(n)) : f;
  const mse = y.reduce((sum, v, i) => sum + (v - centre[i]) ** 2, 0) / n;
  const drawn = Array.from({ length: DRAWS }, () =>
    applyNoise(mechanism, x, n, drawNoise(mechanism, x, n, random)),
  );
  let score = 0;
  for (let i = 0; i < n; i++) {
    score += crps(Float64Array.from(drawn, (d) => d[i]).sort(), y[i]) / n;
  }
  const noise = abduct(mechanism, x, y, random, scm.variables[at], known);
  const some = Int32Array.from({ length: Math.min(n, KERNEL_ROWS) }, (_, i) =>
    Math.floor((i * n) / Math.min(n, KERNEL_ROWS)),
  );
  const complete = some.filter((i) => x.every((c) => !Number.isNaN(c[i])));
  const independence =
    complete.length > 5
      ? hsicPValue(
          [Float64Array.from(complete, (i) => noise[i])],
          x.map((c) => Float64Array.from(complete, (i) => c[i])),
        )
      : Number.NaN;
  return {
    ...common,
    crps: score / Math.sqrt(variance || 1),
    mse,
    r2: 1 - mse / (variance || 1),
    ...(Number.isNaN(independence) ? {} : { independence, rejected: independence < alpha }),
  };
}

function meanPairDistance(
  { variables }: Scm,
  a: readonly Float64Array[],
  b: readonly Float64Array[],
): number {
  let sum = 0;
  let pairs = 0;
  for (let i = 0; i < variables.length; i++) {
    for (let j = 0; j < i; j++) {
      sum += pairDistance(
        [a[i], a[j]],
        [b[i], b[j]],
        [variables[i].categories?.length, variables[j].categories?.length],
      );
      pairs++;
    }
  }
  return pairs > 0 ? sum / pairs : 0;
}
