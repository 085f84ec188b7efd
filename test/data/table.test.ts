import { describe, expect, it } from 'vitest';
import { dropMissing } from '../../src/data/missing.js';
import { fromRecords, toRecords } from '../../src/data/records.js';
import {
  type CategoricalColumn,
  type Column,
  column,
  concatRows,
  dropColumns,
  isNumeric,
  selectColumns,
  type Table,
  table,
  takeRows,
  withTarget,
} from '../../src/data/table.js';
import { checkTarget } from '../../src/data/target.js';
import { withTypes } from '../../src/data/with-types.js';

const age: Column = { name: 'age', type: 'numeric', values: Float64Array.of(31, Number.NaN, 20.5) };
const kids: Column = { name: 'kids', type: 'integer', values: Float64Array.of(2, 0, Number.NaN) };
const town: Column = {
  name: 'town',
  type: 'categorical',
  categories: ['Bern', 'Ulm'],
  codes: Int32Array.of(1, -1, 0),
};
const good: Column = {
  name: 'good',
  type: 'boolean',
  categories: ['false', 'true'],
  codes: Int32Array.of(0, 1, 1),
};
const people = table([age, kids, town, good], { target: 'good' });

describe('table()', () => {
  it('keeps columns, counts rows and marks the target', () => {
    expect(people).toEqual({
      kind: 'table',
      rows: 3,
      columns: [age, kids, town, good],
      target: 'good',
    });
    expect(table([]).rows).toBe(0);
  });

  it('refuses columns of different length, naming both', () => {
    const short: Column = { name: 'short', type: 'numeric', values: Float64Array.of(1) };
    expect(() => table([age, short])).toThrow('"age" has 3 rows and "short" has 1');
  });

  it('refuses empty and repeated names', () => {
    expect(() => table([{ ...age, name: '' }])).toThrow('column 1 has none');
    expect(() => table([age, { ...kids, name: 'age' }])).toThrow('"age" is there twice');
  });

  it('refuses values that the type does not allow', () => {
    const infinite: Column = {
      name: 'x',
      type: 'numeric',
      values: Float64Array.of(1, Number.POSITIVE_INFINITY),
    };
    expect(() => table([infinite])).toThrow('row 2 of "x" is Infinity');
    expect(() => table([{ ...age, type: 'integer' }])).toThrow('row 3 of "age" is 20.5');
    expect(() => table([{ ...town, codes: Int32Array.of(0, 2, 0) }])).toThrow(
      'row 2 of "town" is 2',
    );
    expect(() => table([{ ...town, categories: ['Ulm', 'Ulm'] }])).toThrow('must differ');
    expect(() => table([{ ...good, categories: ['no', 'maybe', 'yes'] }])).toThrow('has 3');
    const plain = { ...age, values: [1, 2, 3] } as unknown as Column;
    expect(() => table([plain])).toThrow('must be a Float64Array');
  });

  it('refuses an unknown target, listing the names there are', () => {
    expect(() => table([age, kids], { target: 'y' })).toThrow(
      'Cannot use "y" as target as it must be a column of the table: "age", "kids"',
    );
  });
});

describe('column()', () => {
  it('finds a column by name or lists the names there are', () => {
    expect(column(people, 'town')).toBe(town);
    expect(() => column(people, 'city')).toThrow('"age", "kids", "town", "good"');
  });
});

describe('selectColumns() and dropColumns()', () => {
  it('keep order and forget a target that is gone', () => {
    expect(selectColumns(people, ['good', 'age']).columns).toEqual([good, age]);
    expect(selectColumns(people, ['good', 'age']).target).toBe('good');
    const features = dropColumns(people, ['good']);
    expect(features.columns).toEqual([age, kids, town]);
    expect('target' in features).toBe(false);
    expect(() => dropColumns(people, ['nope'])).toThrow('Cannot find column "nope"');
    expect(() => selectColumns(people, ['age', 'age'])).toThrow('"age" is there twice');
  });
});

describe('takeRows()', () => {
  it('takes rows in the order asked for, also several times', () => {
    const taken = takeRows(people, [2, 0, 2]);
    expect(taken.rows).toBe(3);
    expect((taken.columns[0] as { values: Float64Array }).values).toEqual(
      Float64Array.of(20.5, 31, 20.5),
    );
    expect((taken.columns[2] as CategoricalColumn).codes).toEqual(Int32Array.of(0, 1, 0));
    expect(taken.target).toBe('good');
    expect(takeRows(people, []).rows).toBe(0);
  });

  it('refuses indices outside the table', () => {
    for (const bad of [-1, 3, 0.5, Number.NaN]) {
      expect(() => takeRows(people, [bad])).toThrow('from 0 to 2');
    }
  });
});

describe('concatRows()', () => {
  it('appends rows of the same columns', () => {
    const both = concatRows(people, takeRows(people, [0]));
    expect(toRecords(both)).toEqual([...toRecords(people), toRecords(people)[0]]);
    expect(both.target).toBe('good');
  });

  it('puts categories that are new behind the known ones', () => {
    const other: Table = table([
      {
        name: 'town',
        type: 'categorical',
        categories: ['Aix', 'Bern'],
        codes: Int32Array.of(0, 1),
      },
    ]);
    const both = concatRows(selectColumns(people, ['town']), other);
    expect(both.columns[0]).toEqual({
      name: 'town',
      type: 'categorical',
      categories: ['Bern', 'Ulm', 'Aix'],
      codes: Int32Array.of(1, -1, 0, 2, 0),
    });
  });

  it('makes integers numeric when they meet numbers, and refuses other columns', () => {
    const n = table([{ ...age, name: 'kids' }]);
    expect(concatRows(selectColumns(people, ['kids']), n).columns[0].type).toBe('numeric');
    expect(() => concatRows(people, dropColumns(people, ['kids']))).toThrow(
      'column 2 is "kids" (integer) in the first and "town" (categorical) in the second',
    );
    expect(() => concatRows(dropColumns(people, ['good']), people)).toThrow(
      'column 4 is absent in the first',
    );
  });
});

describe('withTarget()', () => {
  it('marks and unmarks without touching the table it was given', () => {
    expect(withTarget(people, 'town').target).toBe('town');
    expect('target' in withTarget(people, undefined)).toBe(false);
    expect(people.target).toBe('good');
  });
});

describe('checkTarget()', () => {
  it('returns the target column of a classification table', () => {
    expect(checkTarget(people)).toBe(good);
  });

  it('says what is wrong with a target and what to do', () => {
    expect(() => checkTarget(withTarget(people, undefined))).toThrow(
      'it names none; use withTarget',
    );
    expect(() => checkTarget(withTarget(people, 'kids'))).toThrow(
      'types { "kids": \'categorical\' }',
    );
    expect(() => checkTarget(withTarget(people, 'town'))).toThrow('missing in 1 of 3 rows');
    expect(() => checkTarget(takeRows(people, [1, 2]))).toThrow('"good" is "true" in every row');
    expect(() => checkTarget(withTarget(takeRows(people, [1]), 'town'))).toThrow('in every row');
    expect(() => checkTarget(takeRows(people, []))).toThrow('it has none');
    const stranger = { ...people, target: 'gone' };
    expect(() => checkTarget(stranger)).toThrow('Cannot find column "gone"');
  });
});

describe('dropMissing()', () => {
  it('keeps the rows in which the named columns are known', () => {
    expect(dropMissing(people, ['town']).rows).toBe(2);
    expect(dropMissing(people).rows).toBe(1);
    expect(dropMissing(people, ['good'])).toBe(people);
  });
});

describe('fromRecords() and toRecords()', () => {
  const records = [
    { age: 31.5, kids: 2, town: 'Ulm', good: false },
    { age: null, kids: 0, town: null, good: true },
    { age: 20, kids: null, town: 'Bern', good: true },
  ];

  it('go back and forth', () => {
    const t = fromRecords(records, { target: 'good' });
    expect(t.columns.map((c) => c.type)).toEqual(['numeric', 'integer', 'categorical', 'boolean']);
    expect(t.target).toBe('good');
    expect(toRecords(t)).toEqual(records);
  });

  it('read absent names, undefined and NaN as missing', () => {
    const t = fromRecords([{ a: 1 }, { b: 'x' }, { a: Number.NaN, b: undefined }]);
    expect(toRecords(t)).toEqual([
      { a: 1, b: null },
      { a: null, b: 'x' },
      { a: null, b: null },
    ]);
  });

  it('read a target of few integers as classes and other integers as integers', () => {
    const rows = [
      { x: 1, y: 1 },
      { x: 0, y: 10 },
      { x: 1, y: 2 },
    ];
    const t = fromRecords(rows, { target: 'y' });
    expect(column(t, 'x').type).toBe('integer');
    expect(column(t, 'y')).toEqual({
      name: 'y',
      type: 'categorical',
      categories: ['1', '2', '10'],
      codes: Int32Array.of(0, 2, 1),
    });
    expect(
      isNumeric(column(fromRecords(rows, { target: 'y', types: { y: 'integer' } }), 'y')),
    ).toBe(true);
  });

  it('refuse cells that are not plain', () => {
    expect(() => fromRecords([{ a: 1 }, { a: [1] }])).toThrow('record 2, column "a" is an array');
  });
});

describe('withTypes()', () => {
  it('turns codes into categories and back', () => {
    const t = withTypes(people, { kids: 'categorical', town: ['Ulm', 'Bern'] });
    expect(column(t, 'kids')).toEqual({
      name: 'kids',
      type: 'categorical',
      categories: ['0', '2'],
      codes: Int32Array.of(1, 0, -1),
    });
    expect(column(t, 'town')).toEqual({
      name: 'town',
      type: 'ordinal',
      categories: ['Ulm', 'Bern'],
      codes: Int32Array.of(0, -1, 1),
    });
    expect(t.target).toBe('good');
    expect(column(withTypes(t, { kids: 'integer' }), 'kids')).toEqual(kids);
  });

  it('refuses what does not fit', () => {
    expect(() => withTypes(people, { town: 'numeric' })).toThrow('row 1 has "Ulm"');
    expect(() => withTypes(people, { town: ['Ulm'] })).toThrow('row 3 has "Bern"');
    expect(() => withTypes(people, { city: 'numeric' })).toThrow('"city" is none of age, kids');
  });
});
