// Additive prior: scores are sums of one-dimensional functions of some features (generalised linear and
// additive models), sometimes with one product.

import { randomNormal } from '../../../math/draws.js';
import { type Random, randomInteger } from '../../../math/random.js';
import { addScaled, standardize } from '../column-math.js';
import { between, logUniform, pick } from '../draws.js';
import { roots } from '../roots.js';
import { measured, type Prior } from '../synthetic-table.js';
import { sampleClasses } from '../targets.js';

/** Draw a table whose class scores are sums over features. */
export const additive: Prior = (random, { rows, features, classes }) => {
  const columns = roots(random, rows, features);
  const curved = random() < 0.6;
  const terms = columns.map((column) => {
    const f = curved && random() < 0.7 ? shapeFunction(random) : (v: number) => v;
    return standardize(column.map(f));
  });
  const share = between(random, 0.15, 1);
  const relevant = terms.map(() => random() < share);
  relevant[randomInteger(random, features)] = true;
  const unequal = pick(random, [0, 0.8]);
  const importance = terms.map(() => Math.exp(unequal * randomNormal(random)));
  const sameSign = random() < 0.15;
  const product = random() < 0.2 && features > 1 ? products(random, terms) : undefined;
  const scores = Array.from({ length: classes === 2 ? 1 : classes }, () => {
    const score = new Float64Array(rows);
    for (const [j, term] of terms.entries()) {
      if (!relevant[j]) continue;
      const weight = randomNormal(random) * importance[j];
      addScaled(score, sameSign ? Math.abs(weight) : weight, term);
    }
    return product ? addScaled(score, 1.5 * randomNormal(random), product) : score;
  });
  const all = classes === 2 ? [scores[0], scores[0].map((v) => -v)] : scores;
  return measured(columns, sampleClasses(random, all));
};

function products(random: Random, terms: readonly Float64Array[]): Float64Array {
  const [a, b] = [pick(random, terms), pick(random, terms)];
  return a.map((v, i) => v * b[i]);
}

/** A step, a sigmoid, a parabola or a wave; a third of the time the identity. */
function shapeFunction(random: Random): (v: number) => number {
  const kind = random();
  const at = randomNormal(random);
  if (kind < 0.3) return (v) => v;
  if (kind < 0.5) {
    const slope = between(random, 0.5, 4);
    return (v) => Math.tanh(slope * (v - at));
  }
  if (kind < 0.7) return (v) => (v > at ? 1 : 0);
  if (kind < 0.85) return (v) => -((v - 0.8 * at) ** 2);
  const [speed, phase] = [logUniform(random, 0.5, 3), between(random, 0, 2 * Math.PI)];
  return (v) => Math.sin(speed * v + phase);
}
