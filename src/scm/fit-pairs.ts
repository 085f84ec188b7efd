// Fits the distinct pairs of node and parents, in worker threads where there is enough to do.

import type { Work } from '../work/long-work.js';
import { checkWorkers, parallelMap } from '../work/pool.js';
import { type FittedNode, fitNode, type NodeSettings } from './fit-node.js';
import type { FitSetup, Pair } from './fit-node.worker.js';
import { type ColumnFacts, type Frame, type FrameColumn, sharedNumbers } from './frame.js';
import { releaseKernel } from './kernel/kernel.js';

/** Work (in units of `costOf`) below which starting threads costs more than it saves: about 0.3 s. */
const WORTH_WORKERS = 3e6;

/** Tables (bytes) above which memory limits the number of threads, and how many tables all threads may hold. */
const LARGE_TABLE = 2 ** 25;
const MOST_TABLES = 4.5;

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
      keep: bytesOf(frame) <= LARGE_TABLE,
      onResult: (_, k) => work.tick(1, pairs[order[k]].node),
    },
  );
  found.forEach((node, k) => {
    nodes[order[k]] = node;
  });
  releaseKernel();
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

/** As many threads as hold no more than a few times a large table; threads of a small one hold little. */
function mostThreads(frame: Frame, pairs: readonly Pair[]): number {
  const table = bytesOf(frame);
  if (table <= LARGE_TABLE) return Number.POSITIVE_INFINITY;
  const classes = new Map(frame.columns.map((c) => [c.name, c.categories ? c.distinct : 1]));
  let most = 0;
  for (const { node, parents } of pairs) {
    if (parents.length === 0) continue;
    // Trees on all rows: what a row takes in the kernel and beside it.
    const k = classes.get(node) ?? 1;
    most = Math.max(most, 60 + 33 * (k > 2 ? k : 1) + 2 * parents.length);
  }
  return Math.max(1, Math.floor((MOST_TABLES * table) / (frame.rows * most)));
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
