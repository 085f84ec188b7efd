import { escapeMarkdown, escapeMarkup } from './markup.js';

/** A table of texts: what every tabular view is written from. */
export interface Grid {
  /** One sentence above the table. */
  readonly caption?: string;
  readonly columns: readonly GridColumn[];
  /** Rows of cells, each as long as `columns`. */
  readonly rows: readonly (readonly string[])[];
  /** What was left out, or how to read it; below the table. */
  readonly note?: string;
}

export interface GridColumn {
  readonly name: string;
  /** A word under the name, such as the column's type. */
  readonly detail?: string;
  /** Numbers stand right, words left (default `left`). */
  readonly align?: 'left' | 'right';
}

/** Write a grid as plain text with aligned columns. */
export function gridText({ caption, columns, rows, note }: Grid): string {
  const cells = rows.map((row) => row.map((cell) => cell.replace(/\s+/g, ' ')));
  const widths = columns.map((column, j) =>
    Math.max(width(column.name), ...cells.map((row) => width(row[j]))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, j) => {
        const space = ' '.repeat(widths[j] - width(cell));
        return columns[j].align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [
    ...(caption ? [caption] : []),
    line(columns.map((c) => c.name)),
    line(widths.map((w) => '─'.repeat(w))),
    ...cells.map(line),
    ...(note ? [note] : []),
  ].join('\n');
}

/** Write a grid as a GitHub-flavoured Markdown table. */
export function gridMarkdown({ caption, columns, rows, note }: Grid): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    ...(caption ? [escapeMarkdown(caption), ''] : []),
    line(
      columns.map((c) =>
        c.detail
          ? `${escapeMarkdown(c.name)} *(${escapeMarkdown(c.detail)})*`
          : escapeMarkdown(c.name),
      ),
    ),
    line(columns.map((c) => (c.align === 'right' ? '---:' : ':---'))),
    ...rows.map((row) => line(row.map(escapeMarkdown))),
    ...(note ? ['', `*${escapeMarkdown(note)}*`] : []),
  ].join('\n');
}

/** Write a grid as an HTML table; it carries no markup from its cells and takes the page's colours. */
export function gridHtml({ caption, columns, rows, note }: Grid): string {
  const align = columns.map((c) => ` style="text-align: ${c.align ?? 'left'}"`);
  const head = columns.map(
    (c, j) =>
      `<th scope="col"${align[j]}>${escapeMarkup(c.name)}${
        c.detail
          ? `<br><span style="font-weight: normal; opacity: 0.7">${escapeMarkup(c.detail)}</span>`
          : ''
      }</th>`,
  );
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell, j) => `<td${align[j]}>${escapeMarkup(cell)}</td>`).join('')}</tr>`,
  );
  return [
    '<table>',
    ...(caption ? [`<caption style="text-align: left">${escapeMarkup(caption)}</caption>`] : []),
    `<thead><tr>${head.join('')}</tr></thead>`,
    `<tbody>${body.join('\n')}</tbody>`,
    '</table>',
    ...(note ? [`<p style="opacity: 0.8">${escapeMarkup(note)}</p>`] : []),
  ].join('\n');
}

/** Columns that a text takes in a terminal, wide characters counted once: names are mostly Latin. */
function width(text: string): number {
  return [...text].length;
}
