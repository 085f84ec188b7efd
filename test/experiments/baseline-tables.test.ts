import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CategoricalColumn, isNumeric } from '../../src/data/table.js';
import {
  foldOf,
  readBaselineScores,
  readBaselineTables,
} from '../../src/experiments/baseline-tables.js';

const data = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

describe.skipIf(!existsSync(data))('readBaselineTables() (needs ../shared/data)', () => {
  it('reads every table with the rows, features and classes that were scored', async () => {
    const tables = await readBaselineTables(data);
    const scores = await readBaselineScores(data);
    expect(tables.map((t) => t.name).sort()).toEqual(Object.keys(scores).sort());
    for (const { name, table, fold, folds } of tables) {
      expect(fold).toHaveLength(table.rows);
      expect(folds).toBe(5);
      const target = table.columns.find((c) => c.name === table.target) as CategoricalColumn;
      expect(target.codes.every((code) => code >= 0 && code < target.categories.length)).toBe(true);
      expect(new Set(target.codes).size, name).toBe(target.categories.length);
    }
  });

  it('reads numbers as numbers and categories as categories', async () => {
    const [churn, car] = await readBaselineTables(data, ['churn', 'car']);
    const types = (t: typeof churn): string =>
      t.table.columns.map((c) => (isNumeric(c) ? 'n' : 'c')).join('');
    expect(types(car)).toBe('ccccccc');
    expect(
      types(churn)
        .split('')
        .filter((c) => c === 'c').length,
    ).toBe(5);
    expect(churn.table.rows).toBe(1000);
  });

  it('parts a table into context and query by its folds', async () => {
    const [iris] = await readBaselineTables(data, ['iris']);
    const { context, query } = foldOf(iris, 2);
    expect([context.rows, query.rows]).toEqual([120, 30]);
  });

  it('has the scores of four classifiers', async () => {
    const { iris } = await readBaselineScores(data);
    expect(Object.keys(iris)).toEqual(['logistic', 'forest', 'boosting', 'knn']);
    expect(iris.logistic.rocAuc).toBeGreaterThan(0.99);
  });

  it('names the tables there are where one is asked for that is not', async () => {
    await expect(readBaselineTables(data, ['nowhere'])).rejects.toThrow(
      'current value is "nowhere"',
    );
  });
});
