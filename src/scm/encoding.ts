// Parents as columns of numbers for linear models: numbers as they are, one column per category (one
// for two categories), missing cells at the training mean with a flag column where training had any.
// Above 50 categories in all: smoothed target means, one column per output (Prokhorenkova et al.
// 2018, equation 1, with the global mean as prior). Polynomials are products of these columns.
// Columns are centred and scaled for the solvers; coefficients are given back in the units of the data.

import type { FrameColumn } from './frame.js';
import { inScratch, scratchDoubles } from './scratch.js';

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

/** Number of columns that an encoding gives. */
export function encodedWidth({ parents, degree }: Encoding): number {
  let width = 0;
  for (const parent of parents) {
    if (parent.kind === 'target') width += parent.outputs;
    else width += (parent.kind === 'number' ? 1 : parent.levels.length) + (parent.flag ? 1 : 0);
  }
  return width + factors(width, degree).length;
}

/**
 * Encode rows.
 * @param values One Float64Array a parent.
 * @param rows Which rows of `values`; all of them where absent.
 * @returns Columns, each one value a row; scratch (see `inScratch`).
 */
export function encode(
  encoding: Encoding,
  values: readonly Float64Array[],
  rows?: Int32Array,
): Float64Array[] {
  const n = rows ? rows.length : values[0].length;
  const columns = Array.from({ length: encodedWidth(encoding) }, () => scratchDoubles(n));
  encodeInto(columns, encoding, values, rows, 0);
  return columns;
}

/**
 * Encode some rows into columns that are there.
 * @param columns As many as `encodedWidth` says; their length is the number of rows.
 * @param from The first row; of `rows`, where these are given.
 */
export function encodeInto(
  columns: readonly Float64Array[],
  { parents, degree }: Encoding,
  values: readonly Float64Array[],
  rows: Int32Array | undefined,
  from: number,
): void {
  inScratch(() => {
    const n = columns[0]?.length ?? 0;
    const gathered = rows ? scratchDoubles(n) : undefined;
    let next = 0;
    parents.forEach((parent, j) => {
      let own = values[j];
      if (rows && gathered) {
        for (let i = 0; i < n; i++) gathered[i] = own[rows[from + i]];
        own = gathered;
      } else if (from > 0) own = own.subarray(from, from + n);
      if (parent.kind === 'target') {
        const unknown = parent.means.length / parent.outputs - 1;
        for (let k = 0; k < parent.outputs; k++) {
          const column = columns[next++];
          for (let i = 0; i < n; i++) {
            const v = own[i];
            column[i] = parent.means[(v >= 0 && v < unknown ? v : unknown) * parent.outputs + k];
          }
        }
        return;
      }
      if (parent.kind === 'number') {
        const column = columns[next++];
        for (let i = 0; i < n; i++) column[i] = Number.isNaN(own[i]) ? parent.mean : own[i];
      } else {
        const { levels, shares } = parent;
        const indicators = columns.slice(next, next + levels.length);
        for (const column of indicators) column.fill(0);
        next += levels.length;
        const place = new Int32Array(1 + Math.max(...levels, 0)).fill(-1);
        levels.forEach((c, k) => {
          place[c] = k;
        });
        for (let i = 0; i < n; i++) {
          const v = own[i];
          if (Number.isNaN(v)) for (let k = 0; k < levels.length; k++) indicators[k][i] = shares[k];
          else if (v < place.length && place[v] >= 0) indicators[place[v]][i] = 1;
        }
      }
      if (parent.flag) {
        const column = columns[next++];
        for (let i = 0; i < n; i++) column[i] = Number.isNaN(own[i]) ? 1 : 0;
      }
    });
    for (const [a, b] of factors(next, degree)) {
      const left = columns[a];
      const right = columns[b];
      const column = columns[next++];
      for (let i = 0; i < n; i++) column[i] = left[i] * right[i];
    }
  });
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

/** The two columns whose product each further column is, lower degrees first, as scikit-learn orders them. */
function factors(width: number, degree: number): [number, number][] {
  const all: [number, number][] = [];
  // Each product remembers its last factor, so that every combination is made once.
  let previous = Array.from({ length: width }, (_, j) => ({ at: j, last: j }));
  for (let power = 2; power <= degree; power++) {
    const next: { at: number; last: number }[] = [];
    for (const { at, last } of previous) {
      for (let j = last; j < width; j++) {
        next.push({ at: width + all.length, last: j });
        all.push([at, j]);
      }
    }
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
