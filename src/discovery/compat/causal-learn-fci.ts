// FCI as causal-learn at commit e30895b does it (MIT licence; behaviour followed, code our own), its
// deviations from the theory included: R4 only after a change, one path a node in R5 and R9, R8 in one
// order, separating sets of Possible-D-SEP kept in one order, candidates by falling name, the first of
// each size unseen.
// Kept together: the deviations interlock, and the file is to be read beside the theory in fci-rules.ts.

import { ARROW, CIRCLE, NO_EDGE, TAIL } from '../graph.js';
import { eachSubset } from '../independence/subsets.js';
import type { Breathe } from '../independence/test.js';
import type { ResolvedKnowledge } from '../knowledge.js';
import { orientByKnowledge } from './causal-learn-pc.js';
import type { CompatSkeleton } from './causal-learn-skeleton.js';
import type { CountedTest } from './counted-test.js';

/** Orient a skeleton into a PAG; returns p × p marks. */
export async function compatOrientFci(
  skeleton: CompatSkeleton,
  test: CountedTest,
  options: {
    readonly alpha: number;
    readonly names: readonly string[];
    readonly knowledge: ResolvedKnowledge;
    readonly maxPathLength: number;
  },
  breathe: Breathe,
): Promise<Int8Array> {
  const { alpha, names, knowledge, maxPathLength } = options;
  const p = names.length;
  const g = Int8Array.from(skeleton.adjacent, (a) => (a ? CIRCLE : NO_EDGE));
  const all = Array.from({ length: p }, (_, i) => i);
  const sepset = new Map<number, ReadonlySet<number>>();
  for (const [key, sets] of skeleton.entries) {
    if (!skeleton.adjacent[key]) sepset.set(key, new Set(sets.flat()));
  }
  /** The mark at i of the edge i – j. */
  const m = (i: number, j: number): number => g[i * p + j];
  const set = (i: number, j: number, mark: number): void => {
    g[i * p + j] = mark;
  };
  const adjacent = (i: number, j: number): boolean => m(i, j) !== NO_EDGE;
  const near = (i: number): number[] => all.filter((j) => adjacent(i, j));
  const into = (i: number, mark: number): number[] => all.filter((j) => m(i, j) === mark);
  const parentOf = (i: number, j: number): boolean => m(j, i) === ARROW && m(i, j) === TAIL;
  const collider = (a: number, b: number, c: number): boolean =>
    adjacent(a, b) && adjacent(b, c) && m(b, a) === ARROW && m(b, c) === ARROW;
  /** Whether an arrowhead may stand at y of x – y. */
  const arrowAllowed = (x: number, y: number): boolean => {
    if (m(y, x) === ARROW) return true;
    if (m(y, x) === TAIL) return false;
    if ((m(x, y) === ARROW || m(x, y) === TAIL) && knowledge.forbidden[x * p + y]) return false;
    return m(y, x) === CIRCLE;
  };
  const eachPair = (list: readonly number[], visit: (a: number, c: number) => void): void => {
    for (const [k, a] of list.entries()) for (const c of list.slice(k + 1)) visit(a, c);
  };

  const rule0 = (): void => {
    for (let k = 0; k < g.length; k++) if (g[k] !== NO_EDGE) g[k] = CIRCLE;
    orientByKnowledge(g, p, knowledge, (i, j) => {
      set(i, j, TAIL);
      set(j, i, ARROW);
    });
    for (const b of all) {
      eachPair(near(b), (a, c) => {
        if (adjacent(a, c) || collider(a, b, c)) return;
        const s = sepset.get(a * p + c);
        if (s === undefined || s.has(b)) return;
        if (!arrowAllowed(a, b) || !arrowAllowed(c, b)) return;
        set(b, a, ARROW);
        set(b, c, ARROW);
      });
    }
  };

  /** Breadth first along edges without an arrowhead at the near end; the start counts only if met again. */
  const semiDirected = (from: number, to: number): boolean => {
    const seen = new Uint8Array(p);
    const queue: number[] = [];
    const step = (i: number): void => {
      for (let j = 0; j < p; j++) {
        if (adjacent(i, j) && !seen[j] && (m(i, j) === TAIL || m(i, j) === CIRCLE)) {
          seen[j] = 1;
          queue.push(j);
        }
      }
    };
    step(from);
    for (let at = 0; at < queue.length; at++) {
      if (queue[at] === to) return true;
      step(queue[at]);
    }
    return false;
  };

  const possibleDsep = (x: number, y: number): number[] => {
    const dsep = new Set<number>();
    const seen = new Set<number>();
    const queue: [number, number][] = [];
    const previous = new Map<number, Set<number>>();
    const remember = (node: number, before: number): void => {
      const list = previous.get(node);
      if (list) list.add(before);
      else previous.set(node, new Set([before]));
    };
    for (const b of near(x)) {
      if (b === y) continue;
      queue.push([x, b]);
      seen.add(x * p + b);
      remember(x, b);
      dsep.add(b);
    }
    const hasPath = (w: number): boolean => {
      if (w === x) return true;
      for (const r of previous.get(w) ?? []) {
        if (r === w || r === x) continue;
        if (semiDirected(r, x) || semiDirected(r, w)) return true;
      }
      return false;
    };
    for (let at = 0; at < queue.length; at++) {
      const [a, b] = queue[at];
      if (hasPath(b)) dsep.add(b);
      for (const c of near(b)) {
        if (c === a || c === x || c === y) continue;
        remember(c, b);
        if (collider(a, b, c) || adjacent(a, c)) {
          if (seen.has(a * p + c)) continue;
          seen.add(a * p + c);
          queue.push([a, c]);
        }
      }
    }
    dsep.delete(x);
    dsep.delete(y);
    return [...dsep].sort((a, b) => (names[a] < names[b] ? 1 : names[a] > names[b] ? -1 : 0));
  };

  const partByPossibleDsep = async (): Promise<void> => {
    const edges: [number, number][] = [];
    for (let a = 0; a < p; a++)
      for (let b = a + 1; b < p; b++) if (adjacent(a, b)) edges.push([a, b]);
    for (const [a, b] of edges) {
      for (const [x, y] of [
        [a, b],
        [b, a],
      ]) {
        if (!adjacent(a, b)) break;
        const pool = possibleDsep(x, y);
        for (let size = 2; size <= pool.length && adjacent(a, b); size++) {
          // Its generator hands out one list that it changes, so the first set of a size goes unseen
          // where there is a second.
          let skip = pool.length > size;
          eachSubset(pool, size, (s) => {
            if (skip) {
              skip = false;
              return undefined;
            }
            if (s.every((v) => adjacent(a, v)) || s.every((v) => adjacent(b, v))) return undefined;
            if (!(test.p(a, b, s) > alpha)) return undefined;
            set(a, b, NO_EDGE);
            set(b, a, NO_EDGE);
            sepset.set(a * p + b, new Set(s));
            return true;
          });
          await breathe();
        }
      }
    }
  };

  const r1r2 = (): boolean => {
    let changed = false;
    const r1 = (a: number, b: number, c: number): void => {
      if (adjacent(a, c) || m(b, a) !== ARROW || m(b, c) !== CIRCLE || !arrowAllowed(b, c)) return;
      set(c, b, ARROW);
      set(b, c, TAIL);
      changed = true;
    };
    const r2 = (a: number, b: number, c: number): void => {
      if (!adjacent(a, c) || m(c, a) !== CIRCLE) return;
      if (m(b, a) !== ARROW || m(c, b) !== ARROW) return;
      if ((m(a, b) !== TAIL && m(b, c) !== TAIL) || !arrowAllowed(a, c)) return;
      set(c, a, ARROW);
      changed = true;
    };
    for (const b of all) {
      eachPair(near(b), (a, c) => {
        r1(a, b, c);
        r1(c, b, a);
        r2(a, b, c);
        r2(c, b, a);
      });
    }
    return changed;
  };
  const r3 = (): boolean => {
    let changed = false;
    for (const b of all) {
      const arrows = into(b, ARROW);
      for (const d of into(b, CIRCLE)) {
        eachPair(arrows, (a, c) => {
          if (adjacent(a, c) || !adjacent(a, d) || !adjacent(c, d)) return;
          if (!sepset.get(a * p + c)?.has(d)) return;
          if (m(d, a) !== CIRCLE || m(d, c) !== CIRCLE || !arrowAllowed(d, b)) return;
          set(b, d, ARROW);
          changed = true;
        });
      }
    }
    return changed;
  };
  const r4 = (): boolean => {
    let changed = false;
    const orient = (
      d: number,
      a: number,
      b: number,
      c: number,
      previous: Map<number, number>,
    ): boolean => {
      const path: number[] = [];
      for (let i = previous.get(d); i !== undefined; i = previous.get(i)) path.push(i);
      let inside = test.p(d, c, path) > alpha;
      const outside =
        test.p(
          d,
          c,
          path.filter((i) => i !== b),
        ) > alpha;
      if (!inside && !outside) {
        const s = sepset.get(d * p + c);
        if (s === undefined) return false;
        inside = s.has(b);
      }
      if (inside) {
        set(b, c, TAIL);
      } else {
        if (!arrowAllowed(a, b) || !arrowAllowed(c, b)) return false;
        set(b, a, ARROW);
        set(b, c, ARROW);
      }
      changed = true;
      return true;
    };
    const search = (a: number, b: number, c: number): void => {
      // Upstream counts the first step only: any other limit changes nothing.
      if (maxPathLength < 1) return;
      const parents = new Set(all.filter((i) => parentOf(i, c)));
      const seen = new Set([a, b]);
      const previous = new Map([[a, b]]);
      const queue = [a];
      for (let at = 0; at < queue.length; at++) {
        const t = queue[at];
        for (const d of into(t, ARROW)) {
          if (seen.has(d)) continue;
          previous.set(d, t);
          if (!collider(d, t, previous.get(t) as number)) continue;
          if (!adjacent(d, c) && d !== c && orient(d, a, b, c, previous)) return;
          if (parents.has(d)) {
            queue.push(d);
            seen.add(d);
          }
        }
      }
    };
    for (const b of all) {
      const possibleC = into(b, CIRCLE);
      for (const a of all.filter((j) => m(j, b) === ARROW)) {
        for (const c of possibleC) if (parentOf(a, c) && m(c, b) === ARROW) search(a, b, c);
      }
    }
    return changed;
  };

  const uncovered = (path: readonly number[]): boolean =>
    path.every((v, k) => k + 2 >= path.length || !adjacent(v, path[k + 2]));
  function* circlePaths(from: number, to: number, avoid: readonly number[]): Generator<number[]> {
    const seen = new Set<number>();
    const queue: [number, number[]][] = [];
    const step = (i: number, path: readonly number[]): void => {
      for (const j of near(i)) {
        if (avoid.includes(j) || seen.has(j) || m(i, j) !== CIRCLE || m(j, i) !== CIRCLE) continue;
        seen.add(j);
        queue.push([j, [...path, j]]);
      }
    };
    step(from, [from]);
    for (let at = 0; at < queue.length; at++) {
      const [t, path] = queue[at];
      if (t === to && uncovered(path)) yield path;
      step(t, path);
    }
  }
  const r5 = (): boolean => {
    let changed = false;
    const tails = (i: number, j: number): void => {
      set(i, j, TAIL);
      set(j, i, TAIL);
    };
    const circles = (i: number, j: number): boolean => m(i, j) === CIRCLE && m(j, i) === CIRCLE;
    for (const b of all) {
      for (const a of into(b, CIRCLE)) {
        if (m(a, b) !== CIRCLE) continue;
        const found: Generator<number[]>[] = [];
        for (const c of near(a)) {
          if (c === b || !circles(a, c) || adjacent(b, c)) continue;
          for (const d of near(b)) {
            if (d === a || !circles(b, d) || adjacent(a, d)) continue;
            found.push(circlePaths(c, d, [a, b]));
          }
        }
        for (const paths of found) {
          for (const path of paths) {
            changed = true;
            tails(a, b);
            tails(a, path[0]);
            tails(b, path[path.length - 1]);
            for (let k = 0; k + 1 < path.length; k++) tails(path[k], path[k + 1]);
          }
        }
      }
    }
    return changed;
  };
  const r6 = (): boolean => {
    let changed = false;
    for (const b of all) {
      if (!into(b, TAIL).some((a) => m(a, b) === TAIL)) continue;
      for (const c of into(b, CIRCLE)) {
        set(b, c, TAIL);
        changed = true;
      }
    }
    return changed;
  };
  const r7 = (): boolean => {
    let changed = false;
    for (const b of all) {
      const circles = into(b, CIRCLE);
      const from = circles.filter((a) => m(a, b) === TAIL);
      for (const c of circles) {
        for (const a of from) {
          if (a === c || adjacent(a, c)) continue;
          set(b, c, TAIL);
          changed = true;
        }
      }
    }
    return changed;
  };
  const r8 = (): boolean => {
    let changed = false;
    for (const b of all) {
      eachPair(near(b), (a, c) => {
        if (m(a, b) !== TAIL || (m(b, a) !== ARROW && m(b, a) !== CIRCLE)) return;
        if (m(c, b) !== ARROW || m(b, c) !== TAIL) return;
        if (!adjacent(a, c) || m(c, a) !== ARROW || m(a, c) !== CIRCLE) return;
        set(a, c, TAIL);
        changed = true;
      });
    }
    return changed;
  };
  const possibleChildren = (a: number, c: number): number[] =>
    near(a).filter((x) => x !== c && m(a, x) !== ARROW);
  const leads = (i: number, j: number): boolean =>
    (m(i, j) === TAIL || m(i, j) === CIRCLE) && (m(j, i) === ARROW || m(j, i) === CIRCLE);
  const uncoveredDirected = (from: number, next: number, to: number): boolean => {
    const seen = new Set([from, next]);
    const queue: [number, number[]][] = [];
    const step = (i: number, path: readonly number[]): void => {
      for (const j of near(i)) {
        if (seen.has(j) || !leads(i, j)) continue;
        seen.add(j);
        queue.push([j, [...path, j]]);
      }
    };
    step(next, [from, next]);
    for (let at = 0; at < queue.length; at++) {
      const [t, path] = queue[at];
      if (t === to && uncovered(path)) return true;
      step(t, path);
    }
    return false;
  };
  const r9 = (): boolean => {
    let changed = false;
    for (const c of all) {
      for (const a of into(c, ARROW)) {
        if (m(a, c) !== CIRCLE) continue;
        const found = possibleChildren(a, c).some(
          (b) => !adjacent(b, c) && uncoveredDirected(a, b, c),
        );
        if (found) {
          set(a, c, TAIL);
          changed = true;
        }
      }
    }
    return changed;
  };
  const r10 = (): boolean => {
    let changed = false;
    for (const c of all) {
      const arrows = into(c, ARROW);
      if (arrows.length < 2) continue;
      for (const a of arrows.filter((i) => m(i, c) === CIRCLE)) {
        const first = possibleChildren(a, c);
        if (first.length < 2) continue;
        eachPair(arrows, (b, d) => {
          if (m(b, c) !== TAIL || m(d, c) !== TAIL) return;
          let done = false;
          eachPair(first, (one, two) => {
            if (done || !semiDirected(one, b) || !semiDirected(two, d) || adjacent(one, two))
              return;
            set(a, c, TAIL);
            changed = done = true;
          });
        });
      }
    }
    return changed;
  };

  rule0();
  await partByPossibleDsep();
  rule0();
  const known = (table: Uint8Array): boolean => table.some((v) => v === 1);
  let first = known(knowledge.forbidden) && known(knowledge.required);
  for (let changed = true; changed; ) {
    changed = r1r2();
    changed = r3() || changed;
    if (changed || first) {
      changed = r4() || changed;
      first = false;
    }
    for (const rule of [r5, r6, r7, r8, r9, r10]) {
      changed = rule() || changed;
      await breathe();
    }
  }
  return g;
}
