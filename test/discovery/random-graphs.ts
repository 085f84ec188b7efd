import type { NumericColumn, Table } from '../../src/data/table.js';
import { dagOfPairs } from '../../src/discovery/dag.js';
import type { Dag } from '../../src/discovery/graph.js';
import { ARROW } from '../../src/discovery/graph.js';
import { topologicalOrder } from '../../src/discovery/graph-queries.js';
import { randomNormal } from '../../src/math/draws.js';
import { permutation, type Random } from '../../src/math/random.js';

/** A DAG of p nodes X1 … Xp in which each pair has an edge with this probability. */
export function randomDag(random: Random, p: number, density: number): Dag {
  const order = permutation(random, p);
  const pairs: [number, number][] = [];
  for (let a = 0; a < p; a++) {
    for (let b = a + 1; b < p; b++) if (random() < density) pairs.push([order[a], order[b]]);
  }
  return dagOfPairs(
    Array.from({ length: p }, (_, i) => `X${i + 1}`),
    pairs,
  );
}

/** Rows of a linear Gaussian model on a DAG, weights ±0.5 … ±1. */
export function linearRows(random: Random, dag: Dag, rows: number): Table {
  const p = dag.names.length;
  const values = dag.names.map(() => new Float64Array(rows));
  const weight = new Float64Array(p * p);
  for (let k = 0; k < weight.length; k++) {
    weight[k] = (random() < 0.5 ? -1 : 1) * (0.5 + 0.5 * random());
  }
  const order = topologicalOrder(dag);
  for (let r = 0; r < rows; r++) {
    for (const i of order) {
      let sum = randomNormal(random);
      for (let j = 0; j < p; j++) {
        if (dag.marks[i * p + j] === ARROW) sum += weight[i * p + j] * values[j][r];
      }
      values[i][r] = sum;
    }
  }
  const columns: NumericColumn[] = dag.names.map((name, i) => ({
    name,
    type: 'numeric',
    values: values[i],
  }));
  return { kind: 'table', rows, columns };
}
