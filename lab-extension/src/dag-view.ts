// The graph view: controls, drawing surface, edge table and what is said about them.
// Kept together: the controls act on one another, and each is a few lines of labels.

import {
  DAG_MIME,
  type DagData,
  dagGrid,
  dagProblems,
  describeDag,
  type Grid,
  renderDagSvg,
} from 'causalmixft/display';
import { DagStage } from './dag-stage.js';
import { button, choice, h, keepKeys, labelled, menu } from './dom.js';
import { onViewHost, viewHost } from './host.js';
import { fileName, savePng, saveText } from './save.js';
import { type Translate, untranslated } from './translate.js';

export interface ViewOptions {
  /** Where the view is drawn. */
  readonly el: HTMLElement;
  readonly t?: Translate;
  /** Whether the view has a panel to itself. */
  readonly panel?: boolean;
}

/** A view on the page. */
export interface View {
  /** Show other data in the same view. */
  update(data: unknown): void;
  dispose(): void;
}

/**
 * Draw an interactive graph into an element.
 * @param data `DagData` of version 1; anything else gets a sentence that says what is wrong.
 */
export function dagView(data: unknown, { el, t = untranslated, panel = false }: ViewOptions): View {
  let shown: DagData | undefined;
  let threshold = 0;
  let touched = false;
  let direction: 'down' | 'right' = 'down';

  const status = h('p', { class: 'cmx-status', role: 'status', 'aria-live': 'polite' });
  const say = (text: string): void => {
    status.textContent = text;
  };
  const stage = new DagStage({
    t,
    wheelZooms: panel,
    announce: say,
    onSelect(id) {
      const node = shown?.nodes.find((n) => n.id === id);
      say(node ? `${stage.nodeName(node)}.${node.note ? ` ${node.note}` : ''}` : overview());
    },
    onKey(key) {
      if (key === 'layout') relayout();
      else if (key === 'search') search.focus();
      else if (key === 'help') {
        help.open = !help.open;
      } else fit.focus();
    },
  });

  const overview = (): string => (shown ? describeDag(shown, threshold) : '');
  const relayout = (): void => {
    stage.relayout(direction);
    say(t('Laid out afresh'));
  };

  const slider = h('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.05,
    oninput: () => {
      threshold = Number(slider.value);
      touched = true;
      applyThreshold();
      say(overview());
    },
  });
  const reading = h('span', { class: 'cmx-reading' });
  const strength = labelled(t('Strength at least'), slider);
  strength.append(reading);
  const applyThreshold = (): void => {
    slider.value = String(threshold);
    reading.textContent = threshold.toFixed(2);
    slider.setAttribute('aria-valuetext', threshold.toFixed(2));
    stage.setThreshold(threshold);
  };

  const names = h('datalist', { id: `cmx-names-${++counter}` });
  const search = h('input', {
    type: 'search',
    placeholder: t('Find variable'),
    'aria-label': t('Find variable'),
    list: names.id,
    onchange: () => find(),
    onkeydown: (event) => {
      const { key } = event as KeyboardEvent;
      if (key === 'Enter') find();
      if (key === 'Escape') stage.focus();
    },
  });
  const find = (): void => {
    const wanted = search.value.trim().toLowerCase();
    if (!wanted || !shown) return;
    const label = (n: DagData['nodes'][number]): string => n.label.toLowerCase();
    const node =
      shown.nodes.find((n) => label(n) === wanted) ??
      shown.nodes.find((n) => label(n).includes(wanted));
    if (!node) {
      say(t('No variable called “%1”', search.value));
      return;
    }
    showTable(false);
    stage.select(node.id);
    stage.reveal(node.id);
  };

  const table = h('div', { class: 'cmx-table', hidden: true });
  const tableButton = button(t('Edge table'), () => showTable(table.hidden));
  const showTable = (on: boolean): void => {
    table.hidden = !on;
    stage.element.hidden = on;
    tableButton.setAttribute('aria-pressed', String(on));
    if (on && shown) table.replaceChildren(gridTable({ ...dagGrid(shown), caption: overview() }));
  };
  showTable(false);

  const fit = button(t('Fit'), () => stage.fit());
  const title = (): string => shown?.title ?? t('Causal graph');
  const picture = (): string =>
    shown ? renderDagSvg(shown, { threshold, layout: stage.positions() }) : '';
  const save = menu(t('Save'), [
    [t('Picture (SVG)'), () => saveText(fileName(title(), 'svg'), 'image/svg+xml', picture())],
    [t('Picture (PNG)'), () => void savePng(fileName(title(), 'png'), picture())],
    [
      t('Graph (JSON)'),
      () =>
        saveText(
          fileName(title(), 'dag.json'),
          'application/json',
          JSON.stringify(placed(), null, 1),
        ),
    ],
  ]);
  /** The data with the nodes where they stand now. */
  const placed = (): DagData | undefined =>
    shown && {
      ...shown,
      nodes: shown.nodes.map((node) => {
        const box = stage.positions().boxes.get(node.id);
        return box ? { ...node, x: Math.round(box.x), y: Math.round(box.y) } : node;
      }),
    };
  const open = button(t('Open in panel'), () =>
    viewHost().openInPanel?.(DAG_MIME, placed(), title()),
  );
  const layoutChoice = choice(
    t('Layout'),
    [
      ['down', t('top down')],
      ['right', t('left to right')],
    ],
    direction,
    (value) => {
      direction = value === 'right' ? 'right' : 'down';
      relayout();
    },
  );
  const help = h(
    'details',
    { class: 'cmx-help' },
    h('summary', {}, t('Keys and marks')),
    h(
      'p',
      {},
      t(
        'Arrow keys go from variable to variable, with Shift they move it. Enter shows what it is joined to. + and − zoom, 0 fits, L lays out, / finds, Escape leaves.',
      ),
    ),
    h('p', {}, t('The mouse drags variables and the ground; Ctrl and the wheel zoom.')),
    h(
      'p',
      {},
      t(
        'Arrow: cause to effect. Two arrows, dashed: a hidden common cause. No mark: direction open. Circle: arrow or tail, the data do not tell.',
      ),
    ),
  );

  const toolbar = h(
    'div',
    { class: 'cmx-toolbar', role: 'group', 'aria-label': t('Graph view') },
    button(t('Zoom out'), () => stage.zoom(0.8), '−'),
    button(t('Zoom in'), () => stage.zoom(1.25), '+'),
    fit,
    layoutChoice,
    strength,
    search,
    names,
    h('span', { class: 'cmx-space' }),
    tableButton,
    save,
    open,
  );
  const root = h(
    'div',
    { class: `cmx-view cmx-dag${panel ? ' cmx-panel' : ''}` },
    toolbar,
    stage.element,
    table,
    status,
    help,
  );
  keepKeys(root);
  el.append(root);
  const hostChanged = (): void => {
    open.hidden = panel || !viewHost().openInPanel;
  };
  hostChanged();
  const stopListening = onViewHost(hostChanged);

  // The height follows the graph once the width is known; then the reader may change it.
  let sized = panel;
  const size = (): void => {
    const { clientWidth } = stage.element;
    if (sized || clientWidth === 0 || !shown) return;
    sized = true;
    const height = shown.nodes.length > 40 ? 620 : stage.naturalHeight(clientWidth);
    stage.element.style.height = `${Math.ceil(Math.max(180, Math.min(620, height)))}px`;
    stage.fit();
  };
  const observer = new ResizeObserver(size);
  observer.observe(stage.element);

  const update = (next: unknown): void => {
    const problems = dagProblems(next);
    root.classList.toggle('cmx-broken', problems.length > 0);
    if (problems.length > 0) {
      say(
        t(
          'This graph cannot be drawn: %1. The picture saved with it may still be shown by an older or newer version of the extension.',
          problems[0],
        ),
      );
      return;
    }
    shown = next as DagData;
    if (!touched) threshold = shown.threshold ?? 0;
    const graded = shown.edges.some((e) => e.strength || e.support !== undefined);
    strength.hidden = !graded;
    search.hidden = shown.nodes.length < 6;
    names.replaceChildren(...shown.nodes.map((n) => h('option', { value: n.label })));
    stage.show(shown, threshold);
    applyThreshold();
    size();
    stage.setName(`${title()}. ${describeDag(shown, threshold)}`);
    if (!table.hidden) showTable(true);
    say(overview());
  };
  update(data);
  return {
    update,
    dispose() {
      observer.disconnect();
      stopListening();
      stage.dispose();
      root.remove();
    },
  };
}

let counter = 0;

/** A grid as an HTML table of the page. */
export function gridTable({ caption, columns, rows, note }: Grid): HTMLElement {
  return h(
    'div',
    {},
    h(
      'table',
      {},
      caption ? h('caption', {}, caption) : undefined,
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...columns.map((c) =>
            h('th', { scope: 'col', class: `cmx-${c.align ?? 'left'}` }, c.name),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map((row) =>
          h(
            'tr',
            {},
            ...row.map((cell, j) => h('td', { class: `cmx-${columns[j].align ?? 'left'}` }, cell)),
          ),
        ),
      ),
    ),
    note ? h('p', {}, note) : undefined,
  );
}
