// Logistic and softmax regression with an L2 penalty on the coefficients, not on the intercept:
//   min  −Σ_i log p(y_i | x_i) + ‖w‖² / 2C
// as scikit-learn has it (C = 1).
// Columns are centred and scaled inside, each with its penalty rescaled, so the minimum is the same.

import { columnsDesign, type Design } from './design.js';
import { minimizeSoftmax, type SoftmaxProblem } from './minimize-softmax.js';
import { scratchDoubles } from './scratch.js';

export interface LogisticOptions {
  /** Inverse strength of the penalty (default `1`). */
  readonly C?: number;
  /** Stop when no entry of the mean gradient is larger (default `1e-4`, as scikit-learn). */
  readonly tolerance?: number;
  /** A solution to start from, in the units of the data. */
  readonly from?: LogisticFit;
}

/** A fitted classifier: one output for two classes (that of the second), else one per class. */
export interface LogisticFit {
  /** outputs × m. */
  readonly coefficients: Float64Array;
  /** One per output. */
  readonly intercepts: Float64Array;
}

/**
 * Fit a logistic (two classes) or softmax regression.
 * @param x m columns of n values.
 * @param y n class indices, 0 … classes − 1; each class occurs.
 */
export function fitLogistic(
  x: readonly Float64Array[],
  y: Int32Array,
  classes: number,
  options: LogisticOptions = {},
): LogisticFit {
  const n = y.length;
  const counts = new Uint8Array(classes * n);
  y.forEach((k, i) => {
    counts[k * n + i] = 1;
  });
  return fitLogisticCounts(columnsDesign(x, n), counts, classes, options);
}

/**
 * Fit as `fitLogistic`, rows with the same columns counted together.
 * @param x m columns of n rows.
 * @param counts How often row i has class k, at k · n + i; each class occurs.
 */
export function fitLogisticCounts(
  x: Design,
  counts: Float64Array | Uint8Array,
  classes: number,
  options: LogisticOptions = {},
): LogisticFit {
  const n = x.rows;
  const total = scratchDoubles(n);
  const shares = new Float64Array(classes);
  for (let k = 0; k < classes; k++) {
    for (let i = 0; i < n; i++) {
      total[i] += counts[k * n + i];
      shares[k] += counts[k * n + i];
    }
  }
  const rows = shares.reduce((a, b) => a + b, 0);
  const { C = 1, tolerance = 1e-4 } = options;
  const { design, means, scales } = standardised(x, total, rows);
  const m = design.width;
  const outputs = classes === 2 ? 1 : classes;
  const width = m + 1; // the intercept stands last
  const w = new Float64Array(outputs * width);
  for (let k = 0; k < outputs; k++) {
    w[k * width + m] = outputs === 1 ? Math.log(shares[1] / shares[0]) : Math.log(shares[k] / rows);
  }
  const used = Int32Array.from(scales.keys()).filter((j) => scales[j] > 0);
  if (options.from) {
    const { coefficients, intercepts } = options.from;
    for (let k = 0; k < outputs; k++) {
      w[k * width + m] = intercepts[k];
      for (let j = 0; j < m; j++) {
        w[k * width + j] = coefficients[k * x.width + used[j]] * scales[used[j]];
        w[k * width + m] += coefficients[k * x.width + used[j]] * means[used[j]];
      }
    }
  }
  const penalty = Float64Array.from(used, (j) => 1 / (C * scales[j] ** 2));
  const problem: SoftmaxProblem = {
    design,
    // One output stands for the second of two classes.
    counts: outputs === 1 ? counts.subarray(n) : counts,
    total,
    outputs,
    penalty,
    tolerance: tolerance * rows,
  };
  minimizeSoftmax(problem, w);

  const coefficients = new Float64Array(outputs * x.width);
  const intercepts = new Float64Array(outputs);
  for (let k = 0; k < outputs; k++) {
    intercepts[k] = w[k * width + m];
    for (let j = 0; j < m; j++) {
      const c = w[k * width + j] / scales[used[j]];
      coefficients[k * x.width + used[j]] = c;
      intercepts[k] -= c * means[used[j]];
    }
  }
  if (outputs > 1) {
    // The shift common to all intercepts is free: scikit-learn's solution has mean 0.
    const shift = intercepts.reduce((a, b) => a + b, 0) / outputs;
    for (let k = 0; k < outputs; k++) intercepts[k] -= shift;
  }
  return { coefficients, intercepts };
}

/**
 * Compute class probabilities.
 * @param x m columns of n values.
 * @returns Probability of class k for row i at k · n + i.
 */
export function predictLogistic(
  fit: LogisticFit,
  x: readonly Float64Array[],
  n: number,
): Float64Array {
  const outputs = fit.intercepts.length;
  const classes = outputs === 1 ? 2 : outputs;
  const p = scratchDoubles(classes * n);
  for (let k = 0; k < outputs; k++) {
    const at = (outputs === 1 ? 1 : k) * n;
    p.fill(fit.intercepts[k], at, at + n);
    for (let j = 0; j < x.length; j++) {
      const c = fit.coefficients[k * x.length + j];
      if (c === 0) continue;
      const column = x[j];
      for (let i = 0; i < n; i++) p[at + i] += c * column[i];
    }
  }
  normalize(p, n, outputs);
  return p;
}

/**
 * Turn scores into probabilities, in place.
 * @param p Score of class k for row i at k · n + i; for one output that of the second class, the first at 0.
 */
export function normalize(p: Float64Array, n: number, outputs: number): void {
  if (outputs === 1) {
    for (let i = 0; i < n; i++) {
      const one = 1 / (1 + Math.exp(-p[n + i]));
      p[n + i] = one;
      p[i] = 1 - one;
    }
    return;
  }
  const top = scratchDoubles(n);
  top.set(p.subarray(0, n));
  for (let k = 1; k < outputs; k++) {
    for (let i = 0; i < n; i++) if (p[k * n + i] > top[i]) top[i] = p[k * n + i];
  }
  const sum = scratchDoubles(n);
  for (let k = 0; k < outputs; k++) {
    for (let i = 0; i < n; i++) {
      const e = Math.exp(p[k * n + i] - top[i]);
      p[k * n + i] = e;
      sum[i] += e;
    }
  }
  for (let k = 0; k < outputs; k++) for (let i = 0; i < n; i++) p[k * n + i] /= sum[i];
}

function standardised(
  x: Design,
  weight: Float64Array,
  rows: number,
): { design: Design; means: Float64Array; scales: Float64Array } {
  const means = new Float64Array(x.width);
  const scales = new Float64Array(x.width);
  x.each((columns, from) => {
    columns.forEach((column, j) => {
      let sum = means[j];
      for (let i = 0; i < column.length; i++) sum += weight[from + i] * column[i];
      means[j] = sum;
    });
  });
  for (let j = 0; j < x.width; j++) means[j] /= rows;
  x.each((columns, from) => {
    columns.forEach((column, j) => {
      let squares = scales[j];
      const mean = means[j];
      for (let i = 0; i < column.length; i++) {
        squares += weight[from + i] * (column[i] - mean) ** 2;
      }
      scales[j] = squares;
    });
  });
  for (let j = 0; j < x.width; j++) {
    const scale = Math.sqrt(scales[j] / rows);
    scales[j] = scale > 1e-12 * Math.abs(means[j]) ? scale : 0;
  }
  const used = Array.from(scales.keys()).filter((j) => scales[j] > 0);
  const whole = used.map(() => scratchDoubles(x.block));
  let made = -1;
  const design: Design = {
    rows: x.rows,
    width: used.length,
    block: x.block,
    each(use) {
      x.each((columns, from) => {
        const size = Math.min(x.block, x.rows - from);
        const own = size === x.block ? whole : whole.map((c) => c.subarray(0, size));
        if (made !== from) {
          used.forEach((j, k) => {
            const column = columns[j];
            const mean = means[j];
            const scale = scales[j];
            for (let i = 0; i < size; i++) own[k][i] = (column[i] - mean) / scale;
          });
        }
        made = from;
        use(own, from);
      });
    },
  };
  return { design, means, scales };
}
