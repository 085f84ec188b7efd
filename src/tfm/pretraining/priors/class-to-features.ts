// Anti-causal prior: the class comes first and the features follow from it, as Gaussians around class
// centres with shared factors, or as levels whose chances depend on the class.

import { randomChoice, randomNormal } from '../../../math/draws.js';
import { type Random, randomInteger } from '../../../math/random.js';
import { addScaled } from '../column-math.js';
import { between, dirichlet, integerBetween, normals, pick } from '../draws.js';
import type { Prior } from '../synthetic-table.js';

/** Draw a table whose features the class causes. */
export const classToFeatures: Prior = (random, { rows, features, classes }) => {
  const shares = dirichlet(random, classes, pick(random, [2, 10])).map((s) =>
    Math.max(s, 6 / rows),
  );
  const labels = Int32Array.from({ length: rows }, () => randomChoice(random, shares));
  const relevance = relevances(random, features);
  const columns = gaussians(random, labels, classes, relevance);
  const levels = columns.map(() => false);
  if (random() < 0.45) {
    const share = random() < 0.4 ? 1 : between(random, 0.2, 1);
    // Few levels with concentrated chances, as positions of a sequence or answers of a form have.
    const width = integerBetween(random, 2, 8);
    const concentration = pick(random, [0.2, 0.6, 1, 4]);
    for (let j = 0; j < features; j++) {
      if (random() >= share) continue;
      columns[j] = levelColumn(
        random,
        labels,
        relevance[j] > 0 ? classes : 1,
        width,
        concentration,
      );
      levels[j] = true;
    }
  }
  return { columns, labels, levels, sharp: false };
};

/** How much each feature knows about the class; 0 for some. */
function relevances(random: Random, features: number): Float64Array {
  const share = between(random, 0.15, 1);
  const out = Float64Array.from({ length: features }, () =>
    random() < share ? Math.exp(0.5 * randomNormal(random)) : 0,
  );
  const sure = randomInteger(random, features);
  out[sure] ||= 1;
  return out;
}

function gaussians(
  random: Random,
  labels: Int32Array,
  classes: number,
  relevance: Float64Array,
): Float64Array[] {
  const rows = labels.length;
  const features = relevance.length;
  // A class may be a mixture of up to three blobs.
  const blobs = random() < 0.4 ? integerBetween(random, 1, 3) : 1;
  const blob = labels.map((y) => y * blobs + randomInteger(random, blobs));
  const relevant = relevance.reduce((count, r) => count + (r > 0 ? 1 : 0), 0);
  const distance = (2 * Math.exp(between(random, -1, 1.3))) / Math.max(1, relevant) ** 0.25;
  const factors = Array.from({ length: integerBetween(random, 1, Math.min(6, features)) }, () =>
    normals(random, rows),
  );
  const loading = between(random, 0, 1.2) / Math.sqrt(factors.length);
  const unequal = random() < 0.4 ? 0.4 : 0;
  return Array.from({ length: features }, (_, j) => {
    const centres = normals(random, classes * blobs);
    const spread = normals(random, classes * blobs).map((v) => Math.exp(unequal * v));
    const column = normals(random, rows);
    for (let i = 0; i < rows; i++) {
      column[i] = column[i] * spread[blob[i]] + distance * relevance[j] * centres[blob[i]];
    }
    for (const factor of factors) addScaled(column, loading * randomNormal(random), factor);
    return column;
  });
}

/** Levels with their own chances for each class (or for all rows, where `classes` is 1). */
function levelColumn(
  random: Random,
  labels: Int32Array,
  classes: number,
  width: number,
  concentration: number,
): Float64Array {
  const chances = Array.from({ length: classes }, () => dirichlet(random, width, concentration));
  return Float64Array.from(labels, (y) => randomChoice(random, chances[classes > 1 ? y : 0]));
}
