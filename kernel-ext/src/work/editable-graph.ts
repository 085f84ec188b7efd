import type { DagData, DagEdge, DagNode, MimeBundle } from 'causalmixft/display';
import { type Comm, comm } from './comms.js';
import { loaded } from './library.js';

/** Comm target under which views send edits of a graph. */
export const graphTarget = 'causalmixft.graph';

/** One step of an edit. */
export type GraphStep =
  /** Add an edge, or replace the one of the same id. */
  | { readonly op: 'set-edge'; readonly edge: DagEdge }
  | { readonly op: 'remove-edge'; readonly id: string }
  /** Change some fields of a node. */
  | { readonly op: 'set-node'; readonly node: Partial<DagNode> & { readonly id: string } };

export interface GraphChange {
  readonly revision: number;
  readonly steps: readonly GraphStep[];
  /** Steps that lead back. */
  readonly undo: readonly GraphStep[];
  /** Revisions between the one that the edit was made on and this one: it has the last word. */
  readonly overtook: number;
}

/** A graph that is edited in the browser and in cells. */
export interface EditableGraph {
  /** Names it on the comm. */
  readonly id: string;
  readonly data: DagData;
  readonly revision: number;
  /** Directed edges as [from, to], as `dag` takes them. */
  readonly edges: readonly (readonly [string, string])[];
  /** Call `listen` after each edit, wherever it was made. */
  on(event: 'change', listen: (change: GraphChange) => void): void;
  off(event: 'change', listen: (change: GraphChange) => void): void;
  /** Edit it here; views follow. */
  edit(...steps: GraphStep[]): void;
}

interface Live {
  data: DagData;
  revision: number;
  readonly views: Set<Comm>;
  readonly listeners: Set<(change: GraphChange) => void>;
}

const graphs = new Map<string, Live>();
let counter = 0;

/** Make a graph that views may edit from anything of the library that shows as a graph. */
export function editable(value: object): EditableGraph {
  const data = dataOf(value);
  const id = `graph-${process.pid}-${++counter}`;
  const live: Live = { data, revision: 0, views: new Set(), listeners: new Set() };
  graphs.set(id, live);
  comm.register(graphTarget, opened);
  const graph: EditableGraph = {
    id,
    get data() {
      return live.data;
    },
    get revision() {
      return live.revision;
    },
    get edges() {
      return live.data.edges
        .filter((e) => e.sourceMark === 'tail' && e.targetMark === 'arrow')
        .map((e) => [e.source, e.target] as const);
    },
    on: (_event, listen) => void live.listeners.add(listen),
    off: (_event, listen) => void live.listeners.delete(listen),
    edit: (...steps) => apply(live, steps, live.revision),
  };
  return Object.defineProperty(graph, Symbol.for('Jupyter.display'), {
    value: () => bundleOf(id, live),
  });
}

function dataOf(value: object): DagData {
  const { display } = loaded;
  const found = display?.bundle(value as never)?.data[display.DAG_MIME];
  if (!found) throw new TypeError('Cannot edit the value as it must be a graph of the library');
  return found as DagData;
}

function bundleOf(id: string, { data, revision }: Live): MimeBundle['data'] {
  const { DAG_MIME, renderDagSvg, dagMarkdown, dagText } = loaded.display!;
  return {
    [DAG_MIME]: { ...data, revision, comm: id },
    'image/svg+xml': renderDagSvg(data),
    'text/markdown': dagMarkdown(data),
    'text/plain': dagText(data),
  };
}

/** A view opens a comm with `{ graph: id }` and is told the state. */
function opened(view: Comm, { data }: { readonly data: unknown }): void {
  const live = graphs.get(String((data as { graph?: unknown } | null)?.graph));
  if (!live) {
    view.close({ reason: 'there is no such graph any more; run its cell again' });
    return;
  }
  live.views.add(view);
  view.onClose(() => void live.views.delete(view));
  view.send({ method: 'state', revision: live.revision, data: live.data });
  view.onMessage((event) => {
    const { method, revision, steps } = event.data as Record<string, unknown>;
    if (method !== 'patch') return;
    try {
      if (!Array.isArray(steps)) throw new TypeError('Cannot edit the graph as there are no steps');
      apply(live, steps as GraphStep[], Number(revision), view);
    } catch (error) {
      const reason = (error as Error).message;
      view.send({ method: 'refused', revision: live.revision, reason, data: live.data });
    }
  });
}

/** Apply an edit whole or not at all, and tell everybody. */
function apply(live: Live, steps: readonly GraphStep[], base: number, by?: Comm): void {
  const undo: GraphStep[] = [];
  let { data } = live;
  for (const one of steps) {
    undo.unshift(...inverse(data, one));
    data = step(data, one);
  }
  const [problem] = loaded.display!.dagProblems(data);
  if (problem) throw new RangeError(`Cannot edit the graph: ${problem}`);
  const overtook = Math.max(0, live.revision - base);
  live.data = data;
  live.revision++;
  const change: GraphChange = { revision: live.revision, steps, undo, overtook };
  for (const view of live.views) view.send({ method: 'patched', own: view === by, ...change });
  for (const listen of live.listeners) listen(change);
}

function step(data: DagData, one: GraphStep): DagData {
  switch (one.op) {
    case 'set-edge': {
      const others = data.edges.filter((edge) => edge.id !== one.edge.id);
      return { ...data, edges: [...others, one.edge] };
    }
    case 'remove-edge':
      edgeOf(data, one.id);
      return { ...data, edges: data.edges.filter((edge) => edge.id !== one.id) };
    case 'set-node': {
      const before = nodeOf(data, one.node.id);
      const nodes = data.nodes.map((n) => (n === before ? { ...n, ...one.node } : n));
      return { ...data, nodes };
    }
    default:
      throw new RangeError(
        `Cannot edit the graph as a step must set an edge, remove one or set a node: current value is ${JSON.stringify(one)}`,
      );
  }
}

function inverse(data: DagData, one: GraphStep): GraphStep[] {
  switch (one.op) {
    case 'set-edge': {
      const before = data.edges.find((edge) => edge.id === one.edge.id);
      return [before ? { op: 'set-edge', edge: before } : { op: 'remove-edge', id: one.edge.id }];
    }
    case 'remove-edge':
      return [{ op: 'set-edge', edge: edgeOf(data, one.id) }];
    case 'set-node':
      return [{ op: 'set-node', node: nodeOf(data, one.node.id) }];
    default:
      return [];
  }
}

function edgeOf(data: DagData, id: string): DagEdge {
  const found = data.edges.find((edge) => edge.id === id);
  if (!found) throw new RangeError(`Cannot edit the graph as there is no edge "${id}"`);
  return found;
}

function nodeOf(data: DagData, id: string): DagNode {
  const found = data.nodes.find((node) => node.id === id);
  if (!found) throw new RangeError(`Cannot edit the graph as there is no node "${id}"`);
  return found;
}
