import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encode } from '../../src/scm/encoding.js';
import { fitLasso, fitLinear, fitRidge, predictLinear } from '../../src/scm/linear.js';
import { fitLogistic, predictLogistic } from '../../src/scm/logistic.js';

interface Case {
  readonly name: string;
  readonly degree: number;
  readonly columns: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly alpha: number;
  readonly coefficients: readonly (readonly number[])[];
  readonly intercepts: readonly number[];
}

const { cases } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/scm/linear.json'), 'utf8'),
) as { readonly cases: readonly Case[] };

function design(c: Case): Float64Array[] {
  return encode(
    { degree: c.degree, parents: c.columns.map(() => ({ kind: 'number', mean: 0, flag: false })) },
    c.columns.map((column) => Float64Array.from(column)),
  );
}

function expectNear(ours: ArrayLike<number>, theirs: readonly number[], tolerance = 1e-6): void {
  expect(ours.length).toBe(theirs.length);
  theirs.forEach((value, i) => {
    expect(Math.abs(ours[i] - value)).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
  });
}

describe('linear models against scikit-learn', () => {
  for (const c of cases.filter(({ name }) => !/logistic|softmax/.test(name))) {
    it(`${c.name}: coefficients agree within 1e-6`, () => {
      const fits = { linear: fitLinear, ridge: fitRidge, lasso: fitLasso };
      const solver = fits[c.name.split(' ')[0] as keyof typeof fits];
      const ours = solver(design(c), Float64Array.from(c.y));
      expectNear(ours.coefficients, c.coefficients[0]);
      expectNear([ours.intercept], c.intercepts);
      expectNear([ours.alpha], [c.alpha]);
    });
  }

  for (const c of cases.filter(({ name }) => /logistic|softmax/.test(name))) {
    it(`${c.name}: coefficients agree within 1e-6`, () => {
      const classes = new Set(c.y).size;
      const ours = fitLogistic(design(c), Int32Array.from(c.y), classes, { tolerance: 1e-10 });
      // Products of degree 3 are nearly dependent: their coefficients are known less well.
      const tolerance = c.degree > 1 ? 1e-5 : 1e-6;
      expectNear(ours.coefficients, c.coefficients.flat(), tolerance);
      expectNear(ours.intercepts, c.intercepts, tolerance);
    });
  }

  it('fitLinear() gives a column that depends on others the coefficient 0, and fits as without it', () => {
    const a = Float64Array.of(1, 2, 3, 4, 5, 7);
    const b = Float64Array.of(2, 1, 4, 3, 6, 5);
    const y = Float64Array.of(1, 3, 2, 5, 4, 6);
    const sum = a.map((v, i) => v + b[i]);
    const constant = new Float64Array(6).fill(3);
    const whole = fitLinear([a, b, sum, constant], y);
    expect([whole.coefficients[2], whole.coefficients[3]]).toEqual([0, 0]);
    const plain = fitLinear([a, b], y);
    expectNear(
      predictLinear(whole, [a, b, sum, constant], 6),
      [...predictLinear(plain, [a, b], 6)],
      1e-10,
    );
  });

  it('fitLogistic() ends with finite coefficients where a column separates the classes', () => {
    const x = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? -1e4 : 1e4) + i);
    const y = Int32Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1));
    const fit = fitLogistic([x], y, 2);
    expect(Number.isFinite(fit.coefficients[0])).toBe(true);
    expect(predictLogistic(fit, [x], 40)[40 + 39]).toBeGreaterThan(0.99);
  });

  it('fitLogistic() reaches the same minimum from another start', () => {
    const c = cases[cases.length - 1];
    const y = Int32Array.from(c.y);
    const x = design(c);
    const first = fitLogistic(x, y, 5, { tolerance: 1e-9 });
    const half = {
      coefficients: first.coefficients.map((v) => v / 2),
      intercepts: first.intercepts.map((v) => v + 1),
    };
    const second = fitLogistic(x, y, 5, { tolerance: 1e-9, from: half });
    expectNear(second.coefficients, [...first.coefficients], 1e-5);
  });
});
