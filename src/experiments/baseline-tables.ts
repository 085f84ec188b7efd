// Tables with fixed rows and folds, on which ordinary classifiers were scored once: a folder with
// `index.json` (where each table lies, its target and categorical columns) and `baselines/splits.json`
// (rows, features, classes and the fold of every row), as the scores in `baselines/baselines.json` used.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTable } from '../data/read-table.js';
import {
  type CategoricalColumn,
  type Column,
  type ColumnType,
  isNumeric,
  selectColumns,
  type Table,
  table,
  takeRows,
} from '../data/table.js';

/** A table with its folds. */
export interface BaselineTable {
  readonly name: string;
  /** Features and the target, whose categories are the classes. */
  readonly table: Table;
  /** Fold of every row, 0 … folds − 1. */
  readonly fold: Int32Array;
  readonly folds: number;
}

/** Mean scores of one classifier on one table. */
export interface BaselineScores {
  readonly rocAuc: number;
  readonly logLoss: number;
  readonly accuracy: number;
}

interface IndexItem {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly format: string;
  readonly delimiter: string | null;
  readonly header: boolean | null;
  readonly columns?: readonly string[];
  readonly target: string;
  readonly categorical: readonly string[] | null;
}

interface Split {
  readonly target: string;
  readonly features: readonly string[];
  readonly classes: readonly string[];
  readonly rows: readonly number[];
  readonly fold: readonly number[];
}

/**
 * Read tables with fixed rows and folds.
 * @param folder Holds `index.json` and `baselines/splits.json`.
 * @param names Which tables, in any order (default: all).
 * @returns In the order of `splits.json`.
 */
export async function readBaselineTables(
  folder: string,
  names?: readonly string[],
): Promise<BaselineTable[]> {
  const { items } = await json<{ items: IndexItem[] }>(join(folder, 'index.json'));
  const splits = await json<Record<string, Split>>(join(folder, 'baselines', 'splits.json'));
  const unknown = names?.find((name) => !(name in splits));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot read the tables as names must be among ${Object.keys(splits).join(', ')}: current value is "${unknown}"`,
    );
  }
  const out: BaselineTable[] = [];
  for (const [name, split] of Object.entries(splits)) {
    if (names && !names.includes(name)) continue;
    const item = items.find((each) => each.kind === 'table' && each.name === name);
    if (!item)
      throw new RangeError(`Cannot read "${name}" as index.json must list it: it does not`);
    const whole = await readItem(folder, item);
    // Names in the split are as the file has them, blanks included; the reader trims them.
    const target = split.target.trim();
    const features = split.features.map((feature) => feature.trim());
    const kept = takeRows(selectColumns(whole, [...features, target]), split.rows);
    const columns = kept.columns.map((c) => (c.name === target ? classes(c, split) : c));
    const fold = Int32Array.from(split.fold);
    out.push({ name, table: table(columns, { target }), fold, folds: Math.max(...fold) + 1 });
  }
  return out;
}

/**
 * Read the scores of the ordinary classifiers.
 * @returns Table → classifier → scores.
 */
export async function readBaselineScores(
  folder: string,
): Promise<Record<string, Record<string, BaselineScores>>> {
  const { tables } = await json<{
    tables: Record<string, Record<string, BaselineScores | number>>;
  }>(join(folder, 'baselines', 'baselines.json'));
  return Object.fromEntries(
    Object.entries(tables).map(([name, row]) => [
      name,
      Object.fromEntries(
        Object.entries(row).filter((e): e is [string, BaselineScores] => typeof e[1] === 'object'),
      ),
    ]),
  );
}

/** The rows of one fold to predict, and the others as context. */
export function foldOf(
  { table, fold }: BaselineTable,
  k: number,
): { readonly context: Table; readonly query: Table } {
  const rows = Array.from(fold.keys());
  return {
    context: takeRows(
      table,
      rows.filter((i) => fold[i] !== k),
    ),
    query: takeRows(
      table,
      rows.filter((i) => fold[i] === k),
    ),
  };
}

async function readItem(folder: string, item: IndexItem): Promise<Table> {
  const types: Record<string, ColumnType> = { [item.target]: 'categorical' };
  const source = join(folder, item.file);
  if (item.format === 'arff') return readTable(source, { format: 'arff', types });
  for (const name of item.categorical ?? []) types[name] = 'categorical';
  return readTable(source, {
    format: 'csv',
    types,
    ...(item.delimiter === null ? {} : { delimiter: item.delimiter }),
    ...(item.header === false ? { header: item.columns ?? false } : {}),
  });
}

/** The target with the classes of the split, in their order. */
function classes(target: Column, { classes }: Split): CategoricalColumn {
  if (isNumeric(target))
    throw new TypeError(`Cannot use "${target.name}" as classes: it is numeric`);
  const place = target.categories.map((name) => classes.indexOf(name.trim()));
  return {
    name: target.name,
    type: 'categorical',
    categories: classes,
    codes: target.codes.map((code) => (code < 0 ? -1 : place[code])),
  };
}

async function json<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
