// Which pairs are adjacent: the first stage of PC and FCI (Spirtes, Glymour & Scheines 2000), in the
// order-independent form of Colombo & Maathuis 2014 ("PC-stable"): at depth d, x and y part if some d
// of the neighbours that x or y had when the depth began separate them; edges leave at its end.
// For the pair's later collider decisions *all* separating sets of that depth count, not the first
// one met; they are looked up only for the pairs that need them.
// Kept together: one search by growing depth and the loops that it is made of.

import type { Work } from '../work/long-work.js';
import { eachSubset, without } from './independence/subsets.js';
import type { IndependenceTest, Separator, Tested } from './independence/test.js';
import type { ResolvedKnowledge } from './knowledge.js';

/** The adjacencies found, and what separates the rest. */
export interface Skeleton {
  readonly variables: number;
  /** p × p, 1 where adjacent. */
  readonly adjacent: Uint8Array;
  /** p × p: the depth at which a pair parted; −1 where it did not, −2 where knowledge parted it. */
  readonly parted: Int16Array;
  /** The largest depth tested. */
  readonly depth: number;
  /** The first separating set found of each pair that was parted by a test. */
  firstSeparator(x: number, y: number): readonly number[] | undefined;
  /** All separating sets of a pair at the depth at which it parted. */
  separators(x: number, y: number): readonly Separator[];
  /** Whether v is in any of these; `undefined` where no test parted the pair. */
  inSeparator(x: number, y: number, v: number): boolean | undefined;
  readonly warnings: readonly string[];
}

/** How the skeleton is searched. */
export interface SkeletonOptions {
  readonly alpha: number;
  readonly maxDepth: number;
  readonly stable: boolean;
  readonly knowledge: ResolvedKnowledge;
}

/** Search the skeleton. */
export async function findSkeleton(
  test: IndependenceTest,
  options: SkeletonOptions,
  work: Work,
): Promise<Skeleton> {
  const p = test.variables;
  const { forbidden, required } = options.knowledge;
  const adjacent = new Uint8Array(p * p);
  const parted = new Int16Array(p * p).fill(-1);
  const first = new Map<number, readonly number[]>();
  const constant = new Set(test.constant ?? []);
  const warnings: string[] = [];
  for (let x = 0; x < p; x++) {
    for (let y = 0; y < p; y++) {
      if (x === y) continue;
      const must = required[x * p + y] || required[y * p + x];
      if (forbidden[x * p + y] && forbidden[y * p + x]) parted[x * p + y] = -2;
      else if (!must && (constant.has(x) || constant.has(y))) parted[x * p + y] = 0;
      else adjacent[x * p + y] = 1;
    }
  }
  const part = (x: number, y: number, depth: number, given: readonly number[]): void => {
    adjacent[x * p + y] = adjacent[y * p + x] = 0;
    parted[x * p + y] = parted[y * p + x] = depth;
    if (depth > 0) first.set(Math.min(x, y) * p + Math.max(x, y), given);
  };
  const breathe = (): Promise<void> => work.breathe();
  let depth = -1;
  while (depth < options.maxDepth && widest(adjacent, p) - 1 > depth) {
    if (depth + 1 > test.maxGiven) {
      warnings.push(
        depth < 0
          ? 'Nothing was tested, as there are too few rows: all edges stay'
          : `Stopped at conditioning sets of ${depth} columns, as larger ones need more rows`,
      );
      break;
    }
    depth++;
    const snapshot = options.stable ? adjacent.slice() : adjacent;
    const gone: [number, number, readonly number[]][] = [];
    const marked = new Uint8Array(p * p);
    for (let x = 0; x < p; x++) {
      const pool = row(snapshot, p, x);
      if (pool.length - 1 < depth) continue;
      const targets = pool.filter(
        (y) =>
          !marked[x * p + y] &&
          adjacent[x * p + y] &&
          !required[x * p + y] &&
          !required[y * p + x] &&
          (depth > 0 || y > x),
      );
      if (targets.length === 0) continue;
      const found = await search(
        test,
        x,
        targets,
        pool,
        depth,
        options.alpha,
        breathe,
        options.stable
          ? { before: (y) => y < x, adjacent: (y, s) => snapshot[y * p + s] === 1 }
          : undefined,
      );
      for (let t = 0; t < targets.length; t++) {
        const given = found[t];
        if (given === undefined) continue;
        const y = targets[t];
        marked[x * p + y] = marked[y * p + x] = 1;
        if (options.stable) gone.push([x, y, given]);
        else part(x, y, depth, given);
      }
      await work.breathe();
    }
    for (const [x, y, given] of gone) part(x, y, depth, given);
    work.tick(1, `conditioning sets of ${depth}`);
  }
  const reached = Math.max(0, depth);
  const known = new Map<number, readonly Separator[]>();
  const members = new Map<number, boolean>();
  const logAlpha = Math.log(options.alpha);
  return {
    variables: p,
    adjacent,
    parted,
    depth: reached,
    warnings,
    firstSeparator(x, y) {
      const at = parted[x * p + y];
      if (at < 0) return undefined;
      return at === 0 ? [] : first.get(Math.min(x, y) * p + Math.max(x, y));
    },
    inSeparator(x, y, v) {
      const [a, b] = x < y ? [x, y] : [y, x];
      const at = parted[a * p + b];
      if (at < 0) return undefined;
      if (at === 0 || constant.has(a) || constant.has(b)) return false;
      if (!options.stable || test.oracle) return first.get(a * p + b)?.includes(v) ?? false;
      const key = (a * p + b) * p + v;
      let answer = members.get(key);
      if (answer === undefined) {
        answer =
          first.get(a * p + b)?.includes(v) ||
          [a, b].some((side) => {
            const pool = neighboursThen(adjacent, parted, p, side, at, a, b);
            return (
              pool.includes(v) &&
              largestOfSize(test, a, b, [v], without(pool, v), at - 1) > logAlpha
            );
          });
        members.set(key, answer);
      }
      return answer;
    },
    separators(x, y) {
      const [a, b] = x < y ? [x, y] : [y, x];
      const at = parted[a * p + b];
      if (at < 0) return [];
      let sets = known.get(a * p + b);
      if (!sets) {
        sets =
          constant.has(a) || constant.has(b)
            ? [{ given: [], logP: 0 }]
            : options.stable
              ? separatorsOf(test, adjacent, parted, p, a, b, at, options.alpha)
              : [{ given: first.get(a * p + b) ?? [], logP: Number.NaN }];
        known.set(a * p + b, sets);
      }
      return sets;
    },
  };
}

/** The neighbours of x, ascending. */
export function row(adjacent: Uint8Array, p: number, x: number): number[] {
  const list: number[] = [];
  for (let y = 0; y < p; y++) if (adjacent[x * p + y]) list.push(y);
  return list;
}

function widest(adjacent: Uint8Array, p: number): number {
  let most = 0;
  for (let x = 0; x < p; x++) {
    let degree = 0;
    for (let y = 0; y < p; y++) degree += adjacent[x * p + y];
    most = Math.max(most, degree);
  }
  return most;
}

/** Separating sets for each target, by the test's own search where it has one. */
export async function search(
  test: IndependenceTest,
  x: number,
  targets: readonly number[],
  pool: readonly number[],
  size: number,
  alpha: number,
  breathe: () => Promise<void>,
  tested?: Tested,
): Promise<(readonly number[] | undefined)[]> {
  if (test.findSeparators) {
    return test.findSeparators(x, targets, pool, size, alpha, breathe, tested);
  }
  const logAlpha = Math.log(alpha);
  const found: (readonly number[] | undefined)[] = [];
  for (const y of targets) {
    const sets: Int32Array[] = [];
    // Sets are listed a thousand at a time so that a slow test can be stopped between two of them.
    const others = without(pool, x, y);
    let answer: readonly number[] | undefined;
    let skip = 0;
    for (let more = true; more && !answer; ) {
      sets.length = 0;
      let seen = 0;
      more = eachSubset(others, size, (set) => {
        if (seen++ < skip) return undefined;
        sets.push(Int32Array.from(set));
        return sets.length === 1000;
      });
      skip += sets.length;
      for (const set of sets) {
        if (test.test(x, y, set).logP > logAlpha) {
          answer = [...set];
          break;
        }
        await breathe();
      }
    }
    found.push(answer);
  }
  return found;
}

/** The neighbours of i when this depth began, x and y left out. */
function neighboursThen(
  adjacent: Uint8Array,
  parted: Int16Array,
  p: number,
  i: number,
  depth: number,
  x: number,
  y: number,
): number[] {
  const list: number[] = [];
  for (let j = 0; j < p; j++) {
    if (j !== i && j !== x && j !== y && (adjacent[i * p + j] || parted[i * p + j] >= depth)) {
      list.push(j);
    }
  }
  return list;
}

/** All sets of the pair's own depth that separate it, from the neighbours it had then. */
function separatorsOf(
  test: IndependenceTest,
  adjacent: Uint8Array,
  parted: Int16Array,
  p: number,
  x: number,
  y: number,
  depth: number,
  alpha: number,
): Separator[] {
  const sets = allSeparators(
    test,
    x,
    y,
    neighboursThen(adjacent, parted, p, x, depth, x, y),
    depth,
    alpha,
  );
  if (depth === 0) return sets;
  const seen = new Set(sets.map((s) => [...s.given].sort((a, b) => a - b).join()));
  for (const s of allSeparators(
    test,
    x,
    y,
    neighboursThen(adjacent, parted, p, y, depth, x, y),
    depth,
    alpha,
  )) {
    const key = [...s.given].sort((a, b) => a - b).join();
    if (!seen.has(key)) {
      seen.add(key);
      sets.push(s);
    }
  }
  return sets;
}

function allSeparators(
  test: IndependenceTest,
  x: number,
  y: number,
  pool: readonly number[],
  size: number,
  alpha: number,
): Separator[] {
  if (test.allSeparators) return test.allSeparators(x, y, pool, size, alpha);
  const logAlpha = Math.log(alpha);
  const sets: Separator[] = [];
  eachSubset(pool, size, (given) => {
    const { logP } = test.test(x, y, given);
    if (logP > logAlpha) sets.push({ given: [...given], logP });
    return undefined;
  });
  return sets;
}

/** The largest ln p of x ⊥ y over base with subsets of `pool` of up to `most` members. */
export function largestLogP(
  test: IndependenceTest,
  x: number,
  y: number,
  base: readonly number[],
  pool: readonly number[],
  most: number,
): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let size = 0; size <= Math.min(most, pool.length); size++) {
    best = Math.max(best, largestOfSize(test, x, y, base, pool, size));
  }
  return best;
}

function largestOfSize(
  test: IndependenceTest,
  x: number,
  y: number,
  base: readonly number[],
  pool: readonly number[],
  size: number,
): number {
  let best = Number.NEGATIVE_INFINITY;
  if (base.length + size > test.maxGiven || size > pool.length) return best;
  if (test.largestLogP) return test.largestLogP(x, y, base, pool, size);
  eachSubset(pool, size, (set) => {
    best = Math.max(best, test.test(x, y, [...base, ...set]).logP);
    return undefined;
  });
  return best;
}
