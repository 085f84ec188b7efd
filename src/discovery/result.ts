import type { Graph } from './graph.js';
import type { Skeleton } from './skeleton.js';

/** What a search for a graph found. */
export interface DiscoveryResult {
  readonly kind: 'discovery';
  readonly algorithm: string;
  readonly graph: Graph;
  /** Name of the independence test or score. */
  readonly test: string;
  readonly alpha: number;
  readonly rows: number;
  /** Size of the largest conditioning sets tested. */
  readonly depth: number;
  /** What users should know: columns isolated, rows too few, edges changed. */
  readonly warnings: readonly string[];
  /** For each pair that a test parted, the sets that separate it; worked out when read. */
  readonly separatingSets: readonly SeparatingSets[];
}

/** The sets that separate two columns, by number. */
export interface SeparatingSets {
  readonly x: number;
  readonly y: number;
  readonly sets: readonly { readonly given: readonly number[]; readonly p: number }[];
}

/** List the separating sets of a skeleton whose number k stands for column `order[k]`. */
export function separatingSets(skeleton: Skeleton, order: Int32Array): SeparatingSets[] {
  const p = skeleton.variables;
  const list: SeparatingSets[] = [];
  for (let k = 0; k < p; k++) {
    for (let l = k + 1; l < p; l++) {
      if (skeleton.parted[k * p + l] < 0) continue;
      const [x, y] = [order[k], order[l]].sort((a, b) => a - b);
      const sets = skeleton.separators(k, l).map(({ given, logP }) => ({
        given: given.map((g) => order[g]).sort((a, b) => a - b),
        p: Math.exp(logP),
      }));
      list.push({ x, y, sets });
    }
  }
  return list.sort((a, b) => a.x - b.x || a.y - b.y);
}
