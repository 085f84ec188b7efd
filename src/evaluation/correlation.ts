// Correlations of two lists of numbers. Where one of them is constant there is none: NaN.

/** Compute Pearson's correlation. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = checkLengths('the Pearson correlation', x, y);
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i] - mx, y[i] - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  // Equal numbers may leave a rounding error in place of 0.
  if (isConstant(x) || isConstant(y)) return Number.NaN;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/** Compute Spearman's rank correlation: Pearson's of the ranks, ties at their mean rank. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  checkLengths('the Spearman correlation', x, y);
  return pearson(ranks(x), ranks(y));
}

/** Compute Kendall's rank correlation τ-b: concordant minus discordant pairs, corrected for ties. */
export function kendall(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = checkLengths('the Kendall correlation', x, y);
  let [balance, inX, inY] = [0, 0, 0]; // inX, inY: pairs that are no ties
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const [a, b] = [Math.sign(x[i] - x[j]), Math.sign(y[i] - y[j])];
      balance += a * b;
      inX += a * a;
      inY += b * b;
    }
  }
  return balance / Math.sqrt(inX * inY);
}

/** Return the ranks of numbers, 1 for the smallest; equal numbers share their mean rank. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Int32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[a] - values[b],
  );
  const result = new Float64Array(values.length);
  let from = 0;
  for (let r = 1; r <= order.length; r++) {
    if (r < order.length && values[order[r]] === values[order[from]]) continue;
    for (let i = from; i < r; i++) result[order[i]] = (from + 1 + r) / 2;
    from = r;
  }
  return result;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

function checkLengths(what: string, x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) {
    throw new RangeError(
      `Cannot compute ${what} as both lists must have the same length: they have ${x.length} and ${y.length}`,
    );
  }
  return x.length;
}
