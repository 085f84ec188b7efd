import { describe, expect, it } from 'vitest';
import type { Table } from '../../src/data/table.js';
import { dag } from '../../src/discovery/dag.js';
import { ARROW, type Dag, TAIL } from '../../src/discovery/graph.js';
import { type FitScmOptions, fitScm, sampleScm } from '../../src/scm/scm.js';
import {
  categorical,
  linearTable,
  mixedEdges,
  mixedTable,
  numeric,
  quiet,
  tableOf,
} from './tables.js';

const linear = linearTable(100, 1);
const chain = dag(linear, 'a -> b -> c');

function refused(table: Table, graph: Dag, options: Partial<FitScmOptions> = {}) {
  return expect(fitScm(table, graph, { seed: 1, ...quiet, ...options })).rejects;
}

describe('fitScm() refuses, with a way out,', () => {
  it('a graph with a cycle, and names it', async () => {
    const marks = Int8Array.from(chain.marks);
    // c → a closes a → b → c → a.
    marks[2 * 3 + 0] = TAIL;
    marks[0 * 3 + 2] = ARROW;
    await refused(linear, { ...chain, marks }).toThrow(/a → b → c → a|b → c → a → b|c → a → b → c/);
  });

  it('nodes that the table lacks', async () => {
    await refused(linear, dag(['a', 'b', 'c', 'd'], 'a -> d')).toThrow(
      'Cannot fit the SCM as every node of the DAG must be a column: "d" is none of the table\'s; rename or remove it',
    );
  });

  it('columns that the graph lacks', async () => {
    await refused(linear, dag(['a', 'b'], 'a -> b')).toThrow(
      '"c" is not; add it to the DAG or drop it from the table',
    );
  });

  it('a column with parents that is constant', async () => {
    const table = tableOf([
      ...linear.columns.slice(0, 2),
      numeric('c', new Float64Array(100).fill(4)),
    ]);
    await refused(table, chain).toThrow(
      'a column with parents must vary: "c" has one value; remove the edges into it, or drop it',
    );
    // As a root, or without edges, it is as good as any.
    const scm = await fitScm(table, dag(table, 'c -> b'), { seed: 1, ...quiet });
    expect(sampleScm(scm, 10, { seed: 1 }).rows).toBe(10);
  });

  it('a column with parents that has one class', async () => {
    const one = categorical('c', ['x', 'y'], new Int32Array(100));
    await refused(tableOf([...linear.columns.slice(0, 2), one]), chain).toThrow(
      '"c" has one class',
    );
    const scm = await fitScm(tableOf([...linear.columns.slice(0, 2), one]), chain, {
      seed: 1,
      constants: 'keep',
      ...quiet,
    });
    expect(sampleScm(scm, 10, { seed: 1 }).columns[2]).toMatchObject({ name: 'c' });
    expect(scm.nodes[2].mechanism.mechanism).toBe('empirical');
  });

  it('a column that is missing throughout', async () => {
    const empty = numeric('c', new Float64Array(100).fill(Number.NaN));
    await refused(tableOf([...linear.columns.slice(0, 2), empty]), chain).toThrow(
      'every column must have a known cell: "c" is missing in all 100 rows',
    );
  });

  it('infinite values, with the row', async () => {
    const { columns } = linear;
    const values = Float64Array.from('values' in columns[2] ? columns[2].values : []);
    values[7] = Number.POSITIVE_INFINITY;
    await refused(tableOf([...columns.slice(0, 2), numeric('c', values)]), chain).toThrow(
      'values must be finite: "c" is Infinity in row 8',
    );
  });

  it('more than 255 categories in a column with edges', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `k${i}`);
    const many = categorical(
      'c',
      names,
      Int32Array.from({ length: 100 }, (_, i) => i * 3),
    );
    const table = tableOf([...linear.columns.slice(0, 2), many]);
    await refused(table, dag(table, 'a -> c')).toThrow('at most 255 categories: "c" has 300');
    await refused(table, dag(table, 'c -> a')).toThrow('at most 255 categories: "c" has 300');
    const scm = await fitScm(table, dag(table, 'a -> b'), { seed: 1, ...quiet });
    expect(sampleScm(scm, 10, { seed: 1 }).rows).toBe(10);
  });

  it('a table without rows, no DAG at all, and options out of range', async () => {
    const none = tableOf([numeric('a', []), numeric('b', []), numeric('c', [])]);
    await refused(none, chain).toThrow('the table must have rows');
    await expect(fitScm(linear, [], { seed: 1, ...quiet })).rejects.toThrow('it needs a DAG');
    await refused(linear, chain, { seed: 1.5 }).toThrow(
      'seed must be an integer: current value is 1.5',
    );
    await refused(linear, chain, { folds: 1 }).toThrow('folds must be an integer from 2 to 250');
    await refused(linear, chain, { workers: 0 }).toThrow('number must be a positive integer');
    await refused(linear, chain, { maxParents: -1 }).toThrow('current value is -1');
    await refused(linear, chain, { quality: 'best' as 'good' }).toThrow('fast, good, better');
    await refused(linear, chain, { links: { z: 'exp' } }).toThrow('"z"');
    await refused(linear, chain, { family: 'svm' as 'linear' }).toThrow('"svm"');
  });
});

describe('sampleScm() refuses', () => {
  it('sizes that are no positive integers', async () => {
    const scm = await fitScm(linear, chain, { seed: 1, quality: 'fast', ...quiet });
    for (const size of [0, -1, 2.5, Number.NaN]) {
      expect(() => sampleScm(scm, size, { seed: 1 })).toThrow(
        `size must be an integer of at least 1: current value is ${size}`,
      );
    }
  });

  it('a graph that was edited after fitting', async () => {
    const table = mixedTable(100, 1);
    const scm = await fitScm(table, dag(table, mixedEdges), { seed: 1, quality: 'fast', ...quiet });
    const edited = {
      ...scm,
      models: [{ ...scm.models[0], dag: dag(table, 'size -> colour -> price; size -> count') }],
    };
    expect(() => sampleScm(edited, 10, { seed: 1 })).toThrow(
      '"price" now has the parents [colour], its mechanism [colour, count]; fit it again',
    );
  });
});
