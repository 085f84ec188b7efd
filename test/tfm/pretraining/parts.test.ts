import { describe, expect, it } from 'vitest';
import { stream } from '../../../src/math/random.js';
import { activations } from '../../../src/tfm/pretraining/activations.js';
import {
  pieces,
  quantiles,
  rankScores,
  standardize,
} from '../../../src/tfm/pretraining/column-math.js';
import { dirichlet, geometric, logUniform } from '../../../src/tfm/pretraining/draws.js';
import { randomTrees } from '../../../src/tfm/pretraining/random-trees.js';
import { roots } from '../../../src/tfm/pretraining/roots.js';
import { levelColumns } from '../../../src/tfm/pretraining/rule-columns.js';
import { cutIntoClasses, sampleClasses } from '../../../src/tfm/pretraining/targets.js';

const draws = 10_000;
const mean = (values: Iterable<number>): number => {
  let [sum, count] = [0, 0];
  for (const v of values) {
    sum += v;
    count++;
  }
  return sum / count;
};

describe('draws', () => {
  it('geometric() has mean 1 / success and starts at 1', () => {
    const random = stream(1, 'geometric');
    const values = Array.from({ length: draws }, () => geometric(random, 0.25));
    expect(Math.min(...values)).toBe(1);
    expect(Math.abs(mean(values) - 4)).toBeLessThan(0.15);
  });

  it('dirichlet() has shares of mean 1/k and the variance of its concentration', () => {
    const random = stream(2, 'dirichlet');
    const first = Array.from({ length: draws }, () => {
      const shares = dirichlet(random, 4, 0.5);
      expect(Math.abs(shares.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-9);
      return shares[0];
    });
    expect(Math.abs(mean(first) - 0.25)).toBeLessThan(0.012);
    // Var = (1/k)(1 − 1/k) / (k·α + 1)
    expect(Math.abs(mean(first.map((s) => (s - 0.25) ** 2)) - 0.1875 / 3)).toBeLessThan(0.004);
  });

  it('logUniform() has its median at the geometric mean of its ends', () => {
    const random = stream(3, 'log');
    const values = Array.from({ length: draws }, () => logUniform(random, 1, 100)).sort(
      (a, b) => a - b,
    );
    expect(values[draws / 2]).toBeGreaterThan(9.2);
    expect(values[draws / 2]).toBeLessThan(10.8);
  });
});

describe('column math', () => {
  it('standardize() gives mean 0 and deviation 1, and zeros for a constant', () => {
    const column = standardize(Float64Array.of(1, 2, 3, 4));
    expect(column[0]).toBeCloseTo(-1.3416, 4);
    expect(mean(column)).toBeCloseTo(0, 12);
    expect([...standardize(Float64Array.of(5, 5))]).toEqual([0, 0]);
  });

  it('pieces() counts the bounds at or below a value', () => {
    const column = Float64Array.of(4, 1, 3, 2);
    const bounds = quantiles(column, [0.25, 0.75]);
    expect([...bounds]).toEqual([2, 4]);
    expect([...pieces(column, bounds)]).toEqual([2, 0, 1, 1]);
  });

  it('rankScores() keeps the order and has variance about 1', () => {
    const scores = rankScores(Float64Array.from({ length: 200 }, (_, i) => Math.exp(i / 10)));
    expect(mean(scores)).toBeCloseTo(0, 10);
    expect(mean(scores.map((s) => s * s))).toBeCloseTo(1, 2);
    expect(scores[10]).toBeLessThan(scores[11]);
  });
});

describe('parts of the priors', () => {
  it('activations are finite on steep inputs', () => {
    for (const f of activations) {
      for (const x of [-1e4, -3, 0, 3, 1e4]) expect(Number.isFinite(f(x))).toBe(true);
    }
  });

  it('roots() are standardised; the causes of a low rank hang together, others do not', () => {
    let linked = 0;
    for (let seed = 0; seed < 100; seed++) {
      const columns = roots(stream(seed, 'roots'), 500, 4);
      for (const column of columns) {
        expect(mean(column)).toBeCloseTo(0, 8);
        expect(Math.abs(mean(column.map((v) => v * v)) - 1)).toBeLessThan(1e-3);
      }
      const correlation = mean(columns[0].map((v, i) => v * columns[1][i]));
      if (Math.abs(correlation) > 0.3) linked++;
    }
    expect(linked).toBeGreaterThan(5);
    expect(linked).toBeLessThan(60);
  });

  it('randomTrees(): one tree has at most 2^depth values, many sum to variance = trees', () => {
    const columns = roots(stream(4, 'x'), 800, 6);
    const [one] = randomTrees(stream(4, 'one'), columns, { trees: 1, depth: 3, outputs: 1 });
    expect(new Set(one).size).toBeLessThanOrEqual(8);
    const outputs = 200;
    const sums = randomTrees(stream(4, 'sum'), columns, { trees: 9, depth: 2, outputs });
    expect(Math.abs(mean(sums.map((s) => s[0] ** 2)) - 9)).toBeLessThan(2.5);
  });

  it('levelColumns() gives codes below the count, most columns of 3 to 5 levels', () => {
    const counts = new Int32Array(9);
    for (let seed = 0; seed < 200; seed++) {
      for (const { codes, count } of levelColumns(stream(seed, 'levels'), 100, 3)) {
        expect(codes.every((c) => Number.isInteger(c) && c >= 0 && c < count)).toBe(true);
        counts[count]++;
      }
    }
    expect(counts[2] / 600).toBeGreaterThan(0.14);
    expect(counts[2] / 600).toBeLessThan(0.27);
    expect((counts[3] + counts[4] + counts[5]) / 600).toBeGreaterThan(0.45);
    expect(counts[8]).toBeGreaterThan(0);
  });

  it('sampleClasses() draws from the softmax of the scores', () => {
    // Scores ±1, standardised, sharpness 0: the log-odds of the two halves differ by 4.
    const score = Float64Array.from({ length: 2 * draws }, (_, i) => (i < draws ? 1 : -1));
    const labels = sampleClasses(stream(9, 'softmax'), [score, score.map((v) => -v)], 0);
    const share = (rows: Int32Array): number => mean(rows);
    const odds = (p: number): number => Math.log(p / (1 - p));
    const difference = odds(share(labels.subarray(draws))) - odds(share(labels.subarray(0, draws)));
    expect(Math.abs(difference - 4)).toBeLessThan(0.25);
  });

  it('cutIntoClasses() follows the order of the values with two classes, none too rare', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = stream(seed, 'cut');
      const column = Float64Array.from({ length: 200 }, random);
      const labels = cutIntoClasses(random, column, 2);
      const top = Math.max(...column.filter((_, i) => labels[i] === 0));
      const bottom = Math.min(...column.filter((_, i) => labels[i] === 1));
      expect(top).toBeLessThan(bottom);
      expect(Math.abs(mean(labels) - 0.5)).toBeLessThanOrEqual(0.475);
    }
  });
});
