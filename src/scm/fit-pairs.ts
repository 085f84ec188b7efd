// Fits the distinct pairs of node and parents, in worker threads where there is enough to do.

import type { Work } from '../work/long-work.js';
import { checkWorkers, parallelMap } from '../work/pool.js';
import { type FittedNode, fitNode, type NodeSettings } from './fit-node.js';
import type { FitSetup, Pair } from './fit-node.worker.js';
import { type ColumnFacts, type Frame, type FrameColumn, sharedNumbers } from './frame.js';
import { releaseKernel } from './kernel/kernel.js';
import { sharedTurns } from './turns.js';

/** Work (in units of `costOf`) below which starting threads costs more than it saves: about 0.3 s. */
const WORTH_WORKERS = 3e6;

/** Bytes that fits on all rows may hold together in all threads: so many tables, but no less than this. */
const SHARE_OF_TABLE = 3;
const LEAST_BYTES = 2 ** 26;

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
  const threads = checkWorkers(workers);
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
  const tableBytes = frame.columns.reduce((sum, c) => sum + (c.categories ? 4 : 8) * frame.rows, 0);
  const setup: FitSetup = {
    variables: frame.columns.map(({ name, type, categories }) => ({
      name,
      type,
      ...(categories ? { categories } : {}),
    })),
    values: frame.columns.map((c) => shared(c)),
    facts: frame.columns.map((c) => (used.has(c.name) ? factsOf(c) : undefined)),
    settings,
    turns: sharedTurns(Math.max(LEAST_BYTES, SHARE_OF_TABLE * tableBytes)),
  };
  const found = await parallelMap<Pair, FittedNode>(
    new URL('./fit-node.worker.js', import.meta.url),
    order.map((i) => pairs[i]),
    {
      workers: threads,
      setup,
      signal: work.signal,
      keep: tableBytes < LEAST_BYTES / 2,
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
