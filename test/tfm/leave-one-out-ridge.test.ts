import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { solve } from '../../src/math/linear-algebra.js';
import { stream } from '../../src/math/random.js';
import { arrayLoops, ready, useFused } from '../../src/math/tf.js';
import { leaveOneOutRidge, ridgeCoefficients } from '../../src/tfm/leave-one-out-ridge.js';

describe('leaveOneOutRidge()', () => {
  it('gives what refits without each row say beyond the mean of their rows', () => {
    const [rows, width, classes, penalty] = [14, 3, 3, 0.2];
    const random = stream(1, 'rows');
    const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
    const z = Float64Array.from({ length: rows * width }, () => randomNormal(random));
    for (let i = 0; i < rows; i++) z[i * width + (i % 2)] += labels[i];
    for (let j = 0; j < width; j++) {
      let mean = 0;
      for (let i = 0; i < rows; i++) mean += z[i * width + j] / rows;
      for (let i = 0; i < rows; i++) z[i * width + j] -= mean;
    }
    const shares = new Float64Array(classes);
    for (const k of labels) shares[k] += 1 / rows;
    const { scores } = leaveOneOutRidge(z, labels, shares, [penalty]);
    for (let left = 0; left < rows; left++) {
      // Normal equations of the other rows, with an intercept that is not penalised.
      const n = width + 1;
      const a = new Float64Array(n * n);
      const b = new Float64Array(n * classes);
      const row = (i: number): number[] => [1, ...z.subarray(i * width, (i + 1) * width)];
      for (let i = 0; i < rows; i++) {
        if (i === left) continue;
        const r = row(i);
        for (let p = 0; p < n; p++) {
          for (let q = 0; q < n; q++) a[p * n + q] += r[p] * r[q];
          b[p * classes + labels[i]] += r[p];
        }
      }
      for (let p = 1; p < n; p++) a[p * n + p] += penalty * rows;
      const w = solve(a, b, n, classes) as Float64Array;
      for (let k = 0; k < classes; k++) {
        const expected = row(left).reduce((sum, value, p) => sum + value * w[p * classes + k], 0);
        const mean = (rows * shares[k] - (labels[left] === k ? 1 : 0)) / (rows - 1);
        expect(scores[left * classes + k]).toBeCloseTo(expected - mean, 10);
      }
    }
  });

  it('takes the penalty of the smallest error, wherever it is among those tried', () => {
    const [rows, width] = [60, 8];
    for (const noise of [0, 0.3, 1, 3, 10]) {
      const random = stream(noise * 10, 'noise');
      const z = Float64Array.from({ length: rows * width }, () => randomNormal(random));
      for (let j = 0; j < width; j++) {
        let mean = 0;
        for (let i = 0; i < rows; i++) mean += z[i * width + j] / rows;
        for (let i = 0; i < rows; i++) z[i * width + j] -= mean;
      }
      const labels = Int32Array.from({ length: rows }, (_, i) =>
        z[i * width] + noise * randomNormal(random) > 0 ? 1 : 0,
      );
      const ones = labels.reduce((a, b) => a + b, 0) / rows;
      const shares = Float64Array.of(1 - ones, ones);
      const penalties = [0.001, 0.01, 0.1, 1, 10];
      const errors = penalties.map((p) => leaveOneOutRidge(z, labels, shares, [p]).error);
      const { error } = leaveOneOutRidge(z, labels, shares, penalties);
      expect(error).toBe(Math.min(...errors));
    }
  });

  it('says that features must be finite', () => {
    const z = Float64Array.of(1, Number.NaN, -1, 0);
    expect(() =>
      leaveOneOutRidge(z, Int32Array.of(0, 1), Float64Array.of(0.5, 0.5), [0.1]),
    ).toThrow('the features must be finite numbers');
  });

  it('gives the same numbers to the last bit with native loops and without', async () => {
    const { name } = await ready();
    expect(arrayLoops() !== undefined).toBe(name === 'tensorflow');
    // Rests beside blocks of four and eight rows; enough rows for several threads.
    for (const [rows, width] of [
      [7, 3],
      [103, 17],
      [611, 64],
    ]) {
      const random = stream(rows, 'loops');
      const z = Float64Array.from({ length: rows * width }, () => randomNormal(random));
      const labels = Int32Array.from({ length: rows }, (_, i) => (z[i * width] > 0 ? 1 : 0));
      const shares = new Float64Array(2);
      for (const k of labels) shares[k] += 1 / rows;
      const [native, plain] = [true, false].map((on) => {
        useFused(on);
        try {
          const fit = leaveOneOutRidge(z, labels, shares, [0.01, 0.1, 1]);
          return { fit, rough: ridgeCoefficients(z, labels, 2, 0.1) };
        } finally {
          useFused(true);
        }
      });
      expect(native).toEqual(plain);
    }
  });
});
