// Which models are compared at which quality, in the order that breaks ties (DoWhy's lists).

import { classifiers, type Learner, regressors } from './learners.js';
import type { Problem } from './problem.js';

/** How much is tried: `good` is DoWhy's GOOD. */
export type Quality = 'fast' | 'good' | 'better';

/** The qualities there are. */
export const qualities: readonly Quality[] = ['fast', 'good', 'better'];

/** A kind of model that all mechanisms are held to. */
export type Family = 'linear' | 'boosting' | 'forest' | 'tree' | 'neighbours';

/** The families there are. */
export const families: readonly Family[] = ['linear', 'boosting', 'forest', 'tree', 'neighbours'];

const regressorLists: Readonly<Record<Quality, readonly Learner[]>> = {
  fast: [regressors.linear, regressors.polynomial],
  good: [regressors.linear, regressors.boosting, regressors.polynomial],
  better: [
    regressors.linear,
    regressors.boosting,
    regressors.ridge,
    regressors.lasso,
    regressors.forest,
    regressors['extra-trees'],
    regressors.neighbours,
    regressors.polynomial,
  ],
};

// A contingency table stands where DoWhy 0.14 has a fully grown decision tree: on categorical
// parents the two are the same but for the smoothing, on numbers such a tree never has the least
// log-loss.
const classifierLists: Readonly<Record<Quality, readonly Learner[]>> = {
  fast: [classifiers.logistic, classifiers.contingency],
  good: [
    classifiers.logistic,
    classifiers.boosting,
    classifiers.contingency,
    classifiers.polynomial,
  ],
  better: [
    classifiers.logistic,
    classifiers.boosting,
    classifiers.contingency,
    classifiers.forest,
    classifiers['extra-trees'],
    classifiers.neighbours,
    classifiers['naive-bayes'],
    classifiers.polynomial,
  ],
};

/** What DoWhy tries at a quality and we do not. */
export const leftOut: Readonly<Record<Quality, readonly string[]>> = {
  fast: ['boosted trees', 'polynomial logistic regression'],
  good: [],
  better: ['support vector machines', 'AdaBoost'],
};

/** The learners to compare on a problem. */
export function candidatesFor(
  { classes }: Problem,
  { quality, family }: { readonly quality: Quality; readonly family?: Family },
): readonly Learner[] {
  if (family) {
    return classes
      ? [family === 'linear' ? classifiers.logistic : classifiers[family]]
      : [regressors[family]];
  }
  return classes ? classifierLists[quality] : regressorLists[quality];
}
