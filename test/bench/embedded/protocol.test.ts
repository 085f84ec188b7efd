import { describe, expect, it } from 'vitest';
import { criticalDifference, criticalDifferenceSvg } from './critical-difference.mjs';
import { isWorse, pooledCalibration, wins } from './protocol.mjs';

describe('pooledCalibration()', () => {
  it('is 0 where the share that is right equals the confidence, and the gap elsewhere', () => {
    const rows = (confidence: number, right: number): [number, number][] =>
      Array.from({ length: 100 }, (_, i) => [confidence, i < right ? 1 : 0]);
    expect(pooledCalibration(rows(0.8, 80), 1)).toBeCloseTo(0, 10);
    expect(pooledCalibration(rows(0.8, 60), 1)).toBeCloseTo(0.2, 10);
    // Two bins whose gaps of 0.1 point opposite ways do not cancel.
    expect(pooledCalibration([...rows(0.6, 70), ...rows(0.9, 80)], 2)).toBeCloseTo(0.1, 10);
  });
});

describe('wins()', () => {
  it('counts differences within 0.002 as ties, in either direction of better', () => {
    const [ours, theirs] = [
      [0.9, 0.8, 0.7],
      [0.8, 0.8015, 0.9],
    ];
    expect(wins(ours, theirs, true)).toEqual({ won: 1, tied: 1, lost: 1 });
    expect(wins(ours, theirs, false)).toEqual({ won: 1, tied: 1, lost: 1 });
    expect(wins([1, 1], [0, 0], false)).toEqual({ won: 0, tied: 0, lost: 2 });
  });
});

describe('isWorse()', () => {
  it('asks for more than 0.005 and more than one standard error of the paired folds', () => {
    const folds = (scores: number[]): [number][] => scores.map((score) => [score]);
    const theirs = folds([0.5, 0.4, 0.6]);
    expect(isWorse(folds([0.51, 0.41, 0.61]), theirs, 0, 1)).toBe(true);
    expect(isWorse(folds([0.51, 0.41, 0.61]), theirs, 0, -1)).toBe(false);
    expect(isWorse(folds([0.504, 0.404, 0.604]), theirs, 0, 1)).toBe(false);
    // Mean 0.01 and standard error 0.02.
    expect(isWorse(folds([0.55, 0.4, 0.58]), theirs, 0, 1)).toBe(false);
  });
});

describe('criticalDifference()', () => {
  // Demšar 2006, section 3.2.2: four classifiers on 14 data sets, CD = 2.569·√(4·5 / (6·14)) = 1.25.
  const grid = Array.from({ length: 14 }, (_, i) => [0.9, 0.8, 0.7, i < 7 ? 0.6 : 0.75]);

  it("is Demšar's example", () => {
    const { ranks, difference } = criticalDifference(grid, true);
    expect(difference).toBeCloseTo(1.25, 2);
    expect(ranks).toEqual([1, 2, 3.5, 3.5]);
  });

  it('draws each method, and one bar a group that the test does not part', () => {
    const svg = criticalDifferenceSvg(['a', 'b', 'c', 'd'], grid, true, 'Ranks');
    for (const label of ['a 1.00', 'b 2.00', 'c 3.50', 'd 3.50']) expect(svg).toContain(label);
    // Ranks 1, 2 and 3.5, 3.5: two groups within 1.25.
    expect(svg.match(/stroke-width="4"/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});
