// Sharp rules III: one or two rare classes, each where a few sharp conditions meet (an illness shown by
// two laboratory values, a customer of one tariff who calls much and leaves), with few mistakes inside
// and almost none outside.

import { type Random, randomInteger } from '../../../math/random.js';
import { quantiles } from '../column-math.js';
import { between, distinct, integerBetween, pick } from '../draws.js';
import { roots } from '../roots.js';
import { levelColumns } from '../rule-columns.js';
import type { Prior } from '../synthetic-table.js';
import { type Condition, levelIn } from './rule-list.js';

/** Draw a table of one common class and rare ones that sharp conditions decide. */
export const rareClass: Prior = (random, { rows, features, classes }) => {
  const share = random() < 0.4 ? 0 : between(random, 0.05, 0.7);
  // Without a number there is no bound that makes a class rare.
  const levels = Array.from({ length: features }, (_, j) => j > 0 && random() < share);
  const coded = levelColumns(random, rows, features);
  const numbers = roots(random, rows, features);
  const columns = levels.map((isLevel, j) => (isLevel ? coded[j].codes : numbers[j]));
  const labels = new Int32Array(rows);
  const inside = random() < 0.6 ? 0 : between(random, 0, 0.25);
  const outside = random() < 0.6 ? 0 : between(random, 0, 0.03);
  const rare = Math.min(classes - 1, random() < 0.8 ? 1 : 2);
  // Ways that draw on few columns share some: a tariff matters to both of two kinds of callers.
  const few = random() < 0.5 ? features : Math.min(features, integerBetween(random, 3, 6));
  const pool = distinct(random, features, few);
  if (pool.every((j) => levels[j])) pool.push(0);
  const conditions: Conditions = {
    level: (j) => levelIn(random, columns[j], coded[j].count),
    number: (j, share) => beyond(random, columns[j], share),
    levels: pool.filter((j) => levels[j]),
    numbers: pool.filter((j) => !levels[j]),
  };
  for (let c = 1; c <= rare; c++) {
    // A rare class may come about in up to four ways.
    const ways = integerBetween(random, 1, 4);
    for (let w = 0; w < ways; w++) {
      const region = nearest(random, conditions, rows, between(random, 0.02, 0.2) / ways);
      for (let i = 0; i < rows; i++) if (region[i]) labels[i] = c;
    }
  }
  for (let i = 0; i < rows; i++) {
    if (labels[i] > 0 && random() < inside) labels[i] = 0;
    else if (labels[i] === 0 && random() < outside) labels[i] = 1 + randomInteger(random, rare);
  }
  return { columns, labels, levels, sharp: true };
};

/** What conditions may be made of. */
interface Conditions {
  readonly level: (column: number) => Condition;
  /** One that about a share of the rows fulfils. */
  readonly number: (column: number, share: number) => Condition;
  /** Columns of levels, and of numbers. */
  readonly levels: readonly number[];
  readonly numbers: readonly number[];
}

/** Rows of a corner: of three the one nearest to a share, as few values or levels leave no choice of it. */
function nearest(random: Random, conditions: Conditions, rows: number, share: number): Uint8Array {
  const regions = Array.from({ length: 3 }, () => {
    const holds = corner(random, conditions, rows, share);
    const region = Uint8Array.from({ length: rows }, (_, i) => (holds(i) ? 1 : 0));
    return { region, apart: Math.abs(region.reduce((a, b) => a + b, 0) / rows - share) };
  });
  return regions.reduce((best, each) => (each.apart < best.apart ? each : best)).region;
}

/** One to three conditions that about a share of the rows fulfils: the bounds of numbers see to that. */
function corner(
  random: Random,
  { level, number, levels, numbers }: Conditions,
  rows: number,
  share: number,
): Condition {
  const all = [...levels, ...numbers];
  const count = Math.min(all.length, integerBetween(random, 1, 3));
  const chosen = distinct(random, all.length, count).map((at) => all[at]);
  const conditions = chosen.filter((j) => levels.includes(j)).map(level);
  const bounded = chosen.filter((j) => !levels.includes(j));
  if (bounded.length === 0) bounded.push(pick(random, numbers));
  let left = 0;
  for (let i = 0; i < rows; i++) if (conditions.every((holds) => holds(i))) left += 1 / rows;
  const each = Math.min(1, share / left) ** (1 / bounded.length);
  for (const j of bounded) conditions.push(number(j, each));
  return (row) => conditions.every((holds) => holds(row));
}

/** Rows above a bound, or below one: with those at it or without, whichever is nearer to the share. */
function beyond(random: Random, column: Float64Array, share: number): Condition {
  const side = random() < 0.5 ? 1 : -1;
  const [bound] = quantiles(column, [side > 0 ? 1 - share : share]);
  const rows = column.length;
  const beyondIt = column.filter((value) => side * (value - bound) > 0).length / rows;
  const atIt = column.filter((value) => value === bound).length / rows;
  const strict = beyondIt > 0 && Math.abs(beyondIt - share) < Math.abs(beyondIt + atIt - share);
  return (row) => {
    const distance = side * (column[row] - bound);
    return strict ? distance > 0 : distance >= 0;
  };
}
