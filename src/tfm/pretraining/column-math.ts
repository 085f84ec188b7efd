// Arithmetic on whole columns, in place where the name says so by its verb.

/** Shift and scale a column to mean 0 and standard deviation 1; a constant one becomes zeros. */
export function standardize(column: Float64Array): Float64Array {
  const n = column.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += column[i];
  mean /= n;
  let variance = 0;
  for (let i = 0; i < n; i++) {
    column[i] -= mean;
    variance += column[i] * column[i];
  }
  const scale = 1 / (Math.sqrt(variance / n) + 1e-6);
  for (let i = 0; i < n; i++) column[i] *= scale;
  return column;
}

/** Add `weight` times another column. */
export function addScaled(column: Float64Array, weight: number, other: Float64Array): Float64Array {
  for (let i = 0; i < column.length; i++) column[i] += weight * other[i];
  return column;
}

/** The values at the given shares of the sorted column (the nearest value below). */
export function quantiles(column: Float64Array, shares: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(column).sort();
  return Float64Array.from(shares, (share) => {
    const at = Math.floor(share * sorted.length);
    return sorted[Math.min(sorted.length - 1, Math.max(0, at))];
  });
}

/** How many of the ascending bounds each value is at or above: its piece, 0 … bounds.length. */
export function pieces(column: Float64Array, bounds: Float64Array): Int32Array {
  const out = new Int32Array(column.length);
  for (let i = 0; i < column.length; i++) {
    let piece = 0;
    while (piece < bounds.length && column[i] >= bounds[piece]) piece++;
    out[i] = piece;
  }
  return out;
}

/** Scores of the ranks of a column, between −√3 and √3 and of variance about 1; ties by row. */
export function rankScores(column: Float64Array): Float64Array {
  const n = column.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => column[a] - column[b]);
  const out = new Float64Array(n);
  for (let r = 0; r < n; r++) out[order[r]] = Math.sqrt(12) * ((r + 0.5) / n - 0.5);
  return out;
}
