// BIF, the interchange format of Bayesian networks: variables with their states, and for each one a
// table of probabilities given its parents.

import { dagOfPairs } from '../dag.js';
import type { Dag } from '../graph.js';
import { parents } from '../graph-queries.js';

/** A Bayesian network of categories. */
export interface BayesianNetwork {
  readonly dag: Dag;
  /** The states of each node. */
  readonly states: readonly (readonly string[])[];
  /**
   * For each node the probabilities of its states, row by row of its parents' states; parents stand
   * as in `parentOrder`, the last changing fastest.
   */
  readonly probabilities: readonly Float64Array[];
  readonly parentOrder: readonly (readonly number[])[];
}

/**
 * Read a network from BIF; each row of probabilities is made to sum to 1.
 * @throws SyntaxError that names the variable.
 */
export function fromBif(text: string): BayesianNetwork {
  const bare = text.replace(/\/\/.*$/gm, '').replace(/\/\*[\s\S]*?\*\//g, '');
  const names: string[] = [];
  const states: string[][] = [];
  for (const [, name, body] of bare.matchAll(/variable\s+(\S+)\s*\{([\s\S]*?\}[^}]*)\}/g)) {
    const list = /type\s+discrete\s*\[\s*\d+\s*\]\s*\{([^}]*)\}/.exec(body);
    if (!list)
      throw new SyntaxError(`Cannot read BIF as "${name}" must have type discrete: it has not`);
    names.push(unquote(name));
    states.push(list[1].split(',').map((s) => unquote(s.trim())));
  }
  const place = new Map(names.map((name, i) => [name, i]));
  const index = (name: string): number => {
    const i = place.get(unquote(name.trim()));
    if (i === undefined) {
      throw new SyntaxError(
        `Cannot read BIF as every variable must be declared: "${name.trim()}" is not`,
      );
    }
    return i;
  };
  const pairs: [number, number][] = [];
  const probabilities: Float64Array[] = states.map(() => new Float64Array(0));
  const parentOrder: number[][] = states.map(() => []);
  for (const [, head, body] of bare.matchAll(/probability\s*\(([^)]*)\)\s*\{([\s\S]*?)\}/g)) {
    const [child, given = ''] = head.split('|');
    const v = index(child);
    const above = given
      .split(',')
      .filter((s) => s.trim() !== '')
      .map(index);
    for (const u of above) pairs.push([u, v]);
    parentOrder[v] = above;
    const k = states[v].length;
    const rows = above.reduce((n, u) => n * states[u].length, 1);
    const table = new Float64Array(rows * k).fill(Number.NaN);
    const put = (row: number, cells: string): void => {
      const p = cells.split(',').map((c) => Number(c));
      const sum = p.reduce((a, b) => a + b, 0);
      if (p.length !== k || !(Math.abs(sum - 1) < 0.01)) {
        throw new SyntaxError(
          `Cannot read BIF as "${names[v]}" must have ${k} probabilities that sum to 1: it has ${cells.trim()}`,
        );
      }
      for (let s = 0; s < k; s++) table[row * k + s] = p[s] / sum;
    };
    const root = /table\s+([^;]*);/.exec(body);
    const fallback = /default\s+([^;]*);/.exec(body);
    if (fallback) for (let r = 0; r < rows; r++) put(r, fallback[1]);
    if (root) {
      const cells = root[1].split(',');
      for (let r = 0; r < rows; r++) put(r, cells.slice(r * k, (r + 1) * k).join(','));
    }
    for (const [, values, cells] of body.matchAll(/\(([^)]*)\)\s*([^;]*);/g)) {
      const row = values.split(',').reduce((at, value, q) => {
        const s = states[above[q]].indexOf(unquote(value.trim()));
        if (s < 0) {
          throw new SyntaxError(
            `Cannot read BIF as "${value.trim()}" must be a state of "${names[above[q]]}": it is not`,
          );
        }
        return at * states[above[q]].length + s;
      }, 0);
      put(row, cells);
    }
    if (table.some(Number.isNaN)) {
      throw new SyntaxError(
        `Cannot read BIF as "${names[v]}" must have a row for all its parents' states`,
      );
    }
    probabilities[v] = table;
  }
  return { dag: dagOfPairs(names, pairs), states, probabilities, parentOrder };
}

/**
 * Write the structure of a DAG as BIF.
 * @param states The states of each node (default: two); probabilities are equal.
 */
export function toBif(dag: Dag, states?: readonly (readonly string[])[]): string {
  const list = states ?? dag.names.map(() => ['s0', 's1']);
  const lines = ['network unknown {', '}'];
  dag.names.forEach((name, i) => {
    lines.push(
      `variable ${name} {`,
      `  type discrete [ ${list[i].length} ] { ${list[i].join(', ')} };`,
      '}',
    );
  });
  dag.names.forEach((name, i) => {
    const above = parents(dag, i);
    const equal = list[i].map(() => 1 / list[i].length).join(', ');
    const head = above.length > 0 ? `${name} | ${above.map((u) => dag.names[u]).join(', ')}` : name;
    const body = above.length > 0 ? `  default ${equal};` : `  table ${equal};`;
    lines.push(`probability ( ${head} ) {`, body, '}');
  });
  return `${lines.join('\n')}\n`;
}

function unquote(name: string): string {
  return name.replace(/^"(.*)"$/, '$1');
}
