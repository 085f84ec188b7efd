import { countMissing } from './missing.js';
import {
  type CategoricalColumn,
  type Column,
  type ColumnType,
  isNumeric,
  type NumericColumn,
  type Table,
} from './table.js';

/** What one column holds. */
export interface ColumnSummary {
  readonly name: string;
  readonly type: ColumnType;
  /** Missing cells. */
  readonly missing: number;
  /** Different values among the others. */
  readonly distinct: number;
  /** Of numbers: mean, standard deviation (n − 1), least, median, greatest. */
  readonly mean?: number;
  readonly deviation?: number;
  readonly minimum?: number;
  readonly median?: number;
  readonly maximum?: number;
  /** Of categories: the commonest with their counts, at most eight. */
  readonly top?: readonly { readonly category: string; readonly count: number }[];
  /** What to look at before learning from it: "all missing", "constant", "all different". */
  readonly notes: readonly string[];
}

/** What a table holds, column by column. */
export interface TableSummary {
  readonly kind: 'table-summary';
  readonly rows: number;
  readonly target?: string;
  /** Missing cells in all. */
  readonly missing: number;
  readonly columns: readonly ColumnSummary[];
}

/** Summarise a table column by column. */
export function summarize(table: Table): TableSummary {
  const columns = table.columns.map(summarizeColumn);
  return {
    kind: 'table-summary',
    rows: table.rows,
    ...(table.target === undefined ? {} : { target: table.target }),
    missing: columns.reduce((sum, c) => sum + c.missing, 0),
    columns,
  };
}

function summarizeColumn(column: Column): ColumnSummary {
  const { name, type } = column;
  const missing = countMissing(column);
  const rows = isNumeric(column) ? column.values.length : column.codes.length;
  const found = isNumeric(column) ? numbers(column) : categories(column);
  const known = rows - missing;
  const notes = [
    ...(known === 0 && rows > 0 ? ['all missing'] : []),
    ...(found.distinct === 1 && known > 1 ? ['constant'] : []),
    // Fractions all differ by nature; names and whole numbers do so where they are identifiers.
    ...(known > 20 && found.distinct === known && type !== 'numeric' ? ['all different'] : []),
    ...(known > 0 && missing > rows / 2 ? ['mostly missing'] : []),
  ];
  return { name, type, missing, ...found, notes };
}

function numbers({
  values,
}: NumericColumn): Omit<ColumnSummary, 'name' | 'type' | 'missing' | 'notes'> {
  const x = values.filter((value) => !Number.isNaN(value)).sort();
  const n = x.length;
  if (n === 0) return { distinct: 0 };
  let distinct = 1;
  for (let i = 1; i < n; i++) if (x[i] !== x[i - 1]) distinct++;
  const mean = x.reduce((a, b) => a + b, 0) / n;
  const squares = x.reduce((a, b) => a + (b - mean) ** 2, 0);
  return {
    distinct,
    mean,
    ...(n > 1 ? { deviation: Math.sqrt(squares / (n - 1)) } : {}),
    minimum: x[0],
    median: (x[(n - 1) >> 1] + x[n >> 1]) / 2,
    maximum: x[n - 1],
  };
}

function categories({
  categories,
  codes,
}: CategoricalColumn): Omit<ColumnSummary, 'name' | 'type' | 'missing' | 'notes'> {
  const counts = new Int32Array(categories.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const order = [...counts.keys()]
    .filter((code) => counts[code] > 0)
    .sort((a, b) => counts[b] - counts[a] || a - b);
  return {
    distinct: order.length,
    top: order.slice(0, 8).map((code) => ({ category: categories[code], count: counts[code] })),
  };
}
