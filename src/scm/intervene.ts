// Interventions: some nodes' values are set or changed, their descendants follow (Pearl 2009, 3.2).
//   do(X := 2)          { x: 2 }
//   shift, soft         { x: (value) => 0.2 * value }   of the value that the mechanism just drew

import type { Table } from '../data/table.js';
import { descendants } from '../discovery/graph-queries.js';
import { childSeed, type Random, stream } from '../math/random.js';
import { checkScm, checkSeed, checkTable, describe } from './check-arguments.js';
import { frame, unframe, type Variable } from './frame.js';
import { drawMechanism } from './mechanism.js';
import { stepsOf } from './sample-scm.js';
import type { Scm, ScmModel } from './scm.js';

/** A cell as interventions see it: a number, or a category's name. */
export type CellValue = number | string;

/** A value to set, or a function of the value that the node would have. */
export type Intervention = CellValue | boolean | ((value: CellValue) => CellValue | boolean);

/** What is done to which columns. */
export type Interventions = Readonly<Record<string, Intervention>>;

/** Either new rows, or given ones. */
export type InterveneOptions = {
  /** Any integer: same seed, same rows. */
  readonly seed: number;
} & (
  | {
      /** Number of rows to draw. */
      readonly size: number;
      readonly table?: undefined;
    }
  | {
      /** Rows whose columns keep their values, but for the intervened ones and their descendants. */
      readonly table: Table;
      readonly size?: undefined;
    }
);

/**
 * Draw rows under interventions.
 * @param scm A fitted model; over several DAGs each gives every so-manieth row.
 * @param interventions By column name.
 * @throws Error where a column is unknown, or an intervention gives a value that the column cannot hold.
 */
export function intervene(
  scm: Scm,
  interventions: Interventions,
  options: InterveneOptions,
): Table {
  checkScm('intervene', scm);
  const seed = childSeed(stream(checkSeed('intervene', options), 'intervene'));
  const change = changes(scm, interventions);
  if (options.table !== undefined && options.size !== undefined) {
    throw new TypeError(
      'Cannot intervene as rows must be either drawn or given: current options have both size and table; leave one out',
    );
  }
  const given = options.table ? valuesOf(scm, options.table) : undefined;
  const size = given ? (given[0]?.length ?? 0) : (options.size as number);
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new RangeError(
      `Cannot intervene as there must be at least one row: current value is ${size}; give a size or a table with rows`,
    );
  }
  const values = scm.variables.map((_, j) =>
    given ? Float64Array.from(given[j]) : new Float64Array(size),
  );
  dealRows(scm, size).forEach((rows, m) => {
    if (rows.length === 0) return;
    const part = values.map((column) => Float64Array.from(rows, (r) => column[r]));
    drawChanged(scm, scm.models[m], part, change, given !== undefined, (name) =>
      stream(seed, 'node', m, name),
    );
    part.forEach((column, j) => {
      rows.forEach((r, i) => {
        values[j][r] = column[i];
      });
    });
  });
  return unframe(scm.variables, values, scm.target);
}

/** A checked intervention, on the codes that mechanisms work with. */
export type Changes = ReadonlyMap<number, (value: number) => number>;

/** Check interventions and turn them into functions of codes, by the variable's place. */
export function changes(scm: Scm, interventions: Interventions): Changes {
  if (typeof interventions !== 'object' || interventions === null) {
    throw new TypeError(
      `Cannot intervene as it must be said what is set: current value is ${describe(interventions)}; give values by column, { x: 2 }`,
    );
  }
  const found = new Map<number, (value: number) => number>();
  for (const [name, intervention] of Object.entries(interventions)) {
    const at = scm.variables.findIndex((v) => v.name === name);
    if (at < 0) {
      throw new RangeError(
        `Cannot intervene as the column must be in the SCM: "${name}" is none of ${scm.variables.map((v) => v.name).join(', ')}`,
      );
    }
    const variable = scm.variables[at];
    if (typeof intervention === 'function') {
      found.set(at, (v) => codeOf(variable, intervention(cellOf(variable, v))));
    } else {
      const code = codeOf(variable, intervention);
      found.set(at, () => code);
    }
  }
  if (found.size === 0) {
    throw new RangeError(
      'Cannot intervene as at least one column must be named: current value is {}; use sampleScm for rows without interventions',
    );
  }
  return found;
}

/** A table's columns as an SCM's mechanisms read them; categories matched by name. */
export function valuesOf(scm: Scm, table: Table): Float64Array[] {
  checkTable('read the rows', table);
  const { columns } = frame(table);
  return scm.variables.map((variable) => {
    const column = columns.find((c) => c.name === variable.name);
    if (!column) {
      throw new RangeError(
        `Cannot read the rows as they must have every column of the SCM: "${variable.name}" is absent`,
      );
    }
    if ((column.categories === undefined) !== (variable.categories === undefined)) {
      throw new TypeError(
        `Cannot read the rows as their columns must have the types of the SCM: "${variable.name}" is ${column.type}, in the SCM ${variable.type}`,
      );
    }
    if (!column.categories) return column.values;
    const place = column.categories.map((name) => variable.categories?.indexOf(name) ?? -1);
    return column.values.map((v, r) => {
      if (Number.isNaN(v)) return v;
      if (place[v] >= 0) return place[v];
      throw new RangeError(
        `Cannot read the rows as the SCM must know every category: "${variable.name}" is "${column.categories?.[v]}" in row ${r + 1}, which was not there when it was fitted; drop the row`,
      );
    });
  });
}

/** Deal rows to the DAGs in turn. */
export function dealRows(scm: Scm, size: number): Int32Array[] {
  const count = scm.models.length;
  return scm.models.map((_, m) =>
    Int32Array.from({ length: Math.ceil((size - m) / count) }, (_, i) => m + i * count),
  );
}

/** The places of the intervened variables and of their descendants. */
export function affected(scm: Scm, model: ScmModel, change: Changes): Set<number> {
  const { names } = model.dag;
  const nodes = [...change.keys()].map((at) => names.indexOf(scm.variables[at].name));
  const below = descendants(model.dag, nodes);
  return new Set(
    [...nodes, ...below].map((i) => scm.variables.findIndex((v) => v.name === names[i])),
  );
}

function drawChanged(
  scm: Scm,
  model: ScmModel,
  values: Float64Array[],
  change: Changes,
  rowsGiven: boolean,
  source: (name: string) => Random,
): void {
  const moved = affected(scm, model, change);
  for (const { at, node, parents } of stepsOf(scm, model)) {
    const keeps = rowsGiven && (!moved.has(at) || parents.length === 0);
    if (!keeps) {
      const given = parents.map((j) => values[j]);
      values[at] = drawMechanism(node.mechanism, given, values[at].length, source(node.name));
    }
    const f = change.get(at);
    if (f) values[at] = values[at].map(f);
  }
}

function cellOf({ categories }: Variable, v: number): CellValue {
  return categories && !Number.isNaN(v) ? categories[v] : v;
}

function codeOf(variable: Variable, value: unknown): number {
  const { name, type, categories } = variable;
  if (!categories) {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new TypeError(
        `Cannot intervene on "${name}" as its values must be finite numbers: current value is ${describe(value)}`,
      );
    }
    if (type === 'integer' && !Number.isInteger(value)) {
      throw new TypeError(
        `Cannot intervene on "${name}" as its values must be integers: current value is ${value}; round it, or make the column numeric before fitting`,
      );
    }
    return value;
  }
  const text = typeof value === 'boolean' ? String(value) : value;
  const code = typeof text === 'string' ? categories.indexOf(text) : -1;
  if (code < 0) {
    throw new RangeError(
      `Cannot intervene on "${name}" (${type}) as its values must be categories that it has: current value is ${describe(value)}; its categories are ${categories.join(', ')}`,
    );
  }
  return code;
}
