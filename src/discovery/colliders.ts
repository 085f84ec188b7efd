// Which unshielded triples x – y – z are colliders x → y ← z, and what happens where two of them want
// one edge in opposite directions. Rules: by separating sets; by the largest p-value with and without
// y in the set (Ramsey 2016, "Improving accuracy and scalability of the PC algorithm by maximizing
// P-value"); definite ones only.

import { ARROW } from './graph.js';
import { without } from './independence/subsets.js';
import type { IndependenceTest } from './independence/test.js';
import type { ResolvedKnowledge } from './knowledge.js';
import { adjacentIn, allows, direct, directed, type Pdag, undirected } from './meek.js';
import { largestLogP, type Skeleton } from './skeleton.js';

/** How a triple is found to be a collider. */
export type ColliderRule = 'sepset' | 'max-p' | 'definite-max-p';

/** Who wins where colliders contradict each other. */
export type ConflictRule = 'overwrite' | 'bidirect' | 'keep' | 'stronger' | 'stronger-star';

/** An unshielded triple with y in the middle. */
export interface Triple {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** What was decided about the triples. */
export interface Colliders {
  readonly colliders: readonly Triple[];
  /** Triples known to be no colliders; only the definite rule lists them. */
  readonly nonColliders: readonly Triple[];
  /** Triples left open; only the definite rule has them. */
  readonly ambiguous: readonly Triple[];
  /** How many colliders gave way to others. */
  readonly conflicts: number;
}

/** The unshielded triples x – y – z with x < z, by y, x, z. */
export function unshieldedTriples(g: Pdag): Triple[] {
  const found: Triple[] = [];
  for (let y = 0; y < g.p; y++) {
    for (const [k, x] of g.near[y].entries()) {
      for (const z of g.near[y].slice(k + 1)) {
        if (!adjacentIn(g, x, z)) found.push({ x, y, z });
      }
    }
  }
  return found;
}

/**
 * Decide the triples and orient the colliders.
 * @param most Largest candidate set of the p-value rules.
 */
export async function orientColliders(
  g: Pdag,
  skeleton: Skeleton,
  test: IndependenceTest,
  rules: {
    readonly rule: ColliderRule;
    readonly conflict: ConflictRule;
    readonly alpha: number;
    readonly most: number;
    readonly knowledge: ResolvedKnowledge;
  },
  breathe: () => Promise<void>,
): Promise<Colliders> {
  const { knowledge, conflict } = rules;
  const fits = ({ x, y, z }: Triple): boolean =>
    allows(knowledge, g.p, x, y) && allows(knowledge, g.p, z, y);
  const logAlpha = Math.log(rules.alpha);
  // Only ranks are asked for by the rule of separating sets: what parted the pair, and y.
  const mostOf = ({ x, z }: Triple): number =>
    rules.rule === 'sepset' ? Math.min(rules.most, skeleton.parted[x * g.p + z] + 1) : rules.most;
  const scores = new Map<Triple, { with: number; without: number }>();
  const scored = (t: Triple): { with: number; without: number } => {
    let s = scores.get(t);
    if (!s) {
      const most = mostOf(t);
      s = { with: bestOf(test, g, t, true, most), without: bestOf(test, g, t, false, most) };
      scores.set(t, s);
    }
    return s;
  };
  const colliders: Triple[] = [];
  const nonColliders: Triple[] = [];
  const ambiguous: Triple[] = [];
  for (const t of unshieldedTriples(g)) {
    await breathe();
    if (skeleton.parted[t.x * g.p + t.z] < 0) continue; // parted by knowledge: nothing was tested
    if (rules.rule === 'sepset') {
      if (fits(t) && skeleton.inSeparator(t.x, t.z, t.y) === false) colliders.push(t);
      continue;
    }
    const s = scored(t);
    if (rules.rule === 'max-p') {
      if (s.without > s.with && fits(t)) colliders.push(t);
      continue;
    }
    const can = s.with <= logAlpha;
    const cannot = s.without <= logAlpha;
    if (can && (!cannot || s.without > s.with)) {
      if (fits(t)) colliders.push(t);
    } else if (cannot) nonColliders.push(t);
    else ambiguous.push(t);
  }
  const ordered =
    conflict === 'stronger' || conflict === 'stronger-star'
      ? byStrength(colliders, conflict, scored)
      : colliders;
  let conflicts = 0;
  const done: Triple[] = [];
  for (const t of ordered) {
    await breathe();
    const { x, y, z } = t;
    const taken = directed(g, y, x) || directed(g, y, z);
    if (taken) conflicts++;
    if (conflict === 'overwrite') {
      direct(g, x, y);
      direct(g, z, y);
    } else if (conflict === 'bidirect') {
      point(g, x, y);
      point(g, z, y);
    } else if (taken) {
      continue;
    } else {
      direct(g, x, y);
      direct(g, z, y);
    }
    done.push(t);
  }
  return { colliders: done, nonColliders, ambiguous, conflicts };
}

/** Put an arrowhead at y, and keep one that is at x. */
function point(g: Pdag, x: number, y: number): void {
  if (undirected(g, x, y)) direct(g, x, y);
  else g.marks[y * g.p + x] = ARROW;
}

/** The largest ln p of x ⊥ z over the subsets of either's neighbours, with or without y among them. */
function bestOf(
  test: IndependenceTest,
  g: Pdag,
  { x, y, z }: Triple,
  withY: boolean,
  most: number,
): number {
  const base = withY ? [y] : [];
  const size = withY ? most - 1 : most;
  return Math.max(
    largestLogP(test, x, z, base, without(g.near[x], y, z), size),
    largestLogP(test, x, z, base, without(g.near[z], y, x), size),
  );
}

/** Put colliders that contradict another in the order of their strength; the rest need no score. */
function byStrength(
  colliders: readonly Triple[],
  conflict: 'stronger' | 'stronger-star',
  scored: (t: Triple) => { with: number; without: number },
): Triple[] {
  const arms = new Set(colliders.flatMap(({ x, y, z }) => [`${x}>${y}`, `${z}>${y}`]));
  const contested = ({ x, y, z }: Triple): boolean =>
    arms.has(`${y}>${x}`) || arms.has(`${y}>${z}`);
  const rank = (t: Triple): number =>
    conflict === 'stronger' ? scored(t).with : -scored(t).without;
  const disputed = colliders.filter(contested);
  const keys = new Map(disputed.map((t) => [t, rank(t)]));
  disputed.sort((a, b) => compare(keys.get(a) as number, keys.get(b) as number));
  return [...colliders.filter((t) => !contested(t)), ...disputed];
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
