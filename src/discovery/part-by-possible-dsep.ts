import type { Work } from '../work/long-work.js';
import { at, type Pag } from './fci-rules.js';
import { ARROW } from './graph.js';
import type { IndependenceTest, Separator } from './independence/test.js';
import type { ResolvedKnowledge } from './knowledge.js';
import { blocks, possibleAncestors, possibleDsep } from './possible-dsep.js';
import { type Skeleton, search } from './skeleton.js';

/** Part pairs by sets from Possible-D-SEP. All are judged on the same graph, so their order does not matter. */
export async function partByPossibleDsep(
  test: IndependenceTest,
  g: Pag,
  skeleton: Skeleton,
  knowledge: ResolvedKnowledge,
  limit: number,
  alpha: number,
  work: Work,
): Promise<Skeleton> {
  const { p } = g;
  const block = blocks(g);
  const gone = new Map<number, readonly Separator[]>();
  const inBlock = (pool: readonly number[], a: number, b: number): number[] => {
    const id = block[a * p + b];
    return pool.filter((v) => v !== a && v !== b && g.near[v].some((w) => block[v * p + w] === id));
  };
  const heads = await sureHeads(test, g, skeleton, knowledge, alpha, () => work.breathe());
  const above = Array.from({ length: p }, (_, a) => possibleAncestors(g, heads, a));
  const seen = new Uint8Array(p * p);
  for (let a = 0; a < p; a++) {
    for (const b of g.near[a]) {
      if (b < a || knowledge.required[a * p + b] || knowledge.required[b * p + a]) continue;
      const within = above[a].map((v, i) => v | above[b][i]);
      let given: readonly number[] | undefined;
      for (const [x, y] of [
        [a, b],
        [b, a],
      ]) {
        const pool = inBlock(possibleDsep(g, x, within, seen), x, y);
        // Sets of neighbours alone were tested before.
        if (pool.every((v) => g.marks[v * p + x] !== 0)) continue;
        for (let size = 1; size <= Math.min(limit, pool.length, test.maxGiven) && !given; size++) {
          [given] = await search(test, x, [y], pool, size, alpha, () => work.breathe());
        }
        if (given) break;
      }
      if (given) gone.set(a * p + b, [{ given, logP: test.test(a, b, given).logP }]);
      await work.breathe();
    }
  }
  if (gone.size === 0) return skeleton;
  const adjacent = Uint8Array.from(skeleton.adjacent);
  const parted = Int16Array.from(skeleton.parted);
  for (const [key, [{ given }]] of gone) {
    const [a, b] = [Math.floor(key / p), key % p];
    adjacent[a * p + b] = adjacent[b * p + a] = 0;
    parted[a * p + b] = parted[b * p + a] = given.length;
  }
  return {
    ...skeleton,
    adjacent,
    parted,
    firstSeparator: (x, y) =>
      gone.get(Math.min(x, y) * p + Math.max(x, y))?.[0].given ?? skeleton.firstSeparator(x, y),
    inSeparator: (x, y, v) =>
      gone.get(Math.min(x, y) * p + Math.max(x, y))?.[0].given.includes(v) ??
      skeleton.inSeparator(x, y, v),
    separators: (x, y) =>
      gone.get(Math.min(x, y) * p + Math.max(x, y)) ?? skeleton.separators(x, y),
  };
}

/**
 * The arrowheads that are sure before Possible-D-SEP has cut edges: those of colliders b of a and c
 * where b depends on both given what parted a and c (Colombo et al. 2012, lemma 3.1), and those of
 * knowledge. An edge that is to be cut yet can make others look like arrowheads.
 */
async function sureHeads(
  test: IndependenceTest,
  g: Pag,
  skeleton: Skeleton,
  knowledge: ResolvedKnowledge,
  alpha: number,
  breathe: () => Promise<void>,
): Promise<Uint8Array> {
  const { p } = g;
  const heads = new Uint8Array(p * p);
  const logAlpha = Math.log(alpha);
  for (let b = 0; b < p; b++) {
    for (const [k, a] of g.near[b].entries()) {
      if (knowledge.required[a * p + b] || knowledge.forbidden[b * p + a]) heads[b * p + a] = 1;
      if (at(g, b, a) !== ARROW) continue;
      for (const c of g.near[b].slice(k + 1)) {
        if (at(g, b, c) !== ARROW || g.marks[a * p + c] !== 0) continue;
        if (heads[b * p + a] && heads[b * p + c]) continue;
        const given = skeleton.firstSeparator(a, c);
        if (!given || skeleton.inSeparator(a, c, b) !== false) continue;
        if (test.test(a, b, given).logP > logAlpha || test.test(c, b, given).logP > logAlpha) {
          continue;
        }
        heads[b * p + a] = heads[b * p + c] = 1;
      }
    }
    await breathe();
  }
  return heads;
}
