// The network's own input transform: every column becomes the z-score of its bucket among 999
// quantiles of the support rows. It has no parameters and no gradient. Float32 where the reference
// rounds to float32, so that buckets agree exactly. Source: Mitra (arXiv 2510.21204), `x_quantile`.

/** Quantile boundaries and moments of support rows, one set a column. */
export interface QuantileStep {
  readonly columns: number;
  readonly rows: number;
  /** 999 a column, ascending. */
  readonly boundaries: Float32Array;
  /** Mean of the scaled buckets. */
  readonly means: Float32Array;
  /** Their standard deviation; 0 where the column is constant. */
  readonly deviations: Float32Array;
}

const levels = 999;

/**
 * Learn the step from support rows.
 * @param values rows × columns, row-major, finite.
 */
export function fitQuantileStep(values: Float32Array, rows: number, columns: number): QuantileStep {
  const boundaries = new Float32Array(levels * columns);
  const means = new Float32Array(columns);
  const deviations = new Float32Array(columns);
  const sorted = new Float32Array(rows);
  const scaled = new Float32Array(rows);
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < rows; i++) sorted[i] = values[i * columns + c];
    sorted.sort();
    const own = boundaries.subarray(c * levels, (c + 1) * levels);
    for (let k = 0; k < levels; k++) {
      const rank = Math.fround(Math.fround((k + 1) / 1000) * (rows - 1));
      const low = Math.floor(rank);
      const a = sorted[low];
      const b = sorted[Math.ceil(rank)];
      const w = Math.fround(rank - low);
      const d = Math.fround(b - a);
      // Linear interpolation from the nearer end, product and sum in one rounding.
      own[k] = w < 0.5 ? a + w * d : b + Math.fround(w - 1) * d;
    }
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      scaled[i] = bucket(own, values[i * columns + c]) / rows;
      sum += scaled[i];
    }
    means[c] = sum / rows;
    let squares = 0;
    for (let i = 0; i < rows; i++) {
      const centred = Math.fround(scaled[i] - means[c]);
      squares += centred * centred;
    }
    deviations[c] = Math.sqrt(Math.fround(squares / rows));
  }
  return { columns, rows, boundaries, means, deviations };
}

/**
 * Turn values into z-scores of their buckets.
 * @param values rows × columns, row-major, finite.
 * @returns rows × columns, row-major.
 */
export function applyQuantileStep(step: QuantileStep, values: Float32Array): Float32Array {
  const { columns, boundaries, means, deviations } = step;
  const out = new Float32Array(values.length);
  const rows = values.length / columns;
  for (let c = 0; c < columns; c++) {
    if (deviations[c] === 0) continue;
    const own = boundaries.subarray(c * levels, (c + 1) * levels);
    for (let at = c, i = 0; i < rows; i++, at += columns) {
      const scaled = Math.fround(bucket(own, values[at]) / step.rows);
      out[at] = Math.fround(scaled - means[c]) / deviations[c];
    }
  }
  return out;
}

/** Count the boundaries that are strictly less than the value. */
export function bucket(boundaries: Float32Array, value: number): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (boundaries[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
