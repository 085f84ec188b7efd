import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import {
  correlationProblems,
  correlationSchema,
  dagProblems,
  dagSchema,
  graphData,
  historyData,
  type Schema,
  schemaProblems,
  strengthsData,
} from '../../src/display/index.js';
import { history, pag } from './samples.js';

const ajv = new Ajv({ strict: true, strictTuples: false });

/** Every value that arises from `value` by damaging it in one place. */
function damaged(value: unknown): readonly unknown[] {
  const wrong = [null, -1, 2.5, 'nonsense', true, [], {}];
  if (typeof value !== 'object' || value === null) return wrong;
  const at = (key: string | number, item: unknown): unknown => {
    if (Array.isArray(value)) return value.map((old, i) => (i === key ? item : old));
    return { ...value, [key]: item };
  };
  const keys = Array.isArray(value) ? [...value.keys()].slice(0, 2) : Object.keys(value);
  return [
    ...wrong,
    ...keys.flatMap((key) => {
      const inner = (value as Record<string | number, unknown>)[key];
      const without = Array.isArray(value)
        ? value.filter((_, i) => i !== key)
        : Object.fromEntries(Object.entries(value).filter(([k]) => k !== key));
      return [without, ...damaged(inner).map((item) => at(key, item))];
    }),
  ];
}

describe.each<[string, Schema, unknown]>([
  [
    'dag+json',
    dagSchema,
    {
      ...graphData(pag, {
        title: 'A title',
        tiers: [['x'], ['y', 'z', 'w']],
        knowledge: { required: [['x', 'y']] },
        types: { x: 'numeric', y: 'boolean' },
        provenance: { algorithm: 'pc', alpha: 0.05 },
      }),
      samples: [[['x', 'y']]],
    },
  ],
  [
    'dag+json of strengths',
    dagSchema,
    strengthsData({ names: ['a', 'b'], probabilities: [0, 0.5, 0.25, 0], target: 'a' }),
  ],
  ['correlation+json', correlationSchema, historyData(history)],
])('the schema of %s', (_name, schema, good) => {
  const validate = ajv.compile(schema);

  it('accepts what we write, after a journey as JSON', () => {
    const travelled: unknown = JSON.parse(JSON.stringify(good));
    expect(validate(travelled), JSON.stringify(validate.errors)).toBe(true);
    expect(schemaProblems(schema, travelled)).toEqual([]);
  });

  it('is read by our own checker as ajv reads it, for every value damaged in one place', () => {
    const values = damaged(JSON.parse(JSON.stringify(good)));
    const verdicts = values.map((value) => validate(value));
    expect(values.map((value) => schemaProblems(schema, value).length === 0)).toEqual(verdicts);
    expect(verdicts.filter((ok) => !ok).length).toBeGreaterThan(100);
  });
});

describe('dagProblems()', () => {
  const good = graphData(pag);

  it('names the place of an unknown version, an edge to nowhere and a doubled id', () => {
    expect(dagProblems({ ...good, version: 2 })).toEqual(['/version: must be 1, is 2']);
    const astray = { ...good.edges[0], target: 'nowhere' };
    expect(dagProblems({ ...good, edges: [astray] })).toEqual(['/edges/0: no node "nowhere"']);
    expect(dagProblems({ ...good, nodes: [...good.nodes, good.nodes[0]] })).toEqual([
      '/nodes: two nodes have the same id',
    ]);
    expect(dagProblems({ ...good, target: 'none' })).toEqual(['/target: no node "none"']);
  });
});

describe('correlationProblems()', () => {
  it('names the place of a score that is no number', () => {
    const good = historyData(history);
    const rows = [{ ...good.rows[0], validation: '0.5' }];
    expect(correlationProblems({ ...good, rows })).toEqual([
      '/rows/0/validation: must be number, is "0.5"',
    ]);
  });
});
