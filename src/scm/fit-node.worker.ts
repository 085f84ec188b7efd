// Fits nodes in a thread of its own. The columns come once; each task is a node and its parents.

import { serve } from '../work/serve.js';
import { type FittedNode, fitNode, type NodeSettings } from './fit-node.js';
import { type Frame, frameColumn, type Variable } from './frame.js';

/** What every task needs. */
export interface FitSetup {
  readonly variables: readonly Variable[];
  /** One value a row, per variable. */
  readonly values: readonly Float64Array[];
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
  const { variables, values, settings } = setup;
  let frame = frames.get(setup);
  if (!frame) {
    frame = {
      rows: values[0]?.length ?? 0,
      columns: variables.map((variable, j) => frameColumn(variable, values[j])),
    };
    frames.set(setup, frame);
  }
  return fitNode(frame, pair.node, pair.parents, settings);
});
