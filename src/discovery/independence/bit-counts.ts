// Joint counts of categories by bit sets: one bit a row for each level of each column. The rows of a
// cell are the meet of its levels' sets, and a count is a number of bits, 128 rows a step. That beats
// going through the rows where a table has few cells; `cells` says when.

import { bitCountsModule } from './bit-counts-module.js';

/** The cells that occur of x and the columns of S, each with its rows as a bit set. */
export interface Cells {
  readonly x: number;
  /** Number of cells. */
  readonly length: number;
  /** Strata of S there could be. */
  readonly strata: number;
  /** Where each cell's bit set is. */
  readonly at: Int32Array;
  /** stratum · levels of x + level of x. */
  readonly index: Int32Array;
  /** Rows of each cell. */
  readonly rows: Int32Array;
  /** Columns in S. */
  readonly depth: number;
}

/** Counts by bit sets. */
export interface BitCounts {
  /** The cells of x alone; `undefined` where x has too many levels. */
  root(x: number): Cells | undefined;
  /** The cells with one more column in S, valid until cells of the same depth are made again; `undefined` where there would be too many. */
  refine(cells: Cells, v: number): Cells | undefined;
  /** Whether counting y in these cells is quicker than going through the rows. */
  pays(cells: Cells, y: number): boolean;
  /** Fill a table of strata × levels of x × levels of y, all zero before. */
  count(cells: Cells, y: number, table: Int32Array): void;
}

/** Columns with more levels get no bit sets. */
const MOST_LEVELS = 32;
/** Most cells of x and S. */
const MOST_CELLS = 128;
/** Most counts of a table; beyond, going through the rows is as quick. */
const MOST_COUNTS = 128;
/** Most columns in S. */
const DEEPEST = 6;

interface Exports {
  meet(a: number, b: number, to: number, bytes: number): number;
  counts(a: number, sets: number, number: number, bytes: number, to: number): void;
}

// TypeScript knows WebAssembly only as part of the browser.
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

let compiled: object | undefined;

/**
 * Make bit sets of columns.
 * @param codes Codes 0 … levels − 1 a row, −1 where missing.
 * @returns `undefined` where this machine has no WebAssembly with vectors, or no room for them.
 */
export function bitCounts(
  codes: readonly Int32Array[],
  levels: Int32Array,
  rows: number,
): BitCounts | undefined {
  const bytes = 16 * Math.ceil(rows / 128);
  const base = new Int32Array(codes.length).fill(-1);
  const whole = codes.map((c) => !c.includes(-1));
  let end = 4 * MOST_LEVELS;
  for (let v = 0; v < codes.length; v++) {
    if (levels[v] > MOST_LEVELS || levels[v] < 1) continue;
    base[v] = end;
    end += levels[v] * bytes;
  }
  const stack = end;
  end += DEEPEST * MOST_CELLS * bytes;
  const made = instance(end);
  if (!made) return undefined;
  const { memory, run } = made;
  const all = new Uint8Array(memory.buffer);
  for (let v = 0; v < codes.length; v++) {
    if (base[v] < 0) continue;
    const code = codes[v];
    for (let r = 0; r < rows; r++) {
      if (code[r] >= 0) all[base[v] + code[r] * bytes + (r >> 3)] |= 1 << (r & 7);
    }
  }
  const out = new Int32Array(memory.buffer, 0, MOST_LEVELS);
  const kept = Array.from({ length: DEEPEST + 1 }, () => ({
    at: new Int32Array(MOST_CELLS),
    index: new Int32Array(MOST_CELLS),
    rows: new Int32Array(MOST_CELLS),
  }));
  const roots = new Map<number, Cells>();
  return {
    root(x) {
      if (base[x] < 0) return undefined;
      let cells = roots.get(x);
      if (!cells) {
        const at = Int32Array.from({ length: levels[x] }, (_, a) => base[x] + a * bytes);
        const index = Int32Array.from({ length: levels[x] }, (_, a) => a);
        const count = at.map((a) => run.meet(a, a, stack, bytes));
        cells = { x, length: levels[x], strata: 1, at, index, rows: count, depth: 0 };
        roots.set(x, cells);
      }
      return cells;
    },
    refine(cells, v) {
      const k = levels[v];
      if (base[v] < 0 || cells.depth === DEEPEST) return undefined;
      const { at, index, rows: count } = kept[cells.depth];
      const kx = levels[cells.x];
      let length = 0;
      let to = stack + cells.depth * MOST_CELLS * bytes;
      for (let i = 0; i < cells.length; i++) {
        const s = Math.floor(cells.index[i] / kx);
        const a = cells.index[i] - s * kx;
        for (let c = 0; c < k; c++) {
          if (length === MOST_CELLS) return undefined;
          const found = run.meet(cells.at[i], base[v] + c * bytes, to, bytes);
          if (found === 0) continue;
          at[length] = to;
          index[length] = (s * k + c) * kx + a;
          count[length++] = found;
          to += bytes;
        }
      }
      const { x, strata, depth } = cells;
      return { x, length, strata: strata * k, at, index, rows: count, depth: depth + 1 };
    },
    pays(cells, y) {
      return base[y] >= 0 && cells.length * (levels[y] - 1) <= MOST_COUNTS;
    },
    count(cells, y, table) {
      const k = levels[y];
      // Where y is never missing, its last level has the rows that are left.
      const asked = whole[y] ? k - 1 : k;
      for (let i = 0; i < cells.length; i++) {
        run.counts(cells.at[i], base[y], asked, bytes, 0);
        const to = cells.index[i] * k;
        let rest = cells.rows[i];
        for (let b = 0; b < asked; b++) {
          table[to + b] = out[b];
          rest -= out[b];
        }
        if (asked < k) table[to + asked] = rest;
      }
    },
  };
}

function instance(
  bytes: number,
): { readonly memory: { readonly buffer: ArrayBuffer }; readonly run: Exports } | undefined {
  const engine = (globalThis as { readonly WebAssembly?: Engine }).WebAssembly;
  if (!engine) return undefined;
  try {
    compiled ??= new engine.Module(bitCountsModule());
    const memory = new engine.Memory({ initial: Math.ceil(bytes / 65536) });
    const { exports } = new engine.Instance(compiled, { m: { m: memory } });
    return { memory, run: exports as Exports };
  } catch {
    // No vectors, or no room: counting row by row gives the same.
    return undefined;
  }
}
