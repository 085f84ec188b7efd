import { takeRows } from '../data/table.js';
import { randomInteger } from '../math/random.js';
import type { Generator } from './generator.js';

/**
 * Draw real rows with replacement: the control that tells whether any gain is only "more rows".
 * Missing cells are repeated as they are.
 */
export function bootstrap(): Generator {
  return {
    name: 'bootstrap',
    fit: async (table) => ({
      sample(size, { random }) {
        const rows = Int32Array.from({ length: size }, () => randomInteger(random, table.rows));
        return takeRows(table, rows);
      },
    }),
  };
}
