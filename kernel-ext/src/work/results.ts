import { inspect } from 'node:util';
import type { MimeBundle } from 'causalmixft/display';
import type { Settings } from '../channel.js';
import { displayLibrary } from './library.js';

const method = Symbol.for('Jupyter.display');
const longest = 40_000;

/** Turn the value of a cell's last expression into what Jupyter shows. */
export async function toBundle(value: unknown, settings: Settings): Promise<MimeBundle> {
  const own = quietly(() => displayMethod(value));
  if (own) return { data: ((await own()) ?? {}) as MimeBundle['data'] };
  if (quietly(() => mayHaveView(value))) {
    const { bundle } = await displayLibrary();
    const shown = bundle(value, { maxRows: settings.maxRows } as object);
    if (shown) return shown;
  }
  return { data: { 'text/plain': toText(value, settings) } };
}

/** Look at a value that may throw when it is looked at; it is then shown as text. */
export function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function displayMethod(value: unknown): (() => unknown) | undefined {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function'))
    return undefined;
  const found = (value as { readonly [method]?: unknown })[method];
  return typeof found === 'function' ? () => (found as () => unknown).call(value) : undefined;
}

/** Whether it is worth asking the library: its records have a `kind`, lists of records are tables. */
export function mayHaveView(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.length > 0 && isPlain(value[0]);
  return typeof (value as { kind?: unknown }).kind === 'string';
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value as text: typed arrays and tensors in a summary, the rest as Node prints it, capped. */
export function toText(value: unknown, settings: Settings): string {
  const text =
    quietly(() => tensorText(value) ?? arrayText(value)) ??
    inspect(value, {
      colors: settings.colour,
      depth: 4,
      maxArrayLength: 100,
      maxStringLength: longest,
      breakLength: 100,
    });
  if (text.length <= longest) return text;
  const left = text.length - longest;
  return `${text.slice(0, longest)}\n… ${left} more characters; cm.full(value) shows all`;
}

/** `Float64Array(1000) [ 1, 2, 3, … ] min 0 max 9 mean 4.5` */
function arrayText(value: unknown): string | undefined {
  if (!ArrayBuffer.isView(value) || value instanceof DataView || Buffer.isBuffer(value)) {
    return undefined;
  }
  const array = value as Float64Array | BigInt64Array;
  if (array.length <= 20) return undefined;
  const first = Array.from(array.subarray(0, 8) as ArrayLike<unknown>, String).join(', ');
  const head = `${array.constructor.name}(${array.length}) [ ${first}, … ]`;
  if (typeof array[0] === 'bigint') return head;
  return `${head}\n${statistics(array as Float64Array)}`;
}

function statistics(array: Float64Array): string {
  let [low, high, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const x of array) {
    if (Number.isNaN(x)) continue;
    low = Math.min(low, x);
    high = Math.max(high, x);
    sum += x;
    count++;
  }
  const missing = array.length - count;
  const short = (x: number): string => String(Number(x.toPrecision(6)));
  const range =
    count > 0 ? `min ${short(low)}, max ${short(high)}, mean ${short(sum / count)}` : '';
  return missing > 0 ? `${range}${range ? ', ' : ''}${missing} NaN` : range;
}

interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly isDisposed: boolean;
  dataSync(): ArrayLike<number>;
}

/** A tensor of TensorFlow.js, told by its shape rather than by its class. */
function tensorText(value: unknown): string | undefined {
  const t = value as Partial<TensorLike> | null | undefined;
  if (typeof t !== 'object' || t === null || typeof t.dataSync !== 'function') return undefined;
  if (!Array.isArray(t.shape) || typeof t.dtype !== 'string') return undefined;
  const head = `Tensor ${t.dtype} [${t.shape.join(', ')}]`;
  if (t.isDisposed) return `${head} (disposed)`;
  const values = (value as TensorLike).dataSync();
  const first = Array.from({ length: Math.min(8, values.length) }, (_, i) => values[i]);
  return `${head} [ ${first.join(', ')}${values.length > 8 ? ', …' : ''} ]`;
}
