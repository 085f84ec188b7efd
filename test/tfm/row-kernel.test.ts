import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { arrayLoops, ready, useFused } from '../../src/math/tf.js';
import { meanSquaredSlopes, rowKernels } from '../../src/tfm/row-kernel.js';

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

describe('rowKernels()', () => {
  it('gives the kernel of every pair, for each reach', () => {
    const [rows, others, width] = [7, 5, 3];
    const [a, b] = [normalRows(rows, width, 1), normalRows(others, width, 2)];
    const row = (z: Float64Array, i: number): number[] => [
      ...z.subarray(i * width, (i + 1) * width),
    ];
    const reaches = [0.5, 2];
    for (const [r, found] of rowKernels(a, b, width, reaches).entries()) {
      expect(found).toHaveLength(rows * others);
      for (const [at, value] of found.entries()) {
        const [i, j] = [Math.floor(at / others), at % others];
        expect(value).toBeCloseTo(kernelOf(row(a, i), row(b, j), reaches[r]), 12);
      }
    }
  });

  it('fills the lower triangle where rows are compared with themselves', () => {
    const z = normalRows(50, 4, 3);
    const [whole] = rowKernels(z.slice(), z, 4, [1]);
    const [lower] = rowKernels(z, z, 4, [1]);
    for (let i = 0; i < 50; i++) {
      for (let j = 0; j <= i; j++) {
        expect(lower[i * 50 + j]).toBe(whole[i * 50 + j]);
        expect(lower[i * 50 + j]).toBeCloseTo(whole[j * 50 + i], 12);
      }
    }
  });
});

describe('meanSquaredSlopes()', () => {
  it('gives the slopes that differences confirm', () => {
    const [rows, width, outputs, reach] = [30, 4, 3, 1.5];
    const landmarks = normalRows(10, width, 5);
    const weights = normalRows(10, outputs, 6);
    // Rows of their own: at a landmark the Laplacian kernel has a corner.
    const others = normalRows(rows, width, 7);
    const found = meanSquaredSlopes(others, landmarks, weights, width, reach, rows);
    for (let j = 0; j < width; j++) {
      const at = (side: number): Float64Array => {
        const moved = others.map((value, i) => (i % width === j ? value + side * 1e-5 : value));
        const [kernel] = rowKernels(moved, landmarks, width, [reach]);
        return Float64Array.from({ length: rows * outputs }, (_, to) => {
          const [i, o] = [Math.floor(to / outputs), to % outputs];
          let sum = 0;
          for (let k = 0; k < 10; k++) sum += kernel[i * 10 + k] * weights[k * outputs + o];
          return sum;
        });
      };
      const [up, down] = [at(1), at(-1)];
      const squares = up.reduce((sum, value, i) => sum + ((value - down[i]) / 2e-5) ** 2, 0);
      expect(found[j] / (squares / rows)).toBeCloseTo(1, 4);
    }
    const few = meanSquaredSlopes(others, landmarks, weights, width, reach, 10);
    const third = others.filter((_, i) => Math.floor(i / width) % 3 === 0);
    expect(few).toEqual(meanSquaredSlopes(third, landmarks, weights, width, reach, 10));
  });
});

describe('The native loops', () => {
  it('give what TypeScript gives', async () => {
    const { name } = await ready();
    expect(arrayLoops() !== undefined).toBe(name === 'tensorflow');
    // Rests beside blocks of 32 rows; enough rows for several threads; more outputs than one; and
    // rows so far apart that exponentials are zero.
    for (const [rows, width, outputs, spread] of [
      [5, 2, 1, 1],
      [70, 9, 3, 1],
      [600, 21, 1, 1],
      [40, 3, 2, 200],
    ]) {
      const z = normalRows(rows, width, rows).map((value) => value * spread);
      const others = normalRows(40, width, 2).map((value) => value * spread);
      const weights = normalRows(rows, outputs, 1);
      const [native, plain] = [true, false].map((on) => {
        useFused(on);
        try {
          const [near, far] = rowKernels(z, z, width, [1, 8]);
          const [cross] = rowKernels(others, z, width, [2]);
          const slopes = meanSquaredSlopes(others, z, weights, width, 1, 30);
          return { near, far, cross, slopes };
        } finally {
          useFused(true);
        }
      });
      for (const part of ['near', 'far', 'cross', 'slopes'] as const) {
        const size = plain[part].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const lowerOnly = part === 'near' || part === 'far';
        // What lies above the diagonal is not to be read.
        const apart = native[part].map((value, at) =>
          lowerOnly && at % rows > Math.floor(at / rows) ? 0 : Math.abs(value - plain[part][at]),
        );
        expect(apart.reduce((most, value) => Math.max(most, value), 0) / size).toBeLessThan(1e-12);
      }
    }
  });

  it('refuse arrays of sizes that do not fit', async () => {
    await ready();
    const loops = arrayLoops();
    if (!loops) return;
    const two = new Float64Array(2);
    expect(() => loops.compare(two, two, two, two, 1, 0)).toThrow(/room for a number a pair/);
    expect(() => loops.solve(two, two, two, two, 2)).toThrow(/matrices, right sides/);
    expect(() => loops.slopes(two, two, two, two, two, 3, 1)).toThrow(/Cannot find slopes/);
  });
});
