// Hybrid SCM (after Mitra v2's description, arXiv 2609.04540): a random DAG of a few vector-valued
// nodes, each with its own kind of mechanism: linear, network layer, trees, smooth random function,
// products, look-up of coarse parents, or a chain in which each entry follows the one before.

import { randomNormal } from '../../../math/draws.js';
import { type Random, randomInteger } from '../../../math/random.js';
import { activations } from '../activations.js';
import { addScaled, pieces, quantiles, standardize } from '../column-math.js';
import { between, integerBetween, logUniform, normals, pick } from '../draws.js';
import { randomTrees } from '../random-trees.js';
import { roots } from '../roots.js';
import { measured, type Prior } from '../synthetic-table.js';
import { featuresAndTarget } from './mlp-scm.js';

/** Draw a table from a random DAG of vector nodes with mechanisms of different kinds. */
export const hybridScm: Prior = (random, { rows, features, classes }) => {
  const count = integerBetween(random, 3, 7);
  const least = Math.ceil((features + 3) / count);
  const noise = logUniform(random, 1e-3, 0.4);
  const nodes: Float64Array[][] = [];
  for (let k = 0; k < count; k++) {
    const width = least + randomInteger(random, 5);
    // Each earlier node is a parent with even chance; a node without parents is a root.
    const parents = nodes.filter(() => random() < 0.5).flat();
    if (parents.length === 0) {
      nodes.push(roots(random, rows, width));
      continue;
    }
    const mechanism = pick(random, mechanisms);
    const node = mechanism(random, parents, width).map(standardize);
    for (const column of node) {
      addScaled(column, noise * Math.exp(0.5 * randomNormal(random)), normals(random, rows));
    }
    nodes.push(node);
  }
  return measured(
    ...featuresAndTarget(random, nodes.flat(), nodes[count - 1].length, features, classes),
  );
};

type Mechanism = (random: Random, parents: Float64Array[], width: number) => Float64Array[];

const mechanisms: readonly Mechanism[] = [layer, trees, smooth, products, lookUp, chain];

/** Sums of some parents through an activation (the identity among them). */
function layer(random: Random, parents: Float64Array[], width: number): Float64Array[] {
  const f = pick(random, activations);
  return Array.from({ length: width }, () => {
    const column = standardize(mix(random, parents, 1 + randomInteger(random, 6)));
    const slope = logUniform(random, 0.5, 3);
    const shift = 0.7 * randomNormal(random);
    return column.map((v) => f(v * slope + shift));
  });
}

function trees(random: Random, parents: Float64Array[], width: number): Float64Array[] {
  const shape = { trees: 1 + randomInteger(random, 6), depth: integerBetween(random, 1, 5) };
  return randomTrees(random, parents, { ...shape, outputs: width });
}

/** A random smooth function: cosines of random directions (Rahimi & Recht 2007). */
function smooth(random: Random, parents: Float64Array[], width: number): Float64Array[] {
  const frequency = logUniform(random, 0.4, 2.5);
  const waves = Array.from({ length: 12 }, () => {
    const direction = standardize(mix(random, parents, 1 + randomInteger(random, 4)));
    const phase = between(random, 0, 2 * Math.PI);
    const speed = frequency * Math.abs(randomNormal(random));
    return direction.map((v) => Math.cos(speed * v + phase));
  });
  return Array.from({ length: width }, () => mix(random, waves, waves.length));
}

function products(random: Random, parents: Float64Array[], width: number): Float64Array[] {
  return Array.from({ length: width }, () => {
    const a = mix(random, parents, 2);
    const b = mix(random, parents, 2);
    return random() < 0.5 ? a.map((v, i) => v * b[i]) : a.map((v, i) => Math.min(v, b[i]));
  });
}

/** A random table over two parents, each cut into a few pieces. */
function lookUp(random: Random, parents: Float64Array[], width: number): Float64Array[] {
  return Array.from({ length: width }, () => {
    const [m, n] = [integerBetween(random, 2, 5), integerBetween(random, 2, 5)];
    const a = coarse(random, pick(random, parents), m);
    const b = coarse(random, pick(random, parents), n);
    const entries = normals(random, m * n);
    return Float64Array.from(a, (piece, i) => entries[piece * n + b[i]]);
  });
}

/** Each entry follows the entry before it and one parent, as in a series. */
function chain(random: Random, parents: Float64Array[], width: number): Float64Array[] {
  const memory = between(random, 0.3, 0.95);
  const out: Float64Array[] = [];
  for (let j = 0; j < width; j++) {
    const column = standardize(mix(random, parents, 1));
    if (j > 0) addScaled(column, memory / (1 - memory + 0.05), out[j - 1]);
    out.push(standardize(column));
  }
  return out;
}

/** The sum of `count` random columns with Gaussian weights. */
function mix(random: Random, columns: readonly Float64Array[], count: number): Float64Array {
  const sum = new Float64Array(columns[0].length);
  for (let k = 0; k < count; k++) addScaled(sum, randomNormal(random), pick(random, columns));
  return sum;
}

function coarse(random: Random, column: Float64Array, levels: number): Int32Array {
  const bounds = Float64Array.from({ length: levels - 1 }, () => between(random, 0.1, 0.9)).sort();
  return pieces(column, quantiles(column, bounds));
}
