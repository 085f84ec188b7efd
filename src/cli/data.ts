import type { Command } from 'commander';
import { bundled, bundledNames } from '../data/bundled.js';
import { type ColumnSummary, summarize, type TableSummary } from '../data/summarize.js';
import {
  addCommand,
  type Context,
  jsonText,
  readSource,
  type Shared,
  shortNumber,
  tableHelp,
} from './command.js';
import { textTable } from './text-table.js';

/** `causalmixft data list|fetch|info`. */
export function addData(program: Command, context: Context): void {
  const data = program.command('data').description('Tables: what there is and what is in them.');
  addCommand(
    data,
    'list',
    'List the tables that come with the library.',
    'causalmixft data list',
  ).action(async (options: Shared) => {
    const rows = await Promise.all(
      bundledNames.map(async (name) => {
        const { rows, columns, target } = await bundled(name);
        return { name: `bundled:${name}`, rows, columns: columns.length, target };
      }),
    );
    const header = ['name', 'rows', 'columns', 'target'];
    const lines = rows.map((row) => Object.values(row).map(String));
    await context.write(options.json ? jsonText(rows) : textTable(header, lines));
  });
  addCommand(
    data,
    'fetch',
    'Put a table of openml.org into the cache, for work without a network.',
    'causalmixft data fetch openml:credit-g',
  )
    .argument('<table>', 'openml:NAME or openml:NUMBER')
    .action(async (source: string, options: Shared, command: Command) => {
      if (!source.startsWith('openml:')) {
        command.error(
          `error: only tables of openml.org are fetched: ${source} must begin with openml:`,
        );
      }
      const { rows, columns, target } = await readSource(source, context);
      const found = { name: source, rows, columns: columns.length, target };
      const text = `${source}: ${rows} rows × ${columns.length} columns, target ${target ?? '(none)'}`;
      await context.write(options.json ? jsonText(found) : text);
    });
  addCommand(
    data,
    'info',
    'Tell what a table holds, column by column.',
    'causalmixft data info bundled:heart',
  )
    .argument('<table>', tableHelp)
    .option('--target <name>', 'column to predict')
    .action(async (source: string, options: Shared & { target?: string }) => {
      const summary = summarize(await readSource(source, context, options));
      await context.write(options.json ? jsonText(summary) : summaryText(summary));
    });
}

function summaryText({ rows, missing, target, columns }: TableSummary): string {
  const caption = `${rows} rows × ${columns.length} columns, ${missing} missing cells${target === undefined ? '' : `, target ${target}`}`;
  const lines = columns.map((c) => [
    c.name,
    c.type,
    String(c.missing),
    String(c.distinct),
    values(c),
    c.notes.join(', '),
  ]);
  const header = ['column', 'type', 'missing', 'distinct', 'values', 'notes'];
  return `${caption}\n\n${textTable(header, lines)}`;
}

function values({ distinct, mean, deviation, minimum, maximum, top }: ColumnSummary): string {
  if (top) {
    const shown = top.slice(0, 4).map(({ category, count }) => `${shorten(category)} ${count}`);
    return shown.join(', ') + (distinct > shown.length ? ' …' : '');
  }
  if (mean === undefined) return '';
  const spread = deviation === undefined ? '' : ` ± ${shortNumber(deviation)}`;
  return `${shortNumber(minimum as number)} … ${shortNumber(maximum as number)}, mean ${shortNumber(mean)}${spread}`;
}

function shorten(text: string): string {
  return text.length > 20 ? `${text.slice(0, 19)}…` : text;
}
