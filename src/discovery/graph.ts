/** The mark at one end of an edge. The codes are causal-learn's, so that its matrices load as they are. */
export type Mark = -1 | 0 | 1 | 2;
export const NO_EDGE = 0 as const;
export const TAIL = -1 as const;
export const ARROW = 1 as const;
export const CIRCLE = 2 as const;

/** What a graph's marks mean. */
export type GraphType = 'graph' | 'digraph' | 'dag' | 'pdag' | 'cpdag' | 'mag' | 'pag';

/** A mixed graph over the columns of a table. */
export interface Graph {
  readonly kind: 'graph';
  readonly type: GraphType;
  /** p column names, in the table's order. */
  readonly names: readonly string[];
  /** p × p, row-major: entry (i, j) is the mark **at i** of the edge i–j. i → j: (j, i) = 1, (i, j) = −1. */
  readonly marks: Int8Array;
  /** Name of the target column, where there is one. */
  readonly target?: string;
}

/** A directed acyclic graph. */
export interface Dag extends Graph {
  readonly type: 'dag';
}
