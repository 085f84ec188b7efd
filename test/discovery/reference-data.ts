import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { NumericColumn, Table } from '../../src/data/table.js';
import { ARROW, TAIL } from '../../src/discovery/graph.js';

// Reference data next to the repository, and tables simulated from known graphs.

export const shared: string = join(import.meta.dirname, '../../../shared');
export const references: string = join(shared, 'data/causal-learn');
export const hasReferences: boolean = existsSync(references);
export const networks: readonly string[] = [
  'asia',
  'cancer',
  'earthquake',
  'survey',
  'sachs',
  'child',
  'insurance',
  'alarm',
  'water',
  'barley',
  'hailfinder',
  'hepar2',
  'win95pts',
];

export function text(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** A table of numbers: names, then rows, separated by blanks, tabs or commas. */
export function numbers(path: string): Table {
  const [head, ...lines] = text(path).trim().split(/\r?\n/);
  const cut = (line: string): string[] => line.trim().split(/[\s,]+/);
  const columns: NumericColumn[] = cut(head).map((name) => ({
    name,
    type: 'numeric',
    values: new Float64Array(lines.length),
  }));
  for (const [i, line] of lines.entries()) {
    for (const [j, cell] of cut(line).entries()) columns[j].values[i] = Number(cell);
  }
  return { kind: 'table', rows: lines.length, columns };
}

/** A matrix of marks. */
export function marks(path: string): Int8Array {
  return Int8Array.from(text(path).trim().split(/\s+/), Number);
}

export function network(name: string): Table {
  return numbers(join(references, `bnlearn_discrete_10000/data/${name}.txt.gz`));
}

/** Number of cells that differ. */
export function differences(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

/** Marks of directed edges by number. */
export function arrows(p: number, pairs: readonly (readonly [number, number])[]): Int8Array {
  const out = new Int8Array(p * p);
  for (const [i, j] of pairs) {
    out[i * p + j] = TAIL;
    out[j * p + i] = ARROW;
  }
  return out;
}
