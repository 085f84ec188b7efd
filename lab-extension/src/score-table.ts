import { type CorrelationData, type CorrelationRow, correlationGrid } from 'causalmixft/display';
import { button, h } from './dom.js';
import type { Translate } from './translate.js';

export interface ScoreTableOptions {
  readonly t: Translate;
  /** Called with the row that the reader points at; `undefined` for none. */
  onMark(row: CorrelationRow | undefined): void;
}

/** The table of all scores below a figure. */
export interface ScoreTable {
  readonly element: HTMLElement;
  show(rows: readonly CorrelationRow[], data: CorrelationData): void;
  /** Show only the points of a selection, given by run and step; `undefined` shows all. */
  filter(points: readonly unknown[] | undefined): void;
  /** Open the table at one point. */
  reveal(point: unknown): void;
}

/** Make the table: rows are walked through with the arrow keys, and marked in the figure. */
export function scoreTable({ t, onMark }: ScoreTableOptions): ScoreTable {
  let rows: readonly CorrelationRow[] = [];
  let data: CorrelationData | undefined;
  let selection: ReadonlySet<string> | undefined;
  let elements: readonly HTMLTableRowElement[] = [];

  const summary = h('summary', {});
  const all = button(t('Show all rows'), () => filter(undefined));
  const holder = h('div', { class: 'cmx-table' });
  const element = h(
    'details',
    {
      class: 'cmx-data',
      ontoggle: () => {
        if (!element.open) mark(undefined);
        else draw();
      },
    },
    summary,
    all,
    holder,
  );

  const key = (row: CorrelationRow): string => JSON.stringify([row.run, row.step]);
  const visible = (): readonly CorrelationRow[] =>
    selection ? rows.filter((row) => selection?.has(key(row))) : rows;

  const mark = (index: number | undefined, focus = false): void => {
    elements.forEach((line, i) => {
      line.setAttribute('aria-selected', String(i === index));
      line.tabIndex = i === (index ?? 0) ? 0 : -1;
    });
    if (focus && index !== undefined) elements[index]?.focus();
    onMark(index === undefined ? undefined : visible()[index]);
  };

  const draw = (): void => {
    const shown = visible();
    summary.textContent = selection
      ? t('Scores: %1 of %2 rows selected', shown.length, rows.length)
      : t('Scores: %1 rows', rows.length);
    all.hidden = !selection;
    if (!element.open || !data) return;
    const { columns, rows: cells } = correlationGrid({ ...data, rows: shown });
    elements = cells.map((line, i) =>
      h(
        'tr',
        {
          tabindex: i === 0 ? 0 : -1,
          'aria-selected': 'false',
          onclick: () => mark(i, true),
          onfocus: () => mark(i),
          onkeydown: (event) => {
            const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: cells.length - 1 }[
              (event as KeyboardEvent).key
            ];
            if (to === undefined) return;
            event.preventDefault();
            mark(Math.max(0, Math.min(cells.length - 1, to)), true);
          },
        },
        ...line.map((cell, j) => h('td', { class: `cmx-${columns[j].align ?? 'left'}` }, cell)),
      ),
    );
    holder.replaceChildren(
      h(
        'table',
        { role: 'grid', 'aria-label': t('Scores') },
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
        h('tbody', {}, ...elements),
      ),
    );
  };

  const filter = (points: readonly unknown[] | undefined): void => {
    selection = points ? new Set(points.map((p) => JSON.stringify(p))) : undefined;
    if (points) element.open = true;
    draw();
  };

  return {
    element,
    show(next, from) {
      rows = next;
      data = from;
      selection = undefined;
      draw();
    },
    filter,
    reveal(point) {
      element.open = true;
      draw();
      const index = visible().findIndex((row) => key(row) === JSON.stringify(point));
      if (index < 0) return;
      mark(index);
      elements[index].scrollIntoView({ block: 'nearest' });
    },
  };
}
