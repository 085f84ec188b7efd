import { describe, expect, it } from 'vitest';
import { fromArquero, fromDanfo, toArquero, toColumns, toDanfo } from '../../src/data/arquero.js';
import { fromRecords } from '../../src/data/records.js';

const t = fromRecords(
  [
    { x: 1.5, town: 'Ulm', ok: true, y: 'a' },
    { x: null, town: 'Bern', ok: null, y: 'b' },
    { x: 3, town: null, ok: false, y: 'a' },
  ],
  { target: 'y' },
);

describe('fromArquero(), toArquero(), fromDanfo() and toDanfo()', () => {
  it('go through the other table’s public methods', () => {
    const columns = toColumns(t);
    expect(columns.ok).toEqual([true, null, false]);
    const arquero = {
      columnNames: () => Object.keys(columns),
      array: (name: string) => columns[name],
    };
    expect(fromArquero(arquero, { target: 'y' })).toEqual(t);
    expect(toArquero(t, (made) => made)).toEqual(columns);
    class Frame {
      readonly columns: string[];
      constructor(
        readonly values: unknown,
        options: { columns: string[] },
      ) {
        this.columns = options.columns;
      }
    }
    const frame = toDanfo(t, Frame);
    expect(frame.values).toEqual([
      [1.5, 'Ulm', true, 'a'],
      [null, 'Bern', null, 'b'],
      [3, null, false, 'a'],
    ]);
    expect(fromDanfo(frame, { target: 'y' })).toEqual(t);
  });
});
