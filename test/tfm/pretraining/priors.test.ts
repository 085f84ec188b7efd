import { describe, expect, it } from 'vitest';
import { stream } from '../../../src/math/random.js';
import { learnability } from '../../../src/tfm/pretraining/learnability.js';
import {
  defaultMix,
  drawTable,
  type PriorName,
  priors,
} from '../../../src/tfm/pretraining/prior.js';
import { measured } from '../../../src/tfm/pretraining/synthetic-table.js';

const names = Object.keys(priors) as PriorName[];
const shape = { rows: 120, features: 5, classes: 3 };

describe.each(names)('%s', (name) => {
  it('draws the asked rows and features, finite, with labels among the classes', () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const features of [2, 5, 40]) {
        const { columns, labels, levels } = priors[name](stream(seed, name), {
          ...shape,
          features,
        });
        expect(columns).toHaveLength(features);
        expect(levels).toHaveLength(features);
        expect(columns.every((c) => c.length === 120 && c.every(Number.isFinite))).toBe(true);
        expect(labels).toHaveLength(120);
        expect(labels.every((y) => y >= 0 && y < 3)).toBe(true);
      }
    }
  });

  it('repeats a table from its seed and draws another from another', () => {
    const draw = (seed: number): unknown => priors[name](stream(seed, 'x'), shape).columns;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('gives columns of their own, so that changing one leaves the others', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { columns } = priors[name](stream(seed, 'own'), { ...shape, features: 12 });
      expect(new Set(columns.map((c) => c.buffer)).size).toBe(12);
    }
  });

  it('gives tables of which many can be learned', () => {
    const random = stream(3, name);
    const scores = Array.from({ length: 60 }, () => learnability(priors[name](random, shape)));
    // Half of what random causal models give is close to noise; the filter drops most of that.
    expect(scores.filter((score) => score > 0.1).length).toBeGreaterThan(20);
  });
});

describe('sharp rules', () => {
  it('lookUpTable() gives rows of equal levels equal classes', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { columns, labels } = priors.lookUpTable(stream(seed, 'rule'), { ...shape, rows: 400 });
      const seen = new Map<string, number>();
      for (let i = 0; i < labels.length; i++) {
        const key = columns.map((c) => c[i]).join();
        expect(seen.get(key) ?? labels[i]).toBe(labels[i]);
        seen.set(key, labels[i]);
      }
    }
  });

  it('ruleList() on levels alone gives rows of equal levels equal classes', () => {
    let tables = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { columns, labels, levels } = priors.ruleList(stream(seed, 'list'), shape);
      if (!levels.every(Boolean)) continue;
      tables++;
      const seen = new Map<string, number>();
      for (let i = 0; i < labels.length; i++) {
        const key = columns.map((c) => c[i]).join();
        expect(seen.get(key) ?? labels[i]).toBe(labels[i]);
        seen.set(key, labels[i]);
      }
    }
    expect(tables).toBeGreaterThan(10);
  });

  it('rareClass() makes its classes rare', () => {
    const shares = Array.from({ length: 200 }, (_, seed) => {
      const { labels } = priors.rareClass(stream(seed, 'rare'), { ...shape, rows: 500 });
      return labels.reduce((count, y) => count + (y > 0 ? 1 : 0), 0) / 500;
    }).sort((a, b) => a - b);
    expect(shares[100]).toBeGreaterThan(0.03);
    expect(shares[100]).toBeLessThan(0.2);
    expect(shares[190]).toBeLessThan(0.45);
  });
});

describe('drawTable()', () => {
  const options = { rows: 60, features: 4, filter: false };

  it('draws the priors as often as the mixture says', () => {
    const random = stream(5, 'mix');
    const counts = new Map<string, number>();
    const draws = 3000;
    for (let i = 0; i < draws; i++) {
      const { prior } = drawTable(random, options);
      counts.set(prior, (counts.get(prior) ?? 0) + 1);
    }
    const sum = Object.values(defaultMix).reduce((a, b) => a + b, 0);
    for (const name of names) {
      const share = (defaultMix[name] ?? 0) / sum;
      // Tables that come out with a single class are drawn anew, so shares shift by a little.
      expect(Math.abs((counts.get(name) ?? 0) / draws - share)).toBeLessThan(0.035);
    }
  });

  it('numbers the classes densely, half of the tables with two, some with many', () => {
    const random = stream(6, 'classes');
    const counts = new Int32Array(11);
    for (let i = 0; i < 2000; i++) {
      const { labels, classes } = drawTable(random, options);
      expect(new Set(labels).size).toBe(classes);
      expect(Math.max(...labels)).toBe(classes - 1);
      counts[classes]++;
    }
    expect(counts[2] / 2000).toBeGreaterThan(0.48);
    expect(counts[2] / 2000).toBeLessThan(0.68);
    for (let k = 3; k <= 6; k++) expect(counts[k]).toBeGreaterThan(25);
    expect(counts[1]).toBe(0);
  });

  it('gives a class no slot of its own: the common class is every id equally often', () => {
    const random = stream(7, 'slots');
    let zeros = 0;
    let tables = 0;
    while (tables < 800) {
      const { labels, classes } = drawTable(random, options);
      if (classes !== 2) continue;
      const ones = labels.reduce((sum, y) => sum + y, 0);
      if (ones === 30) continue;
      tables++;
      if (ones < 30) zeros++;
    }
    expect(Math.abs(zeros / tables - 0.5)).toBeLessThan(0.055);
  });

  it('draws some missing cells, some columns of levels, some of numbers', () => {
    const random = stream(8, 'cells');
    let [missing, levels, columns] = [0, 0, 0];
    for (let i = 0; i < 600; i++) {
      const table = drawTable(random, options);
      for (const [j, column] of table.columns.entries()) {
        columns++;
        if (table.levels[j]) levels++;
        if (column.some((v) => Number.isNaN(v) || (table.levels[j] && v === -1))) missing++;
      }
    }
    expect(levels / columns).toBeGreaterThan(0.3);
    expect(levels / columns).toBeLessThan(0.75);
    expect(missing / columns).toBeGreaterThan(0.03);
    expect(missing / columns).toBeLessThan(0.15);
  });

  it('keeps tables that can be learned when it filters', () => {
    const mean = (filter: boolean): number => {
      const random = stream(9, 'filter');
      let sum = 0;
      for (let i = 0; i < 150; i++) {
        sum += learnability(drawTable(random, { rows: 150, features: 5, filter }));
      }
      return sum / 150;
    };
    expect(mean(true)).toBeGreaterThan(mean(false) + 0.1);
  });
});

describe('learnability()', () => {
  const random = stream(10, 'learnability');
  const noise = (): Float64Array => Float64Array.from({ length: 300 }, () => random() - 0.5);

  it('is about 0 where labels are noise', () => {
    for (let i = 0; i < 10; i++) {
      const labels = Int32Array.from({ length: 300 }, () => (random() < 0.5 ? 1 : 0));
      expect(learnability(measured([noise(), noise(), noise()], labels))).toBeLessThan(0.12);
    }
  });

  it('is high where a line, a ring or a chessboard parts the classes', () => {
    const [x, y] = [noise(), noise()];
    const by = (label: (x: number, y: number) => boolean): Int32Array =>
      Int32Array.from(x, (v, i) => (label(v, y[i]) ? 1 : 0));
    expect(
      learnability(
        measured(
          [x, y],
          by((a, b) => a + b > 0),
        ),
      ),
    ).toBeGreaterThan(0.55);
    expect(
      learnability(
        measured(
          [x, y],
          by((a, b) => a * a + b * b < 0.1),
        ),
      ),
    ).toBeGreaterThan(0.6);
    expect(
      learnability(
        measured(
          [x, y],
          by((a, b) => a > 0 !== b > 0),
        ),
      ),
    ).toBeGreaterThan(0.6);
  });

  it('sees a sharp threshold among many idle columns by its tree', () => {
    const columns = Array.from({ length: 30 }, noise);
    const labels = Int32Array.from(columns[7], (v) => (v > 0.3 ? 1 : 0));
    expect(learnability(measured(columns, labels))).toBeGreaterThan(0.85);
  });
});
