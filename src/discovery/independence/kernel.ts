// Tests of independence that see non-linear dependence.
//   KCI (Zhang, Peters, Janzing & Schölkopf 2011): tr(K̃_x·K̃_y) of centred Gaussian kernels, given Z after
//   R·K·R with R = ε(K_z + εI)⁻¹; its null distribution by a gamma distribution with the same mean and
//   variance. Cost grows with the cube of the rows.
//   RCIT (Strobl, Zhang & Visweswaran 2019): the same with random Fourier features, linear in the rows.
// Kept together: both tests stand on the same kernels and null distribution.

import type { Table } from '../../data/table.js';
import { gammaTail, logGammaTail } from '../../math/distributions.js';
import { randomNormal } from '../../math/draws.js';
import { cholesky, choleskySolve, inverseSymmetric, multiply } from '../../math/linear-algebra.js';
import { type Random, stream } from '../../math/random.js';
import type { IndependenceTest, TestResult } from './test.js';
import { type Variables, variables } from './variables.js';

const RIDGE = 1e-3;

/** Make the kernel test of conditional independence, with the gamma approximation. */
export function kci(vars: Variables): IndependenceTest {
  return kernelTest('kci', vars, (x, y, z) => {
    const { n } = x;
    if (z.d === 0) {
      const kx = centred(gaussianKernel(x, width(n, [0.8, 0.5, 0.3]) * x.d), n);
      const ky = centred(gaussianKernel(y, width(n, [0.8, 0.5, 0.3]) * y.d), n);
      const statistic = innerProduct(kx, ky);
      return gammaResult(
        statistic,
        (trace(kx, n) * trace(ky, n)) / n,
        (2 * innerProduct(kx, kx) * innerProduct(ky, ky)) / (n * n),
      );
    }
    const theta = width(n, [1.2, 0.7, 0.4]) / z.d;
    const kz = centred(gaussianKernel(z, theta), n);
    for (let i = 0; i < n; i++) kz[i * n + i] += RIDGE;
    const r = inverseSymmetric(kz, n);
    if (!r) return { p: 1, logP: 0, statistic: 0 };
    for (let i = 0; i < r.length; i++) r[i] *= RIDGE;
    const given = (v: Sample): Float64Array =>
      multiply(multiply(r, centred(gaussianKernel(v, theta), n), n, n, n), r, n, n, n);
    const kx = given(join(x, z, 0.5));
    const ky = given(y);
    // The products of all eigenvectors, summed up, are the entrywise product of the two matrices.
    let mean = 0;
    let variance = 0;
    for (let i = 0; i < n; i++) {
      mean += kx[i * n + i] * ky[i * n + i];
      for (let j = 0; j < n; j++) variance += 2 * (kx[i * n + j] * ky[i * n + j]) ** 2;
    }
    return gammaResult(innerProduct(kx, ky), mean, variance);
  });
}

/** How RCIT draws its features. */
export interface RcitOptions {
  /** Settles the random features. */
  readonly seed: number;
  /** Features of x and of y (default `5`). */
  readonly features?: number;
  /** Features of S (default `100`). */
  readonly givenFeatures?: number;
  /** How often each row counts (default: once). */
  readonly weights?: Int32Array;
}

/**
 * Make the randomised conditional independence test; pass it to `pc` and `fci` as their test.
 * @param table The table that is searched.
 */
export function rcit(table: Table, options: RcitOptions): IndependenceTest {
  const { features = 5, givenFeatures = 100 } = options;
  const vars = variables(table, options.weights);
  return kernelTest('rcit', vars, (x, y, z, key) => {
    const { n } = x;
    const random = stream(options.seed, 'rcit', key);
    const fx = fourier(z.d > 0 ? join(x, z, 1) : x, features, random);
    const fy = fourier(y, features, random);
    if (z.d > 0) {
      const fz = fourier(z, givenFeatures, random);
      regressOut(fz, n, givenFeatures, fx, features);
      regressOut(fz, n, givenFeatures, fy, features);
    }
    // n·‖C_xy‖²; under independence a sum of χ² weighted by the eigenvalues of the products' covariance
    const q = features * features;
    const products = new Float64Array(n * q);
    for (let i = 0; i < n; i++) {
      for (let a = 0; a < features; a++) {
        for (let b = 0; b < features; b++) {
          products[i * q + a * features + b] = fx[i * features + a] * fy[i * features + b];
        }
      }
    }
    let statistic = 0;
    const means = new Float64Array(q);
    for (let c = 0; c < q; c++) {
      for (let i = 0; i < n; i++) means[c] += products[i * q + c] / n;
      statistic += n * means[c] ** 2;
    }
    const covariance = new Float64Array(q * q);
    for (let i = 0; i < n; i++) {
      for (let a = 0; a < q; a++) {
        const f = (products[i * q + a] - means[a]) / n;
        for (let b = 0; b < q; b++) covariance[a * q + b] += f * (products[i * q + b] - means[b]);
      }
    }
    return gammaResult(statistic, trace(covariance, q), 2 * innerProduct(covariance, covariance));
  });
}

/** Standardised columns of one or more variables, row by row. */
interface Sample {
  readonly n: number;
  readonly d: number;
  readonly values: Float64Array;
}

function kernelTest(
  name: string,
  vars: Variables,
  run: (x: Sample, y: Sample, z: Sample, key: string) => TestResult,
): IndependenceTest {
  const known = new Map<string, TestResult>();
  return {
    name,
    variables: vars.names.length,
    maxGiven: Number.POSITIVE_INFINITY,
    constant: vars.constant,
    slow: true,
    test(a, b, given) {
      if (!vars.columns[a].varies || !vars.columns[b].varies)
        return { p: 1, logP: 0, statistic: 0 };
      const [x, y] = a < b ? [a, b] : [b, a];
      const set = Array.from(given).sort((i, j) => i - j);
      const key = `${x},${y}|${set.join()}`;
      let result = known.get(key);
      if (!result) {
        const rows = completeRows(vars, [x, y, ...set]);
        const z = sample(vars, set, rows);
        result = run(sample(vars, [x], rows), sample(vars, [y], rows), z, key);
        if (known.size > 100_000) known.clear();
        known.set(key, result);
      }
      return result;
    },
  };
}

function completeRows(vars: Variables, list: readonly number[]): number[] {
  const rows: number[] = [];
  for (let r = 0; r < vars.length; r++) {
    const ok = list.every((v) => {
      const c = vars.columns[v];
      return c.numeric ? !Number.isNaN(c.values[r]) : c.codes[r] >= 0;
    });
    const times = ok ? (vars.weights ? vars.weights[r] : 1) : 0;
    for (let k = 0; k < times; k++) rows.push(r);
  }
  return rows;
}

/** Columns of mean 0 and deviation 1; a category has one for each of its levels. */
function sample(vars: Variables, list: readonly number[], rows: readonly number[]): Sample {
  const cells: ((r: number) => number)[] = [];
  for (const v of list) {
    const c = vars.columns[v];
    if (c.numeric) cells.push((r) => c.values[r]);
    else for (let k = 0; k < c.levels; k++) cells.push((r) => (c.codes[r] === k ? 1 : 0));
  }
  const n = rows.length;
  const d = cells.length;
  const values = new Float64Array(n * d);
  for (const [j, cell] of cells.entries()) {
    let mean = 0;
    for (const r of rows) mean += cell(r) / n;
    let square = 0;
    for (const r of rows) square += (cell(r) - mean) ** 2 / n;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (const [i, r] of rows.entries()) values[i * d + j] = (cell(r) - mean) * scale;
  }
  return { n, d, values };
}

function join(a: Sample, b: Sample, factor: number): Sample {
  const d = a.d + b.d;
  const values = new Float64Array(a.n * d);
  for (let i = 0; i < a.n; i++) {
    for (let j = 0; j < a.d; j++) values[i * d + j] = a.values[i * a.d + j];
    for (let j = 0; j < b.d; j++) values[i * d + a.d + j] = factor * b.values[i * b.d + j];
  }
  return { n: a.n, d, values };
}

/** 1/w² of the kernel's width by the number of rows: few, some, many. */
function width(n: number, [few, some, many]: readonly [number, number, number]): number {
  const w = n < 200 ? few : n < 1200 ? some : many;
  return 1 / (w * w);
}

function gaussianKernel({ n, d, values }: Sample, theta: number): Float64Array {
  const k = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    k[i * n + i] = 1;
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let c = 0; c < d; c++) square += (values[i * d + c] - values[j * d + c]) ** 2;
      k[i * n + j] = k[j * n + i] = Math.exp(-0.5 * theta * square);
    }
  }
  return k;
}

/** H·K·H with H = I − 11ᵀ/n. */
function centred(k: Float64Array, n: number): Float64Array {
  const mean = new Float64Array(n);
  let all = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) mean[i] += k[i * n + j] / n;
    all += mean[i] / n;
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) k[i * n + j] += all - mean[i] - mean[j];
  return k;
}

/** cos(w·v + b) for random w and b, at the median distance as width; columns of mean 0, deviation 1. */
function fourier({ n, d, values }: Sample, features: number, random: Random): Float64Array {
  const some = Math.min(n, 300);
  const distances = new Float64Array((some * (some - 1)) / 2);
  let pair = 0;
  for (let i = 0; i < some; i++) {
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let c = 0; c < d; c++) square += (values[i * d + c] - values[j * d + c]) ** 2;
      distances[pair++] = square;
    }
  }
  distances.sort();
  const sigma = Math.sqrt(distances[distances.length >> 1]) || 1;
  const out = new Float64Array(n * features);
  for (let f = 0; f < features; f++) {
    const w = Array.from({ length: d }, () => randomNormal(random) / sigma);
    const shift = 2 * Math.PI * random();
    let mean = 0;
    for (let i = 0; i < n; i++) {
      let sum = shift;
      for (let c = 0; c < d; c++) sum += w[c] * values[i * d + c];
      out[i * features + f] = Math.SQRT2 * Math.cos(sum);
      mean += out[i * features + f] / n;
    }
    let square = 0;
    for (let i = 0; i < n; i++) square += (out[i * features + f] - mean) ** 2 / n;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = 0; i < n; i++) out[i * features + f] = (out[i * features + f] - mean) * scale;
  }
  return out;
}

/** Take from the columns of b what the columns of z explain (ridge regression). */
function regressOut(z: Float64Array, n: number, dz: number, b: Float64Array, db: number): void {
  const zz = new Float64Array(dz * dz);
  const zb = new Float64Array(dz * db);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < dz; a++) {
      const f = z[i * dz + a] / n;
      for (let c = 0; c <= a; c++) zz[a * dz + c] += f * z[i * dz + c];
      for (let c = 0; c < db; c++) zb[a * db + c] += f * b[i * db + c];
    }
  }
  for (let a = 0; a < dz; a++) {
    zz[a * dz + a] += 1e-6;
    for (let c = 0; c < a; c++) zz[c * dz + a] = zz[a * dz + c];
  }
  const l = cholesky(zz, dz, 1e-14);
  if (typeof l === 'number') return;
  const weights = choleskySolve(l, zb, dz, db);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < dz; a++) {
      const f = z[i * dz + a];
      for (let c = 0; c < db; c++) b[i * db + c] -= f * weights[a * db + c];
    }
  }
}

function gammaResult(statistic: number, mean: number, variance: number): TestResult {
  if (!(mean > 0 && variance > 0)) return { p: 1, logP: 0, statistic };
  const shape = (mean * mean) / variance;
  const scale = variance / mean;
  return {
    p: gammaTail(statistic, shape, scale),
    logP: logGammaTail(statistic, shape, scale),
    statistic,
  };
}

function innerProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function trace(m: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += m[i * n + i];
  return sum;
}
