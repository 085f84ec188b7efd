import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { arrayLoops, ready, useFused } from '../../src/math/tf.js';
import {
  applyKernelFeatures,
  fitKernelFeatures,
  meanSquaredSlopes,
} from '../../src/tfm/kernel-features.js';

function normalRows(rows: number, width: number, seed: number): Float64Array {
  const random = stream(seed, 'rows');
  return Float64Array.from({ length: rows * width }, () => randomNormal(random));
}

/** Linear, Gaussian and Laplacian kernel of two rows, written out. */
function kernelOf(a: readonly number[], b: readonly number[], reach: number): number {
  const d = a.length;
  const sum = (term: (x: number, y: number) => number): number =>
    a.reduce((total, x, k) => total + term(x, b[k]), 0);
  const [product, squares, distances] = [
    sum((x, y) => x * y),
    sum((x, y) => (x - y) ** 2),
    sum((x, y) => Math.abs(x - y)),
  ];
  const linear = (product / d) * (reach / 2);
  return linear + Math.exp(-squares / (reach * d)) + Math.exp(-distances / (reach * d));
}

describe('fitKernelFeatures()', () => {
  it('gives columns whose products are the kernel, with as many landmarks as rows', () => {
    const [rows, width] = [25, 3];
    const z = normalRows(rows, width, 1);
    const { rank, own, means } = fitKernelFeatures(z, width, 2, 100);
    const row = (i: number): number[] => [...z.subarray(i * width, (i + 1) * width)];
    const column = (i: number): number[] =>
      Array.from({ length: rank }, (_, k) => own[i * rank + k] + means[k]);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        const product = column(i).reduce((sum, value, k) => sum + value * column(j)[k], 0);
        expect(product).toBeCloseTo(kernelOf(row(i), row(j), 2), 5);
      }
    }
    for (let k = 0; k < rank; k++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += own[i * rank + k];
      expect(sum).toBeCloseTo(0, 10);
    }
  });

  it('says the same of its rows when they come back as other rows', () => {
    const z = normalRows(60, 4, 2);
    const fitted = fitKernelFeatures(z, 4, 1, 20);
    expect(fitted.rank).toBe(20);
    const coefficients = normalRows(20, 2, 3);
    const scores = applyKernelFeatures(fitted, z, coefficients);
    for (let i = 0; i < 60; i++) {
      for (let o = 0; o < 2; o++) {
        let expected = 0;
        for (let k = 0; k < 20; k++) expected += fitted.own[i * 20 + k] * coefficients[k * 2 + o];
        expect(scores[i * 2 + o]).toBeCloseTo(expected, 8);
      }
    }
  });

  it('stops at the rows that differ, and gives the same for the same rows', () => {
    const few = normalRows(5, 3, 4);
    const z = Float64Array.from({ length: 40 * 3 }, (_, at) => few[at % 15]);
    const fitted = fitKernelFeatures(z, 3, 1, 30);
    expect(fitted.rank).toBe(5);
    expect(fitKernelFeatures(z, 3, 1, 30)).toEqual(fitted);
    expect(fitKernelFeatures(Float64Array.of(0, 0), 2, 1, 30).rank).toBe(1);
  });

  it('gives the slopes that differences confirm', () => {
    const [rows, width, outputs] = [30, 4, 3];
    const z = normalRows(rows, width, 5);
    const fitted = fitKernelFeatures(z, width, 1.5, 10);
    const coefficients = normalRows(fitted.rank, outputs, 6);
    // Rows of their own: at a landmark the Laplacian kernel has a corner.
    const others = normalRows(rows, width, 7);
    const found = meanSquaredSlopes(fitted, others, coefficients, rows);
    for (let j = 0; j < width; j++) {
      const at = (side: number): Float64Array => {
        const moved = others.map((value, i) => (i % width === j ? value + side * 1e-5 : value));
        return applyKernelFeatures(fitted, moved, coefficients);
      };
      const [up, down] = [at(1), at(-1)];
      const squares = up.reduce((sum, value, i) => sum + ((value - down[i]) / 2e-5) ** 2, 0);
      expect(found[j] / (squares / rows)).toBeCloseTo(1, 4);
    }
    const few = meanSquaredSlopes(fitted, others, coefficients, 10);
    const third = others.filter((_, i) => Math.floor(i / width) % 3 === 0);
    expect(few).toEqual(meanSquaredSlopes(fitted, third, coefficients, 10));
  });
});

describe('The native loops', () => {
  it('give what TypeScript gives', async () => {
    const { name } = await ready();
    expect(arrayLoops() !== undefined).toBe(name === 'tensorflow');
    // Rests beside blocks of 32 rows; enough rows for several threads; more outputs than one.
    for (const [rows, width, outputs] of [
      [5, 2, 1],
      [70, 9, 3],
      [600, 21, 1],
    ]) {
      const z = normalRows(rows, width, rows);
      const [native, plain] = [true, false].map((on) => {
        useFused(on);
        try {
          const fitted = fitKernelFeatures(z, width, 1, 64);
          const coefficients = normalRows(fitted.rank, outputs, 1);
          const { landmarks, factor, own } = fitted;
          const scores = applyKernelFeatures(fitted, normalRows(40, width, 2), coefficients);
          const slopes = meanSquaredSlopes(fitted, z, coefficients, 50);
          return { landmarks, factor, own, scores, slopes };
        } finally {
          useFused(true);
        }
      });
      expect(native.landmarks).toEqual(plain.landmarks);
      for (const part of ['factor', 'own', 'scores', 'slopes'] as const) {
        const size = Math.max(...plain[part].map(Math.abs));
        const apart = native[part].map((value, at) => Math.abs(value - plain[part][at]) / size);
        expect(Math.max(...apart)).toBeLessThan(1e-10);
      }
    }
  });
});
