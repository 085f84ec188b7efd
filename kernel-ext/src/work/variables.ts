import { inspect } from 'node:util';
import type { Variable } from '../channel.js';
import { valueOfName } from './run-cell.js';

/** Describe the variables of all cells. */
export function listVariables(owners: readonly (readonly [string, number])[]): Variable[] {
  return owners.map(([name, cell]) => {
    try {
      return describeVariable(name, valueOfName(cell, name));
    } catch (error) {
      return { name, type: 'unknown', preview: String((error as Error).message) };
    }
  });
}

/** Name, type, shape, size in bytes and the beginning of a value. */
export function describeVariable(name: string, value: unknown): Variable {
  const shape = shapeOf(value);
  const size = bytesOf(value);
  const text = inspect(value, {
    depth: 1,
    maxArrayLength: 5,
    maxStringLength: 100,
    breakLength: Infinity,
    getters: false,
  });
  return {
    name,
    type: typeOf(value),
    ...(shape === undefined ? {} : { shape }),
    ...(size === undefined ? {} : { size }),
    preview: text.length > 120 ? `${text.slice(0, 119)}…` : text,
  };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'function')
    return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
  if (typeof value !== 'object') return typeof value;
  const { kind } = value as { kind?: unknown };
  if (typeof kind === 'string') return kind;
  const name: unknown = (
    Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null
  )?.constructor?.name;
  return typeof name === 'string' && name ? name : 'Object';
}

function shapeOf(value: unknown): string | undefined {
  if (typeof value === 'string') return `${value.length}`;
  if (typeof value !== 'object' || value === null) return undefined;
  const it = value as {
    shape?: unknown;
    length?: unknown;
    size?: unknown;
    rows?: unknown;
    columns?: unknown;
  };
  if (Array.isArray(it.shape)) return it.shape.join(' × ');
  if (typeof it.rows === 'number' && Array.isArray(it.columns))
    return `${it.rows} × ${it.columns.length}`;
  if (Array.isArray(value) && Array.isArray(value[0]))
    return `${value.length} × ${value[0].length}`;
  if (typeof it.length === 'number') return `${it.length}`;
  if (typeof it.size === 'number') return `${it.size}`;
  return undefined;
}

function bytesOf(value: unknown): number | undefined {
  if (typeof value === 'string') return 2 * value.length;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (typeof value === 'number' || typeof value === 'bigint') return 8;
  return undefined;
}
