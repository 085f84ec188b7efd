import { describe, expect, it } from 'vitest';
import { type CategoricalColumn, isNumeric } from '../../../src/data/table.js';
import { syntheticTable } from '../../../src/tfm/pretraining/synthetic-rows.js';

describe('syntheticTable()', () => {
  it('gives a typed table with its target, the same for the same seed', () => {
    const drawn = syntheticTable({ seed: 3, rows: 80, features: 4 });
    expect(drawn.rows).toBe(80);
    expect(drawn.columns.map((c) => c.name)).toEqual(['x1', 'x2', 'x3', 'x4', 'class']);
    expect(drawn.target).toBe('class');
    expect(drawn).toEqual(syntheticTable({ seed: 3, rows: 80, features: 4 }));
    expect(drawn).not.toEqual(syntheticTable({ seed: 4, rows: 80, features: 4 }));
  });

  it('draws of one prior where it is named: look-up tables have categories only', () => {
    for (let seed = 0; seed < 10; seed++) {
      const drawn = syntheticTable({ seed, prior: 'lookUpTable', features: 5 });
      expect(drawn.columns.some(isNumeric)).toBe(false);
      const classes = (drawn.columns[5] as CategoricalColumn).categories;
      expect(classes[0]).toBe('A');
      expect(classes.length).toBeGreaterThan(1);
    }
  });

  it('refuses sizes that no table has', () => {
    expect(() => syntheticTable({ seed: 1, rows: 3 })).toThrow(
      'rows must be an integer >= 40: current value is 3',
    );
  });
});
