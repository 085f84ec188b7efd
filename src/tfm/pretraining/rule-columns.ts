// Columns that sharp rules are made of: levels in a full or uneven design, and measured numbers.

import { randomChoice } from '../../math/draws.js';
import type { Random } from '../../math/random.js';
import { pieces, quantiles, standardize } from './column-math.js';
import { between, dirichlet, integerBetween, normals } from './draws.js';
import { roots } from './roots.js';

/** A column of levels 0 … count − 1. */
export interface LevelColumn {
  readonly codes: Float64Array;
  readonly count: number;
}

/**
 * Draw columns of 2 to 8 levels, mostly 3 to 5: evenly and independently filled as in a designed
 * table, with uneven shares, or cut from columns that hang together.
 */
export function levelColumns(random: Random, rows: number, count: number): LevelColumn[] {
  const design = random();
  const linked = design < 0.3 ? roots(random, rows, count) : undefined;
  const concentration = design < 0.6 ? 100 : between(random, 0.7, 4);
  return Array.from({ length: count }, (_, j) => {
    const levels =
      random() < 0.2 ? 2 : Math.min(integerBetween(random, 3, 8), integerBetween(random, 3, 8));
    const shares = dirichlet(random, levels, concentration);
    if (!linked) {
      const codes = Float64Array.from({ length: rows }, () => randomChoice(random, shares));
      return { codes, count: levels };
    }
    // A little jitter parts the ties of columns that have steps already.
    const column = standardize(linked[j]);
    const jitter = normals(random, rows);
    for (let i = 0; i < rows; i++) column[i] += 0.1 * jitter[i];
    let sum = 0;
    const bounds = quantiles(
      column,
      shares.subarray(0, levels - 1).map((s) => (sum += s)),
    );
    return { codes: Float64Array.from(pieces(column, bounds)), count: levels };
  });
}
