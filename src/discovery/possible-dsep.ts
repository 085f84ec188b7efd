// Possible-D-SEP (Spirtes, Glymour & Scheines 2000, 6.7): with latent common causes a separating set
// need not consist of neighbours. v belongs to that of a when a path leads from a to v on which every
// inner node is a collider or the middle of a triangle. As D-SEP(a, b) holds only ancestors of a and b,
// so may the path; and only nodes on a path between the two that are to be parted can matter (Colombo,
// Maathuis, Kalisch & Richardson 2012): those of their block.

import { at, type Pag } from './fci-rules.js';
import { ARROW, NO_EDGE } from './graph.js';

/**
 * The possible-D-SEP set of a, ascending.
 * @param within 1 for the nodes that may be on a path (default: all).
 * @param seen p × p zeros to work on, zeros again afterwards.
 */
export function possibleDsep(
  g: Pag,
  a: number,
  within?: Uint8Array,
  seen: Uint8Array = new Uint8Array(g.p * g.p),
): number[] {
  const { p } = g;
  const member = new Uint8Array(p);
  const stack: number[] = [];
  const steps: number[] = [];
  const step = (x: number, y: number): void => {
    seen[x * p + y] = 1;
    steps.push(x * p + y);
    member[y] = 1;
    stack.push(x, y);
  };
  for (const b of g.near[a]) {
    if (!within || within[b]) step(a, b);
  }
  while (stack.length > 0) {
    const y = stack.pop() as number;
    const x = stack.pop() as number;
    for (const z of g.near[y]) {
      if (z === x || z === a || seen[y * p + z] || (within && !within[z])) continue;
      const collider = at(g, y, x) === ARROW && at(g, y, z) === ARROW;
      if (collider || g.marks[x * p + z] !== NO_EDGE) step(y, z);
    }
  }
  for (const k of steps) seen[k] = 0;
  member[a] = 0;
  return [...member.keys()].filter((v) => member[v] === 1);
}

/**
 * 1 for every node that may be an ancestor of a (a itself included): no edge of some path to a has an
 * arrowhead against it.
 * @param heads (i, j) is 1 where the edge i – j surely has an arrowhead at i.
 */
export function possibleAncestors(g: Pag, heads: Uint8Array, a: number): Uint8Array {
  const above = new Uint8Array(g.p);
  above[a] = 1;
  const stack = [a];
  while (stack.length > 0) {
    const w = stack.pop() as number;
    for (const v of g.near[w]) {
      if (above[v] || heads[v * g.p + w]) continue;
      above[v] = 1;
      stack.push(v);
    }
  }
  return above;
}

/** For each edge the number of its block (biconnected component), (i, j) of a p × p table; −1 without edge. */
export function blocks(g: Pag): Int32Array {
  const { p } = g;
  const of = new Int32Array(p * p).fill(-1);
  const order = new Int32Array(p).fill(-1);
  const low = new Int32Array(p);
  const edges: number[] = [];
  let clock = 0;
  let count = 0;
  for (let root = 0; root < p; root++) {
    if (order[root] >= 0) continue;
    const path: { node: number; parent: number; next: number }[] = [
      { node: root, parent: -1, next: 0 },
    ];
    order[root] = low[root] = clock++;
    while (path.length > 0) {
      const top = path[path.length - 1];
      const { node, parent } = top;
      if (top.next < g.near[node].length) {
        const to = g.near[node][top.next++];
        if (to === parent) continue;
        if (order[to] < 0) {
          edges.push(node, to);
          order[to] = low[to] = clock++;
          path.push({ node: to, parent: node, next: 0 });
        } else if (order[to] < order[node]) {
          edges.push(node, to);
          low[node] = Math.min(low[node], order[to]);
        }
        continue;
      }
      path.pop();
      if (parent < 0) continue;
      low[parent] = Math.min(low[parent], low[node]);
      if (low[node] >= order[parent]) {
        for (;;) {
          const to = edges.pop() as number;
          const from = edges.pop() as number;
          of[from * p + to] = of[to * p + from] = count;
          if (from === parent && to === node) break;
        }
        count++;
      }
    }
  }
  return of;
}
