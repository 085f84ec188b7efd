import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { averageRanks } from '../../src/evaluation/average-ranks.js';
import { kendall, pearson, ranks, spearman } from '../../src/evaluation/correlation.js';
import { median, normalizedScore, quantile, spread } from '../../src/evaluation/summary.js';

const fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'fixtures', 'evaluation', 'metrics.json'), 'utf8'),
) as {
  correlations: { x: number[]; y: number[]; pearson: number; spearman: number; kendall: number }[];
  friedman: { scores: number[][]; ranks: number[]; statistic: number; pValue: number }[];
};

describe('pearson(), spearman() and kendall()', () => {
  it('equal scipy’s, with and without ties', () => {
    for (const { x, y, ...wanted } of fixture.correlations) {
      expect(pearson(x, y)).toBeCloseTo(wanted.pearson, 12);
      expect(spearman(x, y)).toBeCloseTo(wanted.spearman, 12);
      expect(kendall(x, y)).toBeCloseTo(wanted.kendall, 12);
    }
  });

  it('are 1 and −1 for what goes together and apart', () => {
    for (const correlation of [pearson, spearman, kendall]) {
      expect(correlation([1, 2, 3], [10, 20, 30])).toBe(1);
      expect(correlation([1, 2, 3], [3, 2, 1])).toBe(-1);
    }
    expect(spearman([1, 2, 3, 4], [1, 10, 100, 1000])).toBe(1);
  });

  it('have no value where one side is constant, and refuse lists of different length', () => {
    for (const correlation of [pearson, spearman, kendall]) {
      expect(correlation([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
      expect(() => correlation([1], [1, 2])).toThrow('they have 1 and 2');
    }
  });
});

describe('ranks()', () => {
  it('share the mean rank among equals', () => {
    expect([...ranks([30, 10, 20, 10])]).toEqual([4, 1.5, 3, 1.5]);
  });
});

describe('spread(), median() and quantile()', () => {
  it('have known answers', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
    expect(spread([2, 4, 4, 4, 5, 5, 7, 9, Number.NaN])).toEqual({
      count: 8,
      mean: 5,
      median: 4.5,
      deviation: Math.sqrt(32 / 7),
      medianAbsoluteDeviation: 0.5,
      interquartileRange: 1.5,
    });
  });

  it('have no value of no numbers', () => {
    expect(median([])).toBeNaN();
    expect(spread([]).median).toBeNaN();
  });
});

describe('normalizedScore()', () => {
  it('is the gain in per cent, positive where the method is better', () => {
    expect(normalizedScore(0.88, 0.8)).toBeCloseTo(10, 12);
    expect(normalizedScore(0.3, 0.4, false)).toBeCloseTo(25, 12);
    expect(normalizedScore(0.5, 0.4, false)).toBeCloseTo(-25, 12);
    expect(() => normalizedScore(1, 0)).toThrow('the baseline must not be 0');
  });
});

describe('averageRanks()', () => {
  it('equals scipy’s ranks and Friedman test, with and without ties', () => {
    for (const { scores, ...wanted } of fixture.friedman) {
      const found = averageRanks(scores);
      for (const [k, rank] of wanted.ranks.entries()) expect(found.ranks[k]).toBeCloseTo(rank, 12);
      expect(found.statistic).toBeCloseTo(wanted.statistic, 10);
      expect(found.pValue / wanted.pValue).toBeCloseTo(1, 9);
    }
  });

  it('ranks the best first in either direction', () => {
    const losses = [
      [0.1, 0.2, 0.3],
      [0.1, 0.3, 0.3],
    ];
    expect(averageRanks(losses, false).ranks).toEqual([1, 2.25, 2.75]);
    expect(averageRanks(losses).ranks).toEqual([3, 1.75, 1.25]);
    expect(averageRanks([[1, 1]])).toMatchObject({ statistic: Number.NaN, pValue: Number.NaN });
    expect(() => averageRanks([[1, 2], [1]])).toThrow('row 2 is 1');
    expect(() => averageRanks([])).toThrow('at least two scores');
  });
});
