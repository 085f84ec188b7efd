import type { History } from '../../src/causal-mix-ft.js';
import type { Table } from '../../src/data/table.js';
import type { Graph, Mark } from '../../src/discovery/graph.js';
import type { DagData, DagMark } from '../../src/display/index.js';

/**
 * A PAG with every kind of edge that algorithms return.
 *
 *     x → y ↔ z,  x o→ z,  z — w,  y o–o w
 */
export const pag: Graph = graph(
  'pag',
  ['x', 'y', 'z', 'w'],
  [
    ['x', 'y', -1, 1],
    ['y', 'z', 1, 1],
    ['x', 'z', 2, 1],
    ['z', 'w', -1, -1],
    ['y', 'w', 2, 2],
  ],
);

/** Make a graph from edges with the marks at their two ends. */
export function graph(
  type: Graph['type'],
  names: readonly string[],
  edges: readonly (readonly [string, string, Mark, Mark])[],
  target?: string,
): Graph {
  const p = names.length;
  const marks = new Int8Array(p * p);
  for (const [a, b, atA, atB] of edges) {
    const [i, j] = [names.indexOf(a), names.indexOf(b)];
    marks[i * p + j] = atA;
    marks[j * p + i] = atB;
  }
  return { kind: 'graph', type, names, marks, ...(target ? { target } : {}) };
}

/** One edge between `a` and `b` with the given marks. */
export function pair(sourceMark: DagMark, targetMark: DagMark): DagData {
  return {
    version: 1,
    kind: 'graph',
    nodes: [
      { id: 'a', label: 'a', role: 'none' },
      { id: 'b', label: 'b', role: 'none' },
    ],
    edges: [{ id: 'ab', source: 'a', target: 'b', sourceMark, targetMark, status: 'learned' }],
  };
}

/** Three columns, the target among them, one missing value of each kind. */
export const mixed: Table = {
  kind: 'table',
  rows: 4,
  target: 'ill',
  columns: [
    { name: 'age', type: 'integer', values: Float64Array.of(31, 45, 60, Number.NaN) },
    { name: 'dose', type: 'numeric', values: Float64Array.of(0.5, 1.25, -2, 0) },
    {
      name: 'ill',
      type: 'categorical',
      categories: ['no', 'yes'],
      codes: Int32Array.of(0, 1, 1, -1),
    },
  ],
};

/** Two runs of four steps: one whose test scores follow validation, one where they go against it. */
export const history = {
  kind: 'history',
  metric: 'logLoss',
  model: 'a model',
  runs: [
    run('good', 1, [0.5, 0.45, 0.4, 0.42], [0.6, 0.54, 0.48, 0.5], 2),
    run('bad', 1, [0.5, 0.45, 0.4, 0.42], [0.5, 0.55, 0.6, 0.58], 2),
  ],
} as unknown as History;

function run(
  method: string,
  seed: number,
  validation: readonly number[],
  test: readonly number[],
  chosenStep: number,
): unknown {
  const steps = validation.map((v, step) => ({
    step,
    validation: v,
    test: test[step],
    scores: {
      validation: { logLoss: v, rocAuc: 1 - v / 2 },
      test: { logLoss: test[step], rocAuc: 1 - test[step] / 2 },
    },
  }));
  return { method, seed, steps, chosenStep };
}
