// The drawing surface of the graph view: draws a graph with the same functions as the static
// picture and adds zoom, pan, dragging and the keyboard. It keeps no data of its own besides where
// the nodes stand and how they are looked at. Kept together: pointer, wheel and keys act on one
// and the same viewport.

import {
  type DagData,
  type DagEdge,
  type DagLayout,
  type DagNode,
  drawingFrame,
  type EdgeRoute,
  edgeLabelMarkup,
  edgeLabelSize,
  edgeMarkup,
  edgesAbove,
  layoutDag,
  nodeMarkup,
  type Point,
  routeEdges,
} from 'causalmixft/display';
import { h, svg } from './dom.js';
import { pageTheme } from './page-theme.js';
import type { Translate } from './translate.js';

export interface DagStageOptions {
  readonly t: Translate;
  /** Say something to people who do not see the picture. */
  announce(text: string): void;
  onSelect(id: string | undefined): void;
  /** Keys that belong to the view around the stage: layout, search, help, leaving. */
  onKey(key: 'layout' | 'search' | 'help' | 'leave'): void;
  /** Whether the wheel zooms without Ctrl: in a panel, not in a notebook that must scroll. */
  readonly wheelZooms: boolean;
}

/** Graphs with more nodes re-route only the edges at hand while a node is dragged. */
const fullRoutingLimit = 40;
const zoomRange = [0.15, 4] as const;

/** The surface on which a graph is drawn and handled. */
export class DagStage {
  readonly element: HTMLDivElement;
  private readonly picture = svg('svg', { class: 'cmx-picture', role: 'application' });
  private readonly viewport = svg('g');
  private readonly edgeLayer = svg('g', { 'aria-hidden': 'true' });
  private readonly nodeLayer = svg('g');
  private readonly labelLayer = svg('g', { 'aria-hidden': 'true', class: 'cmx-labels' });
  private readonly nodes = new Map<string, SVGGElement>();
  private data: DagData | undefined;
  private layout: DagLayout = { width: 0, height: 0, boxes: new Map() };
  private edges: readonly DagEdge[] = [];
  private routes: ReadonlyMap<string, EdgeRoute> = new Map();
  private threshold = 0;
  private view = { x: 0, y: 0, k: 1 };
  private selected: string | undefined;
  private current: string | undefined;
  private fitted = true;
  private frameRequest = 0;
  private readonly pointers = new Map<number, Point>();
  private readonly observer: ResizeObserver;

  constructor(private readonly options: DagStageOptions) {
    this.viewport.append(this.edgeLayer, this.nodeLayer, this.labelLayer);
    this.picture.append(this.viewport);
    this.element = h('div', { class: 'cmx-stage' });
    this.element.append(this.picture);
    this.listen();
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.element);
  }

  /** Show a graph. Nodes already on the surface stay where they are. */
  show(data: DagData, threshold: number): void {
    const known = new Map<string, Point>(this.data ? this.layout.boxes : []);
    const kept = new Map(
      data.nodes.flatMap((n) => (known.has(n.id) ? [[n.id, known.get(n.id) as Point]] : [])),
    );
    this.layout = layoutDag(data, kept.size > 0 ? { known: kept } : {});
    this.data = data;
    this.threshold = threshold;
    if (!data.nodes.some((node) => node.id === this.current)) {
      this.current = (data.nodes.find((n) => n.role === 'target') ?? data.nodes[0])?.id;
    }
    if (!data.nodes.some((node) => node.id === this.selected)) this.selected = undefined;
    this.drawEdges();
    this.drawNodes();
    if (this.fitted) this.fit();
  }

  /** Hide the edges below a threshold; nodes stay where they are. */
  setThreshold(threshold: number): void {
    this.threshold = threshold;
    this.drawEdges();
    this.nameNodes();
    this.fade(this.selected);
  }

  /** Place all nodes afresh, for the edges now shown. */
  relayout(direction: 'down' | 'right'): void {
    if (!this.data) return;
    const bare = this.data.nodes.map(({ x: _x, y: _y, ...node }) => node);
    this.layout = layoutDag(
      { ...this.data, nodes: bare },
      { direction, threshold: this.threshold },
    );
    this.drawEdges();
    this.drawNodes();
    this.fit();
  }

  /** Where the nodes stand now. */
  positions(): DagLayout {
    return this.layout;
  }

  /** Number of edges now shown. */
  shownEdges(): number {
    return this.edges.length;
  }

  /** Bring the whole graph into sight. */
  fit(): void {
    const frame = this.frame();
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0 || clientHeight === 0) return;
    const k = Math.min(1.25, clientWidth / frame.width, clientHeight / frame.height);
    this.view = {
      k,
      x: (clientWidth - k * frame.width) / 2 - k * frame.x,
      y: (clientHeight - k * frame.height) / 2 - k * frame.y,
    };
    this.fitted = true;
    this.place();
  }

  /** Height in pixels at which the graph is seen whole at its natural size, for a given width. */
  naturalHeight(width: number): number {
    const frame = this.frame();
    return frame.height * Math.min(1, width / frame.width);
  }

  /** Zoom about a point of the surface, or about its middle. */
  zoom(factor: number, about?: Point): void {
    const { clientWidth, clientHeight } = this.element;
    const at = about ?? { x: clientWidth / 2, y: clientHeight / 2 };
    const k = Math.max(zoomRange[0], Math.min(zoomRange[1], this.view.k * factor));
    const ratio = k / this.view.k;
    this.view = {
      k,
      x: at.x - ratio * (at.x - this.view.x),
      y: at.y - ratio * (at.y - this.view.y),
    };
    this.fitted = false;
    this.place();
  }

  /** Select a node and show what it is joined to; `undefined` selects nothing. */
  select(id: string | undefined): void {
    this.selected = id;
    for (const [other, group] of this.nodes) {
      group.setAttribute('aria-pressed', String(other === id));
      group.classList.toggle('cmx-selected', other === id);
    }
    this.fade(id);
    this.options.onSelect(id);
  }

  /** Move the keyboard to a node, bringing it into sight. */
  focusNode(id: string): void {
    const group = this.nodes.get(id);
    const box = this.layout.boxes.get(id);
    if (!group || !box) return;
    this.setCurrent(id);
    group.focus({ preventScroll: true });
    const { clientWidth, clientHeight } = this.element;
    const x = this.view.x + this.view.k * box.x;
    const y = this.view.y + this.view.k * box.y;
    const dx = x < 40 ? 40 - x : x > clientWidth - 40 ? clientWidth - 40 - x : 0;
    const dy = y < 30 ? 30 - y : y > clientHeight - 30 ? clientHeight - 30 - y : 0;
    if (dx !== 0 || dy !== 0) {
      this.view = { ...this.view, x: this.view.x + dx, y: this.view.y + dy };
      this.fitted = false;
      this.place();
    }
  }

  /** Bring a node into the middle, near enough to read it, and move the keyboard there. */
  reveal(id: string): void {
    const box = this.layout.boxes.get(id);
    if (!box) return;
    const k = Math.max(this.view.k, 0.8);
    const { clientWidth, clientHeight } = this.element;
    if (k !== this.view.k) {
      this.view = { k, x: clientWidth / 2 - k * box.x, y: clientHeight / 2 - k * box.y };
      this.fitted = false;
      this.place();
    }
    this.focusNode(id);
  }

  dispose(): void {
    this.observer.disconnect();
    cancelAnimationFrame(this.frameRequest);
  }

  private frame(): { x: number; y: number; width: number; height: number } {
    return drawingFrame(this.layout, this.routes.values());
  }

  private resized(): void {
    if (this.fitted) this.fit();
  }

  private place(): void {
    const { x, y, k } = this.view;
    this.viewport.setAttribute('transform', `translate(${x} ${y}) scale(${k})`);
  }

  private drawEdges(): void {
    if (!this.data) return;
    this.edges = edgesAbove(this.data, this.threshold);
    this.routes = routeEdges(this.edges, this.layout, edgeLabelSize);
    // Every text in this markup was escaped by the functions that wrote it.
    this.edgeLayer.innerHTML = this.edges.map((e) => this.edgeMarkup(e)).join('');
    this.labelLayer.innerHTML = this.edges.map((e) => this.labelMarkup(e)).join('');
  }

  /** Draw only the edges of one node afresh: while a node of a large graph is dragged. */
  private drawEdgesOf(id: string): void {
    const touched = this.edges.filter((e) => e.source === id || e.target === id);
    this.routes = new Map([...this.routes, ...routeEdges(touched, this.layout, edgeLabelSize)]);
    for (const edge of touched) {
      const own = `[data-edge="${CSS.escape(edge.id)}"]`;
      const line = this.edgeLayer.querySelector(own);
      if (line) line.outerHTML = this.edgeMarkup(edge);
      const label = this.labelLayer.querySelector(own);
      if (label) label.outerHTML = this.labelMarkup(edge);
    }
  }

  private edgeMarkup(edge: DagEdge): string {
    const route = this.routes.get(edge.id);
    const hit = route ? `<path class="cmx-hit" d="${route.line}"/>` : '';
    return edgeMarkup(edge, route, pageTheme).replace('</g>', `${hit}</g>`);
  }

  private labelMarkup(edge: DagEdge): string {
    return edgeLabelMarkup(edge, this.routes.get(edge.id), pageTheme);
  }

  private drawNodes(): void {
    if (!this.data) return;
    const focused = document.activeElement?.closest?.('.cmx-node')?.getAttribute('data-node');
    const held = focused !== null && focused !== undefined && this.nodes.has(focused);
    this.nodeLayer.innerHTML = this.data.nodes
      .map((node) => nodeMarkup(node, this.layout.boxes.get(node.id), pageTheme))
      .join('');
    this.nodes.clear();
    this.data.nodes.forEach((node, i) => {
      const group = this.nodeLayer.children[i] as SVGGElement;
      group.setAttribute('role', 'button');
      group.setAttribute('aria-pressed', String(node.id === this.selected));
      group.setAttribute('tabindex', node.id === this.current ? '0' : '-1');
      this.nodes.set(node.id, group);
    });
    this.nameNodes();
    this.fade(this.selected);
    if (held && focused) this.nodes.get(focused)?.focus({ preventScroll: true });
  }

  private nameNodes(): void {
    for (const node of this.data?.nodes ?? []) {
      this.nodes.get(node.id)?.setAttribute('aria-label', this.nodeName(node));
    }
  }

  /** A node in words: name, role, type, and what it is joined to by the edges now shown. */
  nodeName(node: DagNode): string {
    const { t } = this.options;
    const by = (wanted: (edge: DagEdge) => string | undefined): string =>
      this.edges.flatMap((edge) => wanted(edge) ?? []).join(', ');
    const out = by((e) => {
      if (e.source === node.id && e.sourceMark === 'tail' && e.targetMark === 'arrow')
        return e.target;
      return e.target === node.id && e.targetMark === 'tail' && e.sourceMark === 'arrow'
        ? e.source
        : undefined;
    });
    const into = by((e) => {
      if (e.target === node.id && e.sourceMark === 'tail' && e.targetMark === 'arrow')
        return e.source;
      return e.source === node.id && e.targetMark === 'tail' && e.sourceMark === 'arrow'
        ? e.target
        : undefined;
    });
    const other = by((e) => {
      const directed = [e.sourceMark, e.targetMark].sort().join() === 'arrow,tail';
      if (directed) return undefined;
      return e.source === node.id ? e.target : e.target === node.id ? e.source : undefined;
    });
    return [
      [
        node.label,
        ...(node.role === 'none' ? [] : [node.role]),
        ...(node.type ? [node.type] : []),
      ].join(', '),
      ...(into ? [t('arrows from %1', into)] : []),
      ...(out ? [t('arrows to %1', out)] : []),
      ...(other ? [t('joined with %1', other)] : []),
    ].join('; ');
  }

  /** Fade what is not joined to a node; `undefined` fades nothing. */
  private fade(id: string | undefined): void {
    const near = new Set<string>(id === undefined ? [] : [id]);
    for (const edge of this.edges) {
      if (edge.source === id) near.add(edge.target);
      if (edge.target === id) near.add(edge.source);
    }
    for (const [other, group] of this.nodes) {
      group.classList.toggle('cmx-faded', id !== undefined && !near.has(other));
    }
    for (const layer of [this.edgeLayer, this.labelLayer]) {
      for (const group of layer.querySelectorAll<SVGGElement>(':scope > [data-edge]')) {
        const edge = this.edges.find((e) => e.id === group.dataset.edge);
        const touches = edge?.source === id || edge?.target === id;
        group.classList.toggle('cmx-faded', id !== undefined && !touches);
      }
    }
  }

  private move(id: string, to: Point, finished: boolean): void {
    const box = this.layout.boxes.get(id);
    if (!box) return;
    this.layout = { ...this.layout, boxes: new Map(this.layout.boxes).set(id, { ...box, ...to }) };
    this.nodes.get(id)?.setAttribute('transform', `translate(${to.x} ${to.y})`);
    this.fitted = false;
    const whole = finished || this.nodes.size <= fullRoutingLimit;
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = requestAnimationFrame(() => {
      if (whole) this.drawEdges();
      else this.drawEdgesOf(id);
      this.fade(this.selected);
    });
  }

  private listen(): void {
    this.picture.addEventListener('pointerdown', (event) => this.pointerDown(event));
    this.picture.addEventListener('keydown', (event) => this.key(event));
    this.picture.addEventListener('focusin', (event) => {
      const id = nodeOf(event.target);
      if (id !== undefined) this.setCurrent(id);
    });
    this.picture.addEventListener('pointerover', (event) => {
      if (this.selected === undefined && this.pointers.size === 0) this.fade(nodeOf(event.target));
    });
    this.picture.addEventListener('pointerleave', () => this.fade(this.selected));
    this.element.addEventListener(
      'wheel',
      (event) => {
        if (!this.options.wheelZooms && !event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        this.zoom(Math.exp(-event.deltaY * lines * 0.0022), this.local(event));
      },
      { passive: false },
    );
  }

  private local(event: MouseEvent): Point {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** One finger or the mouse drags a node or the ground; two fingers zoom. */
  private pointerDown(down: PointerEvent): void {
    if (down.button !== 0) return;
    this.pointers.set(down.pointerId, this.local(down));
    this.picture.setPointerCapture(down.pointerId);
    const id = this.pointers.size === 1 ? nodeOf(down.target) : undefined;
    const start = this.local(down);
    const from = id === undefined ? undefined : this.layout.boxes.get(id);
    const view = this.view;
    let moved = false;
    const onMove = (event: PointerEvent): void => {
      if (event.pointerId !== down.pointerId) return;
      const at = this.local(event);
      const before = [...this.pointers.values()];
      this.pointers.set(event.pointerId, at);
      if (this.pointers.size === 2) {
        const after = [...this.pointers.values()];
        const spread = ([a, b]: Point[]): number => Math.hypot(a.x - b.x, a.y - b.y) || 1;
        this.zoom(spread(after) / spread(before), {
          x: (after[0].x + after[1].x) / 2,
          y: (after[0].y + after[1].y) / 2,
        });
        moved = true;
        return;
      }
      const [dx, dy] = [at.x - start.x, at.y - start.y];
      if (!moved && Math.hypot(dx, dy) < 4) return;
      moved = true;
      this.picture.classList.add('cmx-dragging');
      if (id !== undefined && from) {
        this.move(id, { x: from.x + dx / this.view.k, y: from.y + dy / this.view.k }, false);
      } else {
        this.view = { ...view, x: view.x + dx, y: view.y + dy };
        this.fitted = false;
        this.place();
      }
    };
    const onUp = (event: PointerEvent): void => {
      if (event.pointerId !== down.pointerId) return;
      this.pointers.delete(event.pointerId);
      this.picture.classList.remove('cmx-dragging');
      this.picture.removeEventListener('pointermove', onMove);
      this.picture.removeEventListener('pointerup', onUp);
      this.picture.removeEventListener('pointercancel', onUp);
      const box = id === undefined ? undefined : this.layout.boxes.get(id);
      if (moved && id !== undefined && box) {
        this.move(id, box, true);
        this.options.announce(this.options.t('%1 moved', id));
      } else if (!moved) {
        this.select(id === this.selected ? undefined : id);
        if (id !== undefined) this.focusNode(id);
      }
    };
    this.picture.addEventListener('pointermove', onMove);
    this.picture.addEventListener('pointerup', onUp);
    this.picture.addEventListener('pointercancel', onUp);
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const arrows: Readonly<Record<string, Point>> = {
      ArrowLeft: { x: -1, y: 0 },
      ArrowRight: { x: 1, y: 0 },
      ArrowUp: { x: 0, y: -1 },
      ArrowDown: { x: 0, y: 1 },
    };
    const way = arrows[event.key];
    if (way && this.current !== undefined) {
      if (event.shiftKey) this.nudge(this.current, way);
      else this.step(this.current, way);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.select(this.current === this.selected ? undefined : this.current);
    } else if (event.key === '+' || event.key === '=') this.zoom(1.25);
    else if (event.key === '-') this.zoom(0.8);
    else if (event.key === '0') this.fit();
    else if (event.key === 'l' || event.key === 'L') this.options.onKey('layout');
    else if (event.key === '/') this.options.onKey('search');
    else if (event.key === '?') this.options.onKey('help');
    else if (event.key === 'Escape') {
      if (this.selected !== undefined) this.select(undefined);
      else this.options.onKey('leave');
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private nudge(id: string, way: Point): void {
    const box = this.layout.boxes.get(id);
    if (!box) return;
    this.move(id, { x: box.x + 12 * way.x, y: box.y + 12 * way.y }, true);
    this.options.announce(this.options.t('%1 moved', id));
  }

  /** Move the keyboard to the nearest node that way; nodes joined by an edge are preferred. */
  private step(id: string, way: Point): void {
    const from = this.layout.boxes.get(id);
    if (!from) return;
    const joined = new Set(
      this.edges.flatMap((e) => (e.source === id ? [e.target] : e.target === id ? [e.source] : [])),
    );
    let best: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [other, box] of this.layout.boxes) {
      const along = (box.x - from.x) * way.x + (box.y - from.y) * way.y;
      const across = Math.abs((box.x - from.x) * way.y) + Math.abs((box.y - from.y) * way.x);
      if (other === id || along <= 4 || across > 2.5 * along) continue;
      const cost = (along + 2 * across) * (joined.has(other) ? 0.4 : 1);
      if (cost < least) {
        least = cost;
        best = other;
      }
    }
    if (best !== undefined) this.focusNode(best);
  }

  private setCurrent(id: string): void {
    if (this.current !== undefined) this.nodes.get(this.current)?.setAttribute('tabindex', '-1');
    this.current = id;
    this.nodes.get(id)?.setAttribute('tabindex', '0');
  }

  /** Name the picture as a whole. */
  setName(name: string): void {
    this.picture.setAttribute('aria-label', name);
  }

  /** Move the keyboard into the picture. */
  focus(): void {
    if (this.current !== undefined) this.focusNode(this.current);
  }
}

function nodeOf(target: EventTarget | null): string | undefined {
  if (!(target instanceof Element)) return undefined;
  return target.closest('.cmx-node')?.getAttribute('data-node') ?? undefined;
}
