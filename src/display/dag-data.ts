import type { Graph, GraphType, Mark } from '../discovery/graph.js';

// The data of a graph view, as it travels to the browser and rests in saved notebooks.
// Fields may be added; none changes its meaning without a new `version`. See `dag-schema.ts`.

export type DagMark = 'tail' | 'arrow' | 'circle';
export type DagRole = 'target' | 'exposure' | 'adjusted' | 'selected' | 'latent' | 'none';
export type DagStatus = 'learned' | 'required' | 'forbidden' | 'edited';
export type DagNodeType = 'numeric' | 'integer' | 'ordinal' | 'categorical' | 'boolean';

export interface DagNode {
  readonly id: string;
  readonly label: string;
  readonly role: DagRole;
  readonly type?: DagNodeType;
  /** Place in the order of tiers, from 0. */
  readonly tier?: number;
  /** Where the node's centre was put by hand, in SVG units. */
  readonly x?: number;
  readonly y?: number;
  readonly pinned?: boolean;
  readonly note?: string;
}

export interface DagEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly sourceMark: DagMark;
  readonly targetMark: DagMark;
  /** How often resamples pointed each way, 0–1: `forward` is source → target. */
  readonly strength?: { readonly forward: number; readonly backward: number };
  /** Share of resamples in which the two were adjacent, 0–1. */
  readonly support?: number;
  readonly status: DagStatus;
  /** Such as "visible", "definitely direct". */
  readonly properties?: readonly string[];
}

export interface DagKnowledge {
  readonly required?: readonly (readonly [string, string])[];
  readonly forbidden?: readonly (readonly [string, string])[];
  readonly tiers?: readonly (readonly string[])[];
}

export interface DagData {
  readonly version: 1;
  readonly kind: GraphType;
  readonly nodes: readonly DagNode[];
  readonly edges: readonly DagEdge[];
  readonly target?: string;
  readonly tiers?: readonly (readonly string[])[];
  /** Graphs sampled from this one, each as a list of [from, to]. */
  readonly samples?: readonly (readonly (readonly [string, string])[])[];
  readonly knowledge?: DagKnowledge;
  readonly title?: string;
  /** Such as algorithm, alpha, seed and rows. */
  readonly provenance?: Readonly<Record<string, string | number>>;
  /** What the reader should know: columns isolated, rows too few. */
  readonly notes?: readonly string[];
  /** Edges with less strength than this are not drawn at first, 0–1. */
  readonly threshold?: number;
}

export interface DagDataOptions {
  readonly title?: string;
  /** Types of the columns by name, where they are known. */
  readonly types?: Readonly<Record<string, DagNodeType>>;
  readonly tiers?: readonly (readonly string[])[];
  readonly knowledge?: DagKnowledge;
  readonly provenance?: Readonly<Record<string, string | number>>;
  readonly notes?: readonly string[];
  /** Edges weaker than this are not drawn at first, 0–1 (default `0.3` for edge strengths, else `0`). */
  readonly threshold?: number;
}

/** The part of `EdgeStrengths` that a view needs. */
export interface StrengthsLike {
  readonly names: readonly string[];
  /** p × p, row-major: entry (i, j) is P(i → j). */
  readonly probabilities: ArrayLike<number>;
  readonly target?: string;
}

const markNames: Readonly<Record<Mark, DagMark>> = {
  [-1]: 'tail',
  0: 'tail',
  1: 'arrow',
  2: 'circle',
};

/** Write a graph as view data. Each pair with a mark gives one edge, drawn from tail to arrow. */
export function graphData(graph: Graph, options: DagDataOptions = {}): DagData {
  const { names, marks } = graph;
  const p = names.length;
  const mark = (i: number, j: number): DagMark => markNames[marks[i * p + j] as Mark];
  const edges: DagEdge[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = i + 1; j < p; j++) {
      if (marks[i * p + j] === 0 && marks[j * p + i] === 0) continue;
      // An arrow points to the target; between equals the table's order decides.
      const backward = mark(i, j) === 'arrow' && mark(j, i) !== 'arrow';
      const [s, t] = backward ? [j, i] : [i, j];
      edges.push({
        id: `${names[s]}→${names[t]}`,
        source: names[s],
        target: names[t],
        sourceMark: mark(s, t),
        targetMark: mark(t, s),
        status: statusOf(names[s], names[t], options.knowledge),
      });
    }
  }
  return {
    version: 1,
    kind: graph.type,
    nodes: nodesOf(graph, options),
    edges,
    ...rest(graph, options),
  };
}

/**
 * Write edge strengths as view data: one edge a pair, pointing the stronger way, with both numbers.
 * Where neither way has two thirds of the pair's strength, the edge is drawn without an arrow.
 */
export function strengthsData(strengths: StrengthsLike, options: DagDataOptions = {}): DagData {
  const { names, probabilities } = strengths;
  const p = names.length;
  const edges: DagEdge[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = i + 1; j < p; j++) {
      const there = probabilities[i * p + j];
      const back = probabilities[j * p + i];
      if (!(there + back > 0)) continue;
      const [s, t, forward, backward] = back > there ? [j, i, back, there] : [i, j, there, back];
      edges.push({
        id: `${names[s]}→${names[t]}`,
        source: names[s],
        target: names[t],
        sourceMark: 'tail',
        targetMark: forward >= (2 / 3) * (forward + backward) ? 'arrow' : 'tail',
        strength: { forward: round4(forward), backward: round4(backward) },
        support: round4(Math.min(1, forward + backward)),
        status: statusOf(names[s], names[t], options.knowledge),
      });
    }
  }
  return {
    version: 1,
    kind: 'pdag',
    nodes: nodesOf(strengths, options),
    edges,
    threshold: 0.3,
    ...rest(strengths, options),
  };
}

/** The number that decides an edge's width and whether it is over the threshold: 1 where none is known. */
export function edgeStrength({ strength, support }: DagEdge): number {
  if (strength) return Math.min(1, strength.forward + strength.backward);
  return support ?? 1;
}

/** The edges at or above a threshold; required and forbidden ones always count. */
export function edgesAbove(data: DagData, threshold: number): readonly DagEdge[] {
  return data.edges.filter((e) => edgeStrength(e) >= threshold - 1e-9 || e.status !== 'learned');
}

const endings: Readonly<Record<DagMark, readonly [string, string]>> = {
  tail: ['-', '-'],
  arrow: ['<', '>'],
  circle: ['o', 'o'],
};

/** An edge's two marks in three letters, as Tetrad writes them: `-->`, `o->`, `<->`, `---`. */
export function markText({
  sourceMark,
  targetMark,
}: Pick<DagEdge, 'sourceMark' | 'targetMark'>): string {
  return `${endings[sourceMark][0]}-${endings[targetMark][1]}`;
}

function nodesOf(
  { names, target }: { readonly names: readonly string[]; readonly target?: string },
  { types, tiers }: DagDataOptions,
): readonly DagNode[] {
  return names.map((name) => {
    const type = types && Object.hasOwn(types, name) ? types[name] : undefined;
    const tier = tiers?.findIndex((t) => t.includes(name)) ?? -1;
    return {
      id: name,
      label: name,
      role: name === target ? 'target' : 'none',
      ...(type ? { type } : {}),
      ...(tier >= 0 ? { tier } : {}),
    };
  });
}

function rest(
  { target }: { readonly target?: string },
  { title, tiers, knowledge, provenance, notes, threshold }: DagDataOptions,
): Partial<DagData> {
  return {
    ...(target === undefined ? {} : { target }),
    ...(tiers ? { tiers } : {}),
    ...(knowledge ? { knowledge } : {}),
    ...(title === undefined ? {} : { title }),
    ...(provenance ? { provenance } : {}),
    ...(notes ? { notes } : {}),
    ...(threshold === undefined ? {} : { threshold }),
  };
}

function statusOf(source: string, target: string, knowledge: DagKnowledge | undefined): DagStatus {
  const has = (pairs: DagKnowledge['required']): boolean =>
    pairs?.some(([from, to]) => from === source && to === target) ?? false;
  if (has(knowledge?.required)) return 'required';
  return has(knowledge?.forbidden) ? 'forbidden' : 'learned';
}

function round4(x: number): number {
  return Math.round(x * 1e4) / 1e4;
}
