import { describe, expect, it } from 'vitest';
import { bundled } from '../../src/data/bundled.js';
import { split } from '../../src/data/split.js';
import { summarize } from '../../src/data/summarize.js';
import { checkTarget } from '../../src/data/target.js';

describe('bundled()', () => {
  it('reads the penguins whose sex is known, without a missing cell', async () => {
    const penguins = await bundled('penguins');
    expect([penguins.rows, penguins.columns.length, penguins.target]).toEqual([333, 7, 'sex']);
    expect(penguins.columns.map((c) => c.type).join()).toBe(
      'categorical,categorical,numeric,numeric,integer,integer,categorical',
    );
    expect(summarize(penguins)).toMatchObject({ missing: 0 });
    const { categories, codes } = checkTarget(penguins);
    expect(categories).toEqual(['female', 'male']);
    expect(codes.filter((code) => code === 1)).toHaveLength(168);
  });

  it('reads all penguins to predict their species', async () => {
    const penguins = await bundled('penguins', { target: 'species' });
    expect(penguins.rows).toBe(344);
    expect(summarize(penguins).missing).toBe(19);
    expect(summarize(penguins).columns[0].top).toEqual([
      { category: 'Adelie', count: 152 },
      { category: 'Gentoo', count: 124 },
      { category: 'Chinstrap', count: 68 },
    ]);
  });

  it('reads heart and wine', async () => {
    const heart = await bundled('heart');
    expect([heart.rows, heart.columns.length, summarize(heart).missing]).toEqual([303, 14, 7]);
    expect(checkTarget(heart).categories).toEqual(['absent', 'present']);
    expect(new Set(heart.columns.map((c) => c.type))).toEqual(
      new Set(['integer', 'numeric', 'categorical', 'boolean']),
    );
    const wine = await bundled('wine');
    expect([wine.rows, wine.columns.length, summarize(wine).missing]).toEqual([178, 14, 0]);
    expect(checkTarget(wine).categories).toEqual(['1', '2', '3']);
    expect(split(wine, { seed: 1 }).test.rows).toBe(45);
  });

  it('refuses other names', async () => {
    await expect(bundled('iris' as 'wine')).rejects.toThrow('penguins, wine, heart');
  });
});
