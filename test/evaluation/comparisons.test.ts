import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from '../../src/evaluation/bootstrap-interval.js';
import { criticalDifference, rankCliques } from '../../src/evaluation/critical-difference.js';
import { winsTiesLosses } from '../../src/evaluation/summary.js';
import { holm, wilcoxonSignedRank } from '../../src/evaluation/wilcoxon.js';
import { fillNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';

const fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'fixtures', 'evaluation', 'metrics.json'), 'utf8'),
) as {
  wilcoxon: { x: number[]; y: number[]; statistic: number; pValue: number }[];
  rangeQuantiles: { k: number; p: number; q: number }[];
};

describe('wilcoxonSignedRank()', () => {
  it('equals scipy’s test, exact, with ties and for many pairs', () => {
    for (const { x, y, statistic, pValue } of fixture.wilcoxon) {
      const found = wilcoxonSignedRank(x, y);
      expect(Math.min(found.positive, found.negative)).toBeCloseTo(statistic, 10);
      expect(found.pValue / pValue).toBeCloseTo(1, 9);
    }
  });

  it('has known answers', () => {
    // All five differences have one sign: 2 / 2⁵.
    expect(wilcoxonSignedRank([2, 4, 6, 8, 10], [1, 2, 3, 4, 5])).toEqual({
      pairs: 5,
      positive: 15,
      negative: 0,
      pValue: 1 / 16,
    });
    expect(wilcoxonSignedRank([1, 2], [1, 2])).toMatchObject({ pairs: 0, pValue: 1 });
    expect(() => wilcoxonSignedRank([1], [1, 2])).toThrow('there are 1 and 2');
    expect(() => wilcoxonSignedRank([1], [Number.NaN])).toThrow('one is NaN');
  });
});

describe('holm()', () => {
  it('multiplies by the tests that are left and never falls', () => {
    const found = holm([0.04, 0.01, 0.03]);
    for (const [i, p] of [0.06, 0.03, 0.06].entries()) expect(found[i]).toBeCloseTo(p, 14);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});

describe('criticalDifference() and rankCliques()', () => {
  it('rest on the quantiles of the range, as in scipy', () => {
    for (const { k, p, q } of fixture.rangeQuantiles) {
      const found = criticalDifference(k, 10, 1 - p);
      expect(found).toBeCloseTo((q / Math.SQRT2) * Math.sqrt((k * (k + 1)) / 60), 6);
    }
  });

  it('equal the published value for 4 methods on 14 data sets', () => {
    // Demšar (2006, p. 14): q = 2.569, CD = 1.25.
    expect(criticalDifference(4, 14)).toBeCloseTo(1.25, 2);
    expect(() => criticalDifference(1, 14)).toThrow('current values are 1, 14 and 0.05');
  });

  it('join neighbours that do not differ', () => {
    expect(rankCliques([1, 2.5, 1.8, 4], 1)).toEqual([
      [0, 2],
      [2, 1],
    ]);
    expect(rankCliques([1, 1.2, 1.4], 1)).toEqual([[0, 1, 2]]);
    expect(rankCliques([1, 3], 1)).toEqual([]);
  });
});

describe('bootstrapInterval()', () => {
  it('holds the true median as often as it says', () => {
    let inside = 0;
    for (let seed = 0; seed < 300; seed++) {
      const values = fillNormal(stream(seed, 'values'), new Float64Array(60));
      const { low, high } = bootstrapInterval(values, { seed, resamples: 300, level: 0.9 });
      if (low <= 0 && 0 <= high) inside++;
    }
    // Standard error 0.017.
    expect(Math.abs(inside / 300 - 0.9)).toBeLessThan(0.06);
  });

  it('repeats with its seed, takes any statistic and refuses nothing at all', () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const once = bootstrapInterval(values, { seed: 1 });
    expect(bootstrapInterval(values, { seed: 1 })).toEqual(once);
    expect(once.estimate).toBe(3.5);
    expect(bootstrapInterval(values, { seed: 1, statistic: (x) => x.length })).toEqual({
      estimate: 8,
      low: 8,
      high: 8,
    });
    expect(() => bootstrapInterval([], { seed: 1 })).toThrow('there are 0');
  });
});

describe('winsTiesLosses()', () => {
  it('counts in either direction, with a tolerance', () => {
    expect(winsTiesLosses([3, 2, 1], [1, 2, 3])).toEqual({ wins: 1, ties: 1, losses: 1 });
    expect(winsTiesLosses([3, 2, 1], [1, 2.1, 3.2], false, 0.2)).toEqual({
      wins: 1,
      ties: 1,
      losses: 1,
    });
    expect(() => winsTiesLosses([1], [])).toThrow('there are 1 and 0');
  });
});
