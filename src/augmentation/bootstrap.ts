import { type Table, takeRows } from '../data/table.js';
import { type Random, randomInteger } from '../math/random.js';
import { checkCount, checkRandom, checkTable } from '../scm/check-arguments.js';
import type { Generator } from './generator.js';

/**
 * Draw real rows with replacement: the control that tells whether any gain is only "more rows".
 * Missing cells are repeated as they are.
 */
export function bootstrap(): Generator {
  return {
    name: 'bootstrap',
    fit: async (table) => {
      checkTable('draw real rows again', table);
      checkCount('draw real rows again', 'the number of rows', table.rows);
      return { sample: (size, draw) => again(table, size, draw?.random) };
    },
  };
}

function again(table: Table, size: number, random: Random): Table {
  checkCount('draw real rows again', 'size', size);
  checkRandom('draw real rows again', random);
  const rows = Int32Array.from({ length: size }, () => randomInteger(random, table.rows));
  return takeRows(table, rows);
}
