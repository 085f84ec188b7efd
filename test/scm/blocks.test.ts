import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { BLOCK, columnsDesign, encodedDesign } from '../../src/scm/design.js';
import { encode } from '../../src/scm/encoding.js';
import { fitLinear } from '../../src/scm/linear.js';
import { fitLogistic } from '../../src/scm/logistic.js';
import { predictModel } from '../../src/scm/model.js';

/** A column drawn anew, and the same rows again and again until a block is full. */
function repeated(name: string, rows: number, times: number): Float64Array {
  const random = stream(1, 'blocks-test', name);
  const once = Float64Array.from({ length: rows }, () => randomNormal(random));
  return Float64Array.from({ length: rows * times }, (_, i) => once[i % rows]);
}

const rows = 500;
const times = Math.ceil((BLOCK + 1) / rows);
const x = ['a', 'b'].map((name) => repeated(name, rows, times));
const once = x.map((column) => column.slice(0, rows));

describe('fits on more rows than a block holds', () => {
  it('least squares: rows repeated give the same coefficients', () => {
    const y = repeated('y', rows, times).map((v, i) => v + x[0][i] - 2 * x[1][i]);
    const large = fitLinear(x, y);
    const small = fitLinear(once, y.slice(0, rows));
    expect(large.intercept).toBeCloseTo(small.intercept, 10);
    large.coefficients.forEach((c, j) => {
      expect(c).toBeCloseTo(small.coefficients[j], 10);
    });
  });

  it.each([2, 3, 9])('%i classes: rows repeated weigh like a weaker penalty', (classes) => {
    const noise = repeated('classes', rows, times);
    const y = Int32Array.from(noise, (v, i) => {
      const score = Math.floor((classes * (1 + Math.tanh(v + x[0][i]))) / 2);
      return Math.min(classes - 1, score);
    });
    const large = fitLogistic(x, y, classes, { C: 1 / times, tolerance: 1e-8 });
    const small = fitLogistic(once, y.slice(0, rows), classes, { tolerance: 1e-8 });
    large.coefficients.forEach((c, j) => {
      expect(c).toBeCloseTo(small.coefficients[j], 5);
    });
  });
});

describe('blocks of rows', () => {
  const encoding = {
    degree: 2,
    parents: [
      { kind: 'number', mean: 0.5, flag: true },
      { kind: 'one-hot', levels: [0, 2], shares: [0.3, 0.2], flag: false },
    ],
  } as const;
  const n = BLOCK + 1000;
  const values = [
    Float64Array.from({ length: n }, (_, i) => (i % 7 === 0 ? Number.NaN : i % 100)),
    Float64Array.from({ length: n }, (_, i) => i % 3),
  ];
  const every = Int32Array.from({ length: n }, (_, i) => n - 1 - i);

  it('hold the columns that encode() makes, in order', () => {
    const whole = encode(encoding, values, every);
    const design = encodedDesign(encoding, values, every);
    expect(design.width).toBe(whole.length);
    let seen = 0;
    // Twice: a block that is made again must be the same.
    for (let turn = 0; turn < 2; turn++) {
      design.each((columns, from) => {
        columns.forEach((column, j) => {
          expect(column).toEqual(whole[j].slice(from, from + column.length));
        });
        seen += columns[0].length;
      });
    }
    expect(seen).toBe(2 * n);
    let given = 0;
    columnsDesign(whole, n).each((columns, from) => {
      expect(columns[1][0]).toBe(whole[1][from]);
      given += columns[1].length;
    });
    expect(given).toBe(n);
  });

  it('are predicted as row by row', () => {
    const model = {
      model: 'polynomial',
      encoding,
      coefficients: Float64Array.from({ length: encode(encoding, values).length }, (_, j) => j - 3),
      intercept: 1,
      alpha: 0,
    } as const;
    const all = predictModel(model, values, n, every);
    for (const i of [0, 1, BLOCK - 1, BLOCK, n - 1]) {
      const one = values.map((column) => Float64Array.of(column[every[i]]));
      expect(all[i]).toBe(predictModel(model, one, 1)[0]);
    }
  });
});
