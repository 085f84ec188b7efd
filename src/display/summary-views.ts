import type { ColumnSummary, TableSummary } from '../data/summarize.js';
import type { Grid } from './grid.js';
import { percent } from './grid-bundle.js';
import { formatNumber, shorten } from './markup.js';
import { plural } from './table-view.js';

/** What a table holds, one row a column. */
export function tableSummaryGrid({ rows, target, missing, columns }: TableSummary): Grid {
  const noted = columns.some((column) => column.notes.length > 0);
  return {
    caption: [
      `${plural(rows, 'row')} × ${plural(columns.length, 'column')}`,
      ...(missing > 0 ? [plural(missing, 'missing value')] : []),
      ...(target === undefined ? [] : [`target ${target}`]),
    ].join(', '),
    columns: [
      { name: 'column' },
      { name: 'type' },
      { name: 'missing', align: 'right' },
      { name: 'distinct', align: 'right' },
      { name: 'values' },
      ...(noted ? [{ name: 'note' }] : []),
    ],
    rows: columns.map((column) => [
      column.name,
      column.name === target ? `target · ${column.type}` : column.type,
      column.missing === 0 ? '0' : `${column.missing} (${percent(column.missing / rows)})`,
      String(column.distinct),
      columnValues(column, rows),
      ...(noted ? [column.notes.join(', ')] : []),
    ]),
  };
}

function columnValues(column: ColumnSummary, rows: number): string {
  const { mean, deviation, minimum, median, maximum, top } = column;
  if (top) {
    const known = Math.max(1, rows - column.missing);
    const shares = top
      .slice(0, 4)
      .map(({ category, count }) => `${shorten(category, 24)} ${percent(count / known)}`);
    return `${shares.join(', ')}${column.distinct > shares.length ? ', …' : ''}`;
  }
  if (mean === undefined) return '';
  return [
    `${formatNumber(minimum ?? Number.NaN)} … ${formatNumber(median ?? Number.NaN)} … ${formatNumber(maximum ?? Number.NaN)}`,
    `mean ${formatNumber(mean)}${deviation === undefined ? '' : ` ± ${formatNumber(deviation, 3)}`}`,
  ].join('; ');
}
