import { describe, expect, it } from 'vitest';
import {
  bootstrapCounts,
  fillNormal,
  randomBeta,
  randomChoice,
  randomExponential,
  randomGamma,
  randomNormal,
  sampleWithoutReplacement,
  sampleWithReplacement,
} from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';

const draws = 10_000;

function sample(draw: () => number): number[] {
  return Array.from({ length: draws }, draw);
}

function moments(x: readonly number[]): { mean: number; deviation: number; skewness: number } {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const second = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  const third = x.reduce((a, b) => a + (b - mean) ** 3, 0) / x.length;
  return { mean, deviation: Math.sqrt(second), skewness: third / second ** 1.5 };
}

/** Share of the draws at or below q; its standard error is at most 0.005. */
function below(x: readonly number[], q: number): number {
  return x.filter((v) => v <= q).length / x.length;
}

/** Every draw's frequency lies within 4.5 binomial standard errors of its probability. */
function expectFrequencies(counts: readonly number[], probabilities: readonly number[]): void {
  const n = counts.reduce((a, b) => a + b, 0);
  for (const [i, p] of probabilities.entries()) {
    const error = Math.sqrt((p * (1 - p)) / n);
    expect(Math.abs(counts[i] / n - p), `index ${i}`).toBeLessThanOrEqual(4.5 * error);
  }
}

describe('randomNormal() and fillNormal()', () => {
  it.each([
    [
      'single draws',
      () =>
        sample(
          (
            (r) => () =>
              randomNormal(r)
          )(stream(1, 'normal')),
        ),
    ],
    ['a filled array', () => [...fillNormal(stream(2, 'normal'), new Float64Array(draws))]],
  ])('have the moments and quantiles of the standard normal: %s', (_, make) => {
    const x = make();
    const { mean, deviation, skewness } = moments(x);
    expect(mean).toBeCloseTo(0, 1.5);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.03);
    expect(Math.abs(skewness)).toBeLessThan(0.1);
    for (const [q, p] of [
      [-1.959964, 0.025],
      [-0.6744898, 0.25],
      [0, 0.5],
      [1.281552, 0.9],
      [2.326348, 0.99],
    ]) {
      expect(Math.abs(below(x, q) - p)).toBeLessThan(0.02);
    }
  });

  it('fill arrays of odd length, neighbours uncorrelated', () => {
    const x = fillNormal(stream(3, 'normal'), new Float64Array(20_001));
    expect(x.every((v) => Number.isFinite(v) && v !== 0)).toBe(true);
    let product = 0;
    for (let i = 0; i + 1 < x.length; i += 2) product += x[i] * x[i + 1];
    expect(Math.abs(product / 10_000)).toBeLessThan(0.04);
  });
});

describe('randomExponential()', () => {
  it('has mean and deviation 1 / rate and its median', () => {
    const random = stream(4, 'exponential');
    const x = sample(() => randomExponential(random, 4));
    const { mean, deviation, skewness } = moments(x);
    expect(Math.abs(mean - 0.25)).toBeLessThan(0.01);
    expect(Math.abs(deviation - 0.25)).toBeLessThan(0.015);
    expect(Math.abs(skewness - 2)).toBeLessThan(0.3);
    expect(Math.abs(below(x, Math.LN2 / 4) - 0.5)).toBeLessThan(0.02);
  });

  it('refuses a rate that is not positive', () => {
    expect(() => randomExponential(stream(1), 0)).toThrow('rate must be a positive number');
  });
});

describe('randomGamma()', () => {
  // Quantiles at 0.1, 0.5, 0.9 from scipy.stats.gamma.ppf.
  it.each([
    [0.3, [0.00032372, 0.07313114, 0.88481077]],
    [1, [0.10536052, Math.LN2, Math.LN10]],
    [2.5, [0.80515399, 2.1757301, 4.61817845]],
    [20, [14.52526147, 19.66767242, 25.90252861]],
  ])('has the moments and quantiles of shape %d', (shape, quantiles) => {
    const random = stream(5, 'gamma', shape);
    const x = sample(() => randomGamma(random, shape));
    const { mean, deviation, skewness } = moments(x);
    expect(Math.abs(mean - shape)).toBeLessThan(4.5 * Math.sqrt(shape / draws));
    expect(Math.abs(deviation / Math.sqrt(shape) - 1)).toBeLessThan(0.06);
    expect(Math.abs(skewness - 2 / Math.sqrt(shape))).toBeLessThan(0.25 + 0.6 / shape);
    for (const [i, p] of [0.1, 0.5, 0.9].entries()) {
      expect(Math.abs(below(x, quantiles[i]) - p)).toBeLessThan(0.02);
    }
  });

  it('scales', () => {
    const [a, b] = [stream(6, 'gamma'), stream(6, 'gamma')];
    expect(randomGamma(a, 2, 3)).toBeCloseTo(3 * randomGamma(b, 2), 12);
  });

  it('refuses shapes that are not positive', () => {
    expect(() => randomGamma(stream(1), -1)).toThrow('shape must be a positive number');
    expect(() => randomGamma(stream(1), 1, Number.NaN)).toThrow('scale must be a positive number');
  });
});

describe('randomBeta()', () => {
  it.each([
    [0.5, 0.5],
    [2, 5],
    [8, 1],
  ])('has the mean and deviation of Beta(%d, %d)', (a, b) => {
    const random = stream(7, 'beta', a, b);
    const x = sample(() => randomBeta(random, a, b));
    const { mean, deviation } = moments(x);
    const wanted = Math.sqrt((a * b) / ((a + b) ** 2 * (a + b + 1)));
    expect(Math.abs(mean - a / (a + b))).toBeLessThan((4.5 * wanted) / 100);
    expect(Math.abs(deviation / wanted - 1)).toBeLessThan(0.05);
    expect(x.every((v) => v >= 0 && v <= 1)).toBe(true);
  });

  it('follows the arcsine law for shapes ½, ½', () => {
    const random = stream(8, 'beta');
    const x = sample(() => randomBeta(random, 0.5, 0.5));
    for (const p of [0.1, 0.25, 0.5, 0.75]) {
      expect(Math.abs(below(x, Math.sin((Math.PI * p) / 2) ** 2) - p)).toBeLessThan(0.02);
    }
  });

  it('stays a number where both gammas would underflow', () => {
    const random = stream(9, 'beta');
    const x = sample(() => randomBeta(random, 1e-4, 1e-4));
    expect(x.some(Number.isNaN)).toBe(false);
    expect(Math.abs(moments(x).mean - 0.5)).toBeLessThan(0.025);
  });
});

describe('randomChoice()', () => {
  it('draws each index in proportion to its weight, never one of weight 0', () => {
    const random = stream(10, 'choice');
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < draws; i++) counts[randomChoice(random, [0, 1, 0, 3, 0])]++;
    expectFrequencies(counts, [0, 0.25, 0, 0.75, 0]);
  });

  it('refuses negative weights and a sum of zero', () => {
    expect(() => randomChoice(stream(1), [1, -1])).toThrow('weight 1 is -1');
    expect(() => randomChoice(stream(1), [0, 0])).toThrow('current value is 0');
    expect(() => randomChoice(stream(1), [])).toThrow('current value is 0');
    expect(() => randomChoice(stream(1), [Number.NaN])).toThrow('weight 0 is NaN');
  });
});

describe('sampleWithoutReplacement()', () => {
  it('draws every index equally often in every place', () => {
    const random = stream(11, 'sample');
    const [first, second] = [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    for (let i = 0; i < draws; i++) {
      const [a, b] = sampleWithoutReplacement(random, 4, 2);
      expect(a).not.toBe(b);
      first[a]++;
      second[b]++;
    }
    expectFrequencies(first, [0.25, 0.25, 0.25, 0.25]);
    expectFrequencies(second, [0.25, 0.25, 0.25, 0.25]);
  });

  it('draws everything when asked for everything, and nothing for nothing', () => {
    const random = stream(12, 'sample');
    expect([...sampleWithoutReplacement(random, 5, 5)].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(sampleWithoutReplacement(random, 5, 0)).toHaveLength(0);
    expect(() => sampleWithoutReplacement(random, 5, 6)).toThrow('from 0 to 5');
  });
});

describe('sampleWithReplacement() and bootstrapCounts()', () => {
  it('draw every index equally often', () => {
    const counts = [0, 0, 0, 0, 0];
    for (const i of sampleWithReplacement(stream(13, 'with'), 5, draws)) counts[i]++;
    expectFrequencies(counts, [0.2, 0.2, 0.2, 0.2, 0.2]);
    expect(sampleWithReplacement(stream(13, 'with'), 5)).toHaveLength(5);
  });

  it('count rows as a bootstrap does: 1 − 1/e of them occur, in binomial multiplicities', () => {
    const counts = bootstrapCounts(stream(14, 'counts'), draws);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(draws);
    const occurring = [0, 1, 2, 3].map((k) => counts.filter((c) => c === k).length / draws);
    for (const [k, p] of [0.367879, 0.367879, 0.18394, 0.061313].entries()) {
      expect(Math.abs(occurring[k] - p), `multiplicity ${k}`).toBeLessThan(0.02);
    }
    expect(bootstrapCounts(stream(14), 3, 100).reduce((a, b) => a + b, 0)).toBe(100);
  });
});
