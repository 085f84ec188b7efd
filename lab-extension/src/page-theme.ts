import { lightTheme, type Theme } from 'causalmixft/display';

/** The drawing's colours as CSS variables of `style/base.css`: SVG in the page follows the theme. */
export const pageTheme: Theme = {
  background: 'var(--cmx-background)',
  text: 'var(--cmx-text)',
  muted: 'var(--cmx-muted)',
  grid: 'var(--cmx-grid)',
  line: 'var(--cmx-line)',
  node: 'var(--cmx-node)',
  nodeLine: 'var(--cmx-node-line)',
  target: 'var(--cmx-target)',
  targetFill: 'var(--cmx-target-fill)',
  required: 'var(--cmx-required)',
  forbidden: 'var(--cmx-forbidden)',
  edited: 'var(--cmx-edited)',
  series: lightTheme.series.map((_, k) => `var(--cmx-series-${k})`),
};

/** The same colours as plain values, for what cannot read CSS variables. */
export function resolvedTheme(element: Element): Theme {
  const probe = document.createElement('span');
  element.append(probe);
  // A computed colour is always rgb(): the forms that themes are written in need no parser here.
  const resolve = (value: string): string => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const { series, ...colours } = pageTheme;
  const resolved = Object.fromEntries(
    Object.entries(colours).map(([name, value]) => [name, resolve(value)]),
  ) as unknown as Omit<Theme, 'series'>;
  const theme = { ...resolved, series: series.map(resolve) };
  probe.remove();
  return theme;
}

/**
 * Call a function when the page's theme changes: JupyterLab's, or the system's.
 * @returns Stops it.
 */
export function onThemeChange(action: () => void): () => void {
  const observer = new MutationObserver(action);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light'],
  });
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', action);
  return () => {
    observer.disconnect();
    media.removeEventListener('change', action);
  };
}
