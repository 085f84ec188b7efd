// Sharp rules I: labels read off noise-free look-up tables over columns of a few levels. Two or three
// columns make a concept of a few levels, concepts make further ones, the last has a level a class:
// as a buyer's guide rates a car by price and comfort, and price by purchase and upkeep.

import { type Random, randomInteger } from '../../../math/random.js';
import { pieces, quantiles } from '../column-math.js';
import { distinct, integerBetween, normals } from '../draws.js';
import { type LevelColumn, levelColumns } from '../rule-columns.js';
import type { Prior } from '../synthetic-table.js';

/** Draw a table whose classes are read off nested look-up tables, without noise. */
export const lookUpTable: Prior = (random, { rows, features, classes }) => {
  const columns = levelColumns(random, rows, features);
  const relevant = distinct(random, features, Math.min(features, integerBetween(random, 1, 6)));
  let parts = relevant.map((j) => columns[j]);
  while (parts.length > 3) {
    const joined = parts.slice(0, integerBetween(random, 2, 3));
    parts = [...parts.slice(joined.length), combine(random, joined, integerBetween(random, 2, 5))];
  }
  const { codes } = combine(random, parts, classes);
  return {
    columns: columns.map((c) => c.codes),
    labels: Int32Array.from(codes),
    levels: columns.map(() => true),
    sharp: true,
  };
};

/** One concept: a table over the levels of its parts, its entries among `count` levels. */
function combine(random: Random, parts: readonly LevelColumn[], count: number): LevelColumn {
  const entries = tableEntries(random, parts, count);
  const codes = new Float64Array(parts[0].codes.length);
  for (let i = 0; i < codes.length; i++) {
    let cell = 0;
    for (const part of parts) cell = cell * part.count + part.codes[i];
    codes[i] = entries[cell];
  }
  return { codes, count };
}

/** Entries at random, by summed merits of the levels, or by the worst part. */
function tableEntries(random: Random, parts: readonly LevelColumn[], count: number): Int32Array {
  const cells = parts.reduce((product, part) => product * part.count, 1);
  const way = random();
  if (way < 0.25) return Int32Array.from({ length: cells }, () => randomInteger(random, count));
  const merits = parts.map((part) => normals(random, part.count));
  const score = new Float64Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    let rest = cell;
    let [sum, worst] = [0, Number.POSITIVE_INFINITY];
    for (let k = parts.length - 1; k >= 0; k--) {
      const merit = merits[k][rest % parts[k].count];
      rest = Math.floor(rest / parts[k].count);
      sum += merit;
      worst = Math.min(worst, merit);
    }
    score[cell] = way < 0.7 ? sum : worst;
  }
  const bounds = Float64Array.from({ length: count - 1 }, random).sort();
  return pieces(score, quantiles(score, bounds));
}
