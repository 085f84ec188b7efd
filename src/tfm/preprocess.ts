// What happens to a table before the network sees it, fitted on the context rows and applied to
// context and query rows alike: categories become codes, missing numbers the column's mean,
// constant columns go, numbers become float32. One code path for tuning, validation, prediction.

import { type Column, column, isNumeric, type Table } from '../data/table.js';
import { type CategoryOrder, type CategoryOrdering, orderByTarget } from './category-order.js';

/** What was learned from the context rows' numbers. */
export interface Preprocessor {
  /** Columns before. */
  readonly width: number;
  /** Indices of the columns that stay. */
  readonly kept: readonly number[];
  /** Mean of every column's known values; 0 where none is known. */
  readonly means: Float64Array;
}

/**
 * Learn means and constant columns.
 * @param values rows × width, row-major, NaN where missing.
 */
export function fitPreprocessor(values: Float64Array, width: number): Preprocessor {
  const rows = values.length / width;
  const means = new Float64Array(width);
  const kept: number[] = [];
  for (let j = 0; j < width; j++) {
    let sum = 0;
    let known = 0;
    for (let i = j; i < values.length; i += width) {
      if (Number.isFinite(values[i])) {
        sum += values[i];
        known++;
      }
    }
    means[j] = known > 0 ? sum / known : 0;
    // Compared in double precision, as the reference does: what float32 cannot tell apart stays.
    const first = filled(values[j], means[j]);
    for (let i = 1; i < rows; i++) {
      if (filled(values[i * width + j], means[j]) !== first) {
        kept.push(j);
        break;
      }
    }
  }
  return { width, kept, means };
}

/**
 * Fill, drop and round to float32.
 * @param values rows × width, row-major, NaN where missing.
 * @returns rows × kept columns, row-major, finite.
 */
export function transformMatrix(preprocessor: Preprocessor, values: Float64Array): Float32Array {
  const { width, kept, means } = preprocessor;
  const rows = values.length / width;
  const out = new Float32Array(rows * kept.length);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    for (const j of kept) {
      const value = Math.fround(filled(values[i * width + j], means[j]));
      out[at++] = Number.isFinite(value) ? value : 0;
    }
  }
  return out;
}

/** How the columns of a table become numbers: by name, categories by their place in a list. */
export interface Encoding {
  readonly names: readonly string[];
  /** Categories in the order of their codes; `undefined` for numbers. */
  readonly categories: readonly (readonly string[] | undefined)[];
  /** Codes of the columns that are in the order of the target; the last one is that of missing cells. */
  readonly orders?: readonly (CategoryOrder | undefined)[];
}

/**
 * Learn the encoding of a table's features.
 * @param ordering Unordered categories are sorted by name, or by the target's classes.
 */
export function fitEncoding(context: Table, ordering: CategoryOrdering = 'name'): Encoding {
  const features = context.columns.filter((c) => c.name !== context.target);
  const names = features.map((c) => c.name);
  const categories = features.map((c) => {
    if (isNumeric(c)) return undefined;
    return c.type === 'categorical' ? [...c.categories].sort(byName) : c.categories;
  });
  const target = context.columns.find((c) => c.name === context.target);
  if (ordering === 'name' || !target || isNumeric(target)) return { names, categories };
  const orders = features.map((c, j) => {
    const own = categories[j];
    if (isNumeric(c) || c.type !== 'categorical' || !own) return undefined;
    const place = new Map(own.map((category, level) => [category, level]));
    const levelOf = c.categories.map((category) => place.get(category) as number);
    // A missing cell is a category of its own.
    const levels = Int32Array.from(c.codes, (code) => (code < 0 ? own.length : levelOf[code]));
    return orderByTarget(levels, own.length + 1, target.codes);
  });
  return { names, categories, orders };
}

/**
 * Turn features into numbers: categories to codes; missing and unknown categories to −1, where the
 * order is the target's to codes of their own.
 * @returns rows × features, row-major, NaN where a number is missing.
 * @throws TypeError where a feature is absent, or numbers and categories are mixed up.
 */
export function encodeFeatures(encoding: Encoding, rows: Table): Float64Array {
  const { names, categories, orders } = encoding;
  const width = names.length;
  const out = new Float64Array(rows.rows * width);
  for (const [j, name] of names.entries()) {
    const found = column(rows, name);
    const known = categories[j];
    if (isNumeric(found) !== (known === undefined)) mixedUp(found, known);
    if (isNumeric(found)) {
      for (let i = 0; i < rows.rows; i++) out[i * width + j] = found.values[i];
    } else {
      const order = orders?.[j];
      const place = new Map(known?.map((category, i) => [category, order ? order.codes[i] : i]));
      const codes = found.categories.map((category) => place.get(category) ?? order?.unknown ?? -1);
      const missing = order?.codes.at(-1) ?? -1;
      for (let i = 0; i < rows.rows; i++) {
        out[i * width + j] = found.codes[i] < 0 ? missing : codes[found.codes[i]];
      }
    }
  }
  return out;
}

function mixedUp(found: Column, known: readonly string[] | undefined): never {
  throw new TypeError(
    `Cannot predict as "${found.name}" must hold ${known ? 'categories' : 'numbers'} as in the context rows: it is ${found.type}; read both tables with the same types`,
  );
}

function filled(value: number, mean: number): number {
  return Number.isFinite(value) ? value : mean;
}

/** By number where both are numbers, else by code unit: the same on every machine. */
function byName(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a.trim() !== '' && b.trim() !== '' && !Number.isNaN(x - y) && x !== y) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}
