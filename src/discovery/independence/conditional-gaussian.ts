// Likelihood-ratio tests for mixed columns under a conditional Gaussian model (after Andrews, Ramsey &
// Cooper 2018, "Scoring Bayesian networks of mixed variables"). S splits into cells by its categories.
//   two numbers:    −Σ n_c·ln(1 − r_c²), r_c the partial correlation in cell c given S's numbers
//   one category:   Σ n_c·ln σ²_c − Σ n_cy·ln σ²_cy, σ² the residual variance of the number
//   two categories: G², S's numbers cut into three equal parts

import { chiSquareTail, logChiSquareTail } from '../../math/distributions.js';
import { discreteTest } from './discrete.js';
import type { IndependenceTest } from './test.js';
import type { Variable, Variables } from './variables.js';

const TINY = 1e-10;

/** Make the conditional-Gaussian test. */
export function conditionalGaussian(vars: Variables): IndependenceTest {
  const cut: Variables = {
    ...vars,
    columns: vars.columns.map((v) => (v.numeric ? thirds(v, vars) : v)),
  };
  const words = discreteTest(cut, 'g2');
  const { columns, length, weights } = vars;
  const run = (x: number, y: number, given: ArrayLike<number>): { value: number; df: number } => {
    const list = Array.from(given);
    const numbers = list.filter((v) => columns[v].numeric);
    const cells = cellsOf(
      list.filter((v) => !columns[v].numeric),
      [...numbers, x, y],
    );
    const two = columns[x].numeric && columns[y].numeric;
    const [number, category] = columns[x].numeric ? [x, y] : [y, x];
    let value = 0;
    let df = 0;
    for (const rows of cells) {
      if (two) {
        const k = numbers.length;
        const n = weightOf(rows);
        if (n <= k + 4) continue;
        const m = residual([...numbers, x, y], k, rows);
        const vx = m[k * (k + 2) + k];
        const vy = m[(k + 2) ** 2 - 1];
        if (!(vx > TINY && vy > TINY)) continue;
        const r2 = m[k * (k + 2) + k + 1] ** 2 / (vx * vy);
        value -= (n - k - 1.5) * Math.log(Math.max(1 - r2, 1e-15));
        df++;
        continue;
      }
      const k = numbers.length;
      const parts = new Map<number, number[]>();
      for (const r of rows) {
        const c = columns[category].codes[r];
        const part = parts.get(c);
        if (part) part.push(r);
        else parts.set(c, [r]);
      }
      const large = [...parts.values()].filter((part) => weightOf(part) > k + 4);
      if (large.length < 2) continue;
      const all = large.flat();
      const spread = (part: readonly number[]): number => {
        const m = residual([...numbers, number], k, part);
        return Math.max(m[(k + 1) ** 2 - 1], 1e-12) / weightOf(part);
      };
      let ratio = weightOf(all) * Math.log(spread(all));
      for (const part of large) ratio -= weightOf(part) * Math.log(spread(part));
      value += Math.max(0, ratio);
      df += (large.length - 1) * (k + 2);
    }
    return { value, df };
  };

  /** Rows complete in all columns of the test, by the categories of S. */
  function cellsOf(categories: readonly number[], others: readonly number[]): number[][] {
    const cells = new Map<string, number[]>();
    rows: for (let r = 0; r < length; r++) {
      if (weights && weights[r] === 0) continue;
      let key = '';
      for (const v of others) {
        const c = columns[v];
        if (c.numeric ? Number.isNaN(c.values[r]) : c.codes[r] < 0) continue rows;
      }
      for (const v of categories) {
        if (columns[v].codes[r] < 0) continue rows;
        key += `${columns[v].codes[r]},`;
      }
      const cell = cells.get(key);
      if (cell) cell.push(r);
      else cells.set(key, [r]);
    }
    return [...cells.values()];
  }

  function weightOf(rows: readonly number[]): number {
    if (!weights) return rows.length;
    let sum = 0;
    for (const r of rows) sum += weights[r];
    return sum;
  }

  /** Sums of squares and products of columns over rows, the first `swept` regressed out. */
  function residual(list: readonly number[], swept: number, rows: readonly number[]): Float64Array {
    const d = list.length;
    const n = weightOf(rows);
    const mean = list.map((v) => {
      let sum = 0;
      for (const r of rows) sum += (weights ? weights[r] : 1) * columns[v].values[r];
      return sum / n;
    });
    const m = new Float64Array(d * d);
    for (const r of rows) {
      const w = weights ? weights[r] : 1;
      for (let i = 0; i < d; i++) {
        const a = w * (columns[list[i]].values[r] - mean[i]);
        for (let j = 0; j < d; j++) m[i * d + j] += a * (columns[list[j]].values[r] - mean[j]);
      }
    }
    for (let s = 0; s < swept; s++) {
      const pivot = m[s * d + s];
      if (!(pivot > TINY)) continue;
      for (let i = s + 1; i < d; i++) {
        const f = m[i * d + s] / pivot;
        for (let j = s + 1; j < d; j++) m[i * d + j] -= f * m[s * d + j];
      }
    }
    return m;
  }

  return {
    name: 'conditional-gaussian',
    variables: columns.length,
    maxGiven: Number.POSITIVE_INFINITY,
    constant: vars.constant,
    slow: true,
    test(x, y, given) {
      if (!columns[x].varies || !columns[y].varies) return { p: 1, logP: 0, statistic: 0, df: 0 };
      if (!columns[x].numeric && !columns[y].numeric) return words.test(x, y, given);
      const { value, df } = run(x, y, given);
      return {
        p: chiSquareTail(value, df),
        logP: logChiSquareTail(value, df),
        statistic: value,
        df,
      };
    },
  };
}

/** A column of numbers cut into three parts with equally many rows. */
function thirds(v: Variable, vars: Variables): Variable {
  const known: number[] = [];
  for (let i = 0; i < v.values.length; i++) {
    if (!Number.isNaN(v.values[i]) && !(vars.weights && vars.weights[i] === 0))
      known.push(v.values[i]);
  }
  known.sort((a, b) => a - b);
  const cuts = [known[Math.floor(known.length / 3)], known[Math.floor((2 * known.length) / 3)]];
  const codes = Int32Array.from(v.values, (x) =>
    Number.isNaN(x) ? -1 : x < cuts[0] ? 0 : x < cuts[1] ? 1 : 2,
  );
  return { ...v, codes, levels: 3, numeric: false, varies: v.varies, missing: v.missing };
}
