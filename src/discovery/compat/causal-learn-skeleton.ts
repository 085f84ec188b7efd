// The skeleton search of causal-learn 0.1.4.7, in its order: every set of a depth is tested, pairs are
// visited from both ends, and each visit keeps the union of the separating sets that it found.

import type { Table } from '../../data/table.js';
import { eachSubset, without } from '../independence/subsets.js';
import type { Breathe, IndependenceTest } from '../independence/test.js';
import type { ResolvedKnowledge } from '../knowledge.js';
import type { SeparatingSets } from '../result.js';
import type { CountedTest } from './counted-test.js';

/** Adjacencies and, per ordered pair, what was kept at each visit. */
export interface CompatSkeleton {
  readonly adjacent: Uint8Array;
  readonly entries: ReadonlyMap<number, readonly (readonly number[])[]>;
  readonly depth: number;
}

/** Search the skeleton of p variables. */
export async function compatSkeleton(
  test: CountedTest,
  p: number,
  options: {
    readonly alpha: number;
    readonly maxDepth: number;
    readonly stable: boolean;
    readonly knowledge: ResolvedKnowledge;
    /** FCI's search keeps an entry for every visit, PC's only for pairs that part. */
    readonly everyVisit: boolean;
  },
  breathe: Breathe,
): Promise<CompatSkeleton> {
  const { alpha, stable, knowledge } = options;
  const adjacent = new Uint8Array(p * p).fill(1);
  for (let i = 0; i < p; i++) adjacent[i * p + i] = 0;
  const entries = new Map<number, (readonly number[])[]>();
  const append = (x: number, y: number, set: readonly number[]): void => {
    for (const key of [x * p + y, y * p + x]) {
      const list = entries.get(key);
      if (list) list.push(set);
      else entries.set(key, [set]);
    }
  };
  const cut = (x: number, y: number): void => {
    adjacent[x * p + y] = adjacent[y * p + x] = 0;
  };
  const row = (x: number): number[] => {
    const list: number[] = [];
    for (let y = 0; y < p; y++) if (adjacent[x * p + y]) list.push(y);
    return list;
  };
  const widest = (): number => Math.max(...Array.from({ length: p }, (_, x) => row(x).length));
  let depth = -1;
  while (widest() - 1 > depth && depth < options.maxDepth) {
    depth++;
    const removal = new Set<number>();
    for (let x = 0; x < p; x++) {
      const around = row(x);
      for (const y of around) {
        const banned = knowledge.forbidden[x * p + y] === 1 && knowledge.forbidden[y * p + x] === 1;
        if (banned) {
          if (!stable) {
            cut(x, y);
            append(x, y, []);
            break;
          }
          removal.add(x * p + y).add(y * p + x);
        }
        const union = new Set<number>();
        eachSubset(without(around, y), depth, (set) => {
          if (!(test.p(x, y, set) > alpha)) return undefined;
          if (!stable) {
            cut(x, y);
            append(x, y, [...set]);
            return true;
          }
          removal.add(x * p + y).add(y * p + x);
          for (const s of set) union.add(s);
          return undefined;
        });
        if (options.everyVisit || removal.has(x * p + y) || !adjacent[x * p + y]) {
          append(x, y, [...union]);
        }
        await breathe();
      }
    }
    for (const key of removal) adjacent[key] = 0;
  }
  return { adjacent, entries, depth: Math.max(0, depth) };
}

/**
 * Check that compatibility is asked for with what there is.
 * @throws RangeError for other names; Error for a constant column under Fisher's z, as there.
 */
export function checkCompat(
  compat: string | undefined,
  test: IndependenceTest,
  table: Table,
  options: object,
  foreign: readonly string[],
): void {
  if (compat !== 'causal-learn') {
    throw new RangeError(
      `Cannot run in compatibility mode as compat must be "causal-learn": current value is "${compat}"`,
    );
  }
  for (const name of foreign) {
    if ((options as Record<string, unknown>)[name] === undefined) continue;
    throw new RangeError(
      `Cannot run in compatibility mode as causal-learn has no such option: ${name} is given; leave it or compat out`,
    );
  }
  const constant = test.constant ?? [];
  if (test.name === 'fisher-z' && constant.length > 0) {
    throw new RangeError(
      `Cannot run Fisher's z in compatibility mode as the correlation matrix must not be singular: "${table.columns[constant[0]].name}" is constant; drop it`,
    );
  }
}

/** The separating sets of a skeleton, as results list them. */
export function compatSets(
  skeleton: CompatSkeleton,
  p: number,
  test: CountedTest,
): SeparatingSets[] {
  const list: SeparatingSets[] = [];
  for (let x = 0; x < p; x++) {
    for (let y = x + 1; y < p; y++) {
      const entries = skeleton.entries.get(x * p + y);
      if (skeleton.adjacent[x * p + y] || !entries) continue;
      const sets = entries.map((set) => [...set].sort((a, b) => a - b));
      list.push({ x, y, sets: sets.map((given) => ({ given, p: test.known(x, y, given) })) });
    }
  }
  return list;
}
