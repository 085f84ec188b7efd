import { describe, expect, it } from 'vitest';
import { bootstrap } from '../../src/augmentation/bootstrap.js';
import { causal } from '../../src/augmentation/causal.js';
import { mixture } from '../../src/augmentation/mixture.js';
import { dag } from '../../src/discovery/dag.js';
import { stream } from '../../src/math/random.js';
import { attributeChange } from '../../src/scm/attribute-change.js';
import { averageEffect } from '../../src/scm/average-effect.js';
import { counterfactual } from '../../src/scm/counterfactual.js';
import { evaluateScm } from '../../src/scm/evaluate-scm.js';
import { falsifyGraph } from '../../src/scm/falsify.js';
import { emptyDag, limitParents, randomDagLike } from '../../src/scm/graph-knobs.js';
import { intervene } from '../../src/scm/intervene.js';
import { scmFromJson, scmToJson } from '../../src/scm/save-scm.js';
import { drawRows, fitScm, sampleScm } from '../../src/scm/scm.js';
import { summarizeScm } from '../../src/scm/summarize-scm.js';
import { linearTable, quiet } from './tables.js';

const table = linearTable(100, 1);
const graph = dag(table, 'a -> b -> c');
const scm = await fitScm(table, graph, { seed: 1, ...quiet });
const random = stream(1, 'arguments-test');

/** A function as a notebook calls it: no compiler looks at its arguments. */
// biome-ignore lint/suspicious/noExplicitAny: that is the point
type Loose = (...args: any[]) => unknown;

async function messageOf(call: Loose, args: readonly unknown[]): Promise<string> {
  try {
    await call(...args);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

const noSeed = 'seed must be an integer: current value is undefined; give it among the options';
const effect = { treatment: 'a', outcome: 'b', from: 0, to: 1 };

describe('public functions say what is missing where', () => {
  it.each<[string, Loose, readonly unknown[]]>([
    ['fitScm()', fitScm, [table, graph]],
    ['sampleScm()', sampleScm, [scm, 3]],
    ['intervene()', intervene, [scm, { a: 1 }]],
    ['counterfactual()', counterfactual, [scm, table, { a: 1 }]],
    ['averageEffect()', averageEffect, [scm, effect]],
    ['attributeChange()', attributeChange, [table, table, graph]],
    ['evaluateScm()', evaluateScm, [scm, table]],
    ['falsifyGraph()', falsifyGraph, [table, graph]],
    ['limitParents()', limitParents, [graph, 1]],
    ['randomDagLike()', randomDagLike, [graph]],
  ])('%s gets no options', async (_, call, args) => {
    expect(await messageOf(call, args)).toContain(noSeed);
  });

  it.each<[string, Loose, readonly unknown[], string]>([
    ['sampleScm()', sampleScm, [Promise.resolve(scm), 3, { seed: 1 }], 'a promise (await it)'],
    ['sampleScm()', sampleScm, [scm, { seed: 1 }], 'seed must be an integer'],
    [
      'averageEffect()',
      averageEffect,
      [scm, { cause: 'a', from: 0, to: 1, outcome: 'c' }, { seed: 1 }],
      "treatment must be a column's name: current value is undefined",
    ],
    [
      'averageEffect()',
      averageEffect,
      [scm, { treatment: 'a', from: 0, outcome: 'c' }, { seed: 1 }],
      'to must be a value: current value is undefined',
    ],
    ['averageEffect()', averageEffect, [scm, { seed: 1 }], 'treatment must be'],
    ['drawRows()', drawRows, [scm, 3, { seed: 1 }], 'current value is an object; make one with'],
    ['intervene()', intervene, [undefined, { a: 1 }, { seed: 1 }], 'current value is undefined'],
    ['intervene()', intervene, [scm, undefined, { seed: 1, size: 3 }], '{ x: 2 }'],
    ['intervene()', intervene, [scm, { a: 1 }, { seed: 1, size: 3, table }], 'both size and table'],
    ['intervene()', intervene, [scm, { a: () => Number.NaN }, { seed: 1, size: 3 }], 'is NaN'],
    ['counterfactual()', counterfactual, [scm, { a: 1 }, { a: 1 }, { seed: 1 }], 'as a table'],
    ['summarizeScm()', summarizeScm, [], 'must be a fitted SCM'],
    ['scmToJson()', scmToJson, [table], 'current value is a table'],
    ['scmFromJson()', scmFromJson, [scm], 'current value is a scm; read the file first'],
    ['scmFromJson()', scmFromJson, ['{'], 'must be JSON text'],
    ['emptyDag()', emptyDag, ['a -> b'], 'current value is "a -> b"; make one with dag'],
    ['fitScm()', fitScm, [table, 'a -> b', { seed: 1 }], 'the graph must be a DAG'],
    ['fitScm()', fitScm, [table, [graph, null], { seed: 1 }], 'the graph must be a DAG'],
    ['fitScm()', fitScm, [graph, table, { seed: 1 }], 'rows must come as a table'],
    ['fitScm()', fitScm, [table, graph, { seed: 1, score: 'auc' }], 'one of logLoss, f1'],
    ['fitScm()', fitScm, [table, graph, { seed: 1, clip: 'no' }], 'clip must be true or false'],
    ['falsifyGraph()', falsifyGraph, [table, graph, { seed: 1, alpha: 2 }], 'alpha must be in'],
    ['bootstrap()', bootstrap().fit, [], 'rows must come as a table'],
    ['causal()', causal().fit, [table], 'random must be a source of random numbers'],
    ['mixture()', mixture, [table, table], 'random must be a source of random numbers'],
  ])('%s gets something else', async (_, call, args, message) => {
    expect(await messageOf(call, args)).toMatch(/^Cannot /);
    expect(await messageOf(call, args)).toContain(message);
  });

  it('bootstrap() refuses sizes that are no positive integers', async () => {
    const fitted = await bootstrap().fit(table, { random });
    for (const size of [0, -1, 2.5]) {
      expect(() => fitted.sample(size, { random })).toThrow(
        'size must be an integer of at least 1',
      );
    }
  });
});
