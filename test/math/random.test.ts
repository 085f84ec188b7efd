import { describe, expect, it } from 'vitest';
import {
  childSeed,
  permutation,
  randomInteger,
  shuffle,
  stream,
  xoshiro128,
} from '../../src/math/random.js';

const draws = (random: () => number, n: number) => Float64Array.from({ length: n }, random);

describe('xoshiro128()', () => {
  it('gives the published outputs of xoshiro128** for the state 1, 2, 3, 4', () => {
    // 11520, 0, 5927040, 70819200, 2031721883, 1637235492: the upper 27 and 26 bits of each pair.
    const random = xoshiro128(1, 2, 3, 4);
    const pair = (a: number, b: number) => ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
    expect(random()).toBe(pair(11520, 0));
    expect(random()).toBe(pair(5927040, 70819200));
    expect(random()).toBe(pair(2031721883, 1637235492));
  });
});

describe('stream()', () => {
  it('is uniform: mean, deviation and deciles', () => {
    const x = draws(stream(7, 'uniform'), 100_000).sort();
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.004); // 4 standard errors
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.001);
    for (let decile = 1; decile < 10; decile++) {
      expect(Math.abs(x[decile * 10_000] - decile / 10)).toBeLessThan(0.0065);
    }
    expect(x[0]).toBeGreaterThanOrEqual(0);
    expect(x.at(-1)).toBeLessThan(1);
  });

  it('has no serial correlation', () => {
    const x = draws(stream(3, 'serial'), 100_001).map((v) => v - 0.5);
    let sum = 0;
    for (let i = 0; i < 100_000; i++) sum += x[i] * x[i + 1];
    expect(Math.abs((sum / 100_000) * 12)).toBeLessThan(0.0127);
  });

  it('repeats by seed and names, and differs by either', () => {
    const of = (seed: number, ...names: (string | number)[]) => [
      ...draws(stream(seed, ...names), 4),
    ];
    expect(of(1, 'a', 2)).toEqual(of(1, 'a', 2));
    const others = [of(2, 'a', 2), of(1, 'b', 2), of(1, 'a', 3), of(1, 'a'), of(-1, 'a', 2)];
    for (const other of others) expect(other).not.toEqual(of(1, 'a', 2));
  });

  it('gives neighbouring seeds and names uncorrelated numbers', () => {
    const first = Float64Array.from({ length: 20_000 }, (_, i) => stream(i, 'fold')() - 0.5);
    const second = Float64Array.from({ length: 20_000 }, (_, i) => stream(7, 'fold', i)() - 0.5);
    const correlation = (a: Float64Array, b: Float64Array, lag: number) => {
      let sum = 0;
      for (let i = lag; i < a.length; i++) sum += a[i] * b[i - lag];
      return Math.abs((12 * sum) / (a.length - lag));
    };
    for (const lag of [1, 2, 16]) {
      expect(correlation(first, first, lag)).toBeLessThan(0.03);
      expect(correlation(second, second, lag)).toBeLessThan(0.03);
    }
    expect(correlation(first, second, 0)).toBeLessThan(0.03);
  });

  it('refuses a seed that is no integer', () => {
    expect(() => stream(0.5, 'a')).toThrow(
      'Cannot make a random stream as seed must be an integer: current value is 0.5',
    );
    expect(() => stream(Number.NaN, 'a')).toThrow(TypeError);
  });
});

describe('randomInteger() and shuffle()', () => {
  it('draw every integer equally often', () => {
    const random = stream(11, 'integers');
    const counts = new Int32Array(6);
    for (let i = 0; i < 60_000; i++) counts[randomInteger(random, 6)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(370);
  });

  it('give all 24 orders of four equally often', () => {
    const random = stream(12, 'orders');
    const counts = new Map<string, number>();
    for (let i = 0; i < 48_000; i++) {
      const order = permutation(random, 4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(180);
  });

  it('shuffle in place and keep every element', () => {
    const array = Float64Array.of(1, 2, 3, 4, 5);
    expect(shuffle(stream(1, 'in place'), array)).toBe(array);
    expect([...array].sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('childSeed()', () => {
  it('gives integers that stream() takes', () => {
    const random = stream(5, 'children');
    const seeds = Array.from({ length: 1_000 }, () => childSeed(random));
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
    expect(new Set(seeds).size).toBe(1_000);
  });
});
