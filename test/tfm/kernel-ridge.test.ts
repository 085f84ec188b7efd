import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { solve } from '../../src/math/linear-algebra.js';
import { stream } from '../../src/math/random.js';
import { arrayLoops, ready, useFused } from '../../src/math/tf.js';
import { bestPenalties, kernelRidges } from '../../src/tfm/kernel-ridge.js';
import { rowKernels } from '../../src/tfm/row-kernel.js';

/** Normal rows with a class each that follows the first feature, with noise; and their kernels. */
function drawn(rows: number, width: number, classes: number, noise: number) {
  const random = stream(rows, 'rows');
  const z = Float64Array.from({ length: rows * width }, () => randomNormal(random));
  const classOf = Int32Array.from({ length: rows }, (_, i) => {
    const place = Math.floor((z[i * width] + noise * randomNormal(random) + 1) * (classes / 2));
    return i < classes ? i : Math.max(0, Math.min(classes - 1, place));
  });
  return { z, classOf, kernels: rowKernels(z, z, width, [1, 4]) };
}

describe('kernelRidges()', () => {
  it('gives what refits without each row say beyond the mean of their rows', () => {
    const [rows, width, classes] = [14, 3, 3];
    const { z, classOf } = drawn(rows, width, classes, 0.5);
    const penalties = [0.2, 3];
    const whole = rowKernels(z.slice(), z, width, [1, 4]);
    const fits = kernelRidges(whole, penalties, classOf, classes);
    for (const [f, { weights, offsets, scores, error }] of fits.entries()) {
      /** Weights and an offset of the fit to some rows, from the bordered equations. */
      const refit = (kept: readonly number[]) => {
        const n = kept.length + 1;
        const a = new Float64Array(n * n);
        const b = new Float64Array(n * classes);
        for (const [p, i] of kept.entries()) {
          for (const [q, j] of kept.entries()) a[p * n + q] = whole[f][i * rows + j];
          a[p * n + p] += penalties[f];
          a[p * n + n - 1] = 1;
          a[(n - 1) * n + p] = 1;
          b[p * classes + classOf[i]] = 1;
        }
        return { n, w: solve(a, b, n, classes) as Float64Array };
      };
      const all = Array.from({ length: rows }, (_, i) => i);
      const { n, w } = refit(all);
      for (const [at, weight] of weights.entries()) expect(weight).toBeCloseTo(w[at], 10);
      for (let k = 0; k < classes; k++) {
        const share = classOf.filter((own) => own === k).length / rows;
        expect(offsets[k]).toBeCloseTo(w[(n - 1) * classes + k] - share, 10);
      }
      let squares = 0;
      for (const left of all) {
        const kept = all.filter((i) => i !== left);
        const other = refit(kept);
        for (let k = 0; k < classes; k++) {
          let expected = other.w[(rows - 1) * classes + k];
          for (const [p, i] of kept.entries()) {
            expected += whole[f][left * rows + i] * other.w[p * classes + k];
          }
          squares += ((classOf[left] === k ? 1 : 0) - expected) ** 2;
          const mean = kept.filter((i) => classOf[i] === k).length / (rows - 1);
          expect(scores[left * classes + k]).toBeCloseTo(expected - mean, 10);
        }
      }
      expect(error).toBeCloseTo(squares / rows, 10);
    }
  });

  it('says that features must be finite', () => {
    const kernel = Float64Array.of(1, 0, Number.NaN, 1);
    expect(() => kernelRidges([kernel], [0.1], Int32Array.of(0, 1), 2)).toThrow(
      'the features must be finite numbers',
    );
  });

  it('gives the same numbers to the last bit with native loops and without', async () => {
    const { name } = await ready();
    expect(arrayLoops() !== undefined).toBe(name === 'tensorflow');
    // Rests beside blocks of eight and sixteen rows; several matrices for several threads.
    for (const [rows, classes] of [
      [3, 2],
      [16, 2],
      [39, 10],
      [211, 3],
    ]) {
      const { classOf, kernels } = drawn(rows, 4, classes, 1);
      const [native, plain] = [true, false].map((on) => {
        useFused(on);
        try {
          return kernelRidges([...kernels, kernels[0]], [0.01, 1, 100], classOf, classes);
        } finally {
          useFused(true);
        }
      });
      expect(native).toEqual(plain);
    }
  });
});

describe('bestPenalties()', () => {
  it('finds the smallest leave-one-out error, wherever it is among those tried', () => {
    const penalties = [0.01, 0.1, 1, 10, 100];
    const found = [0, 0.3, 1, 3, 10].map((noise) => {
      const { classOf, kernels } = drawn(80, 5, 2, noise);
      const best = bestPenalties(kernels, penalties, classOf, 2);
      for (const [f, penalty] of best.entries()) {
        const errorOf = (p: number): number => kernelRidges([kernels[f]], [p], classOf, 2)[0].error;
        const least = Math.min(...penalties.map(errorOf));
        // A parabola is not quite the curve.
        expect(errorOf(penalty)).toBeLessThan(least * 1.01);
      }
      return best[0];
    });
    expect(found[4]).toBeGreaterThan(10 * found[0]);
  });
});
