/**
 * Learning rate of a step in the reference's linear warm-up, which is stepped after each step
 * while it lasts and so ends one short of the full rate.
 * @param rate The nominal rate.
 * @param warmup Steps W of the warm-up; 0 is a constant rate.
 * @param step Counted from 1.
 */
export function warmupRate(rate: number, warmup: number, step: number): number {
  if (warmup <= 1) return rate;
  return rate * (1 / warmup + ((1 - 1 / warmup) * (Math.min(step, warmup) - 1)) / warmup);
}
