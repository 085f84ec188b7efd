import { describe, expect, it } from 'vitest';
import { dag } from '../../src/discovery/dag.js';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { attributeChange } from '../../src/scm/attribute-change.js';
import { averageEffect } from '../../src/scm/average-effect.js';
import { counterfactual } from '../../src/scm/counterfactual.js';
import { intervene } from '../../src/scm/intervene.js';
import { fitScm } from '../../src/scm/scm.js';
import {
  categorical,
  linearTable,
  mean,
  mixedEdges,
  mixedTable,
  numeric,
  quiet,
  tableOf,
  valuesOf,
} from './tables.js';

const linear = linearTable(4000, 1);
const linearDag = dag(linear, 'a -> b -> c; a -> c');
const linearScm = await fitScm(linear, linearDag, { seed: 1, ...quiet });
const mixed = mixedTable(500, 1, 0);
const mixedScm = await fitScm(mixed, dag(mixed, mixedEdges), { seed: 1, ...quiet });

describe('intervene()', { timeout: 300_000 }, () => {
  it('shifts descendants by the path coefficients', () => {
    const means = (value: number): number[] => {
      const rows = intervene(linearScm, { a: value }, { seed: 1, size: 20_000 });
      return ['a', 'b', 'c'].map((name) => mean(valuesOf(rows, name)));
    };
    const [low, high] = [means(0), means(2)];
    expect(low[0]).toBe(0);
    expect(high[0]).toBe(2);
    // b: 0.8 per unit of a; c: 1.2 directly and 0.8 · −0.5 through b. Both arms have the same noise.
    expect(Math.abs((high[1] - low[1]) / 2 - 0.8)).toBeLessThan(0.05);
    expect(Math.abs((high[2] - low[2]) / 2 - 0.8)).toBeLessThan(0.05);
  });

  it('leaves ancestors and other branches alone', () => {
    const free = intervene(linearScm, { c: 7 }, { seed: 1, size: 100 });
    const other = intervene(linearScm, { b: (v) => v }, { seed: 1, size: 100 });
    expect(valuesOf(free, 'b')).toEqual(valuesOf(other, 'b'));
    expect(valuesOf(free, 'c').every((v) => v === 7)).toBe(true);
  });

  it('does several at once, hard and soft', () => {
    const rows = intervene(
      linearScm,
      { a: 1, b: (v) => (v as number) + 10 },
      { seed: 1, size: 20_000 },
    );
    // E b = 2 + 10 at a = 1; E c = −0.5 · 10, the coefficient known to 1/√4000 = 0.016.
    expect(Math.abs(mean(valuesOf(rows, 'b')) - 12)).toBeLessThan(0.1);
    expect(Math.abs(mean(valuesOf(rows, 'c')) + 5)).toBeLessThan(0.4);
  });

  it('keeps the columns of given rows that are no descendants', () => {
    const rows = intervene(linearScm, { b: 0 }, { seed: 1, table: linear });
    expect(valuesOf(rows, 'a')).toEqual(valuesOf(linear, 'a'));
    expect(valuesOf(rows, 'c')).not.toEqual(valuesOf(linear, 'c'));
    const root = intervene(linearScm, { a: (v) => 2 * (v as number) }, { seed: 1, table: linear });
    expect(valuesOf(root, 'a')).toEqual(valuesOf(linear, 'a').map((v) => 2 * v));
  });

  it('sets categories by name', () => {
    const rows = intervene(mixedScm, { colour: 'green' }, { seed: 1, size: 3000 });
    expect(valuesOf(rows, 'colour').every((c) => c === 1)).toBe(true);
    const red = intervene(mixedScm, { colour: 'red' }, { seed: 1, size: 3000 });
    // green costs 5, red 1; the count is untouched.
    const difference = mean(valuesOf(rows, 'price')) - mean(valuesOf(red, 'price'));
    expect(Math.abs(difference - 4)).toBeLessThan(0.4);
  });

  it('gives interventional means of a non-linear SCM within fitting and drawing error', async () => {
    // y = x² + z,  z = sin(2x) + N;  E[y | do(x)] = x² + sin(2x)
    const errors: number[] = [];
    for (let seed = 0; seed < 4; seed++) {
      const random = stream(seed, 'non-linear');
      const x = Float64Array.from({ length: 1500 }, () => 4 * random() - 2);
      const z = x.map((v) => Math.sin(2 * v) + 0.3 * randomNormal(random));
      const y = x.map((v, i) => v * v + z[i] + 0.3 * randomNormal(random));
      const table = tableOf([numeric('x', x), numeric('z', z), numeric('y', y)]);
      const scm = await fitScm(table, dag(table, 'x -> z -> y; x -> y'), { seed, ...quiet });
      for (const value of [-1, 0.5, 1.5]) {
        const rows = intervene(scm, { x: value }, { seed, size: 4000 });
        errors.push(mean(valuesOf(rows, 'y')) - (value ** 2 + Math.sin(2 * value)));
      }
    }
    // Each error has a standard deviation of some 0.04; the mean of 12 one of 0.01–0.02.
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.2);
    expect(Math.abs(mean(errors))).toBeLessThan(0.05);
  });

  it('refuses what a column cannot hold', () => {
    const options = { seed: 1, size: 10 };
    const cases: [Record<string, unknown>, string][] = [
      [{ d: 1 }, '"d" is none of size, colour, count, price'],
      [{ colour: 'pink' }, 'its categories are red, green, blue'],
      [{ colour: 1 }, 'its values must be categories that it has: current value is 1'],
      [{ price: 'dear' }, 'its values must be finite numbers: current value is "dear"'],
      [{ count: 2.5 }, 'its values must be integers: current value is 2.5; round it'],
      [{ count: (v: number) => 0.3 * v + 0.1 }, 'its values must be integers'],
      [{ price: () => Number.NaN }, 'its values must be finite numbers'],
      [{ price: () => [1, 2] }, 'current value is [1,2]'],
      [{ colour: () => undefined }, 'current value is undefined'],
      [{}, 'at least one column must be named'],
    ];
    for (const [interventions, message] of cases) {
      expect(() => intervene(mixedScm, interventions as never, options)).toThrow(message);
    }
    expect(() => intervene(mixedScm, { price: 1 }, { seed: 1, size: 0 })).toThrow(
      'there must be at least one row: current value is 0',
    );
  });

  it('refuses given rows with a category that was not there in fitting', () => {
    const { columns } = mixed;
    const strange = tableOf(
      columns.map((c) => ('codes' in c ? { ...c, categories: ['red', 'green', 'violet'] } : c)),
    );
    expect(() => intervene(mixedScm, { price: 1 }, { seed: 1, table: strange })).toThrow(
      '"colour" is "violet" in row',
    );
  });
});

describe('counterfactual()', { timeout: 300_000 }, () => {
  it('returns the rows unchanged under the identity intervention', () => {
    for (const name of ['a', 'b', 'c']) {
      const { table, sampled } = counterfactual(
        linearScm,
        linear,
        { [name]: (v) => v },
        { seed: 1 },
      );
      expect(table).toEqual(linear);
      expect(sampled).toEqual([]);
    }
    const { table } = counterfactual(mixedScm, mixed, { size: (v) => v }, { seed: 1 });
    expect(table).toEqual(mixed);
  });

  it('moves each row by its own noise', () => {
    const { table } = counterfactual(
      linearScm,
      linear,
      { a: (v) => (v as number) + 1 },
      { seed: 1 },
    );
    const [b, c] = ['b', 'c'].map((name) => {
      const after = valuesOf(table, name);
      return valuesOf(linear, name).map((v, i) => after[i] - v);
    });
    // A linear model shifts every row by the same amount.
    for (const shifts of [b, c]) {
      expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThan(1e-9);
    }
    expect(Math.abs(b[0] - 0.8)).toBeLessThan(0.05);
    expect(Math.abs(c[0] - 0.8)).toBeLessThan(0.05);
  });

  it('draws the noise of a class from the interval that gives it', () => {
    const { table, sampled } = counterfactual(
      mixedScm,
      mixed,
      { size: (v) => (v as number) + 1e-9 },
      { seed: 1 },
    );
    expect(sampled).toEqual(['colour']);
    // The parent hardly moved, so nearly every class stays.
    const before = valuesOf(mixed, 'colour');
    const same = valuesOf(table, 'colour').filter((c, i) => c === before[i]).length;
    expect(same / mixed.rows).toBeGreaterThan(0.99);
    // A larger size makes later colours likelier, and no row goes back.
    const up = counterfactual(mixedScm, mixed, { size: (v) => (v as number) + 1 }, { seed: 1 });
    const after = valuesOf(up.table, 'colour');
    expect(after.filter((c, i) => c < before[i]).length).toBeLessThan(0.05 * mixed.rows);
    expect(mean(after)).toBeGreaterThan(mean(before) + 0.4);
  });

  it('names row and class where the class has probability 0', async () => {
    const random = stream(1, 'zero');
    const x = Float64Array.from({ length: 60 }, () => randomNormal(random));
    const y = x.map((v) => (v > 0 ? 1 : 0));
    const table = tableOf([numeric('x', x), categorical('y', ['no', 'yes', 'never'], y)]);
    const scm = await fitScm(table, dag(table, 'x -> y'), { seed: 1, ...quiet });
    const strange = tableOf([
      numeric('x', [1, 1]),
      categorical('y', ['no', 'yes', 'never'], [1, 2]),
    ]);
    expect(() => counterfactual(scm, strange, { x: 0 }, { seed: 1 })).toThrow(
      'Cannot find the noise of "y" as its class must have a probability above 0: row 2 has class "never"',
    );
  });

  it('keeps missing cells missing', async () => {
    const table = mixedTable(300, 2, 0.1);
    const scm = await fitScm(table, dag(table, mixedEdges), { seed: 1, ...quiet });
    const found = counterfactual(scm, table, { size: 1 }, { seed: 1 }).table;
    const holes = (t: typeof table): number[] =>
      [...valuesOf(t, 'count').keys()].filter((i) => Number.isNaN(valuesOf(t, 'count')[i]));
    expect(holes(found)).toEqual(holes(table));
  });
});

describe('averageEffect()', { timeout: 300_000 }, () => {
  it('finds the total effect, with an interval that holds it', async () => {
    const table = linearTable(600, 3);
    const scm = await fitScm(table, linearDag, { seed: 1, quality: 'fast', ...quiet });
    const query = { treatment: 'a', from: 0, to: 1, outcome: 'c' };
    const found = await averageEffect(scm, query, { seed: 1, table, size: 2000, ...quiet });
    const [low, high] = found.interval as readonly [number, number];
    expect(low).toBeLessThan(0.8);
    expect(high).toBeGreaterThan(0.8);
    expect(high - low).toBeLessThan(0.4);
    expect(found.effect).toBeGreaterThan(low);
    expect(found.effect).toBeLessThan(high);
  });

  it('compares the probability of a category', async () => {
    const query = { treatment: 'size', from: -1, to: 1, outcome: 'colour', category: 'blue' };
    const found = await averageEffect(mixedScm, query, { seed: 1, ...quiet });
    expect(found.effect).toBeGreaterThan(0.5);
    expect(found.interval).toBeUndefined();
    await expect(
      averageEffect(mixedScm, { ...query, category: 'pink' }, { seed: 1, ...quiet }),
    ).rejects.toThrow('its categories are red, green, blue');
  });
});

describe('attributeChange()', { timeout: 300_000 }, () => {
  it('finds the mechanism that changed, and its shares add up', async () => {
    const before = linearTable(1500, 5);
    // b's mechanism moves up by 3, which takes c down by 1.5.
    const b = valuesOf(before, 'b').map((v) => v + 3);
    const c = valuesOf(before, 'c').map((v) => v - 1.5);
    const after = tableOf([before.columns[0], numeric('b', b), numeric('c', c)]);
    const found = await attributeChange(before, after, linearDag, {
      seed: 1,
      column: 'c',
      fit: { quality: 'fast' },
      ...quiet,
    });
    const share = Object.fromEntries(found.contributions.map((s) => [s.node, s.contribution]));
    // Coefficients are known to 1/√1500 = 0.026, in both models, and b moves by 3.
    expect(Math.abs(share.b + 1.5)).toBeLessThan(0.3);
    expect(Math.abs(share.a)).toBeLessThan(0.1);
    expect(Math.abs(share.c)).toBeLessThan(0.3);
    expect(share.a + share.b + share.c).toBeCloseTo(found.after - found.before, 10);
  });
});
