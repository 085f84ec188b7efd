// Likelihood-ratio test of independence for mixed columns (degenerate Gaussian; Andrews, Ramsey &
// Cooper 2019, "Learning high-dimensional directed acyclic graphs with mixed data-types"): categories
// are expanded into indicator columns (all levels but one), and blocks X and Y are tested given Z as
// if jointly Gaussian,
//   T = −c·ln( |Σ_XY·Z| / (|Σ_X·Z|·|Σ_Y·Z|) ),  χ² with rank X · rank Y degrees of freedom,
// with Bartlett's c = n − rank Z − (rank X + rank Y + 3)/2 in place of n (Anderson 2003, 8.5). Columns
// that the ones before them determine have no rank and are left out.
// Kept together: the plain test, its walk over many sets and the single-set scan are one derivation.

import {
  chiSquareTail,
  chiSquareUpperQuantile,
  logChiSquareTail,
} from '../../math/distributions.js';
import { countMember, freshSets } from './fresh-sets.js';
import { dimensions, moments } from './moments.js';
import { without } from './subsets.js';
import type { Breathe, IndependenceTest, Separator, Tested, TestResult } from './test.js';
import type { Variables } from './variables.js';

/** A variance below this share of the column's variance counts as none. */
const RANKLESS = 1e-9;

/**
 * Make the degenerate-Gaussian likelihood-ratio test.
 * @throws RangeError where a column has a category of its own in every row.
 */
export function degenerateGaussian(vars: Variables): IndependenceTest {
  const p = vars.names.length;
  vars.columns.forEach((v) => {
    if (!v.numeric && v.levels > 2 && v.levels >= vars.rows) {
      throw new RangeError(
        `Cannot test "${v.name}" as a column must have fewer categories than rows: it has ${v.levels} in ${vars.rows} rows; drop it`,
      );
    }
  });
  const sums = moments(vars);
  const { dims, offset } = sums;
  const shared = sums.correlation;
  const widest = Math.max(1, ...vars.columns.map((_, i) => offset[i + 1] - offset[i]));

  const factor = new Float64Array(widest * widest);
  const rest = new Float64Array(widest * widest);
  const cross = new Float64Array(widest * widest);
  const keptX = new Int32Array(widest);
  const keptY = new Int32Array(widest);
  const pivots = new Float64Array(widest);

  let rx = 0;
  /** L·Lᵀ = Σ_X over its independent columns; the diagonal keeps 1/L_kk. */
  const factorX = (c: Float64Array, m: number, x0: number, dx: number): void => {
    rx = 0;
    for (let i = 0; i < dx; i++) {
      const row = (x0 + i) * m + x0;
      let pivot = c[row + i];
      for (let k = 0; k < rx; k++) {
        let sum = c[row + keptX[k]];
        for (let l = 0; l < k; l++) sum -= factor[rx * widest + l] * factor[k * widest + l];
        sum *= factor[k * widest + k];
        factor[rx * widest + k] = sum;
        pivot -= sum * sum;
      }
      if (!(pivot > RANKLESS)) continue;
      factor[rx * widest + rx] = 1 / Math.sqrt(pivot);
      keptX[rx++] = i;
    }
  };
  /**
   * ln(|Σ_XY|/(|Σ_X|·|Σ_Y|)) and ranks of two blocks of a matrix of conditional covariances.
   * Small blocks are done in closed form; X is factored before.
   */
  const out = { logRatio: 0, rankX: 0, rankY: 0 };
  const compareY = (
    c: Float64Array,
    m: number,
    x0: number,
    dx: number,
    y0: number,
    dy: number,
  ): void => {
    if (dx === 1 && dy === 1) {
      const vx = c[x0 * m + x0];
      const vy = c[y0 * m + y0];
      out.rankX = vx > RANKLESS ? 1 : 0;
      out.rankY = vy > RANKLESS ? 1 : 0;
      if (out.rankX === 0 || out.rankY === 0) {
        out.logRatio = 0;
        return;
      }
      const r = c[x0 * m + y0];
      out.logRatio = Math.log(Math.max(1 - (r * r) / (vx * vy), 1e-15));
      return;
    }
    // W = L⁻¹·Σ_XY, then Σ_Y − Wᵀ·W.
    for (let j = 0; j < dy; j++) {
      for (let k = 0; k < rx; k++) {
        let sum = c[(x0 + keptX[k]) * m + y0 + j];
        for (let l = 0; l < k; l++) sum -= factor[k * widest + l] * cross[j * widest + l];
        cross[j * widest + k] = sum * factor[k * widest + k];
      }
    }
    let ry = 0;
    let ratio = 1;
    let logRatio = 0;
    // Two factors at once: of Σ_Y (it says which columns count) and of Σ_Y − Wᵀ·W.
    for (let j = 0; j < dy; j++) {
      const row = (y0 + j) * m + y0;
      let pivot = c[row + j];
      for (let k = 0; k < ry; k++) {
        let sum = c[row + keptY[k]];
        for (let l = 0; l < k; l++) sum -= rest[ry * widest + l] * rest[k * widest + l];
        sum *= rest[k * widest + k];
        rest[ry * widest + k] = sum;
        pivot -= sum * sum;
      }
      if (!(pivot > RANKLESS)) continue;
      rest[ry * widest + ry] = 1 / Math.sqrt(pivot);
      pivots[ry] = pivot;
      keptY[ry++] = j;
    }
    for (let a = 0; a < ry; a++) {
      const j = keptY[a];
      let pivot = 0;
      for (let k = 0; k <= a; k++) {
        const i = keptY[k];
        let sum = c[(y0 + j) * m + y0 + i];
        for (let l = 0; l < rx; l++) sum -= cross[j * widest + l] * cross[i * widest + l];
        for (let l = 0; l < k; l++) sum -= rest[a * widest + l] * rest[k * widest + l];
        if (k < a) rest[a * widest + k] = sum * rest[k * widest + k];
        else pivot = sum;
      }
      pivot = Math.max(pivot, 1e-15);
      rest[a * widest + a] = 1 / Math.sqrt(pivot);
      ratio *= pivot / pivots[a];
      if (ratio < 1e-250) {
        logRatio += Math.log(ratio);
        ratio = 1;
      }
    }
    out.rankX = rx;
    out.rankY = ry;
    out.logRatio = Math.min(0, logRatio + Math.log(ratio));
  };
  const compare = (
    c: Float64Array,
    m: number,
    x0: number,
    dx: number,
    y0: number,
    dy: number,
  ): void => {
    if (dx > 1 || dy > 1) factorX(c, m, x0, dx);
    compareY(c, m, x0, dx, y0, dy);
  };

  // Conditioning on a block: with L·Lᵀ its factor and V = L⁻¹·C, every other block becomes
  // C_ab − V_aᵀ·V_b. For the last member of a set only the blocks that are compared are worked out.
  // All that is worked out is what later steps need, the wanted dimensions.
  let projected = new Float64Array(0);
  let wanted = new Int32Array(16);
  let wantedCount = 0;
  /** Want no dimension yet, of m in all. */
  const wantNone = (m: number): void => {
    wantedCount = 0;
    if (wanted.length < m) wanted = new Int32Array(m);
  };
  /** Want the dimensions from … to − 1 as well. */
  const want = (from: number, to: number): void => {
    for (let j = from; j < to; j++) wanted[wantedCount++] = j;
  };
  const pair = new Float64Array(4 * widest * widest);
  const project = (c: Float64Array, m: number, s0: number, ds: number): number => {
    if (projected.length < ds * m) projected = new Float64Array(ds * m);
    let rank = 0;
    for (let s = s0; s < s0 + ds; s++) {
      const row = rank * m;
      // The pivot first: a dimension without one is left out.
      for (let j = s; j < s0 + ds; j++) {
        let sum = c[s * m + j];
        for (let k = 0; k < rank; k++) sum -= projected[k * m + s] * projected[k * m + j];
        projected[row + j] = sum;
      }
      const pivot = projected[row + s];
      if (!(pivot > RANKLESS)) continue;
      const scale = 1 / Math.sqrt(pivot);
      for (let j = s; j < s0 + ds; j++) projected[row + j] *= scale;
      for (let q = 0; q < wantedCount; q++) {
        const j = wanted[q];
        let sum = c[s * m + j];
        for (let k = 0; k < rank; k++) sum -= projected[k * m + s] * projected[k * m + j];
        projected[row + j] = sum * scale;
      }
      rank++;
    }
    return rank;
  };
  /** Condition the wanted dimensions on s0 … s0 + ds − 1; returns the rank of these. */
  const condition = (
    from: Float64Array,
    to: Float64Array,
    m: number,
    s0: number,
    ds: number,
  ): number => {
    const rank = project(from, m, s0, ds);
    const v = projected;
    for (let a = 0; a < wantedCount; a++) {
      const i = wanted[a];
      const ri = i * m;
      if (rank === 1) {
        const f = v[i];
        for (let b = 0; b <= a; b++) {
          const j = wanted[b];
          const c = from[ri + j] - f * v[j];
          to[ri + j] = c;
          to[j * m + i] = c;
        }
        continue;
      }
      for (let b = 0; b <= a; b++) {
        const j = wanted[b];
        let c = from[ri + j];
        for (let k = 0; k < rank; k++) c -= v[k * m + i] * v[k * m + j];
        to[ri + j] = c;
        to[j * m + i] = c;
      }
    }
    return rank;
  };
  /** Put the conditional block of the dimensions from `b0`, and its block with x, into `pair` at `to`. */
  const residual = (
    c: Float64Array,
    m: number,
    b0: number,
    to: number,
    db: number,
    rank: number,
  ): void => {
    const w = 2 * widest;
    for (let i = 0; i < to; i++) {
      for (let j = 0; j < db; j++) {
        let sum = c[i * m + b0 + j];
        for (let k = 0; k < rank; k++) sum -= projected[k * m + i] * projected[k * m + b0 + j];
        pair[i * w + to + j] = sum;
      }
    }
    for (let i = 0; i < db; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = c[(b0 + i) * m + b0 + j];
        for (let k = 0; k < rank; k++) sum -= projected[k * m + b0 + i] * projected[k * m + b0 + j];
        pair[(to + i) * w + to + j] = sum;
        pair[(to + j) * w + to + i] = sum;
      }
    }
  };

  const outcome = (rows: number, rankZ: number): { value: number; df: number } => {
    const df = out.rankX * out.rankY;
    const c = rows - rankZ - (out.rankX + out.rankY + 3) / 2;
    return df === 0 || c <= 0 ? { value: 0, df: 0 } : { value: -c * out.logRatio, df };
  };
  const run = (x: number, y: number, given: ArrayLike<number>): { value: number; df: number } => {
    const list = [...Array.from(given), x, y];
    const { rows, matrix } = sums.of(list);
    const dx = offset[x + 1] - offset[x];
    const dy = offset[y + 1] - offset[y];
    const m = dimensions(offset, list).length;
    const dz = m - dx - dy;
    if (dx === 0 || dy === 0) return { value: 0, df: 0 };
    wantNone(m);
    want(dz, m);
    const rankZ = condition(matrix, matrix, m, 0, dz);
    compare(matrix, m, dz, dx, dz + dx, dy);
    return outcome(rows, rankZ);
  };
  const test = (x: number, y: number, given: ArrayLike<number>): TestResult => {
    const r = run(x, y, given);
    return {
      p: chiSquareTail(r.value, r.df),
      logP: logChiSquareTail(r.value, r.df),
      statistic: r.value,
      df: r.df,
    };
  };
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
  const head = {
    name: 'mixed',
    variables: p,
    maxGiven: Number.POSITIVE_INFINITY,
    constant: vars.constant,
    test,
    association,
  };
  if (!shared) return head;

  const limits = new Map<number, number[]>();
  const limitOf = (alpha: number): ((df: number) => number) => {
    let table = limits.get(alpha);
    if (!table) {
      table = [];
      limits.set(alpha, table);
    }
    const known = table;
    return (df) => {
      known[df] ??= chiSquareUpperQuantile(alpha, df);
      return known[df];
    };
  };
  // Searches pause, so each of them has matrices of its own.
  const spare: Float64Array[][] = [];
  const level = (stack: Float64Array[], depth: number, m: number): Float64Array => {
    if (!stack[depth] || stack[depth].length < m * m) stack[depth] = new Float64Array(m * m);
    return stack[depth];
  };
  const load = (
    stack: Float64Array[],
    list: readonly number[],
  ): { m: number; start: Int32Array; c: Float64Array } => {
    const where = dimensions(offset, list);
    const m = where.length;
    const c = level(stack, 0, m);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) c[i * m + j] = shared[where[i] * dims + where[j]];
    }
    const start = new Int32Array(list.length + 1);
    list.forEach((v, i) => {
      start[i + 1] = start[i] + offset[v + 1] - offset[v];
    });
    return { m, start, c };
  };

  return {
    ...head,
    async findSeparators(
      x: number,
      targets: ArrayLike<number>,
      pool: ArrayLike<number>,
      size: number,
      alpha: number,
      breathe: Breathe,
      tested?: Tested,
    ): Promise<(readonly number[] | undefined)[]> {
      const limit = limitOf(alpha);
      const found: (readonly number[] | undefined)[] = new Array(targets.length).fill(undefined);
      const strength = association();
      const order = Array.from(pool).sort((a, b) => strength[x * p + b] - strength[x * p + a]);
      const place = new Map(order.map((v, i) => [v, i + 1]));
      const list = [x, ...order];
      const alive: { t: number; at: number }[] = [];
      for (let t = 0; t < targets.length; t++) {
        let at = place.get(targets[t]);
        if (at === undefined) {
          at = list.length;
          place.set(targets[t], at);
          list.push(targets[t]);
        }
        alive.push({ t, at });
      }
      const stack = spare.pop() ?? [];
      const { m, start, c: top } = load(stack, list);
      const dx = start[1];
      const prefix: number[] = [];
      const fresh = freshSets(
        list,
        alive.map((a) => a.at),
        tested,
      );
      const places = Int32Array.from(alive, (a) => a.at);
      const separated = (q: number, rankZ: number): boolean => {
        const r = outcome(vars.rows, rankZ);
        if (r.df !== 0 && !(r.value < limit(r.df))) return false;
        found[alive[q].t] = prefix.map((i) => list[i]);
        alive[q] = alive[alive.length - 1];
        alive.pop();
        places[q] = places[alive.length];
        return true;
      };
      /** Test the targets that are left given the prefix and s, without conditioning the whole matrix. */
      const last = (c: Float64Array, s: number, rankZ: number): void => {
        wantNone(m);
        want(0, dx);
        for (const { at } of alive) {
          if (at !== s && !prefix.includes(at)) want(start[at], start[at + 1]);
        }
        const rank = project(c, m, start[s], start[s + 1] - start[s]);
        prefix.push(s);
        residual(c, m, 0, 0, dx, rank);
        factorX(pair, 2 * widest, 0, dx);
        for (let q = 0; q < alive.length; q++) {
          const { at } = alive[q];
          if (prefix.includes(at)) continue;
          if (fresh.outside[at] === 0 && fresh.near[at * list.length + s] === 1) continue;
          const dy = start[at + 1] - start[at];
          if (dx === 0 || dy === 0) {
            out.rankX = 0;
            out.rankY = 0;
          } else {
            residual(c, m, start[at], dx, dy, rank);
            compareY(pair, 2 * widest, 0, dx, dx, dy);
          }
          if (separated(q, rankZ + rank)) q--;
        }
        prefix.pop();
      };
      const step = (c: Float64Array, s: number, rankZ: number): [Float64Array, number] => {
        const next = level(stack, prefix.length + 1, m);
        wantNone(m);
        want(0, dx);
        for (const { at } of alive) {
          if ((at < s || at > order.length) && !prefix.includes(at)) want(start[at], start[at + 1]);
        }
        want(start[s + 1], start[order.length + 1]);
        const rank = condition(c, next, m, start[s], start[s + 1] - start[s]);
        return [next, rankZ + rank];
      };
      const enter = (s: number): void => {
        countMember(fresh, places, alive.length, s, 1);
        prefix.push(s);
      };
      const leave = (s: number): void => {
        prefix.pop();
        countMember(fresh, places, alive.length, s, -1);
      };
      const end = (): number => order.length - (size - prefix.length) + 1;
      const walk = (c: Float64Array, from: number, rankZ: number): void => {
        for (let s = from; s <= end() && alive.length > 0; s++) {
          if (alive.length === 1 && alive[0].at === s) continue;
          if (prefix.length === size - 1) {
            last(c, s, rankZ);
            continue;
          }
          const [next, rank] = step(c, s, rankZ);
          enter(s);
          walk(next, s + 1, rank);
          leave(s);
        }
      };
      /** The first members of large sets, between which others may run. */
      const stroll = async (c: Float64Array, from: number, rankZ: number): Promise<void> => {
        if (size - prefix.length < 3 || prefix.length === 2) {
          walk(c, from, rankZ);
          await breathe();
          return;
        }
        for (let s = from; s <= end() && alive.length > 0; s++) {
          if (alive.length === 1 && alive[0].at === s) continue;
          const [next, rank] = step(c, s, rankZ);
          enter(s);
          await stroll(next, s + 1, rank);
          leave(s);
        }
      };
      if (size > 0) {
        await stroll(top, 1, 0);
        spare.push(stack);
        return found;
      }
      for (let q = 0; q < alive.length; q++) {
        const { at } = alive[q];
        const dy = start[at + 1] - start[at];
        if (dx === 0 || dy === 0) {
          out.rankX = 0;
          out.rankY = 0;
        } else compare(top, m, 0, dx, start[at], dy);
        if (separated(q, 0)) q--;
      }
      spare.push(stack);
      return found;
    },
    allSeparators(x: number, y: number, pool: ArrayLike<number>, size: number, alpha: number) {
      const limit = limitOf(alpha);
      const sets: Separator[] = [];
      each(x, y, [], without(pool, x, y), size, (value, df, given) => {
        if (df === 0 || value < limit(df)) {
          sets.push({ given: [...given], logP: logChiSquareTail(value, df) });
        }
      });
      return sets;
    },
    largestLogP(
      x: number,
      y: number,
      base: ArrayLike<number>,
      pool: ArrayLike<number>,
      size: number,
    ) {
      let best = Number.NEGATIVE_INFINITY;
      each(x, y, base, pool, size, (value, df) => {
        best = Math.max(best, logChiSquareTail(value, df));
      });
      return best;
    },
  };

  function each(
    x: number,
    y: number,
    base: ArrayLike<number>,
    pool: ArrayLike<number>,
    size: number,
    visit: (value: number, df: number, given: readonly number[]) => void,
  ): void {
    const list = [x, y, ...Array.from(base), ...Array.from(pool)];
    const stack = spare.pop() ?? [];
    const { m, start, c } = load(stack, list);
    const dx = start[1];
    const dy = start[2] - start[1];
    let rankBase = 0;
    const wantAll = (first: number): void => {
      wantNone(m);
      want(0, dx + dy);
      want(start[first], m);
    };
    wantAll(2 + base.length);
    if (base.length > 0) rankBase = condition(c, c, m, start[2], start[2 + base.length] - start[2]);
    const prefix: number[] = [];
    const walk = (at: Float64Array, from: number, rankZ: number): void => {
      if (prefix.length === size) {
        if (dx === 0 || dy === 0) {
          visit(0, 0, prefix);
          return;
        }
        compare(at, m, 0, dx, dx, dy);
        const r = outcome(vars.rows, rankZ);
        visit(r.value, r.df, prefix);
        return;
      }
      for (let s = from; s <= list.length - (size - prefix.length); s++) {
        if (prefix.length === size - 1 && dx > 0 && dy > 0) {
          wantNone(m);
          want(0, dx + dy);
          const rank = project(at, m, start[s], start[s + 1] - start[s]);
          residual(at, m, 0, 0, dx, rank);
          residual(at, m, dx, dx, dy, rank);
          compare(pair, 2 * widest, 0, dx, dx, dy);
          const r = outcome(vars.rows, rankZ + rank);
          prefix.push(list[s]);
          visit(r.value, r.df, prefix);
          prefix.pop();
          continue;
        }
        const next = level(stack, prefix.length + 1, m);
        wantAll(s + 1);
        const rank = condition(at, next, m, start[s], start[s + 1] - start[s]);
        prefix.push(list[s]);
        walk(next, s + 1, rankZ + rank);
        prefix.pop();
      }
    };
    walk(c, 2 + base.length, rankBase);
    spare.push(stack);
  }
}
