import { permutation, type Random, shuffle } from '../math/random.js';

/**
 * Draw rows without replacement so that every class keeps its share, and at least one row.
 * @param labels Class of every row.
 * @param size How many; all rows come back, in order, where there are not more.
 */
export function stratifiedRows(labels: Int32Array, size: number, random: Random): Int32Array {
  const n = labels.length;
  if (size >= n) return Int32Array.from({ length: n }, (_, i) => i);
  const byClass = new Map<number, number[]>();
  for (const row of permutation(random, n)) {
    const rows = byClass.get(labels[row]);
    if (rows) rows.push(row);
    else byClass.set(labels[row], [row]);
  }
  // Largest remainders: whole shares first, the rows left over to those cut most.
  const classes = [...byClass.values()];
  const quota = classes.map((rows) => (rows.length * size) / n);
  const taken = quota.map((share) => Math.max(1, Math.floor(share)));
  const order = quota
    .map((share, k) => ({ k, cut: share - taken[k] }))
    .sort((a, b) => b.cut - a.cut || a.k - b.k);
  let left = size - taken.reduce((a, b) => a + b, 0);
  for (const { k } of order) {
    if (left <= 0) break;
    taken[k]++;
    left--;
  }
  return Int32Array.from(classes.flatMap((rows, k) => rows.slice(0, taken[k]))).sort();
}

/** Rows of one fine-tuning step. */
export interface StepRows {
  readonly support: Int32Array;
  readonly query: Int32Array;
}

/**
 * Part rows into support and query, four to one: the first fold of a shuffled stratified five-fold
 * where every class has five rows or more, else at random. The support comes in random order.
 * @param labels Class of every row; one class for all makes it a plain random split.
 * @param caps Most support and query rows.
 */
export function splitRows(
  labels: Int32Array,
  caps: { readonly support: number; readonly query: number },
  random: Random,
): StepRows {
  const order = permutation(random, labels.length);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const query: number[] = [];
  const support: number[] = [];
  if (Math.min(...counts.values()) >= 5) {
    // The first fold takes every fifth row of each class, its start shifted from class to class.
    const seen = new Map([...counts.keys()].map((label, k) => [label, k % 5]));
    for (const row of order) {
      const place = seen.get(labels[row]) as number;
      (place % 5 === 0 ? query : support).push(row);
      seen.set(labels[row], place + 1);
    }
  } else {
    const size = Math.ceil(0.2 * labels.length);
    query.push(...order.subarray(0, size));
    support.push(...order.subarray(size));
  }
  return {
    support: shuffle(random, Int32Array.from(support.slice(0, caps.support))),
    query: Int32Array.from(query.slice(0, caps.query)),
  };
}
