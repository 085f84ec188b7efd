import { describe, expect, it } from 'vitest';
import { fitPreprocessor, transformMatrix } from '../../src/tfm/preprocess.js';

const matrix = (...rows: (readonly number[])[]): Float64Array => Float64Array.from(rows.flat());

describe('fitPreprocessor()', () => {
  it('fills with means, drops constant columns and gives finite float32', () => {
    const train = matrix(
      [1, 5, Number.NaN, 7, 1e39],
      [Number.NaN, 5, Number.NaN, Number.NaN, -2e39],
      [3, 5, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY],
    );
    const fitted = fitPreprocessor(train, 5);
    // The third holds nothing, the fourth one number: its mean fills the rest.
    expect(fitted.kept).toEqual([0, 4]);
    expect([...transformMatrix(fitted, train)]).toEqual([1, 0, 2, 0, 3, 0]);
    const rows = matrix([Number.NaN, 9, 9, 9, 1], [8, 9, 9, 9, Number.NaN]);
    expect([...transformMatrix(fitted, rows)]).toEqual([2, 1, 8, 0]);
  });

  it('keeps what float32 cannot tell apart, as the reference does', () => {
    expect(fitPreprocessor(matrix([1e9 + 1, 0.1], [1e9 + 2, 0.1]), 2).kept).toEqual([0]);
  });
});
