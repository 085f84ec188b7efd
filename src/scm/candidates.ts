// Which models are compared at which quality, in the order that breaks ties (DoWhy's lists).

import { classifiers, type Learner, regressors } from './learners.js';
import type { Problem } from './problem.js';

/** How much is tried: `good` is DoWhy's GOOD. */
export type Quality = 'fast' | 'good' | 'better';

/** A kind of model that all mechanisms are held to. */
export type Family = 'linear' | 'boosting';

const regressorLists: Readonly<Record<Quality, readonly Learner[]>> = {
  fast: [regressors.linear, regressors.polynomial],
  good: [regressors.linear, regressors.boosting, regressors.polynomial],
  better: [
    regressors.linear,
    regressors.boosting,
    regressors.ridge,
    regressors.lasso,
    regressors.polynomial,
  ],
};

const classifierLists: Readonly<Record<Quality, readonly Learner[]>> = {
  fast: [classifiers.logistic],
  good: [classifiers.logistic, classifiers.boosting, classifiers.polynomial],
  better: [classifiers.logistic, classifiers.boosting, classifiers.polynomial],
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
