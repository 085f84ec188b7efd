import type { Table } from '../data/table.js';

/** Check alpha, 0.05 where none is given. */
export function checkAlpha(alpha: number | undefined, action: string): number {
  const value = alpha ?? 0.05;
  if (!(value > 0 && value < 1)) {
    throw new RangeError(
      `Cannot run ${action} as alpha must be in (0, 1): current value is ${value}`,
    );
  }
  return value;
}

/** Check the largest conditioning set, or another limit of the kind; none means no limit. */
export function checkDepth(depth: number | undefined, action: string, name = 'maxDepth'): number {
  if (depth === undefined || depth === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (!Number.isInteger(depth) || depth < 0) {
    throw new RangeError(
      `Cannot run ${action} as ${name} must be an integer from 0: current value is ${depth}`,
    );
  }
  return depth;
}

/** Check that there are columns and rows. */
export function checkTable(table: Table, action: string): void {
  if (table.columns.length === 0 || table.rows === 0) {
    throw new RangeError(
      `Cannot run ${action} as the table must have rows and columns: it has ${table.rows} rows and ${table.columns.length} columns`,
    );
  }
}

/**
 * The table's target.
 * @param action Given where a target is needed; then its absence is an error.
 */
export function targetOf(table: Table): string | undefined;
export function targetOf(table: Table, action: string): string;
export function targetOf(table: Table, action?: string): string | undefined {
  const { target } = table;
  if (target === undefined) {
    if (action === undefined) return undefined;
    throw new RangeError(
      `Cannot run ${action} as targetIsSink needs a target: the table names none; name a column as such (withTarget, or --target on the command line)`,
    );
  }
  if (!table.columns.some((c) => c.name === target)) {
    throw new RangeError(
      `Cannot use "${target}" as target as it must be a column of the table: ${table.columns
        .map((c) => `"${c.name}"`)
        .slice(0, 20)
        .join(', ')}`,
    );
  }
  return target;
}
