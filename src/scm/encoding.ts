// Parents as columns of numbers for linear models: numbers as they are, one column per category (one
// for two categories), missing cells at the training mean with a flag column where training had any.
// Above 50 categories in all: smoothed target means, one column per output (Prokhorenkova et al.
// 2018, equation 1, with the global mean as prior). Polynomials are products of these columns.
// Columns are centred and scaled for the solvers; coefficients are given back in the units of the data.

import { type FrameColumn, valuesAt } from './frame.js';

/** How one parent becomes columns. */
export type ParentEncoding =
  | { readonly kind: 'number'; readonly mean: number; readonly flag: boolean }
  | {
      readonly kind: 'one-hot';
      /** Share of each listed category in training: what a missing or unknown cell counts as. */
      readonly levels: readonly number[];
      readonly shares: readonly number[];
      readonly flag: boolean;
    }
  | {
      readonly kind: 'target';
      /** Per category, then one more for missing and unknown: `outputs` means. */
      readonly means: readonly number[];
      readonly outputs: number;
    };

/** How parents become the columns of a linear model. */
export interface Encoding {
  readonly parents: readonly ParentEncoding[];
  /** Products up to this degree. */
  readonly degree: number;
}

const MOST_ONE_HOT = 50;

/** Number of columns that parents take one-hot encoded (two categories: one). */
export function oneHotWidth(parents: readonly FrameColumn[]): number {
  let width = 0;
  for (const { categories, distinct } of parents) {
    width += categories === undefined ? 1 : distinct === 2 ? 1 : distinct;
  }
  return width;
}

/**
 * Learn the encoding of parents from training rows.
 * @param outputs Target columns: the value itself, or one indicator per class; used for target means only.
 */
export function fitEncoding(
  parents: readonly FrameColumn[],
  rows: Int32Array,
  degree: number,
  outputs: () => readonly Float64Array[],
): Encoding {
  let categories = 0;
  for (const p of parents) categories += p.categories?.length ?? 0;
  const asTarget = categories > MOST_ONE_HOT;
  return {
    degree,
    parents: parents.map((parent): ParentEncoding => {
      if (parent.categories === undefined) {
        let sum = 0;
        let n = 0;
        for (const r of rows) {
          const v = parent.values[r];
          if (Number.isNaN(v)) continue;
          sum += v;
          n++;
        }
        return { kind: 'number', mean: n > 0 ? sum / n : 0, flag: n < rows.length };
      }
      if (asTarget) return targetEncoding(parent, rows, outputs());
      const counts = new Float64Array(parent.categories.length);
      let n = 0;
      for (const r of rows) {
        const v = parent.values[r];
        if (Number.isNaN(v)) continue;
        counts[v]++;
        n++;
      }
      const found = Array.from(counts.keys()).filter((c) => counts[c] > 0);
      const levels = found.length === 2 ? [found[1]] : found;
      const shares = levels.map((c) => counts[c] / n);
      return { kind: 'one-hot', levels, shares, flag: n < rows.length };
    }),
  };
}

/**
 * Encode rows.
 * @param values One Float64Array a parent.
 * @param rows Which rows of `values`; all of them where absent.
 * @returns Columns, each one value a row.
 */
export function encode(
  encoding: Encoding,
  values: readonly Float64Array[],
  rows?: Int32Array,
): Float64Array[] {
  const n = rows ? rows.length : values[0].length;
  const columns: Float64Array[] = [];
  encoding.parents.forEach((parent, j) => {
    const own = rows ? valuesAt(values[j], rows) : values[j];
    if (parent.kind === 'target') {
      const unknown = parent.means.length / parent.outputs - 1;
      for (let k = 0; k < parent.outputs; k++) {
        const column = new Float64Array(n);
        for (let i = 0; i < n; i++) {
          const v = own[i];
          column[i] = parent.means[(v >= 0 && v < unknown ? v : unknown) * parent.outputs + k];
        }
        columns.push(column);
      }
      return;
    }
    if (parent.kind === 'number') {
      const column = Float64Array.from(own);
      for (let i = 0; i < n; i++) if (Number.isNaN(column[i])) column[i] = parent.mean;
      columns.push(column);
    } else {
      const { levels, shares } = parent;
      const indicators = levels.map(() => new Float64Array(n));
      const place = new Int32Array(1 + Math.max(...levels, 0)).fill(-1);
      levels.forEach((c, k) => {
        place[c] = k;
      });
      for (let i = 0; i < n; i++) {
        const v = own[i];
        if (Number.isNaN(v)) for (let k = 0; k < levels.length; k++) indicators[k][i] = shares[k];
        else if (v < place.length && place[v] >= 0) indicators[place[v]][i] = 1;
      }
      columns.push(...indicators);
    }
    if (parent.flag) {
      const column = new Float64Array(n);
      for (let i = 0; i < n; i++) if (Number.isNaN(own[i])) column[i] = 1;
      columns.push(column);
    }
  });
  return encoding.degree > 1 ? products(columns, encoding.degree) : columns;
}

/**
 * Add the products of coefficients and encoded columns to each row's score, without making the columns.
 * @param at Where the output's coefficients begin.
 */
export function addEncoded(
  { parents }: Encoding,
  values: readonly Float64Array[],
  coefficients: Float64Array,
  at: number,
  score: Float64Array,
): void {
  const n = score.length;
  let next = at;
  parents.forEach((parent, j) => {
    const column = values[j];
    if (parent.kind === 'number') {
      const c = coefficients[next++];
      const ifMissing = c * parent.mean + (parent.flag ? coefficients[next++] : 0);
      for (let i = 0; i < n; i++) {
        const v = column[i];
        score[i] += Number.isNaN(v) ? ifMissing : c * v;
      }
      return;
    }
    // Categories: one number each, and one more for missing and unknown cells.
    let perCode: Float64Array;
    let ifMissing = 0;
    if (parent.kind === 'target') {
      const { means, outputs } = parent;
      perCode = new Float64Array(means.length / outputs - 1);
      for (let k = 0; k < outputs; k++) {
        const c = coefficients[next++];
        for (let code = 0; code < perCode.length; code++)
          perCode[code] += c * means[code * outputs + k];
        ifMissing += c * means[perCode.length * outputs + k];
      }
      for (let i = 0; i < n; i++) {
        const v = column[i];
        score[i] += v < perCode.length ? perCode[v] : ifMissing;
      }
      return;
    }
    const { levels, shares, flag } = parent;
    perCode = new Float64Array(1 + Math.max(...levels, 0));
    levels.forEach((code, k) => {
      perCode[code] = coefficients[next];
      ifMissing += coefficients[next++] * shares[k];
    });
    if (flag) ifMissing += coefficients[next++];
    for (let i = 0; i < n; i++) {
      const v = column[i];
      if (Number.isNaN(v)) score[i] += ifMissing;
      else if (v < perCode.length) score[i] += perCode[v];
    }
  });
}

/** All products of up to `degree` columns, lower degrees first, as scikit-learn orders them. */
function products(base: readonly Float64Array[], degree: number): Float64Array[] {
  const all = [...base];
  // Each product remembers its last factor, so that every combination is made once.
  let previous = base.map((column, last) => ({ column, last }));
  for (let power = 2; power <= degree; power++) {
    const next: { column: Float64Array; last: number }[] = [];
    for (const { column, last } of previous) {
      for (let j = last; j < base.length; j++) {
        next.push({ column: column.map((v, i) => v * base[j][i]), last: j });
      }
    }
    for (const { column } of next) all.push(column);
    previous = next;
  }
  return all;
}

function targetEncoding(
  parent: FrameColumn,
  rows: Int32Array,
  outputs: readonly Float64Array[],
): ParentEncoding {
  const categories = parent.categories?.length ?? 0;
  const means = new Float64Array((categories + 1) * outputs.length);
  const counts = new Float64Array(categories);
  for (const r of rows) if (!Number.isNaN(parent.values[r])) counts[parent.values[r]]++;
  outputs.forEach((output, k) => {
    const sums = new Float64Array(categories);
    let prior = 0;
    for (const r of rows) {
      prior += output[r] / rows.length;
      if (!Number.isNaN(parent.values[r])) sums[parent.values[r]] += output[r];
    }
    for (let c = 0; c <= categories; c++) {
      const known = c < categories && counts[c] > 1;
      means[c * outputs.length + k] = known ? (sums[c] + prior) / (counts[c] + 1) : prior;
    }
  });
  return { kind: 'target', means: Array.from(means), outputs: outputs.length };
}
