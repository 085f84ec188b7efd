// Arguments as notebooks give them, where no compiler has looked at them: left out, in the wrong place,
// or still a promise. Errors say what was given and what to give.

import type { Table } from '../data/table.js';
import { asDag } from '../discovery/dag.js';
import type { Dag } from '../discovery/graph.js';
import type { Random } from '../math/random.js';
import type { Scm } from './scm.js';

/** Check options with a seed, and return it. */
export function checkSeed(
  action: string,
  options: { readonly seed?: unknown } | undefined,
): number {
  const seed = options?.seed;
  if (typeof seed === 'number' && Number.isSafeInteger(seed)) return seed;
  throw new TypeError(
    `Cannot ${action} as seed must be an integer: current value is ${describe(seed)}; give it among the options, { seed: 1 }`,
  );
}

/** Check that a model is a fitted SCM. */
export function checkScm(action: string, scm: unknown): asserts scm is Scm {
  if (isRecord(scm) && scm.kind === 'scm') return;
  throw new TypeError(
    `Cannot ${action} as the model must be a fitted SCM: current value is ${describe(scm)}; give what fitScm has made`,
  );
}

/** Check that rows come as a table. */
export function checkTable(action: string, table: unknown): asserts table is Table {
  if (isRecord(table) && table.kind === 'table') return;
  throw new TypeError(
    `Cannot ${action} as rows must come as a table: current value is ${describe(table)}; make one with readTable or fromRecords`,
  );
}

/** Check that a graph is a DAG. */
export function checkDag(action: string, graph: unknown): asserts graph is Dag {
  if (isRecord(graph) && ArrayBuffer.isView(graph.marks)) {
    asDag(graph as unknown as Dag);
    return;
  }
  throw new TypeError(
    `Cannot ${action} as the graph must be a DAG: current value is ${describe(graph)}; make one with dag`,
  );
}

/** Check that a source of random numbers is one. */
export function checkRandom(action: string, random: unknown): asserts random is Random {
  if (typeof random === 'function') return;
  throw new TypeError(
    `Cannot ${action} as random must be a source of random numbers: current value is ${describe(random)}; make one with stream(1, 'name')`,
  );
}

/** Check a number of things. */
export function checkCount(action: string, name: string, value: unknown, least = 1): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot ${action} as ${name} must be an integer of at least ${least}: current value is ${describe(value)}`,
  );
}

/** A value as an error names it. */
export function describe(value: unknown): string {
  if (value instanceof Promise) return 'a promise (await it)';
  if (isRecord(value)) return typeof value.kind === 'string' ? `a ${value.kind}` : 'an object';
  if (Array.isArray(value)) {
    const text = value.some((item) => typeof item === 'object') ? '' : JSON.stringify(value);
    return text !== '' && text.length < 60 ? text : `a list of ${value.length}`;
  }
  if (typeof value === 'function') return 'a function';
  return typeof value === 'string' ? `"${value}"` : String(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
