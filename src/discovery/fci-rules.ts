// The orientation rules R1–R10 of FCI (Zhang 2008, "On the completeness of orientation rules for
// causal discovery in the presence of latent confounders and selection bias"). They only ever turn
// circles into tails and arrowheads, so marks that knowledge has set stay. `*` is any mark.
// Kept together: ten rules on one state, applied in turn until nothing changes.

import { ARROW, CIRCLE, type Mark, NO_EDGE, TAIL } from './graph.js';

/** A PAG under construction: p × p marks and the neighbours of each node. */
export interface Pag {
  readonly p: number;
  readonly marks: Int8Array;
  readonly near: readonly (readonly number[])[];
}

/** What the rules need beside the graph. */
export interface RuleOptions {
  /** Whether b is in a set that separates d and c; `undefined` where no test parted them. */
  separatedBy(d: number, c: number, b: number): boolean | undefined;
  /** Whether to apply R5–R7, which matter only where the rows were selected by what the columns cause. */
  readonly selectionBias: boolean;
  /** Longest path looked at by R4, R5, R9 and R10, in edges. */
  readonly maxPathLength: number;
  /** Asked before R4 uses a discriminating path towards c; may cut edges instead (RFCI). */
  mayUse?(path: readonly number[], c: number): boolean;
}

/** Make the PAG of adjacencies with circles at all ends. */
export function circlePag(p: number, adjacent: Uint8Array): Pag {
  const marks = new Int8Array(p * p);
  const near: number[][] = [];
  for (let i = 0; i < p; i++) {
    near.push([]);
    for (let j = 0; j < p; j++) {
      if (adjacent[i * p + j]) {
        marks[i * p + j] = CIRCLE;
        near[i].push(j);
      }
    }
  }
  return { p, marks, near };
}

/** The mark at i of the edge i – j. */
export function at(g: Pag, i: number, j: number): Mark {
  return g.marks[i * g.p + j] as Mark;
}

/** Set the mark at i of the edge i – j, where it is a circle. Returns whether it was. */
export function mark(g: Pag, i: number, j: number, m: Mark): boolean {
  if (g.marks[i * g.p + j] !== CIRCLE) return false;
  g.marks[i * g.p + j] = m;
  return true;
}

function adjacent(g: Pag, i: number, j: number): boolean {
  return g.marks[i * g.p + j] !== NO_EDGE;
}

function parentOf(g: Pag, i: number, j: number): boolean {
  return at(g, i, j) === TAIL && at(g, j, i) === ARROW;
}

/** Apply the rules until nothing changes. */
export async function applyFciRules(
  g: Pag,
  options: RuleOptions,
  breathe: () => Promise<void>,
): Promise<void> {
  const rules = [r1, r2, r3, r4, ...(options.selectionBias ? [r5, r6, r7] : []), r8, r9, r10];
  for (let changed = true; changed; ) {
    changed = false;
    for (const rule of rules) {
      for (let b = 0; b < g.p; b++) {
        if (rule(g, b, options)) changed = true;
        await breathe();
      }
    }
  }
}

/** R1: a *→ b o–* c, a and c not adjacent ⇒ b → c. */
function r1(g: Pag, b: number): boolean {
  let changed = false;
  for (const c of g.near[b]) {
    if (at(g, b, c) !== CIRCLE) continue;
    for (const a of g.near[b]) {
      if (a === c || at(g, b, a) !== ARROW || adjacent(g, a, c)) continue;
      if (at(g, c, b) === TAIL) continue;
      mark(g, b, c, TAIL);
      mark(g, c, b, ARROW);
      changed = true;
      break;
    }
  }
  return changed;
}

/** R2: a → b *→ c or a *→ b → c, and a *–o c ⇒ a *→ c. */
function r2(g: Pag, b: number): boolean {
  let changed = false;
  for (const a of g.near[b]) {
    if (at(g, b, a) !== ARROW) continue;
    for (const c of g.near[b]) {
      if (c === a || at(g, c, b) !== ARROW || at(g, c, a) !== CIRCLE) continue;
      if (at(g, a, b) === TAIL || at(g, b, c) === TAIL) {
        changed = mark(g, c, a, ARROW) || changed;
      }
    }
  }
  return changed;
}

/** R3: a *→ b ←* c, a *–o d o–* c, a and c not adjacent, d *–o b ⇒ d *→ b. */
function r3(g: Pag, b: number): boolean {
  let changed = false;
  for (const d of g.near[b]) {
    if (at(g, b, d) !== CIRCLE) continue;
    const into = g.near[b].filter(
      (a) => a !== d && at(g, b, a) === ARROW && adjacent(g, a, d) && at(g, d, a) === CIRCLE,
    );
    if (into.some((a, k) => into.slice(k + 1).some((c) => !adjacent(g, a, c)))) {
      changed = mark(g, b, d, ARROW) || changed;
    }
  }
  return changed;
}

/**
 * R4: ⟨d, …, a, b, c⟩ discriminates b, b o–* c ⇒ b → c where b is in a set that separates d and c,
 * else a ↔ b ↔ c. All nodes between d and b are colliders on the path and parents of c.
 */
function r4(g: Pag, b: number, options: RuleOptions): boolean {
  let changed = false;
  for (const c of g.near[b]) {
    for (const a of g.near[b]) {
      if (at(g, b, c) !== CIRCLE) break;
      if (a === c || at(g, a, b) !== ARROW || !adjacent(g, a, c) || !parentOf(g, a, c)) continue;
      const path = discriminatingPath(g, a, b, c, options.maxPathLength);
      if (!path) continue;
      if (options.mayUse && !options.mayUse(path, c)) return changed;
      const inside = options.separatedBy(path[0], c, b);
      if (inside === undefined) continue;
      if (inside) {
        if (at(g, c, b) === TAIL) continue;
        mark(g, b, c, TAIL);
        mark(g, c, b, ARROW);
      } else {
        if (at(g, b, a) === TAIL || at(g, c, b) === TAIL) continue;
        mark(g, b, a, ARROW);
        mark(g, b, c, ARROW);
        mark(g, c, b, ARROW);
      }
      changed = true;
    }
  }
  return changed;
}

/** The shortest discriminating path ⟨d, …, a, b⟩ for b towards c, found back from a. */
export function discriminatingPath(
  g: Pag,
  a: number,
  b: number,
  c: number,
  maxLength: number,
): number[] | undefined {
  const next = new Map<number, number>([[a, b]]);
  let front = [a];
  for (let length = 3; front.length > 0 && length <= maxLength; length++) {
    const wider: number[] = [];
    for (const t of front) {
      for (const d of g.near[t]) {
        if (d === b || d === c || next.has(d) || at(g, t, d) !== ARROW) continue;
        if (!adjacent(g, d, c)) {
          const path = [d];
          for (let i = t; i !== b; i = next.get(i) as number) path.push(i);
          return [...path, b];
        }
        if (at(g, d, t) === ARROW && parentOf(g, d, c)) {
          next.set(d, t);
          wider.push(d);
        }
      }
    }
    front = wider;
  }
  return undefined;
}

/** R5: a o–o b and an uncovered circle path a, c, …, d, b, a–d and b–c not adjacent ⇒ all undirected. */
function r5(g: Pag, a: number, options: RuleOptions): boolean {
  let changed = false;
  const circle = (i: number, j: number): boolean =>
    at(g, i, j) === CIRCLE && at(g, j, i) === CIRCLE;
  for (const b of g.near[a]) {
    if (b < a || !circle(a, b)) continue;
    for (const c of g.near[a]) {
      if (c === b || !circle(a, c) || adjacent(g, b, c)) continue;
      const path = uncoveredPath(
        g,
        a,
        c,
        b,
        circle,
        options.maxPathLength,
        (before) => !adjacent(g, a, before),
      );
      if (!path) continue;
      const round = [...path, a];
      for (let k = 0; k + 1 < round.length; k++) {
        mark(g, round[k], round[k + 1], TAIL);
        mark(g, round[k + 1], round[k], TAIL);
      }
      changed = true;
      break;
    }
  }
  return changed;
}

/** R6: a — b o–* c ⇒ b —* c. */
function r6(g: Pag, b: number): boolean {
  if (!g.near[b].some((a) => at(g, a, b) === TAIL && at(g, b, a) === TAIL)) return false;
  let changed = false;
  for (const c of g.near[b]) changed = mark(g, b, c, TAIL) || changed;
  return changed;
}

/** R7: a —o b o–* c, a and c not adjacent ⇒ b —* c. */
function r7(g: Pag, b: number): boolean {
  let changed = false;
  const from = g.near[b].filter((a) => at(g, a, b) === TAIL && at(g, b, a) === CIRCLE);
  for (const c of g.near[b]) {
    if (at(g, b, c) !== CIRCLE) continue;
    if (from.some((a) => a !== c && !adjacent(g, a, c))) changed = mark(g, b, c, TAIL) || changed;
  }
  return changed;
}

/** R8: a → b → c or a —o b → c, and a o→ c ⇒ a → c. */
function r8(g: Pag, b: number): boolean {
  let changed = false;
  for (const a of g.near[b]) {
    if (at(g, a, b) !== TAIL || at(g, b, a) === TAIL) continue;
    for (const c of g.near[b]) {
      if (c === a || !parentOf(g, b, c)) continue;
      if (at(g, a, c) === CIRCLE && at(g, c, a) === ARROW) changed = mark(g, a, c, TAIL) || changed;
    }
  }
  return changed;
}

/** Whether an edge could be directed i → j. */
function couldLead(g: Pag, i: number, j: number): boolean {
  return at(g, i, j) !== ARROW && at(g, j, i) !== TAIL;
}

/** R9: a o→ c and an uncovered potentially directed path a, b, …, c, b and c not adjacent ⇒ a → c. */
function r9(g: Pag, c: number, options: RuleOptions): boolean {
  let changed = false;
  for (const a of g.near[c]) {
    if (at(g, a, c) !== CIRCLE || at(g, c, a) !== ARROW) continue;
    const found = g.near[a].some(
      (b) =>
        b !== c &&
        couldLead(g, a, b) &&
        !adjacent(g, b, c) &&
        uncoveredPath(g, a, b, c, (i, j) => couldLead(g, i, j), options.maxPathLength),
    );
    if (found) changed = mark(g, a, c, TAIL) || changed;
  }
  return changed;
}

/**
 * R10: a o→ c, b → c ← d, uncovered potentially directed paths from a to b and from a to d whose
 * first nodes differ and are not adjacent ⇒ a → c.
 */
function r10(g: Pag, c: number, options: RuleOptions): boolean {
  let changed = false;
  const into = g.near[c].filter((b) => parentOf(g, b, c));
  if (into.length < 2) return false;
  const lead = (i: number, j: number): boolean => couldLead(g, i, j);
  for (const a of g.near[c]) {
    if (at(g, a, c) !== CIRCLE || at(g, c, a) !== ARROW) continue;
    const first = g.near[a].filter((m) => m !== c && lead(a, m));
    // ends.get(m): parents of c that an uncovered path from a through m reaches
    const ends = new Map(
      first.map((m) => [
        m,
        into.filter(
          (b) =>
            b !== a &&
            (b === m || uncoveredPath(g, a, m, b, lead, options.maxPathLength, undefined, c)),
        ),
      ]),
    );
    const found = first.some((m) =>
      first.some(
        (w) =>
          w !== m &&
          !adjacent(g, m, w) &&
          (ends.get(m) as number[]).some((b) => (ends.get(w) as number[]).some((d) => d !== b)),
      ),
    );
    if (found) changed = mark(g, a, c, TAIL) || changed;
  }
  return changed;
}

/**
 * Find an uncovered path from → through → … → to (no three in a row are a triangle) along steps of a
 * kind, trying all of them.
 * @param accept A condition on the last node before `to`.
 * @param avoid A node that must not be on the path.
 */
export function uncoveredPath(
  g: Pag,
  from: number,
  through: number,
  to: number,
  step: (i: number, j: number) => boolean,
  maxLength: number,
  accept: (before: number) => boolean = () => true,
  avoid: number = -1,
): number[] | undefined {
  if (!uncoveredWalk(g, from, through, to, step, avoid)) return undefined;
  const path = [from, through];
  const on = new Uint8Array(g.p);
  on[from] = on[through] = 1;
  if (avoid >= 0) on[avoid] = 1;
  const extend = (): boolean => {
    const last = path[path.length - 1];
    const before = path[path.length - 2];
    if (path.length - 1 >= maxLength) return false;
    for (const next of g.near[last]) {
      if (on[next] || !step(last, next) || adjacent(g, before, next)) continue;
      if (next === to) {
        if (!accept(last)) continue;
        path.push(next);
        return true;
      }
      on[next] = 1;
      path.push(next);
      if (extend()) return true;
      path.pop();
      on[next] = 0;
    }
    return false;
  };
  return extend() ? path : undefined;
}

/** Whether there is at least a walk of that kind, nodes repeated or not: a quick no for most pairs. */
function uncoveredWalk(
  g: Pag,
  from: number,
  through: number,
  to: number,
  step: (i: number, j: number) => boolean,
  avoid: number,
): boolean {
  const seen = new Set<number>([from * g.p + through]);
  const stack: [number, number][] = [[from, through]];
  while (stack.length > 0) {
    const [before, last] = stack.pop() as [number, number];
    for (const next of g.near[last]) {
      if (next === avoid || next === from || adjacent(g, before, next) || next === before) continue;
      if (!step(last, next)) continue;
      if (next === to) return true;
      const key = last * g.p + next;
      if (!seen.has(key)) {
        seen.add(key);
        stack.push([last, next]);
      }
    }
  }
  return false;
}
