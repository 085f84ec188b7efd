import { describe, expect, it } from 'vitest';
import { largeSymmetricEigen } from '../../src/math/large-symmetric-eigen.js';
import { symmetricEigen } from '../../src/math/linear-algebra.js';
import { stream } from '../../src/math/random.js';

const random = stream(1, 'eigen');
const pause = async (): Promise<void> => {};

/** B·Bᵀ with B n × rank. */
function gram(n: number, rank: number): Float64Array {
  const b = Float64Array.from({ length: n * rank }, () => 2 * random() - 1);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += b[i * rank + k] * b[j * rank + k];
    return sum;
  });
}

describe('largeSymmetricEigen()', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 1],
    [40, 40],
    [60, 12],
  ])('takes a matrix apart so that it can be put together: %i rows, rank %i', async (n, rank) => {
    const a = gram(n, rank);
    const { values, vectors } = await largeSymmetricEigen(a.slice(), n, pause);
    const other = symmetricEigen(a, n);
    for (let i = 0; i < n; i++) {
      expect(values[i]).toBeCloseTo(other.values[i], 10);
      for (let j = 0; j < n; j++) {
        let [together, product] = [0, 0];
        for (let k = 0; k < n; k++) {
          together += values[k] * vectors[k * n + i] * vectors[k * n + j];
          product += vectors[i * n + k] * vectors[j * n + k];
        }
        expect(together).toBeCloseTo(a[i * n + j], 10);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 10);
      }
    }
  });

  it('takes a diagonal matrix, and refuses numbers that are not finite', async () => {
    const { values } = await largeSymmetricEigen(
      Float64Array.of(1, 0, 0, 0, 3, 0, 0, 0, 2),
      3,
      pause,
    );
    expect([...values]).toEqual([3, 2, 1]);
    const bad = new Float64Array(16).fill(Number.NaN);
    await expect(largeSymmetricEigen(bad, 4, pause)).rejects.toThrow(/finite numbers only/);
  });
});
