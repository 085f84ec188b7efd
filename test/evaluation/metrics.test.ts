import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Scores, scores } from '../../src/evaluation/evaluate.js';
import {
  accuracy,
  brier,
  calibrationError,
  f1,
  f1Minority,
  logLoss,
  rocAuc,
} from '../../src/evaluation/metrics.js';
import { permutation, stream } from '../../src/math/random.js';

const fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'fixtures', 'evaluation', 'metrics.json'), 'utf8'),
) as {
  metrics: {
    name: string;
    classes: number;
    labels: number[];
    probabilities: number[];
    scores: Omit<Scores, 'calibrationError'>;
  }[];
};

const of = (...labels: number[]) => Int32Array.from(labels);
/** Probabilities of two classes from that of class 1. */
const binary = (...p: number[]) => Float64Array.from(p.flatMap((v) => [1 - v, v]));

describe('scores()', () => {
  it.each(fixture.metrics.map((c) => [c.name, c] as const))(
    'equal scikit-learn’s: %s',
    (_, { classes, labels, probabilities, scores: wanted }) => {
      const found = scores(Int32Array.from(labels), Float64Array.from(probabilities), classes);
      for (const [name, value] of Object.entries(wanted)) {
        expect(found[name as keyof Scores], name).toBeCloseTo(value, 12);
      }
    },
  );

  it('do not depend on the order of the rows', () => {
    const { classes: k, labels, probabilities } = fixture.metrics[4];
    const order = permutation(stream(1, 'rows'), labels.length);
    const there = scores(Int32Array.from(labels), Float64Array.from(probabilities), k);
    const shuffled = scores(
      order.map((i) => labels[i]),
      Float64Array.from([...order].flatMap((i) => probabilities.slice(i * k, (i + 1) * k))),
      k,
    );
    for (const name of Object.keys(there) as (keyof Scores)[]) {
      expect(shuffled[name], name).toBeCloseTo(there[name], 12);
    }
  });

  it('refuse arrays that do not fit', () => {
    expect(() => rocAuc(of(0, 1), binary(0.5), 2)).toThrow('2 × 2: their length is 2');
    expect(() => logLoss(of(0, 2), binary(0.5, 0.5), 2)).toThrow('that of row 2 is 2');
    expect(() => brier(of(0), Float64Array.of(Number.NaN, 1), 2)).toThrow('row 1 has NaN');
    expect(() => accuracy(of(), binary(), 2)).toThrow('there must be rows');
    expect(() => f1(of(0), Float64Array.of(1), 1)).toThrow('classes must be an integer >= 2');
  });
});

describe('rocAuc()', () => {
  it('is 1, 0 and ½ for perfect, inverted and useless order', () => {
    const labels = of(0, 0, 1, 1);
    expect(rocAuc(labels, binary(0.1, 0.2, 0.3, 0.4), 2)).toBe(1);
    expect(rocAuc(labels, binary(0.4, 0.3, 0.2, 0.1), 2)).toBe(0);
    expect(rocAuc(labels, binary(0.3, 0.3, 0.3, 0.3), 2)).toBe(0.5);
  });

  it('scores class 1, not class 0', () => {
    // Of the 2 × 3 pairs (positive, negative) 5 are in the right order.
    expect(rocAuc(of(1, 0, 1, 0, 0), binary(0.9, 0.8, 0.85, 0.1, 0.86), 2)).toBeCloseTo(5 / 6, 12);
  });

  it('averages over the classes that occur', () => {
    const p = Float64Array.of(0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.6, 0.3, 0.1, 0.7, 0.2, 0.1);
    // Class 0 is in rows 1 and 3, of 4 pairs one is wrong; class 1 in rows 2 and 4, one is wrong.
    expect(rocAuc(of(0, 1, 0, 1), p, 3)).toBe(0.75);
  });

  it('has no value where all rows are of one class', () => {
    expect(rocAuc(of(1, 1), binary(0.3, 0.4), 2)).toBeNaN();
    expect(rocAuc(of(2, 2), Float64Array.of(0.2, 0.3, 0.5, 0.2, 0.3, 0.5), 3)).toBeNaN();
  });
});

describe('logLoss()', () => {
  it('is the mean surprise', () => {
    expect(logLoss(of(1, 0), binary(0.5, 0.75), 2)).toBeCloseTo((Math.LN2 + Math.log(4)) / 2, 14);
  });

  it('is finite where the true class has probability 0', () => {
    expect(logLoss(of(0), binary(1), 2)).toBeCloseTo(52 * Math.LN2, 10);
  });
});

describe('accuracy(), f1(), f1Minority() and brier()', () => {
  const labels = of(0, 0, 0, 1, 1);
  const p = binary(0.1, 0.6, 0.2, 0.7, 0.4); // predicts 0 1 0 1 0

  it('have known answers', () => {
    expect(accuracy(labels, p, 2)).toBe(0.6);
    expect(f1(labels, p, 2)).toBeCloseTo((4 / 6 + 2 / 4) / 2, 14);
    expect(f1Minority(labels, p, 2)).toBeCloseTo(0.5, 14);
    expect(brier(labels, p, 2)).toBeCloseTo((0.01 + 0.36 + 0.04 + 0.09 + 0.36) / 5, 14);
  });

  it('count the first of equally probable classes as predicted', () => {
    expect(accuracy(of(0, 1), binary(0.5, 0.5), 2)).toBe(0.5);
  });

  it('sum squares over all classes where there are more than two', () => {
    expect(brier(of(0), Float64Array.of(0.5, 0.3, 0.2), 3)).toBeCloseTo(0.25 + 0.09 + 0.04, 14);
  });
});

describe('calibrationError()', () => {
  it('is 0 for a calibrated and 0.2 for an overconfident classifier', () => {
    const right = [1, 1, 1, 0, 1, 1, 1, 0, 1, 1]; // 8 of 10
    const labels = Int32Array.from(right);
    expect(calibrationError(labels, binary(...right.map(() => 0.8)), 2)).toBeCloseTo(0, 14);
    expect(calibrationError(labels, binary(...right.map(() => 1)), 2)).toBeCloseTo(0.2, 14);
  });

  it('adds the gaps of bins of equal mass, whatever their sign', () => {
    // Two bins of two rows: confidences .6, .7 (one right) and .8, .9 (both right).
    const found = calibrationError(of(1, 0, 1, 1), binary(0.6, 0.7, 0.8, 0.9), 2, 2);
    expect(found).toBeCloseTo((Math.abs(1.3 - 1) + Math.abs(1.7 - 2)) / 4, 14);
  });

  it('judges the most probable class, also when it is class 0', () => {
    expect(calibrationError(of(0, 0), binary(0.1, 0.3), 2, 1)).toBeCloseTo(0.2, 14);
  });

  it('works with fewer rows than bins', () => {
    expect(calibrationError(of(1, 0), binary(0.6, 0.9), 2)).toBeCloseTo((0.4 + 0.9) / 2, 14);
  });
});
