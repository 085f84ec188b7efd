// The columns that a regression is fitted on, a block of rows at a time: those of all rows of a large
// table would take several times its memory. Blocks hold every fold (20,000 rows at most) whole.

import { type Encoding, encodedWidth, encodeInto } from './encoding.js';
import { scratchDoubles } from './scratch.js';

/** Rows of a block. */
export const BLOCK: number = 2 ** 15;

/** Columns of numbers over some rows. */
export interface Design {
  readonly rows: number;
  /** Number of columns. */
  readonly width: number;
  /** Rows of the largest block. */
  readonly block: number;
  /**
   * Go through the rows block by block, in order.
   * @param use Gets the block's columns, which hold until the next block, and its first row.
   */
  each(use: (columns: readonly Float64Array[], from: number) => void): void;
}

/** A design of columns that are there as a whole. */
export function columnsDesign(columns: readonly Float64Array[], rows: number): Design {
  return {
    rows,
    width: columns.length,
    block: Math.min(rows, BLOCK),
    each(use) {
      for (let from = 0; from < rows; from += BLOCK) {
        const to = Math.min(from + BLOCK, rows);
        use(to - from === rows ? columns : columns.map((c) => c.subarray(from, to)), from);
      }
    },
  };
}

/**
 * A design of encoded rows; blocks are encoded when they are asked for, a single one once.
 * @param values One Float64Array a parent.
 * @param rows Which rows of `values`.
 */
export function encodedDesign(
  encoding: Encoding,
  values: readonly Float64Array[],
  rows: Int32Array,
): Design {
  const block = Math.min(rows.length, BLOCK);
  const width = encodedWidth(encoding);
  const whole = Array.from({ length: width }, () => scratchDoubles(block));
  let made = -1;
  return {
    rows: rows.length,
    width,
    block,
    each(use) {
      for (let from = 0; from < rows.length; from += block) {
        const size = Math.min(block, rows.length - from);
        const columns = size === block ? whole : whole.map((c) => c.subarray(0, size));
        if (made !== from) encodeInto(columns, encoding, values, rows, from);
        made = from;
        use(columns, from);
      }
    },
  };
}
