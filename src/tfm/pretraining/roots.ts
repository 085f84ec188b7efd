// Root variables: the columns from which everything else in a synthetic table follows.

import { randomChoice, randomGamma, randomNormal } from '../../math/draws.js';
import type { Random } from '../../math/random.js';
import { addScaled, standardize } from './column-math.js';
import { between, dirichlet, integerBetween, normals } from './draws.js';

/**
 * Draw root columns of one of five kinds, some of them with levels; mean 0, deviation 1.
 * @returns `count` columns of `rows` values.
 */
export function roots(random: Random, rows: number, count: number): Float64Array[] {
  const kind = pickKind(random);
  const columns = kind(random, rows, count);
  if (random() < 0.3) {
    const share = between(random, 0.1, 0.8);
    for (let j = 0; j < count; j++) {
      if (random() < share) columns[j] = steps(random, rows);
    }
  }
  for (const column of columns) standardize(column);
  return columns;
}

type Kind = (random: Random, rows: number, count: number) => Float64Array[];

function pickKind(random: Random): Kind {
  const kinds: readonly [Kind, number][] = [
    [independent, 0.35],
    [uniform, 0.2],
    [clustered, 0.2],
    [lowRank, 0.15],
    [heavyTailed, 0.1],
  ];
  return kinds[
    randomChoice(
      random,
      kinds.map(([, weight]) => weight),
    )
  ][0];
}

function independent(random: Random, rows: number, count: number): Float64Array[] {
  return Array.from({ length: count }, () => normals(random, rows));
}

function uniform(random: Random, rows: number, count: number): Float64Array[] {
  return Array.from({ length: count }, () => Float64Array.from({ length: rows }, random));
}

/** A Gaussian mixture: rows of a cluster share their centre in every column. */
function clustered(random: Random, rows: number, count: number): Float64Array[] {
  const clusters = integerBetween(random, 2, 8);
  const shares = dirichlet(random, clusters, 2);
  const spread = between(random, 0.5, 2.5);
  const cluster = Int32Array.from({ length: rows }, () => randomChoice(random, shares));
  return Array.from({ length: count }, () => {
    const centres = normals(random, clusters);
    const column = normals(random, rows);
    for (let i = 0; i < rows; i++) column[i] += spread * centres[cluster[i]];
    return column;
  });
}

/** Columns that share fewer factors than there are columns. */
function lowRank(random: Random, rows: number, count: number): Float64Array[] {
  const rank = Math.max(1, Math.floor(count * between(random, 0.1, 0.8)));
  const factors = independent(random, rows, rank);
  const own = between(random, 0.05, 1);
  return Array.from({ length: count }, () => {
    const column = new Float64Array(rows);
    for (const factor of factors) addScaled(column, randomNormal(random), factor);
    return addScaled(standardize(column), own, normals(random, rows));
  });
}

/** Student's t with three degrees of freedom, clipped. */
function heavyTailed(random: Random, rows: number, count: number): Float64Array[] {
  return Array.from({ length: count }, () => {
    const column = normals(random, rows);
    for (let i = 0; i < rows; i++) {
      const t = column[i] / Math.sqrt((2 * randomGamma(random, 1.5)) / 3);
      column[i] = Math.min(8, Math.max(-8, t));
    }
    return column;
  });
}

/** A column of few distinct values with random shares. */
function steps(random: Random, rows: number): Float64Array {
  const levels = integerBetween(random, 2, 6);
  const shares = dirichlet(random, levels, 1);
  const values = normals(random, levels);
  return Float64Array.from({ length: rows }, () => values[randomChoice(random, shares)]);
}
