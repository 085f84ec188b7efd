import { describe, expect, it } from 'vitest';
import { fromRecords } from '../../src/data/records.js';
import { type Table, withTarget } from '../../src/data/table.js';
import { evaluate, higherIsBetter, labelsOf } from '../../src/evaluation/evaluate.js';

const rows = fromRecords(
  [
    { x: 1, y: 'no' },
    { x: 2, y: 'yes' },
    { x: 3, y: 'yes' },
  ],
  { target: 'y' },
);

/** Predicts the same for every row. */
function constant(classes: string[], probabilities: number[]) {
  return {
    classes,
    predictProba: async (table: Table) =>
      Float64Array.from(new Array(table.rows).fill(probabilities).flat()),
  };
}

describe('evaluate()', () => {
  it('matches classes by name, whatever their order', async () => {
    const forward = await evaluate(constant(['no', 'yes'], [0.2, 0.8]), rows);
    const backward = await evaluate(constant(['yes', 'no'], [0.8, 0.2]), rows);
    expect(forward.accuracy).toBeCloseTo(2 / 3, 14);
    expect(forward.logLoss).toBeCloseTo(-(Math.log(0.2) + 2 * Math.log(0.8)) / 3, 14);
    expect(backward.logLoss).toBeCloseTo(forward.logLoss, 14);
    expect(backward.accuracy).toBeCloseTo(forward.accuracy, 14);
    expect(forward.rocAuc).toBe(0.5);
  });

  it('looks at the model’s own target where the table names none', async () => {
    const model = { ...constant(['no', 'yes'], [0.5, 0.5]), target: 'y' };
    expect((await evaluate(model, withTarget(rows, undefined))).logLoss).toBeCloseTo(Math.LN2, 14);
  });

  it('refuses rows without a class or with one the model does not know', async () => {
    const model = constant(['no', 'yes'], [0.5, 0.5]);
    const gap = fromRecords([{ y: 'no' }, { y: null }], { target: 'y' });
    await expect(evaluate(model, gap)).rejects.toThrow('missing in row 2; use dropMissing');
    const strange = fromRecords([{ y: 'no' }, { y: 'maybe' }], { target: 'y' });
    await expect(evaluate(model, strange)).rejects.toThrow('(no, yes): that of row 2 is "maybe"');
    await expect(evaluate(model, withTarget(rows, undefined))).rejects.toThrow('names none');
  });
});

describe('labelsOf()', () => {
  it('reads integer codes by their names', () => {
    const codes = fromRecords([{ y: 2 }, { y: 1 }], { types: { y: 'integer' }, target: 'y' });
    expect(labelsOf(codes, ['1', '2'])).toEqual(Int32Array.of(1, 0));
  });
});

describe('higherIsBetter()', () => {
  it('knows the direction of each metric', () => {
    expect(higherIsBetter('rocAuc')).toBe(true);
    expect(higherIsBetter('f1Minority')).toBe(true);
    expect(higherIsBetter('logLoss')).toBe(false);
    expect(higherIsBetter('calibrationError')).toBe(false);
  });
});
