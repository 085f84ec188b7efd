// Ties and conflicts are settled in an order of the variables that the data decide: by total
// association, so that permuting the columns permutes the result and changes nothing else. Where
// totals tie, the column that stands first goes first.

import type { IndependenceTest } from './independence/test.js';
import type { ResolvedKnowledge } from './knowledge.js';

/** The variables from strongly to weakly associated. */
export function canonicalOrder(test: IndependenceTest): Int32Array {
  const p = test.variables;
  const total = new Float64Array(p);
  const strengths = test.association?.();
  if (strengths) {
    for (let i = 0; i < p; i++) {
      // Smallest first: the same sum for the same numbers in any order.
      const row = strengths.slice(i * p, (i + 1) * p);
      row[i] = 0;
      row.sort();
      for (const s of row) total[i] += s;
    }
  }
  return Int32Array.from({ length: p }, (_, i) => i).sort((a, b) => total[b] - total[a] || a - b);
}

/** The same test with the variables renumbered: new number k stands for `order[k]`. */
export function reorderTest(test: IndependenceTest, order: Int32Array): IndependenceTest {
  const p = test.variables;
  const place = new Int32Array(p);
  order.forEach((v, k) => {
    place[v] = k;
  });
  const through = (map: Int32Array, list: ArrayLike<number>): number[] => {
    const mapped: number[] = new Array(list.length);
    for (let k = 0; k < list.length; k++) mapped[k] = map[list[k]];
    return mapped;
  };
  const out = (list: ArrayLike<number>): number[] => through(order, list);
  const back = (list: ArrayLike<number>): number[] => through(place, list);
  const { findSeparators, allSeparators, largestLogP } = test;
  return {
    ...test,
    constant: back(test.constant ?? []),
    test: (x, y, given) => test.test(order[x], order[y], out(given)),
    association: undefined as never,
    ...(findSeparators && {
      findSeparators: async (x, targets, pool, size, alpha, breathe, tested) =>
        (
          await findSeparators(
            order[x],
            out(targets),
            out(pool),
            size,
            alpha,
            breathe,
            tested && {
              before: (y: number) => tested.before(place[y]),
              adjacent: (y: number, s: number) => tested.adjacent(place[y], place[s]),
            },
          )
        ).map((given) => given && back(given)),
    }),
    ...(allSeparators && {
      allSeparators: (x, y, pool, size, alpha) =>
        allSeparators(order[x], order[y], out(pool), size, alpha).map(({ given, logP }) => ({
          given: back(given),
          logP,
        })),
    }),
    ...(largestLogP && {
      largestLogP: (x, y, base, pool, size) =>
        largestLogP(order[x], order[y], out(base), out(pool), size),
    }),
  };
}

/** The same knowledge with the variables renumbered. */
export function reorderKnowledge(known: ResolvedKnowledge, order: Int32Array): ResolvedKnowledge {
  return { forbidden: reorder(known.forbidden, order), required: reorder(known.required, order) };
}

/** A p × p table with rows and columns renumbered: entry (k, l) is the old (order[k], order[l]). */
export function reorder<T extends Uint8Array | Int8Array>(table: T, order: Int32Array): T {
  const p = order.length;
  const out = table.slice() as T;
  for (let k = 0; k < p; k++) {
    for (let l = 0; l < p; l++) out[k * p + l] = table[order[k] * p + order[l]];
  }
  return out;
}

/** Undo `reorder`. */
export function restore<T extends Uint8Array | Int8Array>(table: T, order: Int32Array): T {
  const p = order.length;
  const out = table.slice() as T;
  for (let k = 0; k < p; k++) {
    for (let l = 0; l < p; l++) out[order[k] * p + order[l]] = table[k * p + l];
  }
  return out;
}
