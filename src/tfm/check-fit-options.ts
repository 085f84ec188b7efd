import type { FitOptions } from './classifier.js';

/**
 * Refuse options without a seed: plain JavaScript lets them through.
 * @param what What is fitted.
 */
export function checkSeed(what: string, options: FitOptions | undefined): void {
  const seed: unknown = options?.seed;
  if (Number.isInteger(seed)) return;
  throw new TypeError(
    `Cannot fit the ${what} as its options must have a seed that is an integer: current value is ${seed}; write { seed: 1 }`,
  );
}

/**
 * Refuse counts of members, rows and features that are none.
 * @param what What is fitted.
 */
export function checkFitOptions(
  what: string,
  counts: {
    readonly members: number;
    readonly maxRows: number;
    readonly maxFeatures: number;
  },
): void {
  const least = { members: 1, maxRows: 2, maxFeatures: 1 };
  for (const name of ['members', 'maxRows', 'maxFeatures'] as const) {
    if (Number.isInteger(counts[name]) && counts[name] >= least[name]) continue;
    throw new RangeError(
      `Cannot fit the ${what} as ${name} must be an integer >= ${least[name]}: current value is ${counts[name]}`,
    );
  }
}
