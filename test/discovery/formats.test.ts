import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dag } from '../../src/discovery/dag.js';
import { fromBif } from '../../src/discovery/formats/bif.js';
import { fromDagitty } from '../../src/discovery/formats/dagitty.js';
import { type GraphFormat, readGraph, writeGraph } from '../../src/discovery/formats/formats.js';
import { fromTetrad } from '../../src/discovery/formats/tetrad.js';
import type { Graph } from '../../src/discovery/graph.js';
import { edges } from '../../src/discovery/graph-queries.js';
import { hasReferences, references, shared, text } from './reference-data.js';

const names = ['plain', 'two words', 'a<b&"c"', 'x;y', 'alone'];
/** plain o→ "two words" ↔ "a<b&"c"" — "x;y" ←o … : every kind of end. */
const mixed: Graph = {
  kind: 'graph',
  type: 'pag',
  names,
  marks: Int8Array.from(
    [
      [0, 2, 0, -1, 0],
      [1, 0, 1, 0, 0],
      [0, 1, 0, -1, 0],
      [1, 0, -1, 0, 0],
      [0, 0, 0, 0, 0],
    ].flat(),
  ),
  target: 'x;y',
};
const simple = dag(['A', 'B', 'C', 'D'], 'A -> B -> C; A -> C');

const write = (g: Graph): string =>
  edges(g)
    .map((e) =>
      [`${g.names[e.from]} ${e.fromMark}`, `${g.names[e.to]} ${e.toMark}`].sort().join(' / '),
    )
    .sort()
    .join('|');

describe('writeGraph() and readGraph()', () => {
  const attributed: GraphFormat[] = ['dot', 'graphml', 'gml', 'json'];
  it.each(attributed)('%s keeps every mark, odd names, type and target', (format) => {
    const back = readGraph(writeGraph(mixed, format), format);
    expect(back).toEqual(mixed);
  });

  it.each(['dagitty', 'csv'] as GraphFormat[])('%s keeps every mark and odd names', (format) => {
    const back = readGraph(writeGraph(mixed, format), format);
    expect(write(back)).toBe(write(mixed));
    expect([...back.names].sort()).toEqual([...names].sort());
  });

  it.each(['tetrad', 'bif', 'matrix', 'dot', 'dagitty', 'csv'] as GraphFormat[])(
    '%s brings a DAG back',
    (format) => {
      const g =
        format === 'matrix' ? dag(['X1', 'X2', 'X3', 'X4'], 'X1 -> X2 -> X3; X1 -> X3') : simple;
      const back = readGraph(writeGraph(g, format), format);
      expect(back.type).toBe('dag');
      expect(write(back)).toBe(write(g));
      expect(new Set(back.names)).toEqual(new Set(g.names));
    },
  );

  it('tetrad writes what Tetrad writes', () => {
    expect(writeGraph(simple, 'tetrad')).toBe(
      'Graph Nodes:\nA;B;C;D\n\nGraph Edges:\n1. A --> B\n2. A --> C\n3. B --> C\n',
    );
  });

  it('refuses unknown formats, and BIF of what is no DAG', () => {
    expect(() => writeGraph(simple, 'xml' as GraphFormat)).toThrow('must be one of tetrad, dot');
    expect(() => writeGraph(mixed, 'bif')).toThrow('it must be a DAG: it is a pag');
  });

  const bad: [GraphFormat, string, string][] = [
    ['tetrad', 'A --> B', 'must have the lines'],
    ['tetrad', 'Graph Nodes:\nA;B\n\nGraph Edges:\n1. A => B\n', 'line 5 is "1. A => B"'],
    ['tetrad', 'Graph Nodes:\nA;B\n\nGraph Edges:\n1. A --> C\n', '"C" is none'],
    ['dot', 'A -> B', 'digraph { … }'],
    ['dot', 'digraph { A => B }', 'must be a node or edges'],
    ['graphml', '<x/>', '<graph> element'],
    ['gml', 'node []', 'graph [ … ] block'],
    ['dagitty', 'A -> B', 'dag { … }'],
    ['dagitty', 'dag { A -> }', 'a name must stand here'],
    ['dagitty', 'dag { A -> B A -> B }', 'is there twice'],
    ['json', '{}', 'lists "nodes" and "links"'],
    ['csv', 'a,b\n1,2', 'columns "from" and "to"'],
    ['csv', 'from,to,toMark\na,b,star', 'line 2 has "star"'],
    [
      'bif',
      'variable a { type discrete [2] {x, y}; } probability (a | b) { table 1,0; }',
      '"b" is not',
    ],
    ['matrix', '0 1\n', 'as many columns as rows'],
    ['matrix', '0 1\n0 0', 'row 1, column 2'],
  ];
  it.each(bad)('%s says what is wrong with %j', (format, input, message) => {
    expect(() => readGraph(input, format)).toThrow(message);
  });

  it('reads a DAG that closes a cycle as an error naming it', () => {
    expect(() => readGraph('dag { a -> b -> c -> a }', 'dagitty')).toThrow('a → b → c → a');
  });
});

describe('fromDagitty()', () => {
  it('understands groups, chains, attributes and settings', () => {
    const g = fromDagitty(
      'mag {\nX [exposure,pos="0,0"]\nY [outcome]\n{a b} -> X -> Y <-> "z z" }',
    );
    expect(write(g)).toBe('X -1 / Y 1|X 1 / a -1|X 1 / b -1|Y 1 / z z 1');
    expect(g.target).toBe('Y');
  });
});

describe('fromTetrad()', () => {
  it.skipIf(!hasReferences)(
    'stops at the blank line after the edges (needs ../shared/data)',
    () => {
      const g = fromTetrad(text(join(references, 'tetrad_graph_linear_1.txt')));
      expect(g.names).toHaveLength(20);
      expect(edges(g)).toHaveLength(31);
    },
  );
});

describe('fromBif()', () => {
  it.skipIf(!hasReferences)('reads networks whole (needs ../shared/data)', () => {
    const net = fromBif(text(join(shared, 'data/networks/alarm.bif.gz')));
    expect(net.dag.names).toHaveLength(37);
    expect(edges(net.dag)).toHaveLength(46);
    for (const [v, table] of net.probabilities.entries()) {
      const k = net.states[v].length;
      for (let r = 0; r < table.length; r += k) {
        const sum = table.subarray(r, r + k).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(1, 12);
      }
    }
  });

  it('reads rows by the names of the states', () => {
    const net = fromBif(`network n { }
variable a { type discrete [ 2 ] { <5, 12+ }; }
variable b { type discrete [ 2 ] { no, Asy/Patch }; }
probability ( a ) { table 0.3, 0.7; }
probability ( b | a ) { (12+) 0.1, 0.9; (<5) 0.4, 0.6; }`);
    expect([...net.probabilities[1]]).toEqual([0.4, 0.6, 0.1, 0.9]);
  });
});
