import { describe, expect, it } from 'vitest';
import { fromRecords } from '../../src/data/records.js';
import { withTarget } from '../../src/data/table.js';
import { evaluateRegressor, mae, rmse, rSquared } from '../../src/evaluation/regression.js';

const truth = Float64Array.of(1, 2, 3, 6);
const predicted = Float64Array.of(2, 2, 2, 4);

describe('rmse(), mae() and rSquared()', () => {
  it('have known answers', () => {
    expect(rmse(truth, predicted)).toBeCloseTo(Math.sqrt(6 / 4), 14);
    expect(mae(truth, predicted)).toBe(1);
    expect(rSquared(truth, predicted)).toBeCloseTo(1 - 6 / 14, 14);
    expect(rSquared(truth, Float64Array.of(3, 3, 3, 3))).toBeCloseTo(0, 14);
    expect(rSquared(Float64Array.of(1, 1), Float64Array.of(1, 2))).toBeNaN();
  });

  it('refuse lists that do not fit', () => {
    expect(() => rmse(truth, Float64Array.of(1))).toThrow('4 rows and 1 predictions');
    expect(() => mae(new Float64Array(), new Float64Array())).toThrow('there are 0 rows');
  });
});

describe('evaluateRegressor()', () => {
  const rows = fromRecords([{ y: 1 }, { y: 2 }, { y: 3 }, { y: 6 }], {
    target: 'y',
    types: { y: 'numeric' },
  });
  const model = { predict: async () => predicted };

  it('scores predictions in the units of the target', async () => {
    expect(await evaluateRegressor(model, rows)).toEqual({
      rmse: rmse(truth, predicted),
      mae: 1,
      rSquared: rSquared(truth, predicted),
    });
    const named = { ...model, target: 'y' };
    expect((await evaluateRegressor(named, withTarget(rows, undefined))).mae).toBe(1);
  });

  it('refuses a target that is absent, categorical or missing', async () => {
    await expect(evaluateRegressor(model, withTarget(rows, undefined))).rejects.toThrow(
      'names none',
    );
    const words = fromRecords([{ y: 'a' }], { target: 'y' });
    await expect(evaluateRegressor(model, words)).rejects.toThrow(
      '"y" is categorical; use evaluate',
    );
    const gap = fromRecords([{ y: 0.5 }, { y: null }], { target: 'y' });
    await expect(evaluateRegressor(model, gap)).rejects.toThrow('missing in row 2');
  });
});
