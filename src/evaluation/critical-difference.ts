// Nemenyi's critical difference of average ranks (Demšar 2006, §3.2.2):
//   CD = q_α / √2 · √(k (k + 1) / (6 N)), k methods over N data sets,
// q_α the quantile of the range of k independent standard normal variables.

import { normalCdf } from '../math/distributions.js';

/**
 * Compute the difference of average ranks from which two methods count as different.
 * @param methods Number of methods ranked, at least 2.
 * @param dataSets Number of data sets ranked on.
 * @param alpha Share of false alarms over all pairs (default `0.05`).
 */
export function criticalDifference(methods: number, dataSets: number, alpha = 0.05): number {
  if (!(Number.isInteger(methods) && methods >= 2 && dataSets >= 1 && alpha > 0 && alpha < 1)) {
    throw new RangeError(
      `Cannot compute the critical difference as there must be two methods or more, a data set and alpha in (0, 1): current values are ${methods}, ${dataSets} and ${alpha}`,
    );
  }
  const q = rangeQuantile(1 - alpha, methods) / Math.SQRT2;
  return q * Math.sqrt((methods * (methods + 1)) / (6 * dataSets));
}

/**
 * Find groups of neighbours in the ranking of which no two differ: the bars of the diagram.
 * @param ranks Average ranks of the methods.
 * @param difference The critical difference.
 * @returns Lists of method numbers, best first, at least two each, none within another.
 */
export function rankCliques(ranks: readonly number[], difference: number): number[][] {
  const order = [...ranks.keys()].sort((a, b) => ranks[a] - ranks[b]);
  const cliques: number[][] = [];
  let reached = 0; // end of the last clique: one that ends there too lies within it
  for (let from = 0; from < order.length; from++) {
    let to = from;
    while (to + 1 < order.length && ranks[order[to + 1]] - ranks[order[from]] < difference) to++;
    if (to > from && to > reached) cliques.push(order.slice(from, to + 1));
    reached = Math.max(reached, to);
  }
  return cliques;
}

/** The q below which the range of k standard normal variables stays with probability p. */
function rangeQuantile(p: number, k: number): number {
  let [low, high] = [0, 20];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (rangeCdf(middle, k) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(range ≤ q) = k ∫ φ(z) (Φ(z + q) − Φ(z))^(k−1) dz, z the least of them; trapezoidal rule. */
function rangeCdf(q: number, k: number): number {
  const step = 0.02;
  let sum = 0;
  for (let z = -9; z <= 9; z += step) {
    const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
    sum += density * (normalCdf(z + q) - normalCdf(z)) ** (k - 1);
  }
  return k * sum * step;
}
