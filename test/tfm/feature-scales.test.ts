import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { featureScales, scaled } from '../../src/tfm/feature-scales.js';

/** Normal features, and two classes by the sign of what `of` makes of a row. */
function rowsOf(rows: number, width: number, of: (row: Float64Array) => number) {
  const random = stream(width, 'rows');
  const z = Float64Array.from({ length: rows * width }, () => randomNormal(random));
  const classOf = Int32Array.from({ length: rows }, (_, i) =>
    of(z.subarray(i * width, (i + 1) * width)) > 0 ? 1 : 0,
  );
  return { z, classOf };
}

describe('featureScales()', () => {
  it('weighs what the classes depend on, alone or together with others', () => {
    for (const [asked, of] of [
      [[2], (row: Float64Array) => row[2]],
      [[5, 7], (row: Float64Array) => row[5] * row[7]],
    ] as const) {
      const { z, classOf } = rowsOf(600, 12, of);
      const weights = featureScales(z, 12, classOf, 2, 1).map((scale) => scale ** 2);
      expect(weights.reduce((a, b) => a + b, 0) / 12).toBeCloseTo(1, 10);
      const idle = weights.filter((_, j) => !(asked as readonly number[]).includes(j));
      for (const j of asked) expect(weights[j]).toBeGreaterThan(3 * Math.max(...idle));
    }
  });

  it('weighs all alike where rows are few beside the features, or nothing can be learned', () => {
    const { z, classOf } = rowsOf(20, 20, (row) => row[0]);
    expect([...featureScales(z, 20, classOf, 2, 1)]).toEqual(new Array(20).fill(1));
    const same = new Float64Array(100 * 3);
    const alternating = Int32Array.from({ length: 100 }, (_, i) => i % 2);
    expect([...featureScales(same, 3, alternating, 2, 1)]).toEqual([1, 1, 1]);
  });

  it('gives the same whichever of two classes comes first', () => {
    const { z, classOf } = rowsOf(300, 6, (row) => row[1] * row[4]);
    const turned = classOf.map((k) => 1 - k);
    const [a, b] = [classOf, turned].map((each) => featureScales(z, 6, each, 2, 1));
    for (const [j, scale] of a.entries()) expect(scale).toBeCloseTo(b[j], 10);
  });
});

describe('scaled()', () => {
  it("multiplies every row's features", () => {
    const z = Float64Array.of(1, 2, 3, 4);
    expect([...scaled(z, Float64Array.of(2, 0.5))]).toEqual([2, 1, 6, 2]);
  });
});
