import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as distributions from '../../src/math/distributions.js';
import * as special from '../../src/math/special-functions.js';

const rows = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/math/distributions.json'), 'utf8'),
) as [string, ...number[]][];
const functions = { ...special, ...distributions } as unknown as Record<
  string,
  (...args: number[]) => number
>;
const names = [...new Set(rows.map(([name]) => name))];

describe('distribution functions', () => {
  it.each(names)('%s equals the reference to 1e-12 relative, tails included', (name) => {
    const mine = rows.filter((row) => row[0] === name);
    expect(mine.length).toBeGreaterThan(3);
    for (const [, ...numbers] of mine) {
      const expected = numbers[numbers.length - 1];
      const value = functions[name](...numbers.slice(0, -1));
      const error = Math.abs(value - expected) / Math.max(Math.abs(expected), 1e-300);
      expect(
        error,
        `${name}(${numbers.slice(0, -1)}) = ${value}, expected ${expected}`,
      ).toBeLessThan(1e-12);
    }
  });

  it('treat the ends of the range as the limits they are', () => {
    expect(distributions.chiSquareTail(0, 3)).toBe(1);
    expect(distributions.chiSquareTail(5, 0)).toBe(1);
    expect(distributions.normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(distributions.normalQuantile(0.5)).toBe(0);
    expect(distributions.normalQuantile(2)).toBeNaN();
    expect(distributions.gammaQuantile(1, 2)).toBe(Number.POSITIVE_INFINITY);
    expect(distributions.betaCdf(1, 2, 3)).toBe(1);
    expect(special.gammaP(0, 1)).toBeNaN();
  });
});
