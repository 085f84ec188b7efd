/** Time that several pieces of work share: members of an ensemble, folds of a bag. */
export interface TimeBudget {
  /** Seconds in all. */
  readonly seconds: number;
  /** Seconds that are left; 0 once they are used up. */
  left(): number;
}

/**
 * Start a time budget: its clock runs from now.
 * @param seconds How long, more than 0.
 */
export function timeBudget(seconds: number): TimeBudget {
  if (!(seconds > 0)) {
    throw new RangeError(
      `Cannot start a time budget as seconds must be > 0: current value is ${seconds}`,
    );
  }
  const start = performance.now();
  return { seconds, left: () => Math.max(0, seconds - (performance.now() - start) / 1000) };
}
