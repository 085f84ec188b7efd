// Meek's orientation rules (Meek 1995, "Causal inference and causal explanation with background
// knowledge"): what follows from the colliders and from knowledge, without new colliders or cycles.
//   R1  a → b — c, a and c not adjacent                          ⇒ b → c
//   R2  a → b → c, a — c                                         ⇒ a → c
//   R3  a — b, a — c, a — d, c → b ← d, c and d not adjacent      ⇒ a → b
//   R4  a — b, a — d, d → c → b, b and d not adjacent, a and c adjacent ⇒ a → b
// An orientation that would close a directed cycle is left out and counted.

import { ARROW, TAIL } from './graph.js';
import type { ResolvedKnowledge } from './knowledge.js';

/** A partly directed graph under construction: p × p marks and the neighbours of each node. */
export interface Pdag {
  readonly p: number;
  readonly marks: Int8Array;
  readonly near: readonly (readonly number[])[];
}

/** Start from adjacencies, all undirected. */
export function undirectedPdag(p: number, adjacent: Uint8Array): Pdag {
  const marks = new Int8Array(p * p);
  const near: number[][] = [];
  for (let i = 0; i < p; i++) {
    near.push([]);
    for (let j = 0; j < p; j++) {
      if (adjacent[i * p + j]) {
        marks[i * p + j] = TAIL;
        near[i].push(j);
      }
    }
  }
  return { p, marks, near };
}

export function directed({ p, marks }: Pdag, i: number, j: number): boolean {
  return marks[i * p + j] === TAIL && marks[j * p + i] === ARROW;
}

export function undirected({ p, marks }: Pdag, i: number, j: number): boolean {
  return marks[i * p + j] === TAIL && marks[j * p + i] === TAIL;
}

export function adjacentIn({ p, marks }: Pdag, i: number, j: number): boolean {
  return marks[i * p + j] !== 0;
}

/** Make the edge i → j. */
export function direct({ p, marks }: Pdag, i: number, j: number): void {
  marks[i * p + j] = TAIL;
  marks[j * p + i] = ARROW;
}

/** Tell whether a directed path leads from i to j. */
export function reaches(g: Pdag, i: number, j: number): boolean {
  const seen = new Uint8Array(g.p);
  const stack = [i];
  while (stack.length > 0) {
    const a = stack.pop() as number;
    for (const b of g.near[a]) {
      if (seen[b] || !directed(g, a, b)) continue;
      if (b === j) return true;
      seen[b] = 1;
      stack.push(b);
    }
  }
  return false;
}

/** Tell whether knowledge allows i → j. */
export function allows(known: ResolvedKnowledge, p: number, i: number, j: number): boolean {
  return !known.forbidden[i * p + j] && !known.required[j * p + i];
}

/**
 * Orient what knowledge says.
 * @returns Pairs that were left alone, as their orientation would have closed a cycle.
 */
export function orientByKnowledge(g: Pdag, known: ResolvedKnowledge): [number, number][] {
  const left: [number, number][] = [];
  const pass = (wanted: (i: number, j: number) => boolean): void => {
    for (let i = 0; i < g.p; i++) {
      for (const j of g.near[i]) {
        if (!undirected(g, i, j) || !wanted(i, j)) continue;
        if (reaches(g, j, i)) left.push([i, j]);
        else direct(g, i, j);
      }
    }
  };
  pass((i, j) => known.required[i * g.p + j] === 1);
  pass((i, j) => known.forbidden[j * g.p + i] === 1 && known.forbidden[i * g.p + j] === 0);
  return left;
}

/**
 * Apply the rules until nothing changes.
 * @returns How many orientations were left out because they would have closed a cycle.
 */
export function applyMeek(g: Pdag, known: ResolvedKnowledge): number {
  const blocked = new Set<number>();
  const orient = (a: number, b: number): boolean => {
    if (!allows(known, g.p, a, b)) return false;
    if (reaches(g, b, a)) {
      blocked.add(a * g.p + b);
      return false;
    }
    direct(g, a, b);
    return true;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let a = 0; a < g.p; a++) {
      for (const b of g.near[a]) {
        if (undirected(g, a, b) && follows(g, a, b) && orient(a, b)) changed = true;
      }
    }
  }
  return blocked.size;
}

/** Tell whether a rule directs a — b as a → b. */
function follows(g: Pdag, a: number, b: number): boolean {
  for (const c of g.near[a]) {
    if (c === b) continue;
    if (directed(g, c, a)) {
      if (!adjacentIn(g, c, b)) return true; // R1
    } else if (directed(g, a, c)) {
      if (directed(g, c, b)) return true; // R2
    }
  }
  for (const c of g.near[b]) {
    if (c === a || !directed(g, c, b) || !adjacentIn(g, a, c)) continue;
    if (undirected(g, a, c)) {
      for (const d of g.near[b]) {
        if (d === c || !directed(g, d, b) || !undirected(g, a, d)) continue;
        if (!adjacentIn(g, c, d)) return true; // R3
      }
    }
    for (const d of g.near[c]) {
      if (d === a || d === b || !directed(g, d, c) || !undirected(g, a, d)) continue;
      if (!adjacentIn(g, b, d)) return true; // R4
    }
  }
  return false;
}
