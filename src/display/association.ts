// How two lists of numbers go together. Confidence intervals by Fisher's z; its standard error is
// 1/√(n−3) for Pearson, √((1+r²/2)/(n−3)) for Spearman (Bonett & Wright 2000) and √(0.437/(n−4)) for
// Kendall (Fieller, Hartley & Pearson 1957). The robust line is Theil's and Sen's.

export interface Association {
  /** Pairs that were compared. */
  readonly n: number;
  readonly pearson: Estimate | undefined;
  readonly spearman: Estimate | undefined;
  readonly kendall: Estimate | undefined;
}

/** A correlation with its 95 % interval, where there are enough pairs for one. */
export interface Estimate {
  readonly value: number;
  readonly interval?: readonly [number, number];
}

/** Measure how `x` and `y` go together; a correlation of a constant is undefined. */
export function association(x: readonly number[], y: readonly number[]): Association {
  const n = x.length;
  const r = pearson(x, y);
  const rho = spearman(x, y);
  const tau = kendall(x, y);
  return {
    n,
    pearson: estimate(r, 1 / Math.sqrt(n - 3)),
    spearman: estimate(rho, Math.sqrt((1 + (rho ?? 0) ** 2 / 2) / (n - 3))),
    kendall: estimate(tau, Math.sqrt(0.437 / (n - 4))),
  };
}

function estimate(value: number | undefined, error: number): Estimate | undefined {
  if (value === undefined) return undefined;
  if (!Number.isFinite(error) || Math.abs(value) >= 1) return { value };
  const z = Math.atanh(value);
  return { value, interval: [Math.tanh(z - 1.96 * error), Math.tanh(z + 1.96 * error)] };
}

/** Pearson's product-moment correlation; undefined where either list is constant or has one value. */
export function pearson(x: readonly number[], y: readonly number[]): number | undefined {
  const n = x.length;
  const mx = x.reduce((sum, v) => sum + v, 0) / n;
  const my = y.reduce((sum, v) => sum + v, 0) / n;
  let [sxx, syy, sxy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    sxx += (x[i] - mx) ** 2;
    syy += (y[i] - my) ** 2;
    sxy += (x[i] - mx) * (y[i] - my);
  }
  const r = sxy / Math.sqrt(sxx * syy);
  return Number.isFinite(r) ? Math.max(-1, Math.min(1, r)) : undefined;
}

/** Spearman's rank correlation; ties share their mean rank. */
export function spearman(x: readonly number[], y: readonly number[]): number | undefined {
  return pearson(ranks(x), ranks(y));
}

/** Kendall's tau-b, which corrects for ties. */
export function kendall(x: readonly number[], y: readonly number[]): number | undefined {
  let [agree, tiesX, tiesY, pairs] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    for (let j = i + 1; j < x.length; j++) {
      const a = Math.sign(x[i] - x[j]);
      const b = Math.sign(y[i] - y[j]);
      agree += a * b;
      tiesX += a === 0 ? 1 : 0;
      tiesY += b === 0 ? 1 : 0;
      pairs++;
    }
  }
  const tau = agree / Math.sqrt((pairs - tiesX) * (pairs - tiesY));
  return Number.isFinite(tau) ? tau : undefined;
}

/** Ranks from 1; ties share their mean rank. */
export function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let k = from; k < to; k++) found[order[k]] = (from + to + 1) / 2;
    from = to;
  }
  return found;
}

/** Median; undefined for no values. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A line through the medians. */
export interface RobustLine {
  readonly slope: number;
  /** 95 % interval of the slope. */
  readonly slopes: readonly [number, number];
  readonly centre: { readonly x: number; readonly y: number };
}

/** Fit Theil's and Sen's line: the median of the slopes of all pairs; undefined below five points. */
export function robustLine(x: readonly number[], y: readonly number[]): RobustLine | undefined {
  const n = x.length;
  if (n < 5) return undefined;
  const slopes: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      if (x[i] !== x[j]) slopes.push((y[j] - y[i]) / (x[j] - x[i]));
    }
  }
  if (slopes.length === 0) return undefined;
  slopes.sort((a, b) => a - b);
  // Sen's interval: slopes whose place is within 1.96 standard errors of Kendall's score.
  const spread = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const low = Math.max(0, Math.floor((slopes.length - spread) / 2));
  const high = Math.min(slopes.length - 1, Math.ceil((slopes.length + spread) / 2) - 1);
  return {
    slope: median(slopes) as number,
    slopes: [slopes[low], slopes[high]],
    centre: { x: median(x) as number, y: median(y) as number },
  };
}
