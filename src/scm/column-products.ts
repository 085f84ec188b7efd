// Products of a matrix with several vectors at once, in the kernel.

import { holdsKernel, takeKernel } from './kernel/kernel.js';

/** The matrix's columns and, last, a column of ones. */
export interface ColumnProducts {
  /** Scores (row i of output k at k · n + i) from coefficients (of column j for output k at k · (m + 1) + j). */
  scores(coefficients: Float64Array, into: Float64Array): void;
  /** Coefficients from scores: the sums over rows of their products. */
  sums(scores: Float64Array, into: Float64Array): void;
}

/**
 * Prepare for products with a matrix; they hold until another piece of work takes the kernel.
 * @param columns m columns of n values.
 * @param outputs Number of vectors in a product.
 */
export function columnProducts(
  columns: readonly Float64Array[],
  n: number,
  outputs: number,
): ColumnProducts {
  const holder = {};
  const kernel = takeKernel(holder);
  const padded = (n + 7) & ~7;
  const m = columns.length;
  kernel.prepareColumns(padded, m, outputs);
  const { buffer } = kernel.memory;
  const design = new Float64Array(buffer, kernel.design.value, m * padded).fill(0);
  columns.forEach((column, j) => {
    design.set(column, j * padded);
  });
  const coefficients = new Float64Array(buffer, kernel.coefficients.value, outputs * (m + 1));
  const scores = new Float64Array(buffer, kernel.scores.value, outputs * padded);
  const rows = Array.from({ length: outputs }, (_, k) =>
    scores.subarray(k * padded, k * padded + n),
  );
  const checkHeld = (): void => {
    if (holdsKernel(holder)) return;
    throw new Error('Cannot multiply as the products must hold the kernel: another took it');
  };
  return {
    scores(from, into) {
      checkHeld();
      coefficients.set(from);
      kernel.addColumns();
      rows.forEach((row, k) => {
        into.set(row, k * n);
      });
    },
    sums(from, into) {
      checkHeld();
      scores.fill(0);
      rows.forEach((row, k) => {
        row.set(from.subarray(k * n, (k + 1) * n));
      });
      kernel.dotColumns();
      into.set(coefficients);
    },
  };
}
