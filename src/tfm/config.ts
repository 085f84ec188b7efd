import type { CategoryOrdering } from './category-order.js';

/** What a Tab2D network predicts. */
export type Task = 'CLASSIFICATION' | 'REGRESSION';

/** Shape of a Tab2D network, as its `config.json` has it. */
export interface Tab2DConfig {
  /** Channels of a token. */
  readonly dim: number;
  /** Outputs: classes, 1 for a plain regressor, or bins of a binned regressor. */
  readonly dim_output: number;
  readonly n_layers: number;
  readonly n_heads: number;
  readonly task: Task;
  /** How unordered categories become codes (default `'name'`, as the published models have them). */
  readonly category_order?: CategoryOrdering;
  /** Most discriminant directions that are shown as further columns (default `0`). */
  readonly discriminants?: number;
}

const sizes = ['dim', 'dim_output', 'n_layers', 'n_heads'] as const;

/**
 * Check what a `config.json` holds.
 * @param value The parsed file.
 * @param where The file, for the message.
 * @throws TypeError or RangeError that names the field.
 */
export function checkConfig(value: unknown, where: string): Tab2DConfig {
  const found = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  for (const name of sizes) {
    const size = found[name];
    if (!(typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= 65_536)) {
      throw new TypeError(
        `Cannot read the model as "${name}" in ${where} must be an integer from 1 to 65536: current value is ${JSON.stringify(size)}`,
      );
    }
  }
  const { dim, dim_output, n_layers, n_heads, task, category_order, discriminants } =
    found as unknown as Tab2DConfig;
  if (task !== 'CLASSIFICATION' && task !== 'REGRESSION') {
    throw new TypeError(
      `Cannot read the model as "task" in ${where} must be "CLASSIFICATION" or "REGRESSION": current value is ${JSON.stringify(task)}`,
    );
  }
  if (dim % n_heads !== 0) {
    throw new RangeError(
      `Cannot read the model as n_heads in ${where} must divide dim: current values are ${n_heads} and ${dim}`,
    );
  }
  if (category_order !== undefined && category_order !== 'name' && category_order !== 'target') {
    throw new TypeError(
      `Cannot read the model as "category_order" in ${where} must be "name" or "target": current value is ${JSON.stringify(category_order)}`,
    );
  }
  if (discriminants !== undefined && !(Number.isInteger(discriminants) && discriminants >= 0)) {
    throw new TypeError(
      `Cannot read the model as "discriminants" in ${where} must be an integer >= 0: current value is ${JSON.stringify(discriminants)}`,
    );
  }
  return {
    dim,
    dim_output,
    n_layers,
    n_heads,
    task,
    ...(category_order ? { category_order } : {}),
    ...(discriminants ? { discriminants } : {}),
  };
}

/** Tell whether targets enter as numbers through a linear map, rather than as rows of a table. */
export function hasNumericTarget(config: Tab2DConfig): boolean {
  return config.task === 'REGRESSION' && config.dim_output === 1;
}

/**
 * List the tensors of a network with their shapes, in the order of the file.
 * @returns Key → shape; linear maps are (outputs, inputs).
 */
export function tensorShapes(config: Tab2DConfig): ReadonlyMap<string, readonly number[]> {
  const { dim: d, dim_output: c, n_layers } = config;
  const shapes: [string, readonly number[]][] = [];
  const linear = (name: string, out: number, inputs: number): void => {
    shapes.push([`${name}.weight`, [out, inputs]], [`${name}.bias`, [out]]);
  };
  const norm = (name: string): void => {
    shapes.push([`${name}.weight`, [d]], [`${name}.bias`, [d]]);
  };
  linear('x_embedding.x_embedding', d, 1);
  if (hasNumericTarget(config)) linear('y_embedding.y_embedding', d, 1);
  else shapes.push(['y_embedding.y_embedding.weight', [c, d]]);
  shapes.push(['y_embedding.y_mask.weight', [1, d]]);
  for (let i = 0; i < n_layers; i++) {
    for (const n of [1, 2, 3, 4]) norm(`layers.${i}.layer_norm${n}`);
    for (const n of [1, 2]) {
      for (const part of ['q', 'k', 'v', 'o']) linear(`layers.${i}.attention${n}.${part}`, d, d);
    }
    linear(`layers.${i}.linear1`, 4 * d, d);
    linear(`layers.${i}.linear2`, d, 4 * d);
    linear(`layers.${i}.linear3`, 4 * d, d);
    linear(`layers.${i}.linear4`, d, 4 * d);
  }
  norm('final_layer_norm');
  linear('final_layer', c, d);
  return new Map(shapes.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Count the parameters of a network. */
export function countParameters(config: Tab2DConfig): number {
  let count = 0;
  for (const shape of tensorShapes(config).values()) count += shape.reduce((a, b) => a * b, 1);
  return count;
}
