import {
  type DagData,
  type DagEdge,
  type DagNode,
  edgeStrength,
  edgesAbove,
  markText,
} from './dag-data.js';
import {
  type Box,
  type DagLayout,
  layoutDag,
  nodeDetail,
  nodeLabel,
  textWidth,
} from './dag-layout.js';
import { describeDag } from './dag-text.js';
import { type EdgeRoute, routeEdges } from './edge-route.js';
import { coordinate, escapeMarkup } from './markup.js';
import { fontFamily, lightTheme, type Theme } from './theme.js';

export interface DagSvgOptions {
  /** Edges weaker than this are left out (default: the data's threshold). */
  readonly threshold?: number;
  /** Places of the nodes (default: `layoutDag`). */
  readonly layout?: DagLayout;
  readonly theme?: Theme;
}

/**
 * Draw a graph as SVG text: pure, deterministic, complete in itself (colours, title, description).
 * @param data The graph's view data; nothing in it can bring markup into the picture.
 */
export function renderDagSvg(data: DagData, options: DagSvgOptions = {}): string {
  const { threshold = data.threshold ?? 0, theme = lightTheme } = options;
  const layout = options.layout ?? layoutDag(data, { threshold });
  const edges = edgesAbove(data, threshold);
  const routes = routeEdges(edges, layout, edgeLabelSize);
  const footer = footerLines(data, edges.length, threshold);
  const frame = drawingFrame(layout, routes.values());
  const left = Math.floor(frame.x);
  const top = Math.floor(frame.y);
  const bottom = frame.y + frame.height;
  const w = Math.ceil(
    Math.max(frame.width, 48 + Math.max(0, ...footer.map((l) => textWidth(l) * 11.5))),
  );
  const h = Math.ceil(frame.height + (footer.length > 0 ? 8 + 16 * footer.length : 0));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${left} ${top} ${w} ${h}" role="img" font-family="${fontFamily}">`,
    `<title>${escapeMarkup(data.title ?? 'Causal graph')}</title>`,
    `<desc>${escapeMarkup(describeDag(data, threshold))}</desc>`,
    `<rect x="${left}" y="${top}" width="${w}" height="${h}" rx="8" fill="${theme.background}"/>`,
    ...edges.map((e) => edgeMarkup(e, routes.get(e.id), theme)),
    ...data.nodes.map((n) => nodeMarkup(n, layout.boxes.get(n.id), theme)),
    ...edges.map((e) => edgeLabelMarkup(e, routes.get(e.id), theme)),
    ...footer.map(
      (line, k) =>
        `<text x="${left + 24}" y="${coordinate(bottom + 6 + 16 * k)}" font-size="11.5" fill="${theme.muted}">${escapeMarkup(line)}</text>`,
    ),
    '</svg>',
  ].join('\n');
}

/** The frame around all nodes and edges: its upper left corner and its size, with a margin. */
export function drawingFrame(
  layout: DagLayout,
  routes: Iterable<EdgeRoute>,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  let [x0, y0, x1, y1] = [0, 0, layout.width, layout.height];
  for (const box of layout.boxes.values()) {
    x0 = Math.min(x0, box.x - box.width / 2 - 24);
    y0 = Math.min(y0, box.y - box.height / 2 - 24);
  }
  for (const { middle, label } of routes) {
    for (const p of [...middle, label]) {
      x0 = Math.min(x0, p.x - 40);
      x1 = Math.max(x1, p.x + 40);
      y0 = Math.min(y0, p.y - 16);
      y1 = Math.max(y1, p.y + 16);
    }
  }
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}

/** One edge: its line and its two marks. Width and opacity show strength; the pattern shows status. */
export function edgeMarkup(edge: DagEdge, route: EdgeRoute | undefined, theme: Theme): string {
  if (!route) return '';
  const strength = edgeStrength(edge);
  const known = edge.strength !== undefined || edge.support !== undefined;
  const width = coordinate(known ? 1.2 + 2.6 * strength : 2);
  const colour = theme[statusColours[edge.status]];
  const dash = dashOf(edge);
  const ends = [route.sourceMark, route.targetMark].map(({ mark, path }) => {
    const fill = mark === 'arrow' ? colour : mark === 'circle' ? theme.background : 'none';
    const stroke = mark === 'tail' ? width : mark === 'circle' ? '2' : '1';
    return `<path class="cmx-mark" data-mark="${mark}" d="${path}" fill="${fill}" stroke="${colour}" stroke-width="${stroke}" stroke-linejoin="round"/>`;
  });
  const core =
    edge.status === 'required'
      ? `<path class="cmx-core" d="${route.line}" fill="none" stroke="${theme.background}" stroke-width="1.4"/>`
      : '';
  return [
    `<g class="cmx-edge" data-edge="${escapeMarkup(edge.id)}" data-status="${edge.status}" opacity="${coordinate(0.55 + 0.45 * strength)}">`,
    `<title>${escapeMarkup(edgeName(edge))}</title>`,
    `<path class="cmx-line" d="${route.line}" fill="none" stroke="${colour}" stroke-width="${edge.status === 'required' ? '4.6' : width}"${dash}/>`,
    core,
    ...ends,
    '</g>',
  ].join('');
}

const statusColours = {
  learned: 'line',
  required: 'required',
  forbidden: 'forbidden',
  edited: 'edited',
} as const satisfies Record<DagEdge['status'], keyof Theme>;

function dashOf({ status, sourceMark, targetMark }: DagEdge): string {
  const dash =
    status === 'forbidden'
      ? '2 5'
      : status === 'edited'
        ? '10 4 2 4'
        : sourceMark === 'arrow' && targetMark === 'arrow'
          ? '7 5'
          : '';
  return dash ? ` stroke-dasharray="${dash}"` : '';
}

/** The numbers of an edge on a small plate: how often each way, or how often at all. */
export function edgeLabelMarkup(edge: DagEdge, route: EdgeRoute | undefined, theme: Theme): string {
  const size = edgeLabelSize(edge);
  if (!route || !size) return '';
  const { x, y } = route.label;
  const left = x - size.width / 2;
  const plate = `<rect x="${coordinate(left)}" y="${coordinate(y - size.height / 2)}" width="${coordinate(size.width)}" height="${size.height}" rx="${size.height / 2}" fill="${theme.background}" fill-opacity="0.92"/>`;
  let at = left + 5;
  const parts = labelParts(edge).map((part) => {
    const head = part.turn === undefined ? 0 : 10;
    const triangle =
      part.turn === undefined
        ? ''
        : `<path d="M-3.5 -3.5L4 0L-3.5 3.5Z" transform="translate(${coordinate(at + 4)} ${coordinate(y)}) rotate(${Math.round(route.angle + part.turn)})" fill="${part.weak ? theme.muted : theme.text}"/>`;
    const text = `<text x="${coordinate(at + head)}" y="${coordinate(y + 4)}" font-size="11" fill="${part.weak ? theme.muted : theme.text}">${escapeMarkup(part.text)}</text>`;
    at += head + textWidth(part.text) * 11 + 6;
    return triangle + text;
  });
  return `<g class="cmx-label" data-edge="${escapeMarkup(edge.id)}">${plate}${statusIcon(edge, x, y - size.height / 2 - 6, theme)}${parts.join('')}</g>`;
}

/** Size of an edge's plate; none where the edge has no number and no icon. */
export function edgeLabelSize(edge: DagEdge): { width: number; height: number } | undefined {
  const parts = labelParts(edge);
  if (parts.length === 0) return edge.status === 'learned' ? undefined : { width: 4, height: 4 };
  const width = parts.reduce(
    (sum, p) => sum + textWidth(p.text) * 11 + (p.turn === undefined ? 0 : 10) + 6,
    4,
  );
  return { width, height: 16 };
}

interface LabelPart {
  readonly text: string;
  /** Turn of the small arrowhead before the number, against the edge's direction, in degrees. */
  readonly turn?: number;
  readonly weak?: boolean;
}

function labelParts({ strength, support }: DagEdge): readonly LabelPart[] {
  if (strength) {
    const { forward, backward } = strength;
    if (backward < 0.005) return [{ text: forward.toFixed(2) }];
    return [
      { text: forward.toFixed(2), turn: 0 },
      { text: backward.toFixed(2), turn: 180, weak: backward < forward },
    ];
  }
  return support === undefined ? [] : [{ text: support.toFixed(2) }];
}

/** A lock for required, a cross for forbidden, a pencil stroke for edited: never colour alone. */
function statusIcon({ status }: DagEdge, x: number, y: number, theme: Theme): string {
  const icon = {
    learned: '',
    required: `<path d="M-4 -1H4V5H-4ZM-2.5 -1V-3A2.5 2.5 0 0 1 2.5 -3V-1" fill="none" stroke="${theme.required}" stroke-width="1.6"/>`,
    forbidden: `<path d="M-4 -4L4 4M4 -4L-4 4" stroke="${theme.forbidden}" stroke-width="2.2"/>`,
    edited: `<path d="M-4 4L-3 1L3 -5L5 -3L-1 3Z" fill="${theme.edited}"/>`,
  }[status];
  return icon && `<g transform="translate(${coordinate(x)} ${coordinate(y)})">${icon}</g>`;
}

/** One node: outline by role, name, and role and type below it. */
export function nodeMarkup(node: DagNode, box: Box | undefined, theme: Theme): string {
  if (!box) return '';
  const { x, y, width, height } = box;
  const label = nodeLabel(node);
  const detail = nodeDetail(node);
  const target = node.role === 'target';
  return [
    `<g class="cmx-node" data-node="${escapeMarkup(node.id)}" data-role="${node.role}" transform="translate(${coordinate(x)} ${coordinate(y)})">`,
    `<title>${escapeMarkup(node.note ? `${node.label}: ${node.note}` : node.label)}</title>`,
    outline(node, width, height, theme),
    `<text class="cmx-name" text-anchor="middle" y="${detail ? -2 : 5}" font-size="14" font-weight="600" fill="${theme.text}">${escapeMarkup(label)}</text>`,
    detail
      ? `<text class="cmx-detail" text-anchor="middle" y="14" font-size="11" fill="${target ? theme.target : theme.muted}">${escapeMarkup(detail)}</text>`
      : '',
    '</g>',
  ].join('');
}

/** The target is a double outline with round ends, a latent variable a dashed ellipse, the rest rectangles. */
function outline({ role }: DagNode, width: number, height: number, theme: Theme): string {
  const rect = (w: number, h: number, r: number, extra: string): string =>
    `<rect class="cmx-outline" x="${coordinate(-w / 2)}" y="${coordinate(-h / 2)}" width="${coordinate(w)}" height="${coordinate(h)}" rx="${r}" ${extra}/>`;
  if (role === 'target') {
    return (
      rect(
        width,
        height,
        height / 2,
        `fill="${theme.targetFill}" stroke="${theme.target}" stroke-width="1.8"`,
      ) +
      rect(
        width - 7,
        height - 7,
        (height - 7) / 2,
        `fill="none" stroke="${theme.target}" stroke-width="1"`,
      )
    );
  }
  if (role === 'latent') {
    return `<ellipse class="cmx-outline" rx="${coordinate(width / 2)}" ry="${coordinate(height / 2)}" fill="${theme.node}" stroke="${theme.nodeLine}" stroke-width="1.5" stroke-dasharray="5 4"/>`;
  }
  const radius = role === 'none' ? 9 : role === 'exposure' ? 16 : 0;
  return rect(
    width,
    height,
    radius,
    `fill="${theme.node}" stroke="${theme.nodeLine}" stroke-width="${role === 'none' ? 1.4 : 2.4}"`,
  );
}

function footerLines(data: DagData, shown: number, threshold: number): readonly string[] {
  const left = data.edges.length - shown;
  const lines: string[] = [];
  if (data.edges.some((e) => e.strength)) {
    lines.push('Numbers: share of resamples that point this way. Width: share with any edge.');
  }
  if (left > 0) {
    lines.push(
      `${left} weaker ${left === 1 ? 'edge' : 'edges'} (below ${threshold.toFixed(2)}) not drawn.`,
    );
  }
  if (data.edges.some((e) => e.sourceMark === 'circle' || e.targetMark === 'circle')) {
    lines.push('○ at an end: arrow or tail, the data do not tell.');
  }
  return lines;
}

/** Name an edge for people who do not see it: "a → b, learned, strength 0.80". */
export function edgeName(edge: DagEdge): string {
  const { strength, support } = edge;
  const words = [`${edge.source} ${markText(edge)} ${edge.target}`];
  if (edge.status !== 'learned') words.push(edge.status);
  if (strength) {
    words.push(
      `strength ${strength.forward.toFixed(2)} forward, ${strength.backward.toFixed(2)} backward`,
    );
  } else if (support !== undefined) words.push(`support ${support.toFixed(2)}`);
  return words.join(', ');
}
