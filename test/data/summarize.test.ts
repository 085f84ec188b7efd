import { describe, expect, it } from 'vitest';
import { fromRecords } from '../../src/data/records.js';
import { summarize } from '../../src/data/summarize.js';

describe('summarize()', () => {
  it('tells what each column holds and what looks odd', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({
      id: `p${i}`,
      k: 7,
      gone: null,
      rare: i < 10 ? i : null,
      kind: i % 3 === 0 ? 'a' : 'b',
    }));
    const summary = summarize(fromRecords(rows, { target: 'kind' }));
    expect(summary).toMatchObject({ kind: 'table-summary', rows: 30, target: 'kind', missing: 50 });
    const byName = Object.fromEntries(summary.columns.map((c) => [c.name, c]));
    expect(byName.id.notes).toEqual(['all different']);
    expect(byName.k).toMatchObject({ mean: 7, deviation: 0, distinct: 1, notes: ['constant'] });
    expect(byName.gone).toEqual({
      name: 'gone',
      type: 'numeric',
      missing: 30,
      distinct: 0,
      notes: ['all missing'],
    });
    expect(byName.rare).toMatchObject({
      missing: 20,
      distinct: 10,
      mean: 4.5,
      minimum: 0,
      median: 4.5,
      maximum: 9,
      notes: ['mostly missing'],
    });
    expect(byName.kind.top).toEqual([
      { category: 'b', count: 20 },
      { category: 'a', count: 10 },
    ]);
  });
});
