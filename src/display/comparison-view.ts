import type { MimeBundle } from '../work/host.js';
import type { ColumnComparison, Comparison } from './comparison.js';
import { textWidth } from './dag-layout.js';
import { type Grid, gridMarkdown, gridText } from './grid.js';
import { coordinate, escapeMarkup, formatNumber, shorten } from './markup.js';
import { mimeBundle } from './mime.js';
import { type Panel, scale, text } from './svg-plot.js';
import { plural } from './table-view.js';
import { fontFamily, lightTheme, type Theme } from './theme.js';

const size = { width: 244, height: 152 };
const perRow = 3;
/** Columns drawn; the table below the picture has all of them. */
const maxPanels = 24;

/** Show two tables side by side: a picture of every column, Markdown and text with the distances. */
export function comparisonBundle(value: Comparison, title?: string): MimeBundle {
  const grid = comparisonGrid(value);
  return mimeBundle({
    'image/svg+xml': comparisonSvg(value, title),
    'text/markdown': gridMarkdown(grid),
    'text/plain': gridText(grid),
  });
}

/** The comparison in numbers, one row a column. */
export function comparisonGrid({ rows, columns, target }: Comparison): Grid {
  return {
    caption: `${plural(rows.real, 'real row')} against ${plural(rows.synthetic, 'synthetic row')}`,
    columns: [
      { name: 'column' },
      { name: 'type' },
      { name: 'real' },
      { name: 'synthetic' },
      { name: 'distance', align: 'right' },
    ],
    rows: columns.map((column) => [
      column.name,
      column.name === target ? `target · ${column.type}` : column.type,
      digest(column, 'real'),
      digest(column, 'synthetic'),
      formatNumber(column.distance, 2),
    ]),
    note: 'distance: Kolmogorov–Smirnov for numbers, total variation for categories; 0 equal, 1 disjoint',
  };
}

function digest(column: ColumnComparison, side: 'real' | 'synthetic'): string {
  const missing = column.missing[side] > 0 ? `, ${percent(column.missing[side])} missing` : '';
  if (column.mean) return `mean ${formatNumber(column.mean[side])}${missing}`;
  const shares = (column.categories ?? []).map((name, k) => `${name} ${percent(column[side][k])}`);
  return `${shares.slice(0, 3).join(', ')}${shares.length > 3 ? ', …' : ''}${missing}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
}

/** Draw each column's two distributions as small pictures of the same make. */
export function comparisonSvg(
  value: Comparison,
  title?: string,
  theme: Theme = lightTheme,
): string {
  const columns = value.columns.slice(0, maxPanels);
  const rows = Math.ceil(columns.length / perRow);
  const width = 24 + perRow * size.width;
  const left = value.columns.length - columns.length;
  const height = 52 + rows * size.height + (left > 0 ? 24 : 0);
  const heading = title ?? 'Real and synthetic rows, column by column';
  const grid = comparisonGrid(value);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${fontFamily}">`,
    `<title>${escapeMarkup(heading)}</title>`,
    `<desc>${escapeMarkup(gridText({ columns: grid.columns, rows: grid.rows }))}</desc>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${theme.background}"/>`,
    legend(value, theme),
    ...columns.map((column, k) =>
      panel(
        column,
        {
          x: 24 + (k % perRow) * size.width,
          y: 66 + Math.floor(k / perRow) * size.height,
          width: size.width - 28,
          height: size.height - 74,
        },
        column.name === value.target,
        theme,
      ),
    ),
    left > 0
      ? text(24, height - 14, `… ${plural(left, 'more column')} not drawn`, theme.muted, 12)
      : '',
    '</svg>',
  ]
    .filter(Boolean)
    .join('\n');
}

function legend({ rows }: Comparison, theme: Theme): string {
  const real = `real (${plural(rows.real, 'row')})`;
  const at = 24 + 24 + textWidth(real) * 12 + 24;
  return [
    `<rect x="24" y="17" width="16" height="11" fill="${theme.series[0]}" fill-opacity="0.35"/>`,
    text(46, 27, real, theme.text, 12),
    `<path d="M${coordinate(at)} 23H${coordinate(at + 16)}" stroke="${theme.series[1]}" stroke-width="2.4"/>`,
    text(at + 22, 27, `synthetic (${plural(rows.synthetic, 'row')})`, theme.text, 12),
  ].join('\n');
}

function panel(column: ColumnComparison, at: Panel, target: boolean, theme: Theme): string {
  const name = fitted(column.name, (at.width - 86) * 0.78);
  const heading = [
    text(
      at.x,
      at.y - 8,
      target ? `${name} · target` : name,
      target ? theme.target : theme.text,
      12.5,
      'start',
      600,
    ),
    text(
      at.x + at.width,
      at.y - 8,
      `distance ${formatNumber(column.distance, 2)}`,
      theme.muted,
      11,
      'end',
    ),
  ];
  const body = column.edges
    ? histogramPanel(column, column.edges, at, theme)
    : barsPanel(column, at, theme);
  const base = `<path d="M${coordinate(at.x)} ${coordinate(at.y + at.height)}h${coordinate(at.width)}" stroke="${theme.muted}" stroke-width="1"/>`;
  return [...heading, body, base].join('\n');
}

function histogramPanel(
  { real, synthetic }: ColumnComparison,
  edges: readonly number[],
  at: Panel,
  theme: Theme,
): string {
  const top = Math.max(1e-9, ...real, ...synthetic);
  const sx = scale([edges[0], edges[edges.length - 1]], [at.x, at.x + at.width]);
  const sy = scale([0, top * 1.05], [at.y + at.height, at.y]);
  const outline = (shares: readonly number[]): string =>
    `M${coordinate(sx(edges[0]))} ${coordinate(sy(0))}${shares
      .map((share, k) => `V${coordinate(sy(share))}H${coordinate(sx(edges[k + 1]))}`)
      .join('')}V${coordinate(sy(0))}`;
  const low = edges[0];
  const high = edges[edges.length - 1];
  return [
    `<path d="${outline(real)}Z" fill="${theme.series[0]}" fill-opacity="0.35"/>`,
    `<path d="${outline(synthetic)}" fill="none" stroke="${theme.series[1]}" stroke-width="2"/>`,
    text(at.x, at.y + at.height + 14, formatNumber(low, 3), theme.muted, 10.5),
    text(at.x + at.width, at.y + at.height + 14, formatNumber(high, 3), theme.muted, 10.5, 'end'),
  ].join('\n');
}

function barsPanel(
  { categories = [], real, synthetic }: ColumnComparison,
  at: Panel,
  theme: Theme,
): string {
  const top = Math.max(1e-9, ...real, ...synthetic);
  const sy = scale([0, top * 1.05], [0, at.height]);
  const slot = at.width / categories.length;
  const bar = Math.min(34, slot * 0.72);
  return categories
    .map((category, k) => {
      const middle = at.x + (k + 0.5) * slot;
      const bottom = at.y + at.height;
      const y = coordinate(bottom - sy(synthetic[k]));
      return [
        `<rect x="${coordinate(middle - bar / 2)}" y="${coordinate(bottom - sy(real[k]))}" width="${coordinate(bar)}" height="${coordinate(sy(real[k]))}" fill="${theme.series[0]}" fill-opacity="0.35"/>`,
        `<path d="M${coordinate(middle - bar / 2 - 3)} ${y}h${coordinate(bar + 6)}" stroke="${theme.series[1]}" stroke-width="2.6"/>`,
        text(middle, bottom + 14, fitted(category, slot), theme.muted, 10.5, 'middle'),
      ].join('');
    })
    .join('\n');
}

/** As much of a text as fits into a width at the size of category names. */
function fitted(name: string, width: number): string {
  let length = [...name].length;
  while (length > 2 && textWidth(shorten(name, length)) * 10.5 > width - 2) length--;
  return shorten(name, length);
}
