// The fitted functions inside mechanisms, as plain records, and how each is evaluated.

import { type Binning, binCodes, MISSING } from './bins.js';
import { type BoostedTrees, boostedProbabilities } from './boosting.js';
import { type ContingencyFit, predictContingency } from './contingency.js';
import { BLOCK } from './design.js';
import { addEncoded, type Encoding, encode } from './encoding.js';
import { predictForest } from './forest.js';
import { predictLinear } from './linear.js';
import { normalize, predictLogistic } from './logistic.js';
import { type NaiveBayesFit, predictNaiveBayes } from './naive-bayes.js';
import { type NeighboursFit, predictNeighbours } from './neighbours.js';
import { inScratch, scratchBytes, scratchDoubles, scratchIntegers } from './scratch.js';
import { addTrees, type Trees } from './trees.js';

/** A fitted function of the parents: a number (regressor) or class probabilities (classifier). */
export type Model =
  | { readonly model: 'constant'; readonly values: Float64Array }
  | {
      readonly model: 'linear' | 'ridge' | 'lasso' | 'polynomial';
      readonly encoding: Encoding;
      readonly coefficients: Float64Array;
      readonly intercept: number;
      readonly alpha: number;
    }
  | {
      readonly model: 'logistic' | 'polynomial-logistic';
      readonly encoding: Encoding;
      readonly coefficients: Float64Array;
      readonly intercepts: Float64Array;
    }
  | ({ readonly model: 'boosting'; readonly binnings: readonly Binning[] } & BoostedTrees)
  | {
      readonly model: 'forest' | 'extra-trees' | 'tree';
      readonly binnings: readonly Binning[];
      readonly trees: Trees;
      readonly outputs: number;
    }
  | ({ readonly model: 'neighbours'; readonly encoding: Encoding } & NeighboursFit)
  | ({ readonly model: 'naive-bayes'; readonly encoding: Encoding } & NaiveBayesFit)
  | ({ readonly model: 'contingency' } & ContingencyFit);

/** Name of a kind of model: "linear", "boosting". */
export type ModelName = Model['model'];

/**
 * Evaluate a model, a block of rows at a time.
 * @param values One Float64Array a parent, in the order the model was fitted with.
 * @param n Number of rows.
 * @param rows Which rows of `values`; the first n where absent.
 * @returns n numbers (regressor), or the probability of class k for row i at k · n + i (classifier).
 */
export function predictModel(
  model: Model,
  values: readonly Float64Array[],
  n: number,
  rows?: Int32Array,
): Float64Array {
  if (n <= BLOCK && !rows) return predictBlock(model, values, n);
  const outputs = outputsOf(model);
  const out = scratchDoubles(outputs * n);
  for (let from = 0; from < n; from += BLOCK) {
    const size = Math.min(BLOCK, n - from);
    inScratch(() => {
      const own = values.map((column) => {
        if (!rows) return column.subarray(from, from + size);
        const part = scratchDoubles(size);
        for (let i = 0; i < size; i++) part[i] = column[rows[from + i]];
        return part;
      });
      const part = predictBlock(model, own, size);
      for (let k = 0; k < outputs; k++) {
        out.set(part.subarray(k * size, (k + 1) * size), k * n + from);
      }
    });
  }
  return out;
}

/** Numbers that a model gives for a row. */
function outputsOf(model: Model): number {
  switch (model.model) {
    case 'constant':
      return model.values.length;
    case 'linear':
    case 'ridge':
    case 'lasso':
    case 'polynomial':
      return 1;
    case 'logistic':
    case 'polynomial-logistic':
      return Math.max(2, model.intercepts.length);
    case 'boosting':
      return model.loss === 'logistic' ? 2 : model.start.length;
    case 'forest':
    case 'extra-trees':
    case 'tree':
      return model.outputs;
    case 'neighbours':
      return Math.max(1, model.classes);
    case 'naive-bayes':
      return model.shares.length;
    case 'contingency':
      return model.overall.length;
  }
}

function predictBlock(model: Model, values: readonly Float64Array[], n: number): Float64Array {
  switch (model.model) {
    case 'constant': {
      const { values: constants } = model;
      const out = scratchDoubles(constants.length * n);
      constants.forEach((v, k) => {
        out.fill(v, k * n, (k + 1) * n);
      });
      return out;
    }
    case 'linear':
    case 'ridge':
    case 'lasso':
    case 'polynomial':
      if (model.encoding.degree === 1) {
        const out = scratchDoubles(n).fill(model.intercept);
        addEncoded(model.encoding, values, model.coefficients, 0, out);
        return out;
      }
      return predictLinear(model, encode(model.encoding, values), n);
    case 'logistic':
    case 'polynomial-logistic':
      return onDistinct(values, n, (own, rows) =>
        model.encoding.degree === 1
          ? logisticOfEncoded(model, own, rows)
          : predictLogistic(model, encode(model.encoding, own), rows),
      );
    case 'boosting': {
      const codes = model.binnings.map((binning, j) =>
        binCodes(values[j], binning, scratchBytes(n)),
      );
      const groups = groupCodes(codes, n, n / 2);
      if (groups) return spread(predictBoosted(model, groups.codes, groups.size), groups, n);
      return predictBoosted(model, codes, n);
    }
    case 'forest':
    case 'extra-trees':
    case 'tree': {
      const codes = model.binnings.map((binning, j) =>
        binCodes(values[j], binning, scratchBytes(n)),
      );
      const groups = groupCodes(codes, n, n / 2);
      if (!groups) return predictForest(model.trees, codes, n, model.outputs);
      const { size } = groups;
      return spread(predictForest(model.trees, groups.codes, size, model.outputs), groups, n);
    }
    case 'neighbours':
      return predictNeighbours(model, encode(model.encoding, values), n);
    case 'naive-bayes':
      return predictNaiveBayes(model, encode(model.encoding, values), n);
    case 'contingency':
      return predictContingency(model, values, n);
  }
}

function logisticOfEncoded(
  model: Model & { readonly model: 'logistic' | 'polynomial-logistic' },
  values: readonly Float64Array[],
  n: number,
): Float64Array {
  const { encoding, coefficients, intercepts } = model;
  const outputs = intercepts.length;
  const width = coefficients.length / outputs;
  const p = scratchDoubles(Math.max(2, outputs) * n);
  for (let k = 0; k < outputs; k++) {
    const at = (outputs === 1 ? 1 : k) * n;
    const score = p.subarray(at, at + n).fill(intercepts[k]);
    addEncoded(encoding, values, coefficients, k * width, score);
  }
  normalize(p, n, outputs);
  return p;
}

function predictBoosted(
  model: BoostedTrees,
  codes: readonly Uint8Array[],
  n: number,
): Float64Array {
  const raw = scratchDoubles(model.start.length * n);
  model.start.forEach((v, k) => {
    raw.fill(v, k * n, (k + 1) * n);
  });
  addTrees(model.trees, codes, raw, n, model.outputs);
  return model.loss === 'squared' ? raw : boostedProbabilities(model.loss, raw, n);
}

/** Evaluate once for all rows that are equal, where values are few small integers, such as categories. */
function onDistinct(
  values: readonly Float64Array[],
  n: number,
  evaluate: (values: readonly Float64Array[], rows: number) => Float64Array,
): Float64Array {
  const codes: Uint8Array[] = [];
  for (const column of values) {
    const own = scratchBytes(n);
    for (let i = 0; i < n; i++) {
      const v = column[i];
      own[i] = v;
      // Missing cells and anything else but 0 … 254.
      if (own[i] !== v || v === MISSING) return evaluate(values, n);
    }
    codes.push(own);
  }
  const groups = groupCodes(codes, n, n / 8);
  if (!groups) return evaluate(values, n);
  const { size } = groups;
  const few = groups.codes.map((c) => Float64Array.from(c));
  return spread(evaluate(few, size), groups, n);
}

/** Rows with the same codes, so that trees are walked once for all of them. */
interface Groups {
  readonly size: number;
  readonly codes: readonly Uint8Array[];
  readonly groupOf: Int32Array;
}

/** Group rows by their codes; `undefined` where there are more than so many groups. */
function groupCodes(codes: readonly Uint8Array[], n: number, most: number): Groups | undefined {
  let groupOf = scratchIntegers(n);
  let next = scratchIntegers(n);
  let size = 1;
  for (const column of codes) {
    const before = size;
    const found = inScratch(() => {
      const place = scratchIntegers(before * 256).fill(-1);
      let count = 0;
      for (let i = 0; i < n; i++) {
        const key = groupOf[i] * 256 + column[i];
        if (place[key] < 0) place[key] = count++;
        next[i] = place[key];
      }
      return count;
    });
    if (found > most) return undefined;
    [groupOf, next] = [next, groupOf];
    size = found;
  }
  const first = new Int32Array(size);
  for (let i = n - 1; i >= 0; i--) first[groupOf[i]] = i;
  return { size, groupOf, codes: codes.map((c) => Uint8Array.from(first, (i) => c[i])) };
}

function spread(values: Float64Array, { size, groupOf }: Groups, n: number): Float64Array {
  const outputs = values.length / size;
  const out = scratchDoubles(outputs * n);
  for (let k = 0; k < outputs; k++) {
    for (let i = 0; i < n; i++) out[k * n + i] = values[k * size + groupOf[i]];
  }
  return out;
}
