import { describe, expect, it } from 'vitest';
import { features, ordinalMatrix, toMatrix } from '../../src/data/encode.js';
import { fromRecords } from '../../src/data/records.js';

const t = fromRecords(
  [
    { x: 1.5, town: 'Ulm', ok: true, y: 'a' },
    { x: null, town: 'Bern', ok: null, y: 'b' },
    { x: 3, town: null, ok: false, y: 'a' },
  ],
  { target: 'y' },
);

describe('toMatrix() and ordinalMatrix()', () => {
  it('encode categories as zeros and ones, or by their code; missing cells as NaN', () => {
    expect(features(t)).toEqual(['x', 'town', 'ok']);
    const m = toMatrix(t, ['town', 'x']);
    expect(m.names).toEqual(['town=Bern', 'town=Ulm', 'x']);
    expect([...m.values]).toEqual([0, 1, 1.5, 1, 0, Number.NaN, Number.NaN, Number.NaN, 3]);
    const o = ordinalMatrix(t);
    expect(o.names).toEqual(['x', 'town', 'ok']);
    expect([...o.values]).toEqual([1.5, 1, 1, Number.NaN, 0, Number.NaN, 3, Number.NaN, 0]);
    expect(() => toMatrix(t, ['z'])).toThrow('Cannot find column "z"');
  });
});
