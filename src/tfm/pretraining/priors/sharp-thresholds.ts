// Sharp rules IV: classes are the cells of a coarse grid over a few columns, their differences, ratios
// or sums: boundaries are exact, the cells of a class need not touch.

import { randomNormal } from '../../../math/draws.js';
import { type Random, randomInteger } from '../../../math/random.js';
import { pieces, quantiles, standardize } from '../column-math.js';
import { between, integerBetween, pick } from '../draws.js';
import { roots } from '../roots.js';
import type { Prior } from '../synthetic-table.js';

/** Draw a table whose classes are cells between sharp thresholds, without noise. */
export const sharpThresholds: Prior = (random, { rows, features, classes }) => {
  const columns = roots(random, rows, features);
  const axes = integerBetween(random, 1, Math.min(4, features + 1));
  const derivedShare = random();
  const cell = new Int32Array(rows);
  let cells = 1;
  for (let k = 0; k < axes; k++) {
    const axis = random() < derivedShare ? derived(random, columns) : pick(random, columns);
    const count =
      axes === 1 ? integerBetween(random, 2, 2 * classes) : integerBetween(random, 2, 4);
    const shares = Float64Array.from({ length: count - 1 }, () => between(random, 0.05, 0.95));
    const piece = pieces(axis, quantiles(axis, shares.sort()));
    for (let i = 0; i < rows; i++) cell[i] = cell[i] * count + piece[i];
    cells *= count;
  }
  const classOf = Int32Array.from({ length: cells }, () => randomInteger(random, classes));
  return {
    columns,
    labels: cell.map((k) => classOf[k]),
    levels: columns.map(() => false),
    sharp: true,
  };
};

/** A column that is not seen: a weighted sum, a ratio or a product of two or three that are. */
function derived(random: Random, columns: readonly Float64Array[]): Float64Array {
  const [a, b, c] = [pick(random, columns), pick(random, columns), pick(random, columns)];
  const way = random();
  if (way < 0.5) {
    const weights = [
      randomNormal(random),
      randomNormal(random),
      random() < 0.5 ? 0 : randomNormal(random),
    ];
    return a.map((v, i) => weights[0] * v + weights[1] * b[i] + weights[2] * c[i]);
  }
  if (way < 0.75) return a.map((v, i) => v * b[i]);
  return standardize(a.map((v, i) => v / (Math.abs(b[i]) + 0.3)));
}
