import { type CategoricalColumn, column, isNumeric, type Table } from './table.js';

/**
 * Return the target column of a classification table, checked.
 * @throws RangeError where the table has no target, it is not categorical, a row lacks it, or fewer
 *   than two classes occur.
 */
export function checkTarget(table: Table): CategoricalColumn {
  const { target } = table;
  if (target === undefined) {
    refuse(
      'the table must name a target: it names none; use withTarget(table, name), or the option `target` when reading',
    );
  }
  const found = column(table, target);
  if (isNumeric(found)) {
    refuse(
      `the target must be categorical: "${target}" is ${found.type}; read it with types { "${target}": 'categorical' } or use withTypes; to predict numbers use fitRegressor`,
    );
  }
  if (table.rows === 0) refuse('the table must have rows: it has none');
  const counts = new Int32Array(found.categories.length);
  let missing = 0;
  for (const code of found.codes) {
    if (code < 0) missing++;
    else counts[code]++;
  }
  if (missing === table.rows) {
    refuse(`the target must have values: "${target}" is missing in every row`);
  }
  if (missing > 0) {
    refuse(
      `every row must have a target: "${target}" is missing in ${missing} of ${table.rows} rows; use dropMissing(table, ["${target}"])`,
    );
  }
  const present = found.categories.filter((_, code) => counts[code] > 0);
  if (present.length < 2) {
    refuse(`at least two classes must occur: "${target}" is "${present[0]}" in every row`);
  }
  return found;
}

function refuse(requirement: string): never {
  throw new RangeError(`Cannot classify as ${requirement}`);
}
