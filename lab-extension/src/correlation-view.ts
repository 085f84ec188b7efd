import {
  CORRELATION_MIME,
  type CorrelationData,
  type CorrelationFigureOptions,
  type CorrelationRow,
  correlationFigure,
  correlationProblems,
  correlationSummary,
  correlationSvg,
  inMetric,
  methodsOf,
  metricLabel,
  type PlotlyFigure,
  runsOf,
  type Theme,
} from 'causalmixft/display';
import type { View, ViewOptions } from './dag-view.js';
import { button, choice, h, keepKeys, menu } from './dom.js';
import { gapBars } from './gap-bars.js';
import { onViewHost, viewHost } from './host.js';
import { plotlyView } from './plotly-view.js';
import { csvText, fileName, saveText } from './save.js';
import { scoreTable } from './score-table.js';
import { untranslated } from './translate.js';

/** What the controls are set to. */
interface Settings {
  metric: string;
  methods: readonly string[];
  steps: 'all' | 'chosen';
  scale: NonNullable<CorrelationFigureOptions['scale']>;
}

/**
 * Draw validation against test into an element: controls, a Plotly figure, the numbers in
 * sentences, both gaps, and the table of all scores, which is the figure for those who cannot see it.
 * @param data `CorrelationData` of version 1; anything else gets a sentence that says what is wrong.
 */
export function correlationView(
  data: unknown,
  { el, t = untranslated, panel = false }: ViewOptions,
): View {
  let shown: CorrelationData | undefined;
  let settings: Settings | undefined;
  let marked: CorrelationRow | undefined;

  const toolbar = h('div', {
    class: 'cmx-toolbar',
    role: 'group',
    'aria-label': t('What is drawn'),
  });
  const figure = h('div', { class: 'cmx-figure', 'aria-hidden': 'true' });
  const summary = h('ul', { class: 'cmx-summary' });
  const gaps = h('div', { class: 'cmx-gaps' });
  const status = h('p', { class: 'cmx-status', role: 'status', 'aria-live': 'polite' });
  const heading = h('strong', {});
  const table = scoreTable({
    t,
    onMark(row) {
      marked = row;
      void drawFigure();
    },
  });
  const root = h(
    'section',
    {
      class: `cmx-view cmx-correlation${panel ? ' cmx-panel' : ''}`,
      'aria-label': t('Validation against test'),
    },
    toolbar,
    figure,
    gaps,
    summary,
    status,
    table.element,
  );
  keepKeys(root);
  el.append(root);

  let plot: ReturnType<typeof plotlyView> | undefined;
  const drawn = (): CorrelationData | undefined => {
    if (!shown || !settings) return undefined;
    const { metric, methods } = settings;
    const seen = inMetric(shown, metric);
    return { ...seen, rows: seen.rows.filter((row) => methods.includes(row.method)) };
  };
  const drawFigure = async (): Promise<void> => {
    const [seen, set] = [shown, settings];
    if (!seen || !set) return;
    await plot?.update((theme) =>
      marking(correlationFigure(seen, { ...set, theme }), marked, set, theme),
    );
  };
  const draw = (): void => {
    const seen = drawn();
    if (!seen || !shown || !settings) return;
    // The gaps and colours are those of all methods: a method keeps its colour when others go.
    summary.replaceChildren(...correlationSummary(seen).map((s) => h('li', {}, s)));
    gaps.replaceChildren(...gapBars(inMetric(shown, settings.metric), settings.methods, t));
    table.show(settings.steps === 'all' ? seen.rows : seen.rows.filter((r) => r.chosen), seen);
    void drawFigure();
  };

  const save = menu(t('Save'), [
    [t('Scores (CSV)'), () => saveText(fileName(title(), 'csv'), 'text/csv', csv(drawn()))],
    [
      t('Picture (SVG)'),
      () => {
        const seen = drawn();
        if (seen) saveText(fileName(title(), 'svg'), 'image/svg+xml', correlationSvg(seen));
      },
    ],
    [t('Figure (PNG)'), () => void savePlot('png')],
    [
      t('Figure (Plotly JSON)'),
      () => {
        if (!shown || !settings) return;
        const json = JSON.stringify(correlationFigure(shown, settings));
        saveText(fileName(title(), 'plotly.json'), 'application/json', json);
      },
    ],
  ]);
  const savePlot = async (format: 'png'): Promise<void> => {
    const url = await plot?.toImage(format);
    if (!url) return;
    const link = h('a', { href: url, download: fileName(title(), format) });
    link.click();
  };
  const title = (): string => shown?.title ?? t('Validation against test');
  const open = button(t('Open in panel'), () =>
    viewHost().openInPanel?.(CORRELATION_MIME, shown, title()),
  );
  const hostChanged = (): void => {
    open.hidden = panel || !viewHost().openInPanel;
  };
  hostChanged();
  const stopListening = onViewHost(hostChanged);

  /** Build the controls for the metrics and methods that the data have. */
  const controls = (): void => {
    if (!shown || !settings) return;
    const set = settings;
    const metrics = shown.metrics ?? [shown.metric];
    const methods = methodsOf(shown.rows);
    const boxes = methods.map((method, k) => {
      const box = h('input', {
        type: 'checkbox',
        checked: set.methods.includes(method),
        onchange: () => {
          set.methods = methods.filter((m) =>
            m === method ? box.checked : set.methods.includes(m),
          );
          draw();
        },
      });
      const swatch = h('span', {
        class: 'cmx-swatch',
        style: `background: var(--cmx-series-${k % 8})`,
      });
      return h('label', { class: 'cmx-labelled' }, box, swatch, method);
    });
    toolbar.replaceChildren(
      heading,
      ...(metrics.length > 1
        ? [
            choice(
              t('Metric'),
              metrics.map((m) => [m.name, metricLabel(m.name)] as const),
              set.metric,
              (value) => {
                set.metric = value;
                draw();
              },
            ),
          ]
        : []),
      choice(
        t('Steps'),
        [
          ['all', t('all')],
          ['chosen', t('chosen only')],
        ],
        set.steps,
        (value) => {
          set.steps = value === 'chosen' ? 'chosen' : 'all';
          draw();
        },
      ),
      choice(
        t('Scale'),
        [
          ['linear', t('linear')],
          ['log', t('logarithmic')],
          ['rank', t('rank')],
        ],
        set.scale,
        (value) => {
          set.scale = value === 'log' || value === 'rank' ? value : 'linear';
          draw();
        },
      ),
      ...(methods.length > 1 ? [h('fieldset', {}, h('legend', {}, t('Methods')), ...boxes)] : []),
      h('span', { class: 'cmx-space' }),
      save,
      open,
    );
  };

  const update = (next: unknown): void => {
    const problems = correlationProblems(next);
    root.classList.toggle('cmx-broken', problems.length > 0);
    if (problems.length > 0) {
      status.textContent = t('These scores cannot be drawn: %1.', problems[0]);
      return;
    }
    status.textContent = '';
    shown = next as CorrelationData;
    const methods = methodsOf(shown.rows);
    const metrics = shown.metrics?.map((m) => m.name) ?? [shown.metric.name];
    settings = {
      metric: settings && metrics.includes(settings.metric) ? settings.metric : shown.metric.name,
      methods: settings?.methods.filter((m) => methods.includes(m)) ?? methods,
      steps: settings?.steps ?? (runsOf(shown.rows).length > 12 ? 'chosen' : 'all'),
      scale: settings?.scale ?? 'linear',
    };
    // A method that has come with an update is shown.
    if (settings.methods.length === 0) settings.methods = methods;
    heading.textContent = shown.title;
    plot ??= plotlyView({
      el: figure,
      t,
      svg: correlationSvg(shown),
      onSelect: (points) => table.filter(points?.map((p) => p.customdata)),
      onClick: (point) => table.reveal(point.customdata),
    });
    controls();
    draw();
  };
  update(data);
  return {
    update,
    dispose() {
      stopListening();
      plot?.dispose();
      root.remove();
    },
  };
}

/** The figure with a ring around the row that is marked in the table. */
function marking(
  figure: PlotlyFigure,
  row: CorrelationRow | undefined,
  { metric, scale }: Settings,
  theme: Theme,
): PlotlyFigure {
  if (!row || row.test === undefined || scale === 'rank') return figure;
  const scores = row.scores?.[metric] ?? row;
  const ring = {
    type: 'scatter',
    mode: 'markers',
    showlegend: false,
    hoverinfo: 'skip',
    x: [scores.validation],
    y: [scores.test],
    marker: {
      symbol: 'circle-open',
      size: 24,
      color: theme.text,
      line: { width: 3, color: theme.text },
    },
  };
  return { ...figure, data: [...figure.data, ring] };
}

function csv(data: CorrelationData | undefined): string {
  if (!data) return '';
  const { metric, rows } = data;
  return csvText([
    ['run', 'dataset', 'fold', 'method', 'seed', 'step', 'metric', 'validation', 'test', 'chosen'],
    ...rows.map((row) => [
      row.run,
      row.dataset ?? '',
      row.fold ?? '',
      row.method,
      row.seed,
      row.step,
      metric.name,
      row.validation,
      row.test ?? '',
      row.chosen,
    ]),
  ]);
}
