import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { dag } from '../../src/discovery/dag.js';
import { randomChoice } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { fitScm, sampleScm } from '../../src/scm/scm.js';
import { categorical, quiet, tableOf, valuesOf } from './tables.js';

const folder = join(import.meta.dirname, '../../../shared/data/networks');

interface Variable {
  readonly name: string;
  readonly states: readonly string[];
  parents: readonly string[];
  /** Probabilities of the states for each configuration of the parents, by their states' names. */
  readonly table: Map<string, readonly number[]>;
}

/** Read variables and conditional tables of a BIF file. */
function readNetwork(name: string): Variable[] {
  const text = gunzipSync(readFileSync(join(folder, `${name}.bif.gz`))).toString();
  const variables = new Map<string, Variable>();
  for (const [, variable, states] of text.matchAll(/variable (\S+) \{[^{]*\{([^}]*)\}/g)) {
    variables.set(variable, {
      name: variable,
      states: states.split(',').map((s) => s.trim()),
      parents: [],
      table: new Map(),
    });
  }
  for (const [, head, body] of text.matchAll(/probability \(([^)]*)\) \{([^}]*)\}/g)) {
    const [child, given] = head.split('|').map((s) => s.trim());
    const variable = variables.get(child);
    if (!variable) throw new Error(`no variable ${child}`);
    variable.parents = given ? given.split(',').map((s) => s.trim()) : [];
    for (const [, key, numbers] of body.matchAll(/(?:\(([^)]*)\)|table)\s*([-\d.,e ]+);/g)) {
      const configuration = (key ?? '').split(',').map((s) => s.trim());
      variable.table.set(configuration.join(), numbers.split(',').map(Number));
    }
  }
  return [...variables.values()];
}

/** Draw rows of codes by the true tables. */
function drawNetwork(variables: readonly Variable[], rows: number, seed: number): Int32Array[] {
  const random = stream(seed, 'network');
  const place = new Map(variables.map((v, j) => [v.name, j]));
  const columns: Int32Array[] = [];
  const draw = (j: number): void => {
    if (columns[j]) return;
    const { parents, table } = variables[j];
    const given = parents.map((p) => place.get(p) as number);
    for (const p of given) draw(p);
    columns[j] = Int32Array.from({ length: rows }, (_, i) => {
      const key = given.map((p) => variables[p].states[columns[p][i]]).join();
      return randomChoice(random, table.get(key) as number[]);
    });
  };
  for (const j of variables.keys()) draw(j);
  return columns;
}

describe.skipIf(!existsSync(folder))(
  'categorical networks (needs ../shared/data)',
  { timeout: 300_000 },
  () => {
    for (const name of ['asia', 'sachs', 'survey', 'child']) {
      it(`${name}: a fitted and sampled SCM has the conditional tables within binomial error`, async () => {
        const variables = readNetwork(name);
        const rows = 4000;
        const table = tableOf(
          drawNetwork(variables, rows, 1).map((codes, j) =>
            categorical(variables[j].name, variables[j].states, codes),
          ),
        );
        const edges = variables.flatMap((v) => v.parents.map((p) => [p, v.name] as const));
        const constant = new Set(
          variables.filter((v) => new Set(valuesOf(table, v.name)).size < 2).map((v) => v.name),
        );
        const graph = dag(
          table,
          edges.filter(([, to]) => !constant.has(to)),
        );
        const scm = await fitScm(table, graph, { seed: 1, ...quiet });
        const size = 20_000;
        const drawn = sampleScm(scm, size, { seed: 1 });
        const scores: number[] = [];
        for (const v of variables) {
          const count = (t: typeof table, n: number): Map<string, number[]> => {
            const counts = new Map<string, number[]>();
            const codes = valuesOf(t, v.name);
            const given = v.parents.map((p) => valuesOf(t, p));
            const states = v.parents.map((p) => variables.find((u) => u.name === p)?.states ?? []);
            for (let i = 0; i < n; i++) {
              const key = given.map((column, j) => states[j][column[i]]).join();
              const found = counts.get(key) ?? v.states.map(() => 0);
              found[codes[i]]++;
              counts.set(key, found);
            }
            return counts;
          };
          const real = count(table, rows);
          for (const [key, counts] of count(drawn, size)) {
            const n = counts.reduce((a, b) => a + b, 0);
            const m = (real.get(key) ?? [0]).reduce((a, b) => a + b, 0);
            if (n < 200 || m < 200) continue;
            const truth = v.table.get(key) as readonly number[];
            counts.forEach((c, k) => {
              const p = truth[k];
              // The fit saw m rows, the sample has n: both add binomial variance.
              const deviation = Math.sqrt(p * (1 - p) * (1 / n + 1 / m)) + 1 / m;
              scores.push(Math.abs(c / n - p) / deviation);
            });
          }
        }
        scores.sort((a, b) => a - b);
        expect(scores.length).toBeGreaterThan(20);
        // Of normal scores 5 % are above 1.96; none of a few hundred should be above 4.5.
        expect(scores[Math.floor(0.5 * scores.length)]).toBeLessThan(1);
        expect(scores[Math.floor(0.95 * scores.length)]).toBeLessThan(2.6);
        expect(scores[scores.length - 1]).toBeLessThan(4.5);
      });
    }
  },
);
