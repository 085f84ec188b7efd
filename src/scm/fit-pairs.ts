// Fits the distinct pairs of node and parents, in worker threads where there is enough to do.

import type { Work } from '../work/long-work.js';
import { checkWorkers, parallelMap } from '../work/pool.js';
import { BLOCK } from './design.js';
import { type FittedNode, fitNode, type NodeSettings } from './fit-node.js';
import type { FitSetup, Pair } from './fit-node.worker.js';
import { type ColumnFacts, type Frame, type FrameColumn, sharedNumbers } from './frame.js';
import { releaseKernel } from './kernel/kernel.js';
import { releaseScratch } from './scratch.js';

/** Work (in units of `costOf`) below which starting threads costs more than it saves: about 0.3 s. */
const WORTH_WORKERS = 3e6;

/**
 * What fitting and then drawing may take beside the table and the model: six tables, reckoned with some
 * room for what a reckoning misses, or so many bytes where that is more. A small table's threads take many
 * times its memory, and no one misses that.
 */
const MOST_TABLES = 5.5;
const SMALL = 40 * 2 ** 20;

/** Tables (bytes) up to which threads wait for the next call: what they hold is little then. */
const KEPT = 2 ** 22;

/**
 * Fit pairs of node and parents.
 * @param workers Most threads; never changes the result.
 * @returns In the order of the pairs.
 */
export async function fitPairs(
  frame: Frame,
  pairs: readonly Pair[],
  settings: NodeSettings,
  workers: number | undefined,
  work: Work,
): Promise<FittedNode[]> {
  const threads = Math.min(checkWorkers(workers), mostThreads(frame, pairs));
  const costs = pairs.map((pair) => costOf(frame, pair, settings));
  const nodes: FittedNode[] = new Array(pairs.length);
  const total = costs.reduce((a, b) => a + b, 0);
  // Cheap ones here and now; the others from the dearest on, so that threads end together.
  const away = threads > 1 && total > WORTH_WORKERS ? costs.map((c) => c > total / 1000) : [];
  for (let i = 0; i < pairs.length; i++) {
    if (away[i]) continue;
    await work.breathe();
    nodes[i] = fitNode(frame, pairs[i].node, pairs[i].parents, settings);
    work.tick(1, pairs[i].node);
  }
  const order = Array.from(pairs.keys())
    .filter((i) => away[i])
    .sort((a, b) => costs[b] - costs[a] || a - b);
  if (order.length === 0) {
    releaseKernel();
    releaseScratch();
    return nodes;
  }
  const used = new Set(order.flatMap((i) => [pairs[i].node, ...pairs[i].parents]));
  const setup: FitSetup = {
    variables: frame.columns.map(({ name, type, categories }) => ({
      name,
      type,
      ...(categories ? { categories } : {}),
    })),
    values: frame.columns.map((c) => shared(c)),
    facts: frame.columns.map((c) => (used.has(c.name) ? factsOf(c) : undefined)),
    settings,
  };
  const found = await parallelMap<Pair, FittedNode>(
    new URL('./fit-node.worker.js', import.meta.url),
    order.map((i) => pairs[i]),
    {
      workers: threads,
      setup,
      signal: work.signal,
      keep: bytesOf(frame) <= KEPT,
      onResult: (_, k) => work.tick(1, pairs[order[k]].node),
    },
  );
  found.forEach((node, k) => {
    nodes[order[k]] = node;
  });
  releaseKernel();
  releaseScratch();
  return nodes;
}

/** A guess at the time a pair takes: trees over rows and parents, one per class. */
function costOf(frame: Frame, { node, parents }: Pair, { quality }: NodeSettings): number {
  if (parents.length === 0) return 0;
  const target = frame.columns.find((c) => c.name === node);
  const classes = target?.categories ? Math.max(1, target.distinct > 2 ? target.distinct : 1) : 1;
  const effort = quality === 'better' ? 5 : quality === 'good' ? 1 : 0.1;
  return frame.rows * classes * (parents.length + 4) * 100 * effort;
}

/**
 * As many threads as the memory permits. Taken together (measured, test/bench/scm/memory.mjs): columns
 * and bin codes that threads share and the rows drawn in the end, 1.8 tables; in each thread code and
 * objects, one block of encoded rows, and of all rows what trees and regressions need in turn.
 */
export function mostThreads(frame: Frame, pairs: readonly Pair[]): number {
  const table = bytesOf(frame);
  const classes = new Map(frame.columns.map((c) => [c.name, c.categories ? c.distinct : 1]));
  let row = 50;
  for (const { node, parents } of pairs) {
    if (parents.length === 0) continue;
    const k = classes.get(node) ?? 1;
    row = Math.max(row, 16 * k + parents.length);
  }
  const thread = 2 ** 20 * (8 + 8 * Math.min(1, frame.rows / BLOCK)) + row * frame.rows;
  const room = Math.max(MOST_TABLES * table, SMALL) - 1.8 * table;
  return Math.max(1, Math.floor(room / thread));
}

/** Bytes of the table that a frame was made from. */
function bytesOf({ columns, rows }: Frame): number {
  return columns.reduce((sum, c) => sum + (c.categories ? 4 : 8) * rows, 0);
}

/** The column's values in memory that threads share. */
function shared({ values }: FrameColumn): Float64Array {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = sharedNumbers(values.length);
  copy.set(values);
  return copy;
}

function factsOf(column: FrameColumn): ColumnFacts {
  return { distinct: column.distinct, binned: column.binned() };
}
