// PC as causal-learn 0.1.4.7 does it (MIT licence; behaviour followed, code our own): its order of
// triples, its candidate sets over whole power sets, no rule R4. One thing differs on purpose: the
// guard against directed cycles is a true one.

import type { ColliderRule, ConflictRule } from '../colliders.js';
import { ARROW, NO_EDGE, TAIL } from '../graph.js';
import { eachSubset } from '../independence/subsets.js';
import type { Breathe } from '../independence/test.js';
import type { ResolvedKnowledge } from '../knowledge.js';
import type { CompatSkeleton } from './causal-learn-skeleton.js';
import type { CountedTest } from './counted-test.js';

type Triple = readonly [x: number, y: number, z: number];

/** Orient the skeleton; returns p × p marks and how many orientations the cycle guard left out. */
export async function compatOrientPc(
  skeleton: CompatSkeleton,
  test: CountedTest,
  options: {
    readonly alpha: number;
    readonly rule: ColliderRule;
    readonly conflict: ConflictRule;
    readonly knowledge: ResolvedKnowledge;
  },
  breathe: Breathe,
): Promise<{ readonly marks: Int8Array; readonly blocked: number }> {
  const { adjacent, entries } = skeleton;
  const { alpha, conflict, knowledge } = options;
  const p = Math.round(Math.sqrt(adjacent.length));
  const g = Int8Array.from(adjacent, (a) => (a ? TAIL : NO_EDGE));
  const directed = (i: number, j: number): boolean =>
    g[i * p + j] === TAIL && g[j * p + i] === ARROW;
  const undirected = (i: number, j: number): boolean =>
    g[i * p + j] === TAIL && g[j * p + i] === TAIL;
  const direct = (i: number, j: number): void => {
    g[i * p + j] = TAIL;
    g[j * p + i] = ARROW;
  };
  const allowed = (i: number, j: number): boolean =>
    !knowledge.forbidden[i * p + j] && !knowledge.required[j * p + i];
  orientByKnowledge(g, p, knowledge, direct);

  /** Ordered pairs of adjacent nodes: tails row by row, then arrowheads. */
  const pairs = (): [number, number][] => {
    const tails: [number, number][] = [];
    const heads: [number, number][] = [];
    for (let r = 0; r < p; r++) {
      for (let c = 0; c < p; c++) {
        if (g[r * p + c] === TAIL) tails.push([c, r]);
        else if (g[r * p + c] === ARROW) heads.push([c, r]);
      }
    }
    return [...tails, ...heads];
  };
  /** Triples i – j – k in the order of the pairs, of which i and k are adjacent or are not. */
  const triples = (closed: boolean): Triple[] => {
    const all = pairs();
    const from = new Map<number, number[]>();
    for (const [a, b] of all) from.set(a, [...(from.get(a) ?? []), b]);
    return all.flatMap(([i, j]) =>
      (from.get(j) as number[])
        .filter((k) => k !== i && (g[i * p + k] !== NO_EDGE) === closed)
        .map((k): Triple => [i, j, k]),
    );
  };

  const largest = (x: number, z: number, y: number, inside: boolean): number => {
    let most = Number.NEGATIVE_INFINITY;
    eachCandidate(adjacent, p, x, z, (set) => {
      if (set.includes(y) === inside) most = Math.max(most, test.p(x, z, set));
    });
    return most;
  };
  const colliders: Triple[] = [];
  const scores = new Map<Triple, number>();
  const definite: Triple[] = [];
  const definiteNot: Triple[] = [];
  const fits = ([x, y, z]: Triple): boolean => allowed(x, y) && allowed(z, y);
  for (const t of triples(false)) {
    const [x, y, z] = t;
    if (x > z) continue;
    await breathe();
    if (options.rule === 'sepset') {
      if (!fits(t)) continue;
      if ((entries.get(x * p + z) ?? []).some((set) => set.includes(y))) continue;
      colliders.push(t);
      if (conflict === 'stronger') scores.set(t, largest(x, z, y, true));
      if (conflict === 'stronger-star') scores.set(t, -largest(x, z, y, false));
      continue;
    }
    if (options.rule === 'max-p') {
      if (!fits(t)) continue;
      const inside = largest(x, z, y, true);
      const outside = largest(x, z, y, false);
      if (!(outside > inside)) continue;
      colliders.push(t);
      scores.set(t, conflict === 'stronger-star' ? -outside : inside);
      continue;
    }
    const inside = largest(x, z, y, true);
    const outside = largest(x, z, y, false);
    const can = !(inside > alpha);
    const cannot = !(outside > alpha);
    if (can && (!cannot || outside > Math.max(0, inside))) {
      colliders.push(t);
      scores.set(t, conflict === 'stronger-star' ? -outside : inside);
    } else if (cannot) definiteNot.push(t);
  }
  if (conflict === 'stronger' || conflict === 'stronger-star') {
    colliders.sort((a, b) => (scores.get(a) as number) - (scores.get(b) as number));
  }
  for (const t of colliders) {
    const [x, y, z] = t;
    if (!fits(t)) continue;
    if (conflict === 'overwrite') {
      direct(x, y);
      direct(z, y);
    } else if (conflict === 'bidirect') {
      for (const a of [x, z]) {
        if (undirected(a, y)) direct(a, y);
        else if (directed(y, a)) g[y * p + a] = ARROW;
      }
    } else if (!directed(y, x) && !directed(y, z)) {
      direct(x, y);
      direct(z, y);
      definite.push(t);
    }
  }

  let blocked = 0;
  const reaches = (i: number, j: number): boolean => {
    const seen = new Uint8Array(p);
    const stack = [i];
    while (stack.length > 0) {
      const a = stack.pop() as number;
      if (a === j) return true;
      for (let b = 0; b < p; b++) {
        if (!seen[b] && directed(a, b)) {
          seen[b] = 1;
          stack.push(b);
        }
      }
    }
    return false;
  };
  const orient = (a: number, b: number): boolean => {
    if (!allowed(a, b)) return false;
    if (reaches(b, a)) {
      blocked++;
      return false;
    }
    direct(a, b);
    return true;
  };
  const key = (a: number, b: number, c: number): number => (a * p + b) * p + c;
  const meek = async (onlyDefinite: boolean): Promise<void> => {
    const open = onlyDefinite ? definiteNot : triples(false);
    const triangles = triples(true);
    const kites = kitesOf(triangles, g, p);
    const isDefinite = new Set(definite.map(([a, b, c]) => key(a, b, c)));
    const isNot = new Set(definiteNot.map(([a, b, c]) => key(a, b, c)));
    for (let loop = true; loop; ) {
      loop = false;
      for (const [i, j, k] of open) {
        if (directed(i, j) && undirected(j, k) && (!onlyDefinite || allowed(j, k))) {
          loop = orient(j, k) || loop;
        } else if (onlyDefinite && directed(k, j) && undirected(j, i)) {
          loop = orient(j, i) || loop;
        }
      }
      for (const [i, j, k] of triangles) {
        if (directed(i, j) && directed(j, k) && undirected(i, k)) loop = orient(i, k) || loop;
      }
      for (const [i, j, k, l] of kites) {
        const follows = onlyDefinite
          ? (isDefinite.has(key(j, l, k)) || isDefinite.has(key(k, l, j))) &&
            (isNot.has(key(j, i, k)) || isNot.has(key(k, i, j)))
          : undirected(i, j) && undirected(i, k) && directed(j, l) && directed(k, l);
        if (follows && undirected(i, l)) loop = orient(i, l) || loop;
      }
      await breathe();
    }
  };
  if (options.rule === 'definite-max-p') await meek(true);
  await meek(false);
  return { marks: g, blocked };
}

/** Direct what knowledge forbids the other way, then what it requires. */
export function orientByKnowledge(
  g: Int8Array,
  p: number,
  knowledge: ResolvedKnowledge,
  direct: (i: number, j: number) => void,
): void {
  for (let i = 0; i < p; i++) {
    for (let j = i + 1; j < p; j++) {
      if (g[i * p + j] === NO_EDGE) continue;
      if (knowledge.forbidden[i * p + j]) direct(j, i);
      else if (knowledge.forbidden[j * p + i]) direct(i, j);
      else if (knowledge.required[i * p + j]) direct(i, j);
      else if (knowledge.required[j * p + i]) direct(j, i);
    }
  }
}

/** All subsets of the neighbours of x and of those of z, each once. */
function eachCandidate(
  adjacent: Uint8Array,
  p: number,
  x: number,
  z: number,
  visit: (set: number[]) => void,
): void {
  const near = (i: number): number[] =>
    Array.from({ length: p }, (_, j) => j).filter((j) => adjacent[i * p + j] === 1);
  const [a, b] = [near(x), near(z)];
  const inA = new Set(a);
  for (let size = 0; size <= a.length; size++) {
    eachSubset(a, size, (set) => {
      visit([...set]);
      return undefined;
    });
  }
  for (let size = 0; size <= b.length; size++) {
    eachSubset(b, size, (set) => {
      if (!set.every((s) => inA.has(s))) visit([...set]);
      return undefined;
    });
  }
}

/** Pairs of triangles (i, j, l) and (i, k, l), j < k not adjacent, in the order of the triangles. */
function kitesOf(
  triangles: readonly Triple[],
  g: Int8Array,
  p: number,
): (readonly [number, number, number, number])[] {
  const byEnds = new Map<number, Triple[]>();
  for (const t of triangles) {
    const ends = t[0] * p + t[2];
    byEnds.set(ends, [...(byEnds.get(ends) ?? []), t]);
  }
  return triangles.flatMap(([i, j, l]) =>
    (byEnds.get(i * p + l) as Triple[])
      .filter(([, k]) => j < k && g[j * p + k] === NO_EDGE)
      .map(([, k]) => [i, j, k, l] as const),
  );
}
