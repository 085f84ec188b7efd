import type { PlotlyFigure, Theme } from 'causalmixft/display';
import type { Plotly, PlotlyElement, PlotlyEvent } from 'plotly.js-cartesian-dist-min';
import { h } from './dom.js';
import { onThemeChange, resolvedTheme } from './page-theme.js';
import { type Translate, untranslated } from './translate.js';

/** Trace types of the cartesian bundle; three-dimensional, map and WebGL ones are not in it. */
const traceTypes = new Set([
  'bar',
  'box',
  'contour',
  'heatmap',
  'histogram',
  'histogram2d',
  'histogram2dcontour',
  'image',
  'pie',
  'scatter',
  'scatterternary',
  'violin',
]);

let loading: Promise<Plotly> | undefined;

/** Load Plotly, once for all figures; it is 1.5 MB and a chunk of its own. */
export function loadPlotly(): Promise<Plotly> {
  loading ??= import('plotly.js-cartesian-dist-min').then(
    (module) => module.default,
    (error: unknown) => {
      // The next figure may try again: the network may be back.
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

export interface PlotlyViewOptions {
  readonly el: HTMLElement;
  readonly t?: Translate;
  /** Picture shown until Plotly is there, and for good where it cannot draw the figure. */
  readonly svg?: string | undefined;
  /** Called with what was selected by box or lasso; `undefined` when nothing is any more. */
  onSelect?(points: PlotlyEvent['points'] | undefined): void;
  /** Called with the point that was clicked. */
  onClick?(point: PlotlyEvent['points'][number]): void;
}

/** A Plotly figure on the page. */
export interface PlotlyView {
  /** Show a figure; `theme` gives a figure that is drawn in the page's colours. */
  update(figure: PlotlyFigure | ((theme: Theme) => PlotlyFigure)): Promise<void>;
  resize(): void;
  toImage(format: 'svg' | 'png'): Promise<string>;
  dispose(): void;
}

/** Make a place for a Plotly figure: it follows the page's width and theme and sends nothing away. */
export function plotlyView(options: PlotlyViewOptions): PlotlyView {
  const { el, t = untranslated } = options;
  const plot = h('div', { class: 'cmx-plot' });
  const still = h('div');
  const note = h('p', { class: 'cmx-status', hidden: true });
  el.append(still, plot, note);
  if (options.svg) still.append(picture(options.svg));

  let wanted: PlotlyFigure | ((theme: Theme) => PlotlyFigure) | undefined;
  let drawn: PlotlyElement | undefined;
  let disposed = false;
  let turn = 0;

  const draw = async (): Promise<void> => {
    if (!wanted) return;
    const mine = ++turn;
    try {
      const plotly = await loadPlotly();
      if (disposed || mine !== turn) return;
      const theme = resolvedTheme(el);
      const figure = typeof wanted === 'function' ? wanted(theme) : themed(wanted, theme);
      const strange = unknownTypes(figure);
      if (strange.length > 0) {
        show(t('This figure has traces that are not part of this viewer: %1', strange.join(', ')));
        return;
      }
      const { data, layout, config } = harmless(figure);
      const before = drawn;
      drawn = await plotly.react(plot, data, layout, config);
      if (disposed) {
        plotly.purge(plot);
        return;
      }
      still.hidden = true;
      note.hidden = true;
      if (!before) listen(drawn);
    } catch (error) {
      if (!disposed) show(t('The interactive figure could not be loaded (%1).', String(error)));
    }
  };
  const show = (text: string): void => {
    still.hidden = false;
    note.hidden = false;
    note.textContent = text;
  };
  const listen = (element: PlotlyElement): void => {
    element.on('plotly_selected', (event) => options.onSelect?.(event?.points));
    element.on('plotly_deselect', () => options.onSelect?.(undefined));
    element.on('plotly_click', (event) => {
      const point = event?.points[0];
      if (point) options.onClick?.(point);
    });
  };
  const resize = (): void => {
    // A hidden element has no width: it is drawn when it has one.
    if (!drawn || el.clientWidth === 0) return;
    void loadPlotly().then((plotly) => {
      if (!disposed) void plotly.Plots.resize(plot);
    });
  };
  const observer = new ResizeObserver(resize);
  observer.observe(el);
  const stopTheme = onThemeChange(() => void draw());

  return {
    update(figure) {
      wanted = figure;
      return draw();
    },
    resize,
    async toImage(format) {
      const plotly = await loadPlotly();
      return plotly.toImage(plot, { format, width: plot.clientWidth, height: plot.clientHeight });
    },
    dispose() {
      disposed = true;
      observer.disconnect();
      stopTheme();
      if (drawn) void loadPlotly().then((plotly) => plotly.purge(plot));
      el.replaceChildren();
    },
  };
}

/** An SVG text as an image: scripts and links in it are dead. */
export function picture(svg: string): HTMLImageElement {
  const title = /<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? '';
  const decoder = h('textarea');
  decoder.innerHTML = title;
  return h('img', {
    alt: decoder.value,
    src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`,
  });
}

/** A copy of a figure that Plotly may write into and that cannot send data away. */
function harmless(figure: PlotlyFigure): {
  data: unknown;
  layout: Record<string, unknown>;
  config: Record<string, unknown>;
} {
  const { data, layout, config } = structuredClone(figure) as {
    data: unknown;
    layout?: Record<string, unknown>;
    config?: Record<string, unknown>;
  };
  const { plotlyServerURL: _server, topojsonURL: _maps, ...rest } = config ?? {};
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return {
    data,
    layout: {
      height: 360,
      ...layout,
      autosize: layout?.width === undefined,
      ...(still ? { transition: { duration: 0 } } : {}),
    },
    config: {
      ...rest,
      responsive: false, // our own observer resizes, also when only the panel changes
      displaylogo: false,
      showSendToCloud: false,
      showEditInChartStudio: false,
      plotlyServerURL: '',
    },
  };
}

/** Give a figure that names no colours of its own those of the page. */
function themed(figure: PlotlyFigure, theme: Theme): PlotlyFigure {
  const axis = { gridcolor: theme.grid, linecolor: theme.grid, zerolinecolor: theme.grid };
  const template = {
    layout: {
      font: { color: theme.text },
      paper_bgcolor: theme.background,
      plot_bgcolor: theme.background,
      colorway: theme.series,
      xaxis: axis,
      yaxis: axis,
    },
  };
  return { ...figure, layout: { template, ...figure.layout } };
}

function unknownTypes({ data }: PlotlyFigure): readonly string[] {
  const types = data.map((trace) => (typeof trace.type === 'string' ? trace.type : 'scatter'));
  return [...new Set(types.filter((type) => !traceTypes.has(type)))];
}
