// DirectLiNGAM (Shimizu et al. 2011): x = B·x + e with non-Gaussian, independent e identifies the whole
// DAG. The column that depends least on the others' residuals comes first (pairwise likelihood ratio of
// Hyvärinen & Smith 2013), is regressed out of the rest, and so on; weights that do not differ from 0
// are left out. Assumes linear effects, no latent common causes, no Gaussian noise.

import { isNumeric, type Table } from '../data/table.js';
import { studentTail } from '../math/distributions.js';
import { inverseSymmetric } from '../math/linear-algebra.js';
import { longWork } from '../work/long-work.js';
import { checkAlpha, checkTable, targetOf } from './check.js';
import { dagOfPairs } from './dag.js';
import type { Dag } from './graph.js';
import { resolveKnowledge } from './knowledge.js';
import type { SearchOptions } from './pc.js';

/** What DirectLiNGAM found. */
export interface LingamResult {
  readonly kind: 'discovery';
  readonly algorithm: 'direct-lingam';
  readonly graph: Dag;
  /** p × p: entry (i, j) is the effect of column j on column i, in their own units. */
  readonly weights: Float64Array;
  /** Causes before effects. */
  readonly order: readonly number[];
  readonly test: string;
  readonly alpha: number;
  readonly rows: number;
  readonly warnings: readonly string[];
}

/**
 * Learn a DAG with its weights by DirectLiNGAM.
 * @param table Numeric columns; rows with a missing cell are left out.
 * @param options.alpha An edge stays where its weight differs from 0 at this level (default `0.01`).
 * @throws RangeError where a column is not numeric or is determined by others.
 */
export async function directLingam(
  table: Table,
  options: Pick<SearchOptions, 'alpha' | 'knowledge' | 'signal' | 'onProgress'> = {},
): Promise<LingamResult> {
  checkTable(table, 'DirectLiNGAM');
  const alpha = checkAlpha(options.alpha ?? 0.01, 'DirectLiNGAM');
  const names = table.columns.map((c) => c.name);
  const p = names.length;
  const known = resolveKnowledge(options.knowledge, names);
  const columns = table.columns.map((c) => {
    if (!isNumeric(c)) {
      throw new RangeError(
        `Cannot run DirectLiNGAM as every column must be numeric: "${c.name}" is ${c.type}; leave it out`,
      );
    }
    return c.values;
  });
  const complete = [...Array(table.rows).keys()].filter((r) =>
    columns.every((v) => !Number.isNaN(v[r])),
  );
  if (complete.length <= p + 2) {
    throw new RangeError(
      `Cannot run DirectLiNGAM as there must be more complete rows than columns: ${complete.length} rows, ${p} columns`,
    );
  }
  return longWork('Learning a graph with DirectLiNGAM', p, options, async (work) => {
    const data: Float64Array[] = columns.map((v) =>
      centre(Float64Array.from(complete, (r) => v[r])),
    );
    let rest: Float64Array[] = data.map((v) => Float64Array.from(v));
    const left = new Set(names.keys());
    const order: number[] = [];
    while (left.size > 0) {
      const candidates = [...left].filter((v) => {
        for (const u of left) if (u !== v && known.required[u * p + v]) return false;
        return true;
      });
      // A column that something left may not precede goes first where there is a choice.
      const free = candidates.filter((v) =>
        [...left].every((u) => u === v || !known.forbidden[v * p + u]),
      );
      const pool = free.length > 0 ? free : candidates;
      let first = pool[0];
      let least = Number.POSITIVE_INFINITY;
      for (const v of pool) {
        let against = 0;
        for (const u of left) {
          if (u === v) continue;
          against += Math.min(0, likelihoodRatio(scaled(rest[v]), scaled(rest[u]))) ** 2;
          await work.breathe();
        }
        if (against < least) {
          least = against;
          first = v;
        }
      }
      order.push(first);
      left.delete(first);
      rest = rest.map((v, u) => (left.has(u) ? residual(v, rest[first]) : v));
      work.tick();
    }
    const weights = new Float64Array(p * p);
    const pairs: [number, number][] = [];
    for (const [k, v] of order.entries()) {
      const pool = order.slice(0, k).filter((u) => !known.forbidden[u * p + v]);
      const must = pool.filter((u) => known.required[u * p + v]);
      for (const [u, w] of regression(data, names, v, pool, must, alpha)) {
        weights[v * p + u] = w;
        pairs.push([u, v]);
      }
    }
    return {
      kind: 'discovery',
      algorithm: 'direct-lingam',
      graph: dagOfPairs(names, pairs, targetOf(table)),
      weights,
      order,
      test: 'pairwise-likelihood-ratio',
      alpha,
      rows: complete.length,
      warnings:
        complete.length < table.rows
          ? [`${table.rows - complete.length} rows with missing cells were left out`]
          : [],
    };
  });
}

/** Positive where x → y is likelier than y → x; x and y standardised. */
function likelihoodRatio(x: Float64Array, y: Float64Array): number {
  const rx = scaled(residual(x, y));
  const ry = scaled(residual(y, x));
  return entropy(y) + entropy(rx) - entropy(x) - entropy(ry);
}

/** Hyvärinen's approximation of the differential entropy of a standardised variable. */
function entropy(u: Float64Array): number {
  let logCosh = 0;
  let odd = 0;
  for (const v of u) {
    const a = Math.abs(v);
    logCosh += a + Math.log1p(Math.exp(-2 * a)) - Math.LN2;
    odd += v * Math.exp(-0.5 * v * v);
  }
  return (
    (1 + Math.log(2 * Math.PI)) / 2 -
    79.047 * (logCosh / u.length - 0.37457) ** 2 -
    7.4129 * (odd / u.length) ** 2
  );
}

/** Least squares of v on the pool, weak weights left out one after the other. */
function regression(
  data: readonly Float64Array[],
  names: readonly string[],
  v: number,
  pool: readonly number[],
  must: readonly number[],
  alpha: number,
): [number, number][] {
  let chosen = [...pool];
  const n = data[v].length;
  for (;;) {
    const k = chosen.length;
    if (k === 0) return [];
    const xx = new Float64Array(k * k);
    const xy = chosen.map((u) => dot(data[u], data[v]));
    for (let a = 0; a < k; a++) {
      for (let b = 0; b < k; b++) xx[a * k + b] = dot(data[chosen[a]], data[chosen[b]]);
    }
    const inverse = inverseSymmetric(xx, k);
    if (!inverse) {
      throw new RangeError(
        `Cannot run DirectLiNGAM as no column may be determined by others: ${chosen.map((u) => `"${names[u]}"`).join(', ')} depend linearly on each other; drop one`,
      );
    }
    const w = chosen.map((_, a) => xy.reduce((sum, c, b) => sum + inverse[a * k + b] * c, 0));
    const error = dot(data[v], data[v]) - w.reduce((sum, c, a) => sum + c * xy[a], 0);
    if (!(error > 1e-10 * dot(data[v], data[v]))) {
      throw new RangeError(
        `Cannot run DirectLiNGAM as no column may be determined by others: ${[...chosen, v].map((u) => `"${names[u]}"`).join(', ')} depend linearly on each other; drop one`,
      );
    }
    const variance = error / (n - k - 1);
    let weakest = -1;
    let largest = alpha;
    for (let a = 0; a < k; a++) {
      if (must.includes(chosen[a])) continue;
      const t = Math.abs(w[a]) / Math.sqrt(variance * inverse[a * k + a]);
      const probability = 2 * studentTail(t, n - k - 1);
      if (probability > largest) {
        largest = probability;
        weakest = a;
      }
    }
    if (weakest < 0) return chosen.map((u, a) => [u, w[a]]);
    chosen = chosen.filter((_, a) => a !== weakest);
  }
}

function centre(v: Float64Array): Float64Array {
  let mean = 0;
  for (const x of v) mean += x / v.length;
  return v.map((x) => x - mean);
}

function scaled(v: Float64Array): Float64Array {
  const deviation = Math.sqrt(dot(v, v) / v.length);
  return deviation > 0 ? v.map((x) => x / deviation) : v;
}

function residual(v: Float64Array, on: Float64Array): Float64Array {
  const square = dot(on, on);
  if (!(square > 0)) return v;
  const w = dot(v, on) / square;
  return v.map((x, i) => x - w * on[i]);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
