// Layered drawing of a graph (Sugiyama's method, by dagre): causes above their effects.
// Edges without a direction pull their ends together but order nothing firmly.

import { Graph as DagreGraph, layout as dagreLayout } from '@dagrejs/dagre';
import { type DagData, type DagEdge, type DagNode, edgeStrength, edgesAbove } from './dag-data.js';
import { shorten } from './markup.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A node's place: its centre and its size, in SVG units. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Where every node of a graph stands. */
export interface DagLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
}

export interface DagLayoutOptions {
  /** Which way arrows mostly run (default `down`). */
  readonly direction?: 'down' | 'right';
  /** Weaker edges have no say in the layout (default: the data's threshold). */
  readonly threshold?: number;
  /** Nodes that stay where they are; only the others are placed. */
  readonly known?: ReadonlyMap<string, Point>;
}

const margin = 24;
const gap = 34;
/** Graphs with more nodes are packed closer, and stretched along their layers' direction. */
const roomy = 40;

/**
 * Place the nodes of a graph. The same graph always gets the same places.
 * @param data The graph; nodes with `x` and `y` keep them.
 */
export function layoutDag(data: DagData, options: DagLayoutOptions = {}): DagLayout {
  const { direction = 'down', threshold = data.threshold ?? 0 } = options;
  const edges = edgesAbove(data, threshold).filter((e) => e.status !== 'forbidden');
  const known = new Map(options.known);
  for (const { id, x, y } of data.nodes) {
    if (x !== undefined && y !== undefined && !known.has(id)) known.set(id, { x, y });
  }
  const boxes = known.size === 0 ? fresh(data, edges, direction) : around(known, data, edges);
  return known.size === 0 ? framed(boxes) : extent(boxes);
}

/** A node's size: two lines of text, wide enough for the longer one. */
export function nodeSize(node: DagNode): { readonly width: number; readonly height: number } {
  const label = textWidth(nodeLabel(node)) * 14 * 1.1 + 28; // bold runs a tenth wider
  const detail = textWidth(nodeDetail(node)) * 11 + 28;
  return { width: Math.max(76, Math.ceil(Math.max(label, detail))), height: 44 };
}

/** A node's name as drawn: long ones are cut, the whole is in the title and in the edge table. */
export function nodeLabel(node: DagNode): string {
  return shorten(node.label, 28);
}

/** The second line of a node: its role, where it has one, and its type. */
export function nodeDetail({ role, type }: DagNode): string {
  return [...(role === 'none' ? [] : [role]), ...(type ? [type] : [])].join(' · ');
}

/** Estimate a text's width in units of its font size; on the safe side for the usual sans-serifs. */
export function textWidth(text: string): number {
  let width = 0;
  for (const c of text) {
    if (/[\u1100-\u{10ffff}]/u.test(c) && !/[\u2000-\u2bff]/.test(c)) width += 1.05;
    else if (/[iljtfrI.,:;'|!()[\] ]/.test(c)) width += 0.36;
    else if (/[mwMW@%…]/.test(c)) width += 0.92;
    else if (/[A-Z0-9_&#]/.test(c)) width += 0.67;
    else width += 0.58;
  }
  return width;
}

/** Connected nodes in layers, the lonely ones in rows below. */
function fresh(
  data: DagData,
  edges: readonly DagEdge[],
  direction: 'down' | 'right',
): Map<string, Box> {
  const touched = new Set(edges.flatMap((e) => [e.source, e.target]));
  const linked = data.nodes.filter((n) => touched.has(n.id));
  const lonely = data.nodes.filter((n) => !touched.has(n.id));
  const boxes = layered(linked, edges, direction);
  const { width, height } = framed(boxes);
  const wrap = Math.max(width, 560);
  let x = 0;
  let y = boxes.size > 0 ? height - margin : 0;
  for (const node of lonely) {
    const size = nodeSize(node);
    if (x > 0 && x + size.width > wrap - 2 * margin) {
      x = 0;
      y += size.height + 24;
    }
    boxes.set(node.id, {
      x: x + size.width / 2 + margin,
      y: y + size.height / 2 + margin,
      ...size,
    });
    x += size.width + 24;
  }
  if (data.tiers) bands(boxes, data.tiers);
  return boxes;
}

function layered(
  nodes: readonly DagNode[],
  edges: readonly DagEdge[],
  direction: 'down' | 'right',
): Map<string, Box> {
  if (nodes.length === 0) return new Map();
  const graph = new DagreGraph({ multigraph: true });
  const labelled = edges.some((e) => e.strength || e.support !== undefined);
  graph.setGraph({
    rankdir: direction === 'down' ? 'TB' : 'LR',
    nodesep: nodes.length > roomy ? 14 : gap,
    edgesep: 14,
    ranksep: labelled ? 66 : 52,
  });
  for (const node of nodes) graph.setNode(node.id, { ...nodeSize(node) });
  for (const edge of edges) {
    // Neither a tail–tail nor an arrow–arrow edge says what comes first.
    const directed = edge.sourceMark !== edge.targetMark;
    const weight = 1 + Math.round(3 * edgeStrength(edge));
    graph.setEdge(edge.source, edge.target, { weight: directed ? weight * 2 : 1 }, edge.id);
  }
  dagreLayout(graph);
  const placed = nodes.map((node) => [node, graph.node(node.id) as Point] as const);
  const { x: stretchX, y: stretchY } = stretch(
    placed.map(([, at]) => at),
    direction,
  );
  return new Map(
    placed.map(([node, { x, y }]) => [
      node.id,
      { x: x * stretchX + margin, y: y * stretchY + margin, ...nodeSize(node) },
    ]),
  );
}

/** Large graphs come out far longer than high: more room between layers lets their edges part. */
function stretch(points: readonly Point[], direction: 'down' | 'right'): Point {
  if (points.length <= roomy) return { x: 1, y: 1 };
  const width = Math.max(...points.map((p) => p.x)) + 1;
  const height = Math.max(...points.map((p) => p.y)) + 1;
  const factor = (long: number, short: number): number =>
    Math.max(1, Math.min(5, long / (1.9 * short)));
  return direction === 'down'
    ? { x: 1, y: factor(width, height) }
    : { x: factor(height, width), y: 1 };
}

/** Move tiers into rows of their own, in order; nodes of no tier come last. */
function bands(boxes: Map<string, Box>, tiers: readonly (readonly string[])[]): void {
  const of = (id: string): number => {
    const tier = tiers.findIndex((t) => t.includes(id));
    return tier < 0 ? tiers.length : tier;
  };
  const rows = new Map<number, [string, Box][]>();
  for (const [id, box] of boxes) rows.set(of(id), [...(rows.get(of(id)) ?? []), [id, box]]);
  let top = margin;
  for (const tier of [...rows.keys()].sort((a, b) => a - b)) {
    // Layers within a tier stay apart, closer together than tiers.
    const levels = new Map<number, [string, Box][]>();
    for (const [id, box] of rows.get(tier) ?? []) {
      const level = Math.round(box.y);
      levels.set(level, [...(levels.get(level) ?? []), [id, box]]);
    }
    for (const level of [...levels.keys()].sort((a, b) => a - b)) {
      let right = Number.NEGATIVE_INFINITY;
      const row = (levels.get(level) ?? []).sort((a, b) => a[1].x - b[1].x);
      for (const [id, box] of row) {
        const x = Math.max(box.x, right + gap + box.width / 2);
        boxes.set(id, { ...box, x, y: top + box.height / 2 });
        right = x + box.width / 2;
      }
      top += 44 + 56;
    }
    top += 24;
  }
}

/** Keep the known nodes; put each new one beside its neighbours, where there is room. */
function around(
  known: ReadonlyMap<string, Point>,
  data: DagData,
  edges: readonly DagEdge[],
): Map<string, Box> {
  const boxes = new Map<string, Box>();
  for (const node of data.nodes) {
    const at = known.get(node.id);
    if (at) boxes.set(node.id, { x: at.x, y: at.y, ...nodeSize(node) });
  }
  for (const node of data.nodes) {
    if (boxes.has(node.id)) continue;
    const near = edges.flatMap((e) => {
      const other = e.source === node.id ? e.target : e.target === node.id ? e.source : undefined;
      const box = other === undefined ? undefined : boxes.get(other);
      return box ? [box] : [];
    });
    const all = near.length > 0 ? near : [...boxes.values()];
    const x = all.reduce((sum, b) => sum + b.x, 0) / Math.max(1, all.length) || margin;
    let y = Math.max(margin, ...all.map((b) => b.y)) + 100;
    const size = nodeSize(node);
    while ([...boxes.values()].some((b) => overlaps({ x, y, ...size }, b, 16))) y += 60;
    boxes.set(node.id, { x, y, ...size });
  }
  return boxes;
}

/** Whether two boxes come closer than `space`. */
export function overlaps(a: Box, b: Box, space: number): boolean {
  return (
    Math.abs(a.x - b.x) < (a.width + b.width) / 2 + space &&
    Math.abs(a.y - b.y) < (a.height + b.height) / 2 + space
  );
}

/** Shift the boxes so that they start at the margin, and measure them. */
function framed(boxes: Map<string, Box>): DagLayout {
  const left = Math.min(...[...boxes.values()].map((b) => b.x - b.width / 2));
  const top = Math.min(...[...boxes.values()].map((b) => b.y - b.height / 2));
  for (const [id, box] of boxes) {
    boxes.set(id, { ...box, x: box.x - left + margin, y: box.y - top + margin });
  }
  return extent(boxes);
}

function extent(boxes: ReadonlyMap<string, Box>): DagLayout {
  const all = [...boxes.values()];
  return {
    width: Math.max(2 * margin, ...all.map((b) => b.x + b.width / 2 + margin)),
    height: Math.max(2 * margin, ...all.map((b) => b.y + b.height / 2 + margin)),
    boxes,
  };
}
