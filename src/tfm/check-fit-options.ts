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
