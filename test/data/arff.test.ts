import { describe, expect, it } from 'vitest';
import { parseArff } from '../../src/data/arff.js';
import { toRecords } from '../../src/data/records.js';
import { column } from '../../src/data/table.js';

const header = `% A comment
@RELATION 'a test'

@attribute 'tree\\'s height' real
@attribute rings integer [1,200]
@ATTRIBUTE kind {oak, 'red beech', "ash", elm}
@attribute note STRING
@attribute grade {2,1}
@DATA
`;

describe('parseArff()', () => {
  it('reads nominal, numeric and text attributes, quotes, comments and missing values', () => {
    const t = parseArff(
      `${header}% another comment\n12.5,40,'red beech','it\\'s, old',1\n\n ?, 3 , oak ,"say ""hi""",2\n`.replace(
        '"say ""hi"""',
        '"say \\"hi\\""',
      ),
      { target: 'grade' },
    );
    expect(t.columns.map((c) => c.type)).toEqual([
      'numeric',
      'integer',
      'categorical',
      'categorical',
      'categorical',
    ]);
    expect(toRecords(t)).toEqual([
      { "tree's height": 12.5, rings: 40, kind: 'red beech', note: "it's, old", grade: '1' },
      { "tree's height": null, rings: 3, kind: 'oak', note: 'say "hi"', grade: '2' },
    ]);
    expect(t.target).toBe('grade');
  });

  it('keeps the declared order of categories without those that do not occur', () => {
    const t = parseArff(`${header}1,1,elm,x,1\n2,2,oak,y,2\n`);
    expect(column(t, 'kind')).toMatchObject({
      categories: ['oak', 'elm'],
      codes: Int32Array.of(1, 0),
    });
    expect(column(t, 'grade')).toMatchObject({
      categories: ['2', '1'],
      codes: Int32Array.of(1, 0),
    });
  });

  it('reads a quoted question mark as missing, declared or not', () => {
    const t = parseArff("@attribute a {'?',x}\n@data\n'?'\nx\n?\n");
    expect(toRecords(t)).toEqual([{ a: null }, { a: 'x' }, { a: null }]);
  });

  it('obeys types and reads a numeric target of few integers as classes', () => {
    const text = '@attribute a numeric\n@attribute y numeric\n@data\n1,0\n2,1\n';
    expect(column(parseArff(text, { target: 'y' }), 'y').type).toBe('categorical');
    expect(column(parseArff(text, { types: { a: 'categorical' } }), 'a').type).toBe('categorical');
  });

  it.each([
    [
      'a short row',
      '1,1,oak,x\n',
      'every row must have 5 values: this one has 4 (line 10, column 5)',
    ],
    ['a sparse row', '1,1,oak,x,1\n{0 1}\n', 'this one is sparse (line 11, column 1)'],
    ['an undeclared value', '1,1,pine,x,1\n', '(oak, red beech, ash, elm): line 10 has "pine"'],
    [
      'an open quote',
      "1,1,'oak,x,1\n",
      'every quote must be closed: that at character 5 is not (line 10, column 3)',
    ],
    [
      'a text among numbers',
      '1,1,oak,x,1\ntall,1,oak,x,1\n',
      'must be numeric: line 11 has "tall"',
    ],
    ['no rows', '% nothing\n', 'rows must follow @data: there are none'],
  ])('refuses %s', (_, rows, message) => {
    expect(() => parseArff(header + rows, {}, 'my.arff')).toThrow(message);
    expect(() => parseArff(header + rows, {}, 'my.arff')).toThrow(/^Cannot read my\.arff as /);
  });

  it.each([
    ['no text', ' \n', 'it is empty'],
    ['no @data', '@attribute a real\n', 'it must have a line @data'],
    ['no attributes', '@relation r\n@data\n1\n', 'attributes must come before @data (line 2'],
    ['a foreign line', 'a,b\n1,2\n', 'this is "a,b" (line 1, column 1)'],
    ['a relational attribute', '@attribute a relational\n@data\n', 'that of "a" is "relational"'],
    [
      'a repeated name',
      '@attribute a real\n@attribute a real\n@data\n1,1\n',
      '"a" is there twice (line 2',
    ],
    ['values that go on', '@attribute a {x,\ny}\n@data\nx\n', 'must end with "}" in the same line'],
  ])('refuses a header with %s', (_, text, message) => {
    expect(() => parseArff(text)).toThrow(message);
  });

  it('refuses an unknown target', () => {
    expect(() => parseArff('@attribute a real\n@data\n1\n', { target: 'y' })).toThrow(
      '"y" is none of a',
    );
  });
});
