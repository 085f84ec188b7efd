import { at, type Pag } from './fci-rules.js';
import { ARROW, NO_EDGE, TAIL } from './graph.js';

/** What a directed edge of a PAG says beside its direction. */
export interface EdgeProperties {
  readonly from: string;
  readonly to: string;
  /** No other path could carry the effect: the edge is definitely direct ("dd"), else possibly ("pd"). */
  readonly definitelyDirect: boolean;
  /** No latent common cause of the two ("nl": the edge is visible), else possibly one ("pl"). */
  readonly noLatent: boolean;
}

/** The properties of all directed edges, by number of tail and head. */
export function edgeProperties(g: Pag, names: readonly string[]): EdgeProperties[] {
  const list: EdgeProperties[] = [];
  for (let i = 0; i < g.p; i++) {
    for (const j of g.near[i]) {
      if (at(g, i, j) !== TAIL || at(g, j, i) !== ARROW) continue;
      list.push({
        from: names[i],
        to: names[j],
        definitelyDirect: !otherSemiDirectedPath(g, i, j),
        noLatent: isVisible(g, i, j),
      });
    }
  }
  return list;
}

/** Whether a path of two or more edges, none with an arrowhead towards i, leads from i to j. */
function otherSemiDirectedPath(g: Pag, i: number, j: number): boolean {
  const seen = new Uint8Array(g.p);
  seen[i] = 1;
  const stack = [i];
  while (stack.length > 0) {
    const a = stack.pop() as number;
    for (const b of g.near[a]) {
      if (a === i && b === j) continue;
      if (seen[b] || at(g, a, b) === ARROW) continue;
      if (b === j) return true;
      seen[b] = 1;
      stack.push(b);
    }
  }
  return false;
}

/**
 * Whether a → b is visible (Zhang 2008, definition 8): some c not adjacent to b has an edge into a, or
 * a collider path into a on which every inner node is a parent of b.
 */
export function isVisible(g: Pag, a: number, b: number): boolean {
  const seen = new Uint8Array(g.p);
  seen[a] = seen[b] = 1;
  const stack = [a];
  while (stack.length > 0) {
    const t = stack.pop() as number;
    for (const c of g.near[t]) {
      if (seen[c] || at(g, t, c) !== ARROW) continue;
      if (g.marks[c * g.p + b] === NO_EDGE) return true;
      const parent = at(g, c, b) === TAIL && at(g, b, c) === ARROW;
      if (parent && at(g, c, t) === ARROW) {
        seen[c] = 1;
        stack.push(c);
      }
    }
  }
  return false;
}
