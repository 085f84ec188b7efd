import type { Column, Table } from '../data/table.js';
import { concatRows, takeRows } from '../data/table.js';
import { permutation, type Random } from '../math/random.js';
import { checkRandom, checkTable } from '../scm/check-arguments.js';

/**
 * Put real and synthetic rows into one table, in random order.
 * @param real The real rows; their schema and target are kept.
 * @param synthetic Rows with the same columns, types and categories in the same order.
 * @throws TypeError where the two tables' columns differ.
 */
export function mixture(real: Table, synthetic: Table, options: { random: Random }): Table {
  checkTable('mix rows', real);
  checkTable('mix rows', synthetic);
  checkRandom('mix rows', options?.random);
  refuseOtherSchema(real.columns, synthetic.columns);
  const both = concatRows(real, synthetic);
  return takeRows(both, permutation(options.random, both.rows));
}

function refuseOtherSchema(real: readonly Column[], synthetic: readonly Column[]): void {
  const wanted = real.map(describe);
  const met = synthetic.map(describe);
  const at = wanted.findIndex((text, i) => text !== met[i]);
  if (at < 0 && wanted.length === met.length) return;
  const i = at < 0 ? wanted.length : at;
  throw new TypeError(
    `Cannot mix real and synthetic rows as their columns must be the same: column ${i + 1} is ${
      wanted[i] ?? 'absent'
    } in the real rows and ${met[i] ?? 'absent'} in the synthetic rows; generate the rows from the same table`,
  );
}

function describe(column: Column): string {
  const categories = 'categories' in column ? ` [${column.categories.join(', ')}]` : '';
  return `"${column.name}" (${column.type}${categories})`;
}
