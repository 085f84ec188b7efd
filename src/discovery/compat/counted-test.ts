import type { IndependenceTest } from '../independence/test.js';

/** A test that keeps its p-values and counts how many different ones were asked for. */
export interface CountedTest {
  /** The p-value of x ⊥ y | S, rounded to double as 2(1 − Φ) is: it may be exactly 0. */
  p(x: number, y: number, given: ArrayLike<number>): number;
  /** The p-value of a test that was made; NaN for others, such as a union of sets. */
  known(x: number, y: number, given: readonly number[]): number;
  /** Number of different tests so far. */
  count(): number;
}

/** Keep and count the p-values of a test. */
export function countedTest(test: IndependenceTest): CountedTest {
  const known = new Map<string, number>();
  return {
    p(x, y, given) {
      const set = Array.from(given).sort((a, b) => a - b);
      const key = `${Math.min(x, y)},${Math.max(x, y)}|${set.join()}`;
      let p = known.get(key);
      if (p === undefined) {
        ({ p } = test.test(x, y, set));
        // Close to 0 the complement of a distribution function has steps; ties decide orders.
        if (test.name === 'fisher-z') p = 2 * (1 - (1 - p / 2));
        known.set(key, p);
      }
      return p;
    },
    known: (x, y, given) =>
      known.get(`${Math.min(x, y)},${Math.max(x, y)}|${given.join()}`) ?? Number.NaN,
    count: () => known.size,
  };
}
