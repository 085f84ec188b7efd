// The fitted functions inside mechanisms, as plain records, and how each is evaluated.

import { type Binning, binCodes } from './bins.js';
import { type BoostedTrees, boostedProbabilities } from './boosting.js';
import { type ContingencyFit, predictContingency } from './contingency.js';
import { type Encoding, encode } from './encoding.js';
import { predictForest } from './forest.js';
import { predictLinear } from './linear.js';
import { predictLogistic } from './logistic.js';
import { type NaiveBayesFit, predictNaiveBayes } from './naive-bayes.js';
import { type NeighboursFit, predictNeighbours } from './neighbours.js';
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
 * Evaluate a model.
 * @param values One Float64Array a parent, in the order the model was fitted with.
 * @param n Number of rows.
 * @returns n numbers (regressor), or the probability of class k for row i at k · n + i (classifier).
 */
export function predictModel(
  model: Model,
  values: readonly Float64Array[],
  n: number,
): Float64Array {
  switch (model.model) {
    case 'constant': {
      const { values: constants } = model;
      const out = new Float64Array(constants.length * n);
      constants.forEach((v, k) => {
        out.fill(v, k * n, (k + 1) * n);
      });
      return out;
    }
    case 'linear':
    case 'ridge':
    case 'lasso':
    case 'polynomial':
      return predictLinear(model, encode(model.encoding, values), n);
    case 'logistic':
    case 'polynomial-logistic':
      return predictLogistic(model, encode(model.encoding, values), n);
    case 'boosting': {
      const codes = model.binnings.map((binning, j) => binCodes(values[j], binning));
      const raw = new Float64Array(model.start.length * n);
      model.start.forEach((v, k) => {
        raw.fill(v, k * n, (k + 1) * n);
      });
      addTrees(model.trees, codes, raw, n, model.outputs);
      return model.loss === 'squared' ? raw : boostedProbabilities(model.loss, raw, n);
    }
    case 'forest':
    case 'extra-trees':
    case 'tree': {
      const codes = model.binnings.map((binning, j) => binCodes(values[j], binning));
      return predictForest(model.trees, codes, n, model.outputs);
    }
    case 'neighbours':
      return predictNeighbours(model, encode(model.encoding, values), n);
    case 'naive-bayes':
      return predictNaiveBayes(model, encode(model.encoding, values), n);
    case 'contingency':
      return predictContingency(model, values, n);
  }
}
