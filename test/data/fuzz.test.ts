import { describe, expect, it } from 'vitest';
import { parseArff } from '../../src/data/arff.js';
import { parseCsv, writeCsv } from '../../src/data/csv.js';
import { type Column, type Table, table } from '../../src/data/table.js';
import { type Random, randomInteger, stream } from '../../src/math/random.js';

const odd = [
  'a',
  'B',
  'é',
  '"',
  ',',
  ';',
  '\t',
  '|',
  '\n',
  '\r\n',
  ' ',
  "'",
  '0',
  '.',
  '-',
  'NA',
  '雪',
  '\\',
];

function oddText(random: Random): string {
  const length = 1 + randomInteger(random, 6);
  return Array.from({ length }, () => odd[randomInteger(random, odd.length)]).join('');
}

/** A table of every column type, with names and categories that need quotes. */
function oddTable(random: Random): Table {
  const rows = 2 + randomInteger(random, 8);
  const gap = () => random() < 0.2;
  const columns: Column[] = [];
  for (let c = 0; c < 1 + randomInteger(random, 4); c++) {
    const name = `${c}${oddText(random).trim()}x`;
    if (random() < 0.5) {
      const values = Float64Array.from({ length: rows }, () =>
        gap() ? Number.NaN : (random() - 0.5) * 10 ** (randomInteger(random, 30) - 15),
      );
      values[0] = 0.5;
      columns.push({ name, type: 'numeric', values });
    } else {
      const categories = [
        ...new Set(['k', ...Array.from({ length: 3 }, () => `k${oddText(random).trim()}`)]),
      ].sort();
      const codes = Int32Array.from({ length: rows }, (_, i) =>
        i < categories.length ? i : gap() ? -1 : randomInteger(random, categories.length),
      );
      // Only categories that occur are read back.
      const seen = categories.slice(0, Math.min(rows, categories.length));
      columns.push({
        name,
        type: 'categorical',
        categories: seen,
        codes: codes.map((code) => (code < seen.length ? code : 0)),
      });
    }
  }
  return table(columns);
}

describe('writeCsv() and parseCsv()', () => {
  it('give back any table, whatever its names and categories hold', () => {
    const random = stream(1, 'csv');
    for (let i = 0; i < 500; i++) {
      const t = oddTable(random);
      expect(parseCsv(writeCsv(t)), writeCsv(t)).toEqual(t);
    }
  });
});

/** Texts with a few characters changed, doubled or taken out. */
function* mutations(text: string, seed: number, count: number): Generator<string> {
  const random = stream(seed, 'mutations');
  for (let i = 0; i < count; i++) {
    let mutated = text;
    for (let k = 0; k <= randomInteger(random, 4); k++) {
      const at = randomInteger(random, mutated.length + 1);
      const drop = random() < 0.5 ? 0 : 1 + randomInteger(random, 5);
      const add = random() < 0.3 ? '' : odd[randomInteger(random, odd.length)];
      mutated = mutated.slice(0, at) + add + mutated.slice(at + drop);
    }
    yield mutated;
  }
}

describe('parseCsv() and parseArff()', () => {
  it.each([
    ['CSV', parseCsv, 'a,b,c\n1,"x, y",true\n2.5,z,false\n,NA,true\n'],
    [
      'ARFF',
      parseArff,
      "@relation r\n@attribute a real\n@attribute 'b c' {x,'y z'}\n@attribute s string\n@data\n1,x,'q'\n2,'y z',w\n?,?,?\n",
    ],
  ] as const)('read damaged %s text as a sound table, or say what is wrong', (_, parse, text) => {
    let read = 0;
    for (const mutated of mutations(text, 7, 3000)) {
      try {
        const t = parse(mutated);
        expect(table(t.columns)).toEqual(t);
        read++;
      } catch (error) {
        expect((error as Error).message, JSON.stringify(mutated)).toMatch(/^Cannot read the /);
      }
    }
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(2900);
  });
});
