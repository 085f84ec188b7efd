import { describe, expect, it } from 'vitest';
import {
  cholesky,
  choleskySolve,
  inverse,
  inverseSymmetric,
  logDeterminant,
  multiply,
  solve,
  symmetricEigen,
} from '../../src/math/linear-algebra.js';
import { stream } from '../../src/math/random.js';

function randomSpd(n: number, seed: number): Float64Array {
  const random = stream(seed, 'spd');
  const x = Float64Array.from({ length: 2 * n * n }, () => random() - 0.5);
  const a = new Float64Array(n * n);
  for (let r = 0; r < 2 * n; r++) {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) a[i * n + j] += x[r * n + i] * x[r * n + j];
  }
  return a;
}

function expectClose(a: Float64Array, b: ArrayLike<number>, tolerance = 1e-10): void {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(tolerance);
}

describe('linear algebra', () => {
  it('cholesky() gives the factor known by hand', () => {
    const l = cholesky(Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98), 3);
    expectClose(l as Float64Array, [2, 0, 0, 6, 1, 0, -8, 5, 3]);
    expect(logDeterminant(l as Float64Array, 3)).toBeCloseTo(Math.log(36), 12);
  });

  it('cholesky() names the first column that depends on those before it', () => {
    expect(cholesky(Float64Array.of(1, 2, 0, 2, 4, 0, 0, 0, 1), 3)).toBe(1);
    expect(inverseSymmetric(Float64Array.of(1, 2, 2, 4), 2)).toBeUndefined();
  });

  it('choleskySolve(), solve() and the inverses undo multiplication', () => {
    const n = 12;
    const a = randomSpd(n, 3);
    const x = Float64Array.from({ length: n * 2 }, (_, i) => Math.sin(i));
    const b = multiply(a, x, n, n, 2);
    expectClose(choleskySolve(cholesky(a, n) as Float64Array, b, n, 2), x, 1e-8);
    expectClose(solve(a, b, n, 2) as Float64Array, x, 1e-8);
    const eye = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    expectClose(multiply(inverseSymmetric(a, n) as Float64Array, a, n, n, n), eye, 1e-8);
    expectClose(multiply(inverse(a, n) as Float64Array, a, n, n, n), eye, 1e-8);
  });

  it('solve() pivots, and says when a matrix is singular', () => {
    expectClose(
      solve(Float64Array.of(0, 1, 2, 0), Float64Array.of(3, 4), 2) as Float64Array,
      [2, 3],
    );
    expect(solve(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 1), 2)).toBeUndefined();
  });

  it('symmetricEigen() rebuilds the matrix from its values and vectors', () => {
    const n = 9;
    const a = randomSpd(n, 5);
    const { values, vectors } = symmetricEigen(a, n);
    const rebuilt = new Float64Array(n * n);
    for (let k = 0; k < n; k++) {
      if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          rebuilt[i * n + j] += values[k] * vectors[k * n + i] * vectors[k * n + j];
        }
      }
    }
    expectClose(rebuilt, a, 1e-9);
    expectClose(symmetricEigen(Float64Array.of(2, 1, 1, 2), 2).values, [3, 1]);
  });
});
