import type { Column, Table } from '../../src/data/table.js';
import { randomNormal } from '../../src/math/draws.js';
import { type Random, stream } from '../../src/math/random.js';

/** Silence for long work. */
export const quiet = { onProgress: () => {} };

export function numeric(name: string, values: ArrayLike<number>): Column {
  return { name, type: 'numeric', values: Float64Array.from(values) };
}

export function integer(name: string, values: ArrayLike<number>): Column {
  return { name, type: 'integer', values: Float64Array.from(values) };
}

export function categorical(
  name: string,
  categories: readonly string[],
  codes: ArrayLike<number>,
): Column {
  return { name, type: 'categorical', categories, codes: Int32Array.from(codes) };
}

export function tableOf(columns: readonly Column[], target?: string): Table {
  const first = columns[0];
  const rows = 'values' in first ? first.values.length : first.codes.length;
  return { kind: 'table', rows, columns, ...(target ? { target } : {}) };
}

/** Values of a numeric column, codes of another one. */
export function valuesOf(table: Table, name: string): Float64Array {
  const column = table.columns.find((c) => c.name === name);
  if (!column) throw new Error(`no column ${name}`);
  return 'values' in column ? column.values : Float64Array.from(column.codes);
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

export function covariance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ma = mean(a);
  const mb = mean(b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - ma) * (b[i] - mb);
  return sum / a.length;
}

/**
 * Linear and Gaussian, unit noise:   a ── 0.8 ──▶ b ── −0.5 ──▶ c,   a ── 1.2 ──▶ c;   means 1, 2, 0
 */
export function linearTable(rows: number, seed: number): Table {
  const random: Random = stream(seed, 'linear-table');
  const a = new Float64Array(rows);
  const b = new Float64Array(rows);
  const c = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    a[i] = 1 + randomNormal(random);
    b[i] = 2 + 0.8 * (a[i] - 1) + randomNormal(random);
    c[i] = -0.5 * (b[i] - 2) + 1.2 * (a[i] - 1) + randomNormal(random);
  }
  return tableOf([numeric('a', a), numeric('b', b), numeric('c', c)]);
}

/**
 * Mixed, with missing cells:   size ──▶ colour ──▶ price ◀── count,   size ──▶ count
 */
export function mixedTable(rows: number, seed: number, missing = 0.05): Table {
  const random = stream(seed, 'mixed-table');
  const hole = (v: number, nothing: number): number => (random() < missing ? nothing : v);
  const size: number[] = [];
  const colour: number[] = [];
  const count: number[] = [];
  const price: number[] = [];
  for (let i = 0; i < rows; i++) {
    const s = randomNormal(random);
    const k = Math.min(2, Math.max(0, Math.floor(1.5 + s + 0.7 * randomNormal(random))));
    const n = Math.max(0, Math.round(4 + s + randomNormal(random)));
    size.push(hole(s, Number.NaN));
    colour.push(hole(k, -1));
    count.push(hole(n, Number.NaN));
    price.push([1, 5, 2][k] + 0.5 * n + 0.5 * randomNormal(random));
  }
  return tableOf(
    [
      numeric('size', size),
      categorical('colour', ['red', 'green', 'blue'], colour),
      integer('count', count),
      numeric('price', price),
    ],
    'colour',
  );
}

export const mixedEdges = 'size -> colour -> price; count -> price; size -> count';
