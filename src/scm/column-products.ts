// Products of a matrix with several vectors at once, in the kernel.

import type { Design } from './design.js';
import { holdsKernel, takeKernel } from './kernel/kernel.js';

/** Products with the matrix's columns and, last, a column of ones. */
export interface ColumnProducts {
  /**
   * Multiply coefficients by rows, change these scores, and multiply them by columns.
   * @param coefficients Of column j for output k at k · (m + 1) + j.
   * @param into The sums over rows of the changed scores' products, likewise.
   * @param change Changes a block's scores (one array an output) in place; gets the block's first row.
   */
  pass(
    coefficients: Float64Array,
    into: Float64Array,
    change: (scores: readonly Float64Array[], from: number) => void,
  ): void;
}

/**
 * Prepare for products with a matrix; they hold until another piece of work takes the kernel.
 * @param outputs Number of vectors in a product.
 */
export function columnProducts(design: Design, outputs: number): ColumnProducts {
  const holder = {};
  const kernel = takeKernel(holder);
  const { rows, width, block } = design;
  const padded = (block + 7) & ~7;
  kernel.prepareColumns(padded, width, outputs);
  const { buffer } = kernel.memory;
  const matrix = new Float64Array(buffer, kernel.design.value, width * padded).fill(0);
  const factors = new Float64Array(buffer, kernel.coefficients.value, outputs * (width + 1));
  const scores = new Float64Array(buffer, kernel.scores.value, outputs * padded);
  let loaded = -1;
  return {
    pass(coefficients, into, change) {
      if (!holdsKernel(holder)) {
        throw new Error('Cannot multiply as the products must hold the kernel: another took it');
      }
      into.fill(0);
      design.each((columns, from) => {
        const size = Math.min(block, rows - from);
        if (loaded !== from) {
          columns.forEach((column, j) => {
            matrix.set(column, j * padded);
            matrix.fill(0, j * padded + size, (j + 1) * padded);
          });
          loaded = from;
        }
        factors.set(coefficients);
        kernel.addColumns();
        const own = Array.from({ length: outputs }, (_, k) =>
          scores.subarray(k * padded, k * padded + size),
        );
        change(own, from);
        for (let k = 0; k < outputs; k++) scores.fill(0, k * padded + size, (k + 1) * padded);
        kernel.dotColumns();
        for (let j = 0; j < into.length; j++) into[j] += factors[j];
      });
    },
  };
}
