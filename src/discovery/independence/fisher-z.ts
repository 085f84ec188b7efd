// Fisher's z test of a vanishing partial correlation r of x and y given S (Fisher 1924):
//   T = √(n − |S| − 3)·|atanh r|,  p = 2(1 − Φ(T)).  Assumes joint normality.
// Searches over many S walk the subsets as a tree: conditioning on one variable more is one Schur
// complement C − c·cᵀ/c_s of the matrix at hand, shared by all sets with the same first members, and
// the last step costs ten operations a test. Whether p > alpha is asked of r² without a root.
// Kept together: the plain test and its walk over many sets are one derivation.

import { logNormalTail, normalTail, normalUpperQuantile } from '../../math/distributions.js';
import { countMember, freshSets } from './fresh-sets.js';
import { moments } from './moments.js';
import type { Breathe, IndependenceTest, Separator, Tested, TestResult } from './test.js';
import type { Variables } from './variables.js';

/** A partial variance below this share of the variance counts as none. */
const SINGULAR = 1e-10;

/** Linear dependence is looked for before the first test up to this many columns; beyond, tests find it. */
const CHECKED = 300;

/** How the Fisher-z test treats what it cannot test. */
export interface FisherZOptions {
  /** A linear dependence among the columns: stop with an error that names them before the first test or when a test meets it, or call x and y independent (default `error`). */
  readonly singular?: 'error' | 'error-when-met' | 'independent';
}

/**
 * Make Fisher's z test.
 * @throws RangeError where a column is not numeric.
 */
export function fisherZ(vars: Variables, options: FisherZOptions = {}): IndependenceTest {
  const p = vars.names.length;
  const words = vars.columns.find((v) => !v.numeric);
  if (words) {
    throw new RangeError(
      `Cannot use Fisher's z test as every column must be numeric: "${words.name}" holds categories; use test "mixed"`,
    );
  }
  const sums = moments(vars);
  const shared = sums.correlation;
  const constant = new Uint8Array(p);
  for (const i of vars.constant) constant[i] = 1;
  const singular = (list: readonly number[]): never => {
    throw new RangeError(
      `Cannot test independence as the correlation matrix must not be singular: ${list.map((i) => `"${vars.names[i]}"`).join(', ')} depend linearly on each other; drop one of them`,
    );
  };

  const test = (x: number, y: number, given: ArrayLike<number>): TestResult => {
    const k = given.length;
    const list = new Int32Array(k + 2);
    for (let i = 0; i < k; i++) list[i] = given[i];
    list[k] = x;
    list[k + 1] = y;
    if (constant[x] || constant[y]) return independent;
    const { rows, matrix } = sums.of(list);
    if (!(rows - k - 3 > 0)) {
      if (options.singular === 'independent') return independent;
      throw new RangeError(
        `Cannot test ${vars.names[x]} and ${vars.names[y]} given ${k} columns as at least ${k + 4} complete rows are needed: there are ${rows}; set maxDepth`,
      );
    }
    const m = k + 2;
    for (let s = 0; s < k; s++) {
      if (constant[list[s]]) continue;
      const pivot = matrix[s * m + s];
      if (!(pivot > SINGULAR)) {
        if (options.singular === 'independent') return independent;
        singular([...list.subarray(0, s + 1)]);
      }
      for (let i = s + 1; i < m; i++) {
        const f = matrix[i * m + s] / pivot;
        if (f === 0) continue;
        for (let j = s + 1; j < m; j++) matrix[i * m + j] -= f * matrix[s * m + j];
      }
    }
    const vx = matrix[k * m + k];
    const vy = matrix[m * m - 1];
    if (k > 0 && !(vx > SINGULAR && vy > SINGULAR)) {
      if (options.singular === 'independent') return independent;
      singular([...list.subarray(0, k), vx > SINGULAR ? y : x]);
    }
    return zResult(matrix[k * m + k + 1] / Math.sqrt(vx * vy), rows - k - 3);
  };

  if (!shared) {
    return {
      name: 'fisher-z',
      variables: p,
      maxGiven: Math.max(-1, vars.rows - 4),
      constant: vars.constant,
      test,
    };
  }

  const n = vars.rows;
  if ((options.singular ?? 'error') === 'error' && p <= CHECKED && p < n) {
    const list = dependentColumns(shared, p, constant);
    if (list) singular(list);
  }
  /** The largest r² that p > alpha allows given k variables; negative where there are too few rows. */
  const criticalOf = (alpha: number): ((k: number) => number) => {
    const z = normalUpperQuantile(alpha / 2);
    return (k) => (n - k - 3 > 0 ? Math.tanh(z / Math.sqrt(n - k - 3)) ** 2 : -1);
  };
  // Searches pause, so each of them has matrices of its own.
  const spare: Float64Array[][] = [];
  const level = (stack: Float64Array[], depth: number, m: number): Float64Array => {
    if (!stack[depth] || stack[depth].length < m * m) stack[depth] = new Float64Array(m * m);
    return stack[depth];
  };
  /** The correlations among x and the others, x first, into level 0. */
  const load = (stack: Float64Array[], list: ArrayLike<number>): Float64Array => {
    const m = list.length;
    const c = level(stack, 0, m);
    for (let i = 0; i < m; i++) {
      const row = list[i] * p;
      for (let j = 0; j < m; j++) c[i * m + j] = shared[row + list[j]];
    }
    return c;
  };
  /**
   * Condition the matrix on variable s, as far as later steps need it: rows 0 … rows − 1 and those
   * after s up to `end` over all columns, and the diagonal.
   */
  const condition = (
    from: Float64Array,
    to: Float64Array,
    m: number,
    s: number,
    rows: number,
    end: number,
  ): boolean => {
    const pivot = from[s * m + s];
    if (!(pivot > SINGULAR)) return false;
    const rs = s * m;
    const inverse = 1 / pivot;
    for (let i = 0; i < end; i++) {
      if (i === rows) i = s + 1;
      if (i >= end) break;
      const ri = i * m;
      const f = from[rs + i] * inverse;
      for (let j = 0; j < m; j++) to[ri + j] = from[ri + j] - f * from[rs + j];
    }
    for (let j = 0; j < m; j++) {
      const c = from[rs + j];
      to[j * m + j] = from[j * m + j] - c * c * inverse;
    }
    return true;
  };

  /** The search for single columns, straight on the correlations: pools are widest here. */
  const separateByOne = (
    x: number,
    targets: ArrayLike<number>,
    pool: ArrayLike<number>,
    critical: number,
    found: (readonly number[] | undefined)[],
  ): void => {
    const rx = x * p;
    const strong = Int32Array.from(pool).sort(
      (a, b) => Math.abs(shared[rx + b]) - Math.abs(shared[rx + a]),
    );
    const alive = Int32Array.from({ length: targets.length }, (_, t) => t);
    let left = alive.length;
    for (let k = 0; k < strong.length && left > 0; k++) {
      const s = strong[k];
      const cxs = shared[rx + s];
      const vx = 1 - cxs * cxs;
      const limit = critical * vx;
      const rs = s * p;
      for (let q = 0; q < left; q++) {
        const y = targets[alive[q]];
        if (y === s) continue;
        const cys = shared[rs + y];
        const num = shared[rx + y] - cxs * cys;
        const vy = 1 - cys * cys;
        if (num * num > limit * vy) continue;
        if (options.singular !== 'independent') {
          if (!(vx > SINGULAR)) singular([s, x]);
          if (!(vy > SINGULAR)) singular([s, y]);
        }
        found[alive[q]] = [s];
        alive[q--] = alive[--left];
      }
    }
  };

  const findSeparators = async (
    x: number,
    targets: ArrayLike<number>,
    pool: ArrayLike<number>,
    size: number,
    alpha: number,
    breathe: Breathe,
    tested?: Tested,
  ): Promise<(readonly number[] | undefined)[]> => {
    const critical = criticalOf(alpha)(size);
    const found: (readonly number[] | undefined)[] = new Array(targets.length).fill(undefined);
    if (critical < 0) return found;
    if (size === 0) {
      for (let t = 0; t < targets.length; t++) {
        const r = shared[x * p + targets[t]];
        if (r * r <= critical) found[t] = [];
      }
      return found;
    }
    if (size === 1) {
      separateByOne(x, targets, pool, critical, found);
      await breathe();
      return found;
    }
    // Local numbers: 0 is x, then the pool from strong to weak, then targets outside the pool.
    const strength = (v: number): number => -Math.abs(shared[x * p + v]);
    const order = Array.from(pool).sort((a, b) => strength(a) - strength(b));
    const inPool = order.length;
    const place = new Map(order.map((v, i) => [v, i + 1]));
    const list = [x, ...order];
    const alive: number[] = [];
    for (let t = 0; t < targets.length; t++) {
      let at = place.get(targets[t]);
      if (at === undefined) {
        at = list.length;
        place.set(targets[t], at);
        list.push(targets[t]);
      }
      alive.push(at);
    }
    const targetOf = new Int32Array(list.length).fill(-1);
    alive.forEach((at, t) => {
      targetOf[at] = t;
    });
    const m = list.length;
    const prefix = new Int32Array(size);
    const used = new Uint8Array(m);
    let left = alive.length;
    const stack = spare.pop() ?? [];
    const top = load(stack, list);
    const fresh = freshSets(list, alive, tested);
    const { outside, near } = fresh;

    /** The last member of S: test every target that is left. */
    const last = (c: Float64Array, s: number): void => {
      const css = c[s * m + s];
      if (!(css > SINGULAR)) {
        if (options.singular !== 'independent') {
          singular([...prefix.subarray(0, size - 1), s].map((i) => list[i]));
        }
        return;
      }
      const cxs = c[s];
      const vx = c[0] * css - cxs * cxs;
      const limit = critical * vx;
      const rs = s * m;
      for (let q = 0; q < left; q++) {
        const y = alive[q];
        if (y === s || used[y] || (outside[y] === 0 && near[y * m + s] === 1)) continue;
        const cys = c[rs + y];
        const num = c[y] * css - cxs * cys;
        if (num * num <= limit * (c[y * m + y] * css - cys * cys)) {
          if (options.singular !== 'independent') {
            if (!(vx > SINGULAR * css))
              singular([...prefix.subarray(0, size - 1), s, 0].map((i) => list[i]));
            if (!(c[y * m + y] * css - cys * cys > SINGULAR * css)) {
              singular([...prefix.subarray(0, size - 1), s, y].map((i) => list[i]));
            }
          }
          const given = [...prefix.subarray(0, size - 1), s].map((i) => list[i]);
          found[targetOf[y]] = given;
          alive[q] = alive[--left];
          q--;
        }
      }
    };
    /** The last two members of S where one target is left: no matrix is conditioned for it. */
    const lastTwo = (c: Float64Array, s: number): void => {
      const y = alive[0];
      const css = c[s * m + s];
      if (s === y) return;
      if (!(css > SINGULAR)) {
        if (options.singular !== 'independent') {
          singular([...prefix.subarray(0, size - 2), s].map((i) => list[i]));
        }
        return;
      }
      const inverse = 1 / css;
      const rs = s * m;
      const xs = c[s];
      const ys = c[rs + y];
      const vxs = c[0] - xs * xs * inverse;
      const vys = c[y * m + y] - ys * ys * inverse;
      const vxy = c[y] - xs * ys * inverse;
      const known = outside[y] === 0 && near[y * m + s] === 1;
      for (let t = s + 1; t <= inPool; t++) {
        if (t === y || (known && near[y * m + t] === 1)) continue;
        const st = c[rs + t];
        const xt = c[t] - xs * st * inverse;
        const yt = c[t * m + y] - ys * st * inverse;
        const tt = c[t * m + t] - st * st * inverse;
        const num = vxy * tt - xt * yt;
        const vx = vxs * tt - xt * xt;
        const vy = vys * tt - yt * yt;
        if (num * num > critical * vx * vy) continue;
        if (!(tt > SINGULAR && vx > SINGULAR * tt && vy > SINGULAR * tt)) {
          if (options.singular === 'independent' && !(tt > SINGULAR)) continue;
          if (options.singular !== 'independent') {
            const last = !(tt > SINGULAR) ? [] : [vx > SINGULAR * tt ? y : 0];
            singular([...prefix.subarray(0, size - 2), s, t, ...last].map((i) => list[i]));
          }
        }
        found[targetOf[y]] = [...prefix.subarray(0, size - 2), s, t].map((i) => list[i]);
        left = 0;
        return;
      }
    };
    const walk = (c: Float64Array, depth: number, start: number): void => {
      const end = inPool - (size - depth) + 1;
      for (let s = start; s <= end && left > 0; s++) {
        if (depth === size - 2 && left === 1) {
          lastTwo(c, s);
          continue;
        }
        if (depth === size - 1) {
          last(c, s);
          continue;
        }
        const next = level(stack, depth + 1, m);
        if (!condition(c, next, m, s, 1, inPool + 1)) {
          if (options.singular !== 'independent') {
            singular([...prefix.subarray(0, depth), s].map((i) => list[i]));
          }
          continue;
        }
        prefix[depth] = s;
        used[s] = 1;
        countMember(fresh, alive, left, s, 1);
        walk(next, depth + 1, s + 1);
        countMember(fresh, alive, left, s, -1);
        used[s] = 0;
      }
    };
    if (size < 3) {
      walk(top, 0, 1);
      spare.push(stack);
      await breathe();
      return found;
    }
    // Deep walks let others run between their first members.
    for (let s = 1; s <= inPool - size + 1 && left > 0; s++) {
      const next = level(stack, 1, m);
      if (!condition(top, next, m, s, 1, inPool + 1)) {
        if (options.singular !== 'independent') singular([list[s]]);
        continue;
      }
      prefix[0] = s;
      used[s] = 1;
      countMember(fresh, alive, left, s, 1);
      walk(next, 1, s + 1);
      countMember(fresh, alive, left, s, -1);
      used[s] = 0;
      await breathe();
    }
    spare.push(stack);
    return found;
  };

  /** Visit r of x and y for all subsets of a size, base always among them. */
  const eachR = (
    x: number,
    y: number,
    base: ArrayLike<number>,
    pool: ArrayLike<number>,
    size: number,
    visit: (r2: number, prefix: Int32Array) => void,
  ): void => {
    const list = [x, y, ...Array.from(base), ...Array.from(pool)];
    const m = list.length;
    const stack = spare.pop() ?? [];
    let c = load(stack, list);
    let depth = 1;
    for (let b = 2; b < 2 + base.length; b++) {
      const next = level(stack, depth++, m);
      if (!condition(c, next, m, b, 2, m)) return;
      c = next;
    }
    const prefix = new Int32Array(size);
    const walk = (at: Float64Array, k: number, start: number): void => {
      if (k === size) {
        const v = at[0] * at[m + 1];
        if (at[0] > SINGULAR && at[m + 1] > SINGULAR) visit((at[1] * at[1]) / v, prefix);
        return;
      }
      for (let s = start; s <= m - (size - k); s++) {
        prefix[k] = s;
        if (k === size - 1) {
          const css = at[s * m + s];
          if (!(css > SINGULAR)) continue;
          const num = at[1] * css - at[s] * at[m + s];
          const vx = at[0] * css - at[s] * at[s];
          const vy = at[m + 1] * css - at[m + s] * at[m + s];
          if (vx > SINGULAR * css && vy > SINGULAR * css) visit((num * num) / (vx * vy), prefix);
          continue;
        }
        const next = level(stack, depth + k, m);
        if (condition(at, next, m, s, 2, m)) walk(next, k + 1, s + 1);
      }
    };
    walk(c, 0, 2 + base.length);
    spare.push(stack);
  };

  return {
    name: 'fisher-z',
    variables: p,
    maxGiven: Math.max(-1, n - 4),
    constant: vars.constant,
    test,
    association: () => shared.map(Math.abs),
    findSeparators,
    allSeparators(x, y, pool, size, alpha) {
      const critical = criticalOf(alpha)(size);
      const sets: Separator[] = [];
      eachR(x, y, [], pool, size, (r2, prefix) => {
        if (r2 <= critical) {
          sets.push({
            given: Array.from(prefix, (i) => pool[i - 2]),
            logP: zResult(Math.sqrt(r2), n - size - 3).logP,
          });
        }
      });
      return sets;
    },
    largestLogP(x, y, base, pool, size) {
      let least = Number.POSITIVE_INFINITY;
      eachR(x, y, base, pool, size, (r2) => {
        if (r2 < least) least = r2;
      });
      const rest = n - base.length - size - 3;
      return least === Number.POSITIVE_INFINITY || rest <= 0
        ? Number.NEGATIVE_INFINITY
        : zResult(Math.sqrt(least), rest).logP;
    },
  };
}

/** The first column that the ones before it determine, after these; `undefined` where there is none. */
function dependentColumns(
  correlation: Float64Array,
  p: number,
  constant: Uint8Array,
): number[] | undefined {
  const factor = new Float64Array(p * p); // L·Lᵀ is the correlation matrix
  for (let i = 0; i < p; i++) {
    if (constant[i]) continue;
    let rest = 1;
    for (let j = 0; j < i; j++) {
      if (constant[j]) continue;
      let sum = correlation[i * p + j];
      for (let k = 0; k < j; k++) sum -= factor[i * p + k] * factor[j * p + k];
      factor[i * p + j] = sum / factor[j * p + j];
      rest -= factor[i * p + j] ** 2;
    }
    if (!(rest > SINGULAR)) {
      // Column i is Σ w_j·column j with Lᵀ·w = row i of L.
      const weight = factor.slice(i * p, i * p + i);
      const involved: number[] = [];
      for (let j = i - 1; j >= 0; j--) {
        if (constant[j]) continue;
        weight[j] /= factor[j * p + j];
        if (Math.abs(weight[j]) > 1e-4) involved.unshift(j);
        for (let k = 0; k < j; k++) weight[k] -= factor[j * p + k] * weight[j];
      }
      return [...involved, i];
    }
    factor[i * p + i] = Math.sqrt(rest);
  }
  return undefined;
}

const independent: TestResult = { p: 1, logP: 0, statistic: 0 };

/** The test's outcome for a partial correlation; |r| ≥ 1 counts as the largest number below 1. */
function zResult(r: number, rest: number): TestResult {
  const bounded = Math.min(Math.abs(r), 1 - Number.EPSILON);
  const statistic = Math.sqrt(rest) * Math.atanh(bounded);
  return {
    p: 2 * normalTail(statistic),
    logP: Math.min(0, Math.LN2 + logNormalTail(statistic)),
    statistic,
  };
}
