// A fitted SCM as JSON: plain lists of numbers under the names of the records, so that a reader can
// follow it. Typed arrays are marked by their kind; NaN and infinities, which JSON lacks, by name.

import { topologicalOrder } from '../discovery/graph-queries.js';
import { checkScm, describe } from './check-arguments.js';
import { stepsOf } from './sample-scm.js';
import type { Scm } from './scm.js';

const kinds = {
  float64: Float64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;

/**
 * Write an SCM as JSON text.
 * @param indent Spaces of indentation (default: none).
 */
export function scmToJson(scm: Scm, indent?: number): string {
  checkScm('save the SCM', scm);
  return JSON.stringify(plain(scm), undefined, indent);
}

/**
 * Read an SCM from JSON text.
 * @throws SyntaxError where it is no JSON; TypeError where it is no SCM of this version or does not fit its graph.
 */
export function scmFromJson(text: string): Scm {
  const value = revive(parse(text)) as Partial<Scm> | null;
  const refuse = (what: string): TypeError =>
    new TypeError(
      `Cannot load the SCM as it must be one that scmToJson wrote: ${what}; save it again`,
    );
  if (typeof value !== 'object' || value === null || value.kind !== 'scm') {
    throw refuse(`its kind is ${JSON.stringify((value as { kind?: unknown } | null)?.kind)}`);
  }
  if (value.version !== 1) {
    throw refuse(`its version is ${JSON.stringify(value.version)}, this library reads 1`);
  }
  const { variables, nodes, models } = value;
  if (!Array.isArray(variables) || !Array.isArray(nodes) || !Array.isArray(models)) {
    throw refuse('variables, nodes or models are absent');
  }
  const scm = value as Scm;
  const known = variables.map((v) => v.name).sort();
  for (const model of scm.models) {
    const p = model.dag?.names?.length;
    if (!(model.dag?.marks instanceof Int8Array) || model.dag.marks.length !== p * p) {
      throw refuse('the marks of a DAG do not fit its names');
    }
    if ([...model.dag.names].sort().join('\u0000') !== known.join('\u0000')) {
      throw refuse(
        `a DAG has the nodes ${model.dag.names.join(', ')}, the SCM ${known.join(', ')}`,
      );
    }
    topologicalOrder(model.dag);
    stepsOf(scm, model);
  }
  return scm;
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') {
    throw new TypeError(
      `Cannot load the SCM as it must come as JSON text: current value is ${describe(text)}; read the file first`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(
      `Cannot load the SCM as it must be JSON text: ${(error as Error).message}; save it again`,
      { cause: error },
    );
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  if (ArrayBuffer.isView(value)) {
    for (const [kind, Kind] of Object.entries(kinds)) {
      if (!(value instanceof Kind)) continue;
      const list: unknown[] = Array.from(value);
      // Most arrays are finite throughout; the others are written one by one.
      return { [kind]: list.every(Number.isFinite) ? list : list.map(plain) };
    }
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]));
  }
  return value;
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1) {
    const [key, v] = entries[0];
    if (key === 'number' && typeof v === 'string') return Number(v);
    if (key in kinds && Array.isArray(v)) {
      const numbers = v.every((item) => typeof item === 'number') ? v : v.map(revive);
      return kinds[key as keyof typeof kinds].from(numbers as number[]);
    }
  }
  return Object.fromEntries(entries.map(([key, v]) => [key, revive(v)]));
}
