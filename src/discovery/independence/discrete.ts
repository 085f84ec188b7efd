// χ² and G² tests of independence of two categories in the strata of S:
//   χ² = Σ (O − E)²/E,  G² = 2 Σ O·ln(O/E),  E = row total · column total / stratum total,
// with Σ over non-empty strata of (rows that occur − 1)(columns that occur − 1) degrees of freedom
// (Agresti 2013, "Categorical Data Analysis", chapter 3). Rows that miss a column of a test are left
// out of that test. Tables of few cells are counted by bit sets, others row by row; the joint counts of
// small sets of columns are kept, as x ⊥ y | z and x ⊥ z | y are asked of the same table.
// Kept together: the walk over many sets, what it shares between them and the kept counts.

import {
  chiSquareTail,
  chiSquareUpperQuantile,
  logChiSquareTail,
} from '../../math/distributions.js';
import { bitCounts, type Cells } from './bit-counts.js';
import { rowCounts, type Strata } from './row-counts.js';
import { eachSubset, without } from './subsets.js';
import type { IndependenceTest, Separator, TestResult } from './test.js';
import type { Variables } from './variables.js';

/**
 * Make a test of categories.
 * @param statistic Pearson's χ² or the likelihood ratio G².
 * @throws RangeError where a column has a category of its own in every row.
 */
export function discreteTest(vars: Variables, statistic: 'chi2' | 'g2'): IndependenceTest {
  const p = vars.names.length;
  const levels = Int32Array.from(vars.columns, (v) => v.levels);
  // Rows that count more than once are written out, unless that makes many of them.
  const spread = vars.weights && vars.rows <= 4 * vars.length ? repeats(vars.weights) : undefined;
  const weights = spread ? undefined : vars.weights;
  const n = spread ? vars.rows : vars.length;
  const codes = vars.columns.map((v) =>
    spread ? Int32Array.from(spread, (r) => v.codes[r]) : v.codes,
  );
  const narrow = vars.columns.map((v, i) =>
    v.levels <= 256 && !v.missing ? Uint8Array.from(codes[i]) : codes[i],
  );
  const bits = weights ? undefined : bitCounts(codes, levels, n);
  for (let i = 0; i < p; i++) {
    if (levels[i] > 2 && levels[i] >= vars.rows) {
      throw new RangeError(
        `Cannot test "${vars.names[i]}" as a column must have fewer categories than rows: it has ${levels[i]} in ${vars.rows} rows; ${vars.columns[i].numeric ? 'use test fisher-z or mixed, or cut its numbers into categories' : 'drop it, or give its numbers the type numeric'}`,
      );
    }
  }
  const measure = statistic === 'chi2' ? pearson : likelihoodRatio;

  const { refine, count, room } = rowCounts(
    { length: n, codes, narrow, weights, missing: vars.missing },
    levels,
  );
  const all: Strata = { of: new Int32Array(n), count: 1 };

  /** Joint counts of sets of columns, with the order in which the columns stand in them. */
  const joint = new Map<
    string,
    { readonly order: readonly number[]; readonly counts: Int32Array }
  >();
  let kept = 0;
  /** Measure x and y given S; rows are only counted where no test asked for these columns before. */
  const evaluate = (
    given: readonly number[],
    strata: () => Strata,
    x: number,
    y: number,
  ): { value: number; df: number } => {
    const kx = levels[x];
    const ky = levels[y];
    let size = kx * ky;
    for (const v of given) size *= levels[v];
    // Beyond this, rearranging a kept table costs about as much as counting.
    if (size > n / 4) {
      const s = strata();
      return measure(count(s, x, y), s.count, kx, ky);
    }
    const order = [...given, x, y];
    const key = [...order].sort((a, b) => a - b).join();
    const known = joint.get(key);
    if (known) return measure(rearrange(known, order), size / (kx * ky), kx, ky);
    const table = count(strata(), x, y);
    if (kept > 8_000_000) {
      joint.clear();
      kept = 0;
    }
    joint.set(key, { order, counts: table.slice(0, size) });
    kept += size;
    return measure(table, size / (kx * ky), kx, ky);
  };
  const rearrange = (
    known: { readonly order: readonly number[]; readonly counts: Int32Array },
    order: readonly number[],
  ): Int32Array => {
    const d = order.length;
    const step = new Int32Array(d); // of each column of the kept table in the new one
    const width = new Int32Array(d);
    let at = 1;
    const place = new Map<number, number>();
    for (let k = d - 1; k >= 0; k--) {
      place.set(order[k], at);
      at *= levels[order[k]];
    }
    for (let k = 0; k < d; k++) {
      step[k] = place.get(known.order[k]) as number;
      width[k] = levels[known.order[k]];
    }
    const { counts } = known;
    const out = room(counts.length);
    const digit = new Int32Array(d);
    let to = 0;
    for (let from = 0; from < counts.length; from++) {
      out[to] = counts[from];
      for (let k = d - 1; k >= 0; k--) {
        to += step[k];
        if (++digit[k] < width[k]) break;
        to -= step[k] * width[k];
        digit[k] = 0;
      }
    }
    return out;
  };
  const result = (value: number, df: number): TestResult => ({
    p: chiSquareTail(value, df),
    logP: logChiSquareTail(value, df),
    statistic: value,
    df,
  });
  // Searches pause, so each of them has strata of its own, and makes its cells again if another search
  // made some meanwhile.
  const spare: Int32Array[][] = [];
  let turn = 0;
  const buffer = (scratch: Int32Array[], depth: number): Int32Array => {
    scratch[depth] ??= new Int32Array(n);
    return scratch[depth];
  };
  const strataOf = (given: ArrayLike<number>): Strata => {
    let s = all;
    const scratch = spare.pop() ?? [];
    for (let k = 0; k < given.length; k++) s = refine(s, given[k], buffer(scratch, k));
    spare.push(scratch);
    return s;
  };
  /** Measure x and y by bit sets. */
  const measureCells = (cells: Cells, x: number, y: number): { value: number; df: number } => {
    const [kx, ky] = [levels[x], levels[y]];
    const table = room(cells.strata * kx * ky);
    bits?.count(cells, y, table);
    return measure(table, cells.strata, kx, ky);
  };
  const run = (x: number, y: number, given: ArrayLike<number>): { value: number; df: number } => {
    if (levels[x] < 2 || levels[y] < 2) return { value: 0, df: 0 };
    turn++;
    let cells = bits?.root(x);
    for (let k = 0; k < given.length && cells; k++) cells = bits?.refine(cells, given[k]);
    if (cells && bits?.pays(cells, y)) return measureCells(cells, x, y);
    return evaluate(Array.from(given), () => strataOf(given), x, y);
  };

  const limits = new Map<number, Float64Array>();
  /** The statistic at which p = alpha, by degrees of freedom. */
  const limitOf = (alpha: number): ((df: number) => number) => {
    let known = limits.get(alpha);
    if (!known) {
      known = new Float64Array(4096);
      limits.set(alpha, known);
    }
    const table = known;
    return (df) => {
      if (df >= table.length) return chiSquareUpperQuantile(alpha, df);
      if (table[df] === 0) table[df] = chiSquareUpperQuantile(alpha, df);
      return table[df];
    };
  };
  const holds = (r: { value: number; df: number }, limit: (df: number) => number): boolean =>
    r.df === 0 || r.value < limit(r.df);

  let strengths: Float64Array | undefined;
  const association = (): Float64Array => {
    if (strengths) return strengths;
    strengths = new Float64Array(p * p);
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < i; j++) {
        const r = run(i, j, []);
        strengths[i * p + j] = strengths[j * p + i] = -logChiSquareTail(r.value, r.df);
      }
    }
    return strengths;
  };

  return {
    name: statistic,
    variables: p,
    maxGiven: Number.POSITIVE_INFINITY,
    constant: vars.constant,
    test: (x, y, given) => {
      const r = run(x, y, given);
      return result(r.value, r.df);
    },
    association,
    async findSeparators(x, targets, pool, size, alpha, breathe, tested) {
      const found: (readonly number[] | undefined)[] = new Array(targets.length).fill(undefined);
      const limit = limitOf(alpha);
      const strength = association();
      const order = Array.from(pool).sort((a, b) => strength[x * p + b] - strength[x * p + a]);
      const alive = Array.from({ length: targets.length }, (_, t) => t);
      const given: number[] = [];
      // The strata of the first members of a set, worked out when rows must be counted.
      const scratch = spare.pop() ?? [];
      const chain: Strata[] = [];
      const strata = (): Strata => {
        let s = chain.length > 0 ? chain[chain.length - 1] : all;
        for (let k = chain.length; k < given.length; k++) {
          s = refine(s, given[k], buffer(scratch, k));
          chain.push(s);
        }
        return s;
      };
      // The same as cells; `undefined` from where there are too many of them.
      const parts: (Cells | undefined)[] = [bits?.root(x)];
      let mine = ++turn;
      const cellsOf = (): Cells | undefined => {
        if (turn !== mine) {
          parts.length = 1;
          mine = ++turn;
        }
        for (let k = parts.length; k <= given.length; k++) {
          const last = parts[k - 1];
          parts.push(last && bits?.refine(last, given[k - 1]));
        }
        return parts[given.length];
      };
      const walk = async (start: number): Promise<void> => {
        if (given.length === size) {
          let cells: Cells | undefined;
          let made = false;
          for (let q = 0; q < alive.length; q++) {
            const y = targets[alive[q]];
            if (given.includes(y)) continue;
            if (tested?.before(y) && given.every((v) => tested.adjacent(y, v))) continue;
            if (!made) {
              cells = cellsOf();
              made = true;
            }
            const r =
              levels[x] < 2 || levels[y] < 2
                ? { value: 0, df: 0 }
                : cells && bits?.pays(cells, y)
                  ? measureCells(cells, x, y)
                  : evaluate(given, strata, x, y);
            if (holds(r, limit)) {
              found[alive[q]] = [...given];
              alive.splice(q, 1);
              q--;
            }
          }
          await breathe();
          return;
        }
        const end = order.length - (size - given.length);
        for (let i = start; i <= end && alive.length > 0; i++) {
          // A set that holds the only target left has nothing to test.
          if (alive.length === 1 && targets[alive[0]] === order[i]) continue;
          given.push(order[i]);
          await walk(i + 1);
          given.pop();
          chain.length = Math.min(chain.length, given.length);
          parts.length = Math.min(parts.length, given.length + 1);
        }
      };
      await walk(0);
      spare.push(scratch);
      return found;
    },
    allSeparators(x, y, pool, size, alpha) {
      const limit = limitOf(alpha);
      const sets: Separator[] = [];
      eachSubset(without(pool, x, y), size, (given) => {
        const r = run(x, y, given);
        if (holds(r, limit)) {
          sets.push({ given: [...given], logP: logChiSquareTail(r.value, r.df) });
        }
        return undefined;
      });
      return sets;
    },
  };
}

/** The number of each row, as often as the row counts. */
function repeats(weights: Int32Array): Int32Array {
  const list: number[] = [];
  for (let r = 0; r < weights.length; r++) for (let k = 0; k < weights[r]; k++) list.push(r);
  return Int32Array.from(list);
}

type Measure = (
  table: Int32Array,
  strata: number,
  kx: number,
  ky: number,
) => { value: number; df: number };

/** Walk over the non-empty strata with their margins. */
function overStrata(term: (observed: number, expected: number) => number): Measure {
  let rows = new Float64Array(64);
  let columns = new Float64Array(64);
  return (table, strata, kx, ky) => {
    if (rows.length < kx) rows = new Float64Array(kx);
    if (columns.length < ky) columns = new Float64Array(ky);
    let value = 0;
    let df = 0;
    for (let s = 0; s < strata; s++) {
      const start = s * kx * ky;
      columns.fill(0, 0, ky);
      let total = 0;
      let full = 0;
      let at = start;
      for (let a = 0; a < kx; a++) {
        let sum = 0;
        for (let b = 0; b < ky; b++) {
          const o = table[at++];
          sum += o;
          columns[b] += o;
        }
        rows[a] = sum;
        if (sum > 0) {
          full++;
          total += sum;
        }
      }
      if (full < 2) continue;
      let wide = 0;
      for (let b = 0; b < ky; b++) if (columns[b] > 0) wide++;
      if (wide < 2) continue;
      df += (full - 1) * (wide - 1);
      at = start;
      for (let a = 0; a < kx; a++) {
        const share = rows[a] / total;
        for (let b = 0; b < ky; b++) {
          const o = table[at++];
          const e = share * columns[b];
          if (e > 0) value += term(o, e);
        }
      }
    }
    return { value, df };
  };
}

const pearson: Measure = overStrata((o, e) => ((o - e) * (o - e)) / e);
const halfRatio: Measure = overStrata((o, e) => (o > 0 ? o * Math.log(o / e) : 0));
const likelihoodRatio: Measure = (table, strata, kx, ky) => {
  const { value, df } = halfRatio(table, strata, kx, ky);
  return { value: Math.max(0, 2 * value), df };
};
