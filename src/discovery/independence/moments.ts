// Correlations of column blocks for the Gaussian tests. With missing values each test uses the rows
// that are complete in its own columns (test-wise deletion): rows are grouped by what they miss, each
// group keeps its sums and products once, and a test adds up the groups that it can use.
// Kept together: complete and incomplete rows are two ways to the same sums.

import type { Variables } from './variables.js';

/** Numbers that stand for the variables: a numeric one has one dimension, a category one per level but the first. */
export interface Moments {
  /** Dimensions in all. */
  readonly dims: number;
  /** First dimension of each variable; its last is before the next one's first. */
  readonly offset: Int32Array;
  /** Rows (sum of weights) where nothing is missing; 0 where rows differ in what they miss. */
  readonly rows: number;
  /** dims × dims correlations where nothing is missing. */
  readonly correlation: Float64Array | undefined;
  /**
   * Correlations of the dimensions of some variables over the rows complete in them.
   * @returns Rows used and the matrix, in the order of the variables' dimensions.
   */
  of(list: ArrayLike<number>): { readonly rows: number; readonly matrix: Float64Array };
}

/** Sum up the columns. */
export function moments(vars: Variables): Moments {
  const offset = new Int32Array(vars.columns.length + 1);
  vars.columns.forEach((v, i) => {
    offset[i + 1] = offset[i] + (v.numeric ? 1 : Math.max(0, v.levels - 1));
  });
  const dims = offset[vars.columns.length];
  const columns = standardised(vars, offset, dims);
  if (!vars.missing) {
    const correlation = products(columns, dims, vars.length);
    normalise(correlation, dims);
    return {
      dims,
      offset,
      rows: vars.rows,
      correlation,
      of: (list) => ({ rows: vars.rows, matrix: pick(correlation, dims, offset, list) }),
    };
  }
  const groups = missingGroups(vars);
  // Where rows differ much in what they miss, keeping sums for each kind would cost more than it saves.
  const keep = groups.length * (dims + 1) ** 2 < 20_000_000;
  const kept = keep
    ? groups.map((g) => groupProducts(g.rows, vars, columns, dimensionsUpTo(dims)))
    : undefined;
  return {
    dims,
    offset,
    rows: 0,
    correlation: undefined,
    of(list) {
      const where = dimensions(offset, list);
      const m = where.length;
      const width = m + 1;
      const total = new Float64Array(width * width);
      for (let g = 0; g < groups.length; g++) {
        if (!complete(groups[g].missing, list)) continue;
        if (!kept) {
          const own = groupProducts(groups[g].rows, vars, columns, where);
          for (let k = 0; k < own.length; k++) total[k] += own[k];
          continue;
        }
        for (let a = 0; a <= m; a++) {
          const i = a < m ? where[a] : dims;
          for (let b = 0; b <= m; b++) {
            total[a * width + b] += kept[g][i * (dims + 1) + (b < m ? where[b] : dims)];
          }
        }
      }
      const rows = total[width * width - 1];
      const matrix = new Float64Array(m * m);
      for (let a = 0; a < m; a++) {
        for (let b = 0; b < m; b++) {
          matrix[a * m + b] =
            total[a * width + b] - (total[m * width + a] * total[m * width + b]) / rows;
        }
      }
      normalise(matrix, m);
      return { rows, matrix };
    },
  };
}

function dimensionsUpTo(dims: number): Int32Array {
  return Int32Array.from({ length: dims }, (_, d) => d);
}

/** The dimensions of some variables, in their order. */
export function dimensions(offset: Int32Array, list: ArrayLike<number>): Int32Array {
  let count = 0;
  for (let k = 0; k < list.length; k++) count += offset[list[k] + 1] - offset[list[k]];
  const where = new Int32Array(count);
  let at = 0;
  for (let k = 0; k < list.length; k++) {
    for (let d = offset[list[k]]; d < offset[list[k] + 1]; d++) where[at++] = d;
  }
  return where;
}

function pick(
  matrix: Float64Array,
  dims: number,
  offset: Int32Array,
  list: ArrayLike<number>,
): Float64Array {
  const where = dimensions(offset, list);
  const m = where.length;
  const out = new Float64Array(m * m);
  for (let a = 0; a < m; a++) {
    for (let b = 0; b < m; b++) out[a * m + b] = matrix[where[a] * dims + where[b]];
  }
  return out;
}

/**
 * Columns of mean 0 and deviation 1 over their own known rows, times the root of the weight; row d of
 * the result is dimension d. A missing cell is 0.
 */
function standardised(vars: Variables, offset: Int32Array, dims: number): Float64Array {
  const { length, weights } = vars;
  const out = new Float64Array(dims * length);
  vars.columns.forEach((v, k) => {
    for (let d = offset[k]; d < offset[k + 1]; d++) {
      const level = d - offset[k] + 1;
      const cell = v.numeric
        ? (i: number): number => v.values[i]
        : (i: number): number => (v.codes[i] < 0 ? Number.NaN : v.codes[i] === level ? 1 : 0);
      standardise(cell, weights, out.subarray(d * length, (d + 1) * length));
    }
  });
  return out;
}

function standardise(
  cell: (i: number) => number,
  weights: Int32Array | undefined,
  out: Float64Array,
): void {
  let n = 0;
  let sum = 0;
  for (let i = 0; i < out.length; i++) {
    const w = weights ? weights[i] : 1;
    const v = cell(i);
    out[i] = v;
    if (w === 0 || Number.isNaN(v)) continue;
    n += w;
    sum += w * v;
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < out.length; i++) {
    const w = weights ? weights[i] : 1;
    const c = out[i] - mean;
    if (w === 0 || Number.isNaN(c)) {
      out[i] = 0;
      continue;
    }
    squares += w * c * c;
    out[i] = c;
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let i = 0; i < out.length; i++) {
    if (out[i] !== 0) out[i] *= scale * (weights ? Math.sqrt(weights[i]) : 1);
  }
}

/** Products of all pairs of rows of `columns`, four by four so that each value loaded serves four times. */
function products(columns: Float64Array, dims: number, length: number): Float64Array {
  const out = new Float64Array(dims * dims);
  const blocks = Math.ceil(dims / 4);
  // A slice of rows at a time, so that the columns of a block stay in cache.
  const slice = 512;
  for (let start = 0; start < length; start += slice) {
    const end = Math.min(length, start + slice);
    for (let bi = 0; bi < blocks; bi++) {
      for (let bj = 0; bj <= bi; bj++) {
        if (bi * 4 + 4 <= dims && bj * 4 + 4 <= dims) {
          block4(columns, out, dims, length, bi * 4, bj * 4, start, end);
        } else {
          blockEdge(columns, out, dims, length, bi * 4, bj * 4, start, end);
        }
      }
    }
  }
  for (let i = 0; i < dims; i++) {
    for (let j = 0; j < i; j++) out[j * dims + i] = out[i * dims + j];
  }
  return out;
}

function block4(
  z: Float64Array,
  out: Float64Array,
  dims: number,
  n: number,
  i: number,
  j: number,
  start: number,
  end: number,
): void {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  const a = i * n;
  const b = j * n;
  for (let r = start; r < end; r++) {
    const a0 = z[a + r],
      a1 = z[a + n + r],
      a2 = z[a + 2 * n + r],
      a3 = z[a + 3 * n + r];
    const b0 = z[b + r],
      b1 = z[b + n + r],
      b2 = z[b + 2 * n + r],
      b3 = z[b + 3 * n + r];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  let o = i * dims + j;
  out[o] += s00;
  out[o + 1] += s01;
  out[o + 2] += s02;
  out[o + 3] += s03;
  o += dims;
  out[o] += s10;
  out[o + 1] += s11;
  out[o + 2] += s12;
  out[o + 3] += s13;
  o += dims;
  out[o] += s20;
  out[o + 1] += s21;
  out[o + 2] += s22;
  out[o + 3] += s23;
  o += dims;
  out[o] += s30;
  out[o + 1] += s31;
  out[o + 2] += s32;
  out[o + 3] += s33;
}

function blockEdge(
  z: Float64Array,
  out: Float64Array,
  dims: number,
  n: number,
  i0: number,
  j0: number,
  start: number,
  end: number,
): void {
  for (let i = i0; i < Math.min(i0 + 4, dims); i++) {
    for (let j = j0; j < Math.min(j0 + 4, dims); j++) {
      let sum = 0;
      for (let r = start; r < end; r++) sum += z[i * n + r] * z[j * n + r];
      out[i * dims + j] += sum;
    }
  }
}

/** Divide by the diagonal's roots; a row without variance becomes 0 with diagonal 0. */
function normalise(m: Float64Array, n: number): void {
  const scale = new Float64Array(n);
  for (let i = 0; i < n; i++) scale[i] = m[i * n + i] > 1e-14 ? 1 / Math.sqrt(m[i * n + i]) : 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) m[i * n + j] *= scale[i] * scale[j];
    m[i * n + i] = scale[i] > 0 ? 1 : 0;
  }
}

interface MissingGroup {
  readonly missing: Uint8Array;
  readonly rows: number[];
}

function missingGroups(vars: Variables): MissingGroup[] {
  const groups = new Map<string, MissingGroup>();
  const incomplete = vars.columns.map((v, k) => (v.missing ? k : -1)).filter((k) => k >= 0);
  for (let i = 0; i < vars.length; i++) {
    if (vars.weights && vars.weights[i] === 0) continue;
    let key = '';
    for (const k of incomplete) {
      const v = vars.columns[k];
      if (v.numeric ? Number.isNaN(v.values[i]) : v.codes[i] < 0) key += `${k},`;
    }
    let group = groups.get(key);
    if (!group) {
      const missing = new Uint8Array(vars.columns.length);
      for (const k of key.split(',')) if (k !== '') missing[Number(k)] = 1;
      group = { missing, rows: [] };
      groups.set(key, group);
    }
    group.rows.push(i);
  }
  return [...groups.values()];
}

function complete(missing: Uint8Array, list: ArrayLike<number>): boolean {
  for (let k = 0; k < list.length; k++) if (missing[list[k]]) return false;
  return true;
}

/** Sums and products of some dimensions over rows; the last row and column are those of the constant 1. */
function groupProducts(
  rows: readonly number[],
  vars: Variables,
  columns: Float64Array,
  where: Int32Array,
): Float64Array {
  const m = where.length;
  const width = m + 1;
  const out = new Float64Array(width * width);
  const cells = new Float64Array(width);
  for (const r of rows) {
    for (let d = 0; d < m; d++) cells[d] = columns[where[d] * vars.length + r];
    cells[m] = vars.weights ? Math.sqrt(vars.weights[r]) : 1;
    for (let a = 0; a < width; a++) {
      const f = cells[a];
      if (f === 0) continue;
      for (let b = 0; b < width; b++) out[a * width + b] += f * cells[b];
    }
  }
  return out;
}
