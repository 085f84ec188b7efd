// The way of an edge between two node outlines: a straight line or one quadratic curve, bent where
// the straight way would run through another node. End marks are paths, not SVG markers: they look
// the same in every program that reads SVG.

import type { DagEdge, DagMark } from './dag-data.js';
import type { Box, DagLayout, Point } from './dag-layout.js';
import { coordinate } from './markup.js';

/** An edge as drawn. */
export interface EdgeRoute {
  /** Path of the line between the two marks. */
  readonly line: string;
  readonly sourceMark: MarkPath;
  readonly targetMark: MarkPath;
  /** Points of the way, to measure a picture by. */
  readonly middle: readonly Point[];
  /** Centre of the label. */
  readonly label: Point;
  /** Direction source → target at the label, in degrees. */
  readonly angle: number;
}

export interface MarkPath {
  readonly mark: DagMark;
  readonly path: string;
}

/** A curve from `a` to `b` pulled towards `control`. */
interface Curve {
  readonly a: Point;
  readonly control: Point;
  readonly b: Point;
}

const markLength = 11;
const offsets = [0, 26, -26, 52, -52, 84, -84, 124, -124, 175, -175, 240, -240];
const labelPlaces = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74];

/**
 * Find the way of each edge and a place for its label.
 * @param edges The edges to draw.
 * @param labelSize Size of an edge's label; none when it is absent.
 * @param only Edges whose way is wanted (default: all); the others' labels are not looked at.
 */
export function routeEdges(
  edges: readonly DagEdge[],
  layout: DagLayout,
  labelSize: (edge: DagEdge) => { width: number; height: number } | undefined,
): ReadonlyMap<string, EdgeRoute> {
  const routes = new Map<string, EdgeRoute>();
  const taken: Box[] = [...layout.boxes.values()];
  const drawn: Drawn = { tips: [], ways: [] };
  const pairs = new Map<string, number>();
  for (const edge of edges) {
    const source = layout.boxes.get(edge.source);
    const target = layout.boxes.get(edge.target);
    if (!source || !target || edge.source === edge.target) continue;
    const pair = [edge.source, edge.target].sort().join('\u0000');
    const nth = pairs.get(pair) ?? 0;
    pairs.set(pair, nth + 1);
    const bidirected = edge.sourceMark === 'arrow' && edge.targetMark === 'arrow';
    const obstacles = [...layout.boxes].flatMap(([id, box]) =>
      id === edge.source || id === edge.target ? [] : [box],
    );
    const curve = clearCurve(edge, [source, target], obstacles, drawn, bidirected ? 1 : nth);
    const [t0, t1] = visible(curve, source, target);
    drawn.tips.push(...markedTips(edge, curve, t0, t1));
    drawn.ways.push(...middle(curve));
    const size = labelSize(edge);
    const place = labelPlace(curve, t0, t1, size, taken);
    if (size) taken.push({ ...at(curve, place), ...size });
    routes.set(edge.id, draw(edge, curve, t0, t1, place));
  }
  return routes;
}

/** What is drawn already and better left free. */
interface Drawn {
  /** Ends with a mark. */
  readonly tips: Point[];
  /** Points along the curves. */
  readonly ways: Point[];
}

/**
 * The curve that runs through the fewest nodes, whose marks do not fall onto marks already there,
 * that keeps out of other curves' ways, and that is bent least; bends are tried from `first` on.
 */
function clearCurve(
  edge: DagEdge,
  [source, target]: readonly [Box, Box],
  obstacles: readonly Box[],
  { tips, ways }: Drawn,
  first: number,
): Curve {
  let best = bend(source, target, offsets[first]);
  let least = Number.POSITIVE_INFINITY;
  for (let k = first; k < offsets.length; k++) {
    const curve = bend(source, target, offsets[k]);
    const [t0, t1] = visible(curve, source, target);
    const onMarks = markedTips(edge, curve, t0, t1).filter((tip) =>
      tips.some((other) => Math.hypot(tip.x - other.x, tip.y - other.y) < 13),
    );
    const along = middle(curve).filter((p) =>
      ways.some((other) => Math.hypot(p.x - other.x, p.y - other.y) < 18),
    );
    const cost = 10 * hits(curve, obstacles) + 4 * onMarks.length + 2 * along.length + (k - first);
    if (cost < least) {
      least = cost;
      best = curve;
    }
    // Further bends cost at least as much as the best so far.
    if (least <= k - first + 1) break;
  }
  return best;
}

/** Where a curve ends with an arrow or a circle; tails may meet. */
function markedTips(edge: DagEdge, curve: Curve, t0: number, t1: number): readonly Point[] {
  return [
    ...(edge.sourceMark === 'tail' ? [] : [at(curve, t0)]),
    ...(edge.targetMark === 'tail' ? [] : [at(curve, t1)]),
  ];
}

/** A few points of a curve, away from its ends. */
function middle(curve: Curve): readonly Point[] {
  return [0.25, 0.4, 0.5, 0.6, 0.75].map((t) => at(curve, t));
}

/** How many boxes a curve runs through. */
function hits(curve: Curve, boxes: readonly Box[]): number {
  const hull = [curve.a, curve.control, curve.b];
  const [x0, x1] = [Math.min(...hull.map((p) => p.x)), Math.max(...hull.map((p) => p.x))];
  const [y0, y1] = [Math.min(...hull.map((p) => p.y)), Math.max(...hull.map((p) => p.y))];
  const points = Array.from({ length: 39 }, (_, k) => at(curve, (k + 1) / 40));
  let count = 0;
  for (const { x, y, width, height } of boxes) {
    const [w, h] = [width / 2 + 5, height / 2 + 5];
    if (x + w < x0 || x - w > x1 || y + h < y0 || y - h > y1) continue;
    if (points.some((p) => Math.abs(p.x - x) < w && Math.abs(p.y - y) < h)) count++;
  }
  return count;
}

/** Curve whose middle lies `offset` to the left of the straight way. */
function bend(a: Point, b: Point, offset: number): Curve {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const nx = (b.y - a.y) / length;
  const ny = (a.x - b.x) / length;
  const control = {
    x: (a.x + b.x) / 2 + 2 * offset * nx,
    y: (a.y + b.y) / 2 + 2 * offset * ny,
  };
  return { a, control, b };
}

function at({ a, control, b }: Curve, t: number): Point {
  const u = 1 - t;
  return {
    x: u * u * a.x + 2 * u * t * control.x + t * t * b.x,
    y: u * u * a.y + 2 * u * t * control.y + t * t * b.y,
  };
}

/** The part of a curve outside both boxes, as two parameters, found by halving. */
function visible(curve: Curve, source: Box, target: Box): readonly [number, number] {
  const leave = (box: Box, from: number, to: number): number => {
    let inside = from;
    let outside = to;
    for (let k = 0; k < 24; k++) {
      const t = (inside + outside) / 2;
      if (distance(at(curve, t), box) < 2) inside = t;
      else outside = t;
    }
    return outside;
  };
  return [leave(source, 0, 0.5), leave(target, 1, 0.5)];
}

/** Signed distance from a box with corners rounded as nodes are drawn; negative inside. */
function distance(p: Point, box: Box): number {
  const radius = 9;
  const dx = Math.abs(p.x - box.x) - box.width / 2 + radius;
  const dy = Math.abs(p.y - box.y) - box.height / 2 + radius;
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius;
}

function labelPlace(
  curve: Curve,
  t0: number,
  t1: number,
  size: { width: number; height: number } | undefined,
  taken: readonly Box[],
): number {
  let best = 0.5;
  let least = Number.POSITIVE_INFINITY;
  for (const share of size ? labelPlaces : [0.5]) {
    const t = t0 + share * (t1 - t0);
    const p = at(curve, t);
    let cost = 0;
    for (const box of size ? taken : []) {
      const w = (box.width + (size?.width ?? 0)) / 2 + 2 - Math.abs(p.x - box.x);
      const h = (box.height + (size?.height ?? 0)) / 2 + 2 - Math.abs(p.y - box.y);
      if (w > 0 && h > 0) cost += w * h;
    }
    if (cost < least) {
      least = cost;
      best = t;
    }
    if (cost === 0) break;
  }
  return best;
}

function draw(edge: DagEdge, curve: Curve, t0: number, t1: number, place: number): EdgeRoute {
  const startTip = at(curve, t0);
  const endTip = at(curve, t1);
  const step = (t1 - t0) / 64;
  const along = (from: number, sign: number): number => {
    // Parameter at which the curve is one mark's length away from its tip.
    const tip = at(curve, from);
    for (let k = 1; k <= 32; k++) {
      const p = at(curve, from + sign * k * step);
      if (Math.hypot(p.x - tip.x, p.y - tip.y) >= markLength) return from + sign * k * step;
    }
    return from + sign * 32 * step;
  };
  const s0 = along(t0, 1);
  const s1 = along(t1, -1);
  const start = at(curve, s0);
  const end = at(curve, s1);
  const before = at(curve, place - 0.01);
  const after = at(curve, place + 0.01);
  return {
    line: piece(curve, s0, s1),
    sourceMark: markPath(edge.sourceMark, startTip, start),
    targetMark: markPath(edge.targetMark, endTip, end),
    middle: middle(curve),
    label: at(curve, place),
    angle: (Math.atan2(after.y - before.y, after.x - before.x) * 180) / Math.PI,
  };
}

/** Path of a curve between two parameters: a quadratic Bézier again, by de Casteljau's rule. */
function piece(curve: Curve, t0: number, t1: number): string {
  const { a, control, b } = curve;
  const start = at(curve, t0);
  const end = at(curve, t1);
  const mix = (p: number, q: number, t: number): number => p + (q - p) * t;
  // Blossom of the quadratic at (t0, t1).
  const cx = mix(mix(a.x, control.x, t0), mix(control.x, b.x, t0), t1);
  const cy = mix(mix(a.y, control.y, t0), mix(control.y, b.y, t0), t1);
  return `M${xy(start)}Q${xy({ x: cx, y: cy })} ${xy(end)}`;
}

/** One end mark, from the node's outline (`tip`) to where the line ends (`base`). */
function markPath(mark: DagMark, tip: Point, base: Point): MarkPath {
  const length = Math.hypot(tip.x - base.x, tip.y - base.y) || 1;
  const ux = (tip.x - base.x) / length;
  const uy = (tip.y - base.y) / length;
  if (mark === 'tail') {
    // It starts a little inside the line, or the seam would show.
    return { mark, path: `M${xy({ x: base.x - ux, y: base.y - uy })}L${xy(tip)}` };
  }
  if (mark === 'arrow') {
    const left = { x: base.x - 5.5 * uy, y: base.y + 5.5 * ux };
    const right = { x: base.x + 5.5 * uy, y: base.y - 5.5 * ux };
    return { mark, path: `M${xy(left)}L${xy(tip)}L${xy(right)}Z` };
  }
  const r = length / 2 - 0.5;
  const far = { x: base.x + 0.5 * ux, y: base.y + 0.5 * uy };
  const near = { x: tip.x - 0.5 * ux, y: tip.y - 0.5 * uy };
  const arc = `A${coordinate(r)} ${coordinate(r)} 0 1 1 `;
  return { mark, path: `M${xy(far)}${arc}${xy(near)}${arc}${xy(far)}Z` };
}

function xy({ x, y }: Point): string {
  return `${coordinate(x)} ${coordinate(y)}`;
}
