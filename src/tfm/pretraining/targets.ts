// From numbers to class labels: cuts at random quantiles, a noisy softmax, or nearest prototypes.

import { randomBeta, randomNormal } from '../../math/draws.js';
import { type Random, randomInteger, shuffle } from '../../math/random.js';
import { addScaled, pieces, quantiles, standardize } from './column-math.js';
import { between, dirichlet, distinct, integerBetween, normals, pick } from './draws.js';

/**
 * Make a class target of candidate nodes by one of the three ways.
 * @param nodes Columns that may decide the class; with two classes usually one of them does.
 */
export function classTarget(
  random: Random,
  nodes: readonly Float64Array[],
  classes: number,
): Int32Array {
  const way = random();
  if (classes === 2 || way < 0.4) {
    const node = pick(random, nodes);
    if (random() > 0.35) return cutIntoClasses(random, node, classes);
    if (classes === 2) return sampleClasses(random, [node, node.map((v) => -v)]);
    const noise = normals(random, node.length);
    const noisy = addScaled(Float64Array.from(node), between(random, 0, 0.5), noise);
    return cutIntoClasses(random, noisy, classes);
  }
  const chosen = distinct(
    random,
    nodes.length,
    Math.min(nodes.length, integerBetween(random, 2, 6)),
  ).map((j) => nodes[j]);
  if (way < 0.75) {
    const scores = Array.from({ length: classes }, () => {
      const score = new Float64Array(nodes[0].length);
      for (const node of chosen) addScaled(score, randomNormal(random), node);
      return score;
    });
    return sampleClasses(random, scores);
  }
  return sampleClasses(random, prototypeScores(random, chosen, classes), between(random, 1, 3.5));
}

/** Cut a column at random quantiles into classes, sometimes several pieces of it to a class. */
export function cutIntoClasses(random: Random, column: Float64Array, classes: number): Int32Array {
  const n = column.length;
  const least = Math.max(6 / n, 0.03);
  if (classes > 2 && random() < 0.4) {
    const count = classes * integerBetween(random, 1, 3);
    const bounds = Float64Array.from({ length: count - 1 }, random).sort();
    const classOf = shuffle(
      random,
      Int32Array.from({ length: count }, (_, i) => i % classes),
    );
    return pieces(column, quantiles(column, bounds)).map((piece) => classOf[piece]);
  }
  const shares = classes === 2 ? twoShares(random, least) : manyShares(random, classes, least);
  const bounds = new Float64Array(classes - 1);
  let sum = 0;
  for (let c = 0; c < classes - 1; c++) {
    sum += shares[c];
    bounds[c] = sum;
  }
  return pieces(column, quantiles(column, bounds));
}

/**
 * Draw each row's class from a softmax of scores.
 * @param scores One column a class; standardised first.
 * @param sharpness Log of the factor on the scores (default uniform between −0.2 and 2.5; a fifth of the time no noise at all).
 */
export function sampleClasses(
  random: Random,
  scores: readonly Float64Array[],
  sharpness?: number,
): Int32Array {
  const n = scores[0].length;
  const noise = sharpness !== undefined || random() < 0.8 ? 1 : 0;
  const factor = Math.exp(sharpness ?? between(random, -0.2, 2.5));
  const offset = pick(random, [0, 0.7, 1.5]);
  const scaled = scores.map((score) => {
    const s = standardize(Float64Array.from(score));
    const bias = offset * randomNormal(random);
    for (let i = 0; i < n; i++) s[i] = s[i] * factor + bias;
    return s;
  });
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < scaled.length; c++) {
      // Gumbel-max: the class of the largest noisy score is a draw from the softmax.
      const value = scaled[c][i] - noise * Math.log(-Math.log(1 - random()) + 1e-300);
      if (value > best) {
        best = value;
        labels[i] = c;
      }
    }
  }
  return labels;
}

/** Minus the squared distance of each row to one random row for each class. */
function prototypeScores(
  random: Random,
  nodes: readonly Float64Array[],
  classes: number,
): Float64Array[] {
  const n = nodes[0].length;
  return Array.from({ length: classes }, () => {
    const prototype = randomInteger(random, n);
    const score = new Float64Array(n);
    for (const node of nodes) {
      for (let i = 0; i < n; i++) score[i] -= (node[i] - node[prototype]) ** 2;
    }
    return score;
  });
}

/** Shares of two classes: balanced, near balanced, or with a rare one. */
function twoShares(random: Random, least: number): Float64Array {
  const u = random();
  const first =
    u < 0.15 ? 0.5 : u < 0.65 ? randomBeta(random, 2.2, 2.2) : between(random, 0.04, 0.5);
  const share = Math.min(1 - least, Math.max(least, first));
  return Float64Array.of(share, 1 - share);
}

function manyShares(random: Random, classes: number, least: number): Float64Array {
  const shares = dirichlet(random, classes, pick(random, [1, 3, 20]));
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    shares[c] = Math.max(least, shares[c]);
    sum += shares[c];
  }
  return shares.map((share) => share / sum);
}
