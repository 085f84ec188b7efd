// Tree and forest prior: labels follow from one random tree or the sum of several, on roots or on the
// variables of another causal model.

import { between, integerBetween } from '../draws.js';
import { randomTrees } from '../random-trees.js';
import { roots } from '../roots.js';
import { measured, type Prior } from '../synthetic-table.js';
import { classTarget, sampleClasses } from '../targets.js';
import { mlpScm } from './mlp-scm.js';

/** Draw a table whose classes random trees decide. */
export const forest: Prior = (random, { rows, features, classes }) => {
  const columns =
    random() < 0.25
      ? mlpScm(random, { rows, features, classes: 2 }).columns
      : roots(random, rows, features);
  const depth = integerBetween(random, 1, 7);
  const trees = random() < 0.35 ? 1 : integerBetween(random, 2, 24);
  if (classes > 2 && random() < 0.6) {
    const scores = randomTrees(random, columns, { trees, depth, outputs: classes });
    return measured(columns, sampleClasses(random, scores, between(random, 0.8, 3.5)));
  }
  const score = randomTrees(random, columns, { trees, depth, outputs: 1 });
  return measured(columns, classTarget(random, score, classes));
};
