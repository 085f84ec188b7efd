import { describe, expect, it } from 'vitest';
import { folds, split } from '../../src/data/split.js';
import {
  type CategoricalColumn,
  column,
  type Table,
  table,
  takeRows,
} from '../../src/data/table.js';

/** A table whose class k occurs counts[k] times, in a scattered order, with a row number. */
function classes(...counts: number[]): Table {
  const codes = counts.flatMap((count, k) => new Array<number>(count).fill(k));
  const rows = codes.length;
  const scattered = codes.map((_, i) => codes[(i * 7919) % rows]);
  return table(
    [
      { name: 'id', type: 'integer', values: Float64Array.from({ length: rows }, (_, i) => i) },
      {
        name: 'y',
        type: 'categorical',
        categories: counts.map((_, k) => `c${k}`),
        codes: Int32Array.from(scattered),
      },
    ],
    { target: 'y' },
  );
}

function counts(t: Table): number[] {
  const { categories, codes } = column(t, 'y') as CategoricalColumn;
  return categories.map((_, k) => codes.filter((c) => c === k).length);
}

function ids(t: Table): number[] {
  return [...(column(t, 'id') as { values: Float64Array }).values];
}

describe('split()', () => {
  it('deals every row to exactly one part, in the shares asked for', () => {
    const t = classes(100, 60, 40);
    const { train, validation, test } = split(t, { seed: 1 });
    expect([train.rows, validation.rows, test.rows]).toEqual([120, 30, 50]);
    expect([...ids(train), ...ids(validation), ...ids(test)].sort((a, b) => a - b)).toEqual(ids(t));
    expect(ids(test)).toEqual([...ids(test)].sort((a, b) => a - b));
    expect(test.target).toBe('y');
  });

  it('gives each part its share of each class', () => {
    const { train, validation, test } = split(classes(100, 60, 40), { seed: 1 });
    expect(counts(test)).toEqual([25, 15, 10]);
    expect(counts(validation)).toEqual([15, 9, 6]);
    expect(counts(train)).toEqual([60, 36, 24]);
  });

  it('repeats with the same seed and differs with another', () => {
    const t = classes(50, 50);
    expect(split(t, { seed: 3 })).toEqual(split(t, { seed: 3 }));
    expect(ids(split(t, { seed: 3 }).test)).not.toEqual(ids(split(t, { seed: 4 }).test));
  });

  it('puts every row into the test part equally often', () => {
    const t = classes(12, 8);
    const often = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const id of ids(split(t, { seed }).test)) often[id]++;
    }
    // 500 expected of 2,000; the standard error is 19.
    for (const n of often) expect(Math.abs(n - 500)).toBeLessThan(90);
  });

  it('has a row of each class of three in every part, and trains on rarer ones', () => {
    for (let seed = 0; seed < 20; seed++) {
      const parts = split(classes(90, 3, 2, 1), { seed });
      expect(counts(parts.test).slice(1)).toEqual([1, 1, 0]);
      expect(counts(parts.validation).slice(1)).toEqual([1, 0, 0]);
      expect(counts(parts.train).slice(1)).toEqual([1, 1, 1]);
      expect(parts.test.rows).toBe(24);
    }
  });

  it('keeps the sizes asked for when there are more classes than seats', () => {
    const parts = split(classes(...new Array<number>(30).fill(3)), { seed: 1, test: 0.1 });
    expect(parts.test.rows).toBe(9);
    expect(parts.validation.rows).toBe(16);
    const singles = split(classes(...new Array<number>(40).fill(1)), { seed: 1 });
    expect([singles.train.rows, singles.validation.rows, singles.test.rows]).toEqual([24, 6, 10]);
  });

  it('splits plainly without a categorical target, and with missing ones', () => {
    const t = classes(20, 20);
    const plain = split({ ...t, target: 'id' }, { seed: 1 });
    expect(plain.test.rows).toBe(10);
    const y = column(t, 'y') as CategoricalColumn;
    const gaps = { ...y, codes: y.codes.map((c, i) => (i < 8 ? -1 : c)) };
    const some = split({ ...t, columns: [t.columns[0], gaps] }, { seed: 1 });
    const missing = (column(some.test, 'y') as CategoricalColumn).codes.filter((c) => c < 0);
    expect(missing).toHaveLength(2);
  });

  it('can leave a part empty but never the training part', () => {
    const t = classes(5, 5);
    expect(split(t, { seed: 1, test: 0 }).test.rows).toBe(0);
    expect(split(t, { seed: 1, validation: 0 }).train.rows).toBe(7);
    expect(() => split(t, { seed: 1, test: 1 })).toThrow('test must be a share in [0, 1)');
    expect(() => split(t, { seed: 1, validation: -0.1 })).toThrow('current value is -0.1');
    expect(() => split(takeRows(t, []), { seed: 1 })).toThrow('at least one row must be left');
    expect(() => split(t, { seed: 0.5 })).toThrow('seed must be an integer');
  });
});

describe('folds()', () => {
  it('tests each row once and trains on the others', () => {
    const t = classes(23, 14);
    const all = folds(t, { seed: 2, folds: 5 });
    expect(all.flatMap((f) => [...f.test]).sort((a, b) => a - b)).toEqual(ids(t));
    for (const { train, test } of all) {
      expect([...train, ...test].sort((a, b) => a - b)).toEqual(ids(t));
      expect([...test]).toEqual([...test].sort((a, b) => a - b));
    }
  });

  it('spreads classes and rows evenly, rare classes too', () => {
    const t = classes(101, 37, 6, 1);
    const tests = folds(t, { seed: 2 }).map((f) => takeRows(t, f.test));
    const spread = (values: number[]) => Math.max(...values) - Math.min(...values);
    expect(spread(tests.map((f) => f.rows))).toBeLessThanOrEqual(1);
    for (const k of [0, 1, 2, 3]) {
      expect(spread(tests.map((f) => counts(f)[k]))).toBeLessThanOrEqual(1);
    }
  });

  it('repeats with the same seed and differs with another', () => {
    const t = classes(30, 30);
    expect(folds(t, { seed: 5 })).toEqual(folds(t, { seed: 5 }));
    expect(folds(t, { seed: 5 })).not.toEqual(folds(t, { seed: 6 }));
  });

  it('puts every pair of rows into one fold equally often', () => {
    const t = { ...classes(8), target: 'id' };
    let together = 0;
    for (let seed = 0; seed < 2000; seed++) {
      together += folds(t, { seed, folds: 4 }).filter(
        ({ test }) => test.includes(0) && test.includes(1),
      ).length;
    }
    // Probability 1/7; the standard error is 0.008.
    expect(Math.abs(together / 2000 - 1 / 7)).toBeLessThan(0.032);
  });

  it('refuses a number of folds that does not fit', () => {
    expect(() => folds(classes(3, 3), { seed: 1 })).toThrow(
      'the number of rows, 6: current value is 10',
    );
    expect(() => folds(classes(3, 3), { seed: 1, folds: 1 })).toThrow('current value is 1');
  });
});
