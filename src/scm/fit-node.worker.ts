// Fits nodes in a thread of its own. The columns come once; each task is a node and its parents.

import { serve } from '../work/serve.js';
import { type FittedNode, fitNode, type NodeSettings } from './fit-node.js';
import { type ColumnFacts, type Frame, frameColumn, type Variable } from './frame.js';

/** What every task needs. */
export interface FitSetup {
  readonly variables: readonly Variable[];
  /** One value a row, per variable, in memory that the threads share. */
  readonly values: readonly Float64Array[];
  /** What is known of the variables; the bin codes are shared too. */
  readonly facts: readonly (ColumnFacts | undefined)[];
  readonly settings: NodeSettings;
}

/** A node and its parents, sorted. */
export interface Pair {
  readonly node: string;
  readonly parents: readonly string[];
}

// A thread may serve one call after another: a frame lives as long as its call's setup.
const frames = new WeakMap<FitSetup, Frame>();

serve<Pair, FitSetup, FittedNode>((pair, setup) => {
  const { variables, values, facts, settings } = setup;
  let frame = frames.get(setup);
  if (!frame) {
    frame = {
      rows: values[0]?.length ?? 0,
      columns: variables.map((variable, j) => frameColumn(variable, values[j], false, facts[j])),
    };
    frames.set(setup, frame);
  }
  return fitNode(frame, pair.node, pair.parents, settings);
}, ownBuffers);

/** The residuals of a node, one a row: moved to the caller, not copied. */
function ownBuffers({ mechanism }: FittedNode): ArrayBuffer[] {
  if (mechanism.mechanism === 'classifier') return [];
  const { noise, fitted, values } = {
    noise: undefined,
    fitted: undefined,
    values: undefined,
    ...mechanism,
  };
  return [noise, fitted, values].flatMap((a) =>
    a?.buffer instanceof ArrayBuffer ? [a.buffer] : [],
  );
}
