import { describe, expect, it } from 'vitest';
import { bootstrap } from '../../src/augmentation/bootstrap.js';
import { causal } from '../../src/augmentation/causal.js';
import type { Generator } from '../../src/augmentation/generator.js';
import { mixture } from '../../src/augmentation/mixture.js';
import { bundled } from '../../src/data/bundled.js';
import { concatRows, dropColumns, takeRows } from '../../src/data/table.js';
import { stream } from '../../src/math/random.js';

const penguins = await bundled('penguins');
const quick = { dags: 2, discovery: { resamples: 2, workers: 1 }, scm: { workers: 1 } } as const;
const generators: Generator[] = [bootstrap(), causal(quick)];

describe.each(generators)('the generator $name', (generator) => {
  const learn = () => generator.fit(penguins, { random: stream(7, 'fit') });

  it('gives the same rows for the same seed and others for another', async () => {
    const [a, b] = [await learn(), await learn()];
    const rows = a.sample(40, { random: stream(1, 'rows') });
    expect(b.sample(40, { random: stream(1, 'rows') })).toEqual(rows);
    expect(b.sample(40, { random: stream(2, 'rows') })).not.toEqual(rows);
  });

  it('keeps columns, types, categories and target, and gives the size asked for', async () => {
    const rows = (await learn()).sample(25, { random: stream(3, 'rows') });
    const schema = (columns: typeof rows.columns) =>
      columns.map((c) => ('categories' in c ? [c.name, c.type, c.categories] : [c.name, c.type]));
    expect(schema(rows.columns)).toEqual(schema(penguins.columns));
    expect(rows.target).toBe('sex');
    expect(rows.rows).toBe(25);
    for (const column of rows.columns) {
      const cells = 'codes' in column ? column.codes : column.values;
      expect(cells).toHaveLength(25);
      if ('codes' in column) {
        expect(Math.max(...column.codes)).toBeLessThan(column.categories.length);
      }
    }
  });

  it('leaves the training rows as they were', async () => {
    const before = structuredClone(penguins);
    const fitted = await learn();
    fitted.sample(10, { random: stream(4, 'rows') });
    expect(penguins).toEqual(before);
  });

  it('stops when its signal is aborted', async () => {
    if (generator.name === 'bootstrap') return; // nothing to stop: it learns nothing
    const signal = AbortSignal.abort(new Error('stopped by the user'));
    await expect(generator.fit(penguins, { random: stream(7, 'fit'), signal })).rejects.toThrow(
      'stopped by the user',
    );
  });
});

describe('bootstrap()', () => {
  it('draws every row equally often', async () => {
    const table = takeRows(penguins, Int32Array.of(0, 1, 2, 3));
    const fitted = await bootstrap().fit(table, { random: stream(0, 'fit') });
    const rows = fitted.sample(40_000, { random: stream(5, 'rows') });
    const mass = rows.columns.find((c) => c.name === 'body_mass_g');
    if (!mass || !('values' in mass)) throw new Error('penguins have a body mass');
    const counts = new Map<number, number>();
    for (const value of mass.values) counts.set(value, (counts.get(value) ?? 0) + 1);
    // Binomial(40,000, 1/4): deviation 87; four of them.
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(350);
    expect(counts.size).toBe(4);
  });
});

describe('mixture()', () => {
  it('holds every real and every synthetic row once, in random order', () => {
    const a = takeRows(
      penguins,
      Int32Array.from({ length: 60 }, (_, i) => i),
    );
    const b = takeRows(
      penguins,
      Int32Array.from({ length: 40 }, (_, i) => 100 + i),
    );
    const mixed = mixture(a, b, { random: stream(1, 'mixture') });
    const sorted = (t: typeof a) =>
      Array.from({ length: t.rows }, (_, i) =>
        t.columns.map((c) => ('codes' in c ? c.codes[i] : c.values[i])).join(),
      );
    expect(sorted(mixed)).not.toEqual(sorted(concatRows(a, b)));
    expect(sorted(mixed).sort()).toEqual(sorted(concatRows(a, b)).sort());
    expect(mixed.target).toBe('sex');
  });

  it('refuses tables whose columns differ, naming the first difference', () => {
    const less = dropColumns(penguins, ['island']);
    expect(() => mixture(penguins, less, { random: stream(1, 'm') })).toThrow(
      /Cannot mix real and synthetic rows as their columns must be the same: column 2 is "island"/,
    );
  });
});
