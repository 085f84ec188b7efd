// Sums of random decision trees whose splits sit on values of the data and whose leaves are Gaussian:
// what fitting a tree to random targets gives, without the fitting.

import { randomChoice } from '../../math/draws.js';
import { type Random, randomInteger } from '../../math/random.js';
import { dirichlet, logUniform, normals } from './draws.js';

/** How many trees, how deep, and how many numbers each leaf holds. */
export interface TreeOptions {
  readonly trees: number;
  readonly depth: number;
  readonly outputs: number;
}

/**
 * Evaluate the sum of random trees on every row.
 *
 * Columns are chosen with unequal chances, so that some matter more than others.
 * @returns One column for each output.
 */
export function randomTrees(
  random: Random,
  columns: readonly Float64Array[],
  { trees, depth, outputs }: TreeOptions,
): Float64Array[] {
  const rows = columns[0].length;
  const importance = dirichlet(random, columns.length, logUniform(random, 0.15, 7));
  const inner = 2 ** depth - 1;
  const out = Array.from({ length: outputs }, () => new Float64Array(rows));
  const node = new Int32Array(rows);
  const feature = new Int32Array(inner);
  const bound = new Float64Array(inner);
  for (let t = 0; t < trees; t++) {
    for (let k = 0; k < inner; k++) {
      feature[k] = randomChoice(random, importance);
      bound[k] = columns[feature[k]][randomInteger(random, rows)];
    }
    node.fill(0);
    for (let level = 0; level < depth; level++) {
      for (let i = 0; i < rows; i++) {
        const k = node[i];
        node[i] = 2 * k + 1 + (columns[feature[k]][i] > bound[k] ? 1 : 0);
      }
    }
    for (const column of out) {
      const leaves = normals(random, inner + 1);
      for (let i = 0; i < rows; i++) column[i] += leaves[node[i] - inner];
    }
  }
  return out;
}
