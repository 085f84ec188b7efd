// Sharp rules III: one or two rare classes, each where a few sharp conditions meet (an illness shown by
// two laboratory values, a customer who leaves), with few mistakes inside and almost none outside.

import { type Random, randomInteger } from '../../../math/random.js';
import { quantiles } from '../column-math.js';
import { between, distinct, integerBetween } from '../draws.js';
import { roots } from '../roots.js';
import type { Prior } from '../synthetic-table.js';

/** Draw a table of one common class and rare ones that sharp conditions decide. */
export const rareClass: Prior = (random, { rows, features, classes }) => {
  const columns = roots(random, rows, features);
  const labels = new Int32Array(rows);
  const inside = random() < 0.6 ? 0 : between(random, 0, 0.25);
  const outside = random() < 0.6 ? 0 : between(random, 0, 0.03);
  const rare = Math.min(classes - 1, random() < 0.8 ? 1 : 2);
  for (let c = 1; c <= rare; c++) {
    // A rare class may come about in up to three ways.
    const ways = integerBetween(random, 1, 3);
    for (let w = 0; w < ways; w++) {
      const region = corner(random, columns, between(random, 0.02, 0.2) / ways);
      for (let i = 0; i < rows; i++) if (region[i]) labels[i] = c;
    }
  }
  for (let i = 0; i < rows; i++) {
    if (labels[i] > 0 && random() < inside) labels[i] = 0;
    else if (labels[i] === 0 && random() < outside) labels[i] = 1 + randomInteger(random, rare);
  }
  return { columns, labels, levels: columns.map(() => false), sharp: true };
};

/** Rows beyond a bound in each of one to three columns; together about the wanted share of rows. */
function corner(random: Random, columns: readonly Float64Array[], share: number): Uint8Array {
  const chosen = distinct(
    random,
    columns.length,
    Math.min(columns.length, integerBetween(random, 1, 3)),
  );
  const rows = columns[0].length;
  const region = new Uint8Array(rows).fill(1);
  const each = share ** (1 / chosen.length);
  for (const j of chosen) {
    const above = random() < 0.5;
    const [bound] = quantiles(columns[j], [above ? 1 - each : each]);
    for (let i = 0; i < rows; i++) {
      if (above ? columns[j][i] < bound : columns[j][i] > bound) region[i] = 0;
    }
  }
  return region;
}
