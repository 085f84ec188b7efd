import { describe, expect, it } from 'vitest';
import type { Table } from '../../src/data/table.js';
import { mostThreads } from '../../src/scm/fit-pairs.js';
import { type Frame, frame } from '../../src/scm/frame.js';

const names = Array.from({ length: 12 }, (_, j) => `c${j}`);
const pairs = names.slice(2).map((node, j) => ({ node, parents: [names[j], names[j + 1]] }));

/** 8 columns of numbers and 4 of 3 categories, as a frame sees them; the values matter to no limit. */
function frameOf(rows: number): Frame {
  const table: Table = {
    kind: 'table',
    rows,
    columns: names.map((name, j) =>
      j % 3 === 2
        ? {
            name,
            type: 'categorical',
            categories: ['a', 'b', 'c'],
            codes: new Int32Array(rows).map((_, i) => i % 3),
          }
        : { name, type: 'numeric', values: new Float64Array(rows) },
    ),
  };
  return frame(table);
}

describe('mostThreads()', () => {
  it('leaves a small table all of four threads', () => {
    expect(mostThreads(frameOf(1000), pairs)).toBeGreaterThanOrEqual(4);
    expect(mostThreads(frameOf(2000), pairs)).toBeGreaterThanOrEqual(4);
  });

  it('leaves a table of some ten thousand rows two threads', () => {
    for (const rows of [10_000, 20_000, 30_000]) {
      expect(mostThreads(frameOf(rows), pairs)).toBeGreaterThanOrEqual(2);
    }
  });

  it('leaves a large table at least one thread, and not many', () => {
    for (const rows of [50_000, 100_000, 300_000]) {
      const threads = mostThreads(frameOf(rows), pairs);
      expect(threads).toBeGreaterThanOrEqual(1);
      expect(threads).toBeLessThan(4);
    }
  });

  it('gives fewer threads where models have more classes', () => {
    const few = frameOf(300_000);
    const many: Frame = {
      ...few,
      columns: few.columns.map((c) => (c.categories ? { ...c, distinct: 40 } : c)),
    };
    expect(mostThreads(many, pairs)).toBeLessThan(mostThreads(few, pairs));
  });
});
