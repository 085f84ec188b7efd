import { type CorrelationData, formatNumber, methodsOf } from 'causalmixft/display';
import { h } from './dom.js';
import type { Translate } from './translate.js';

/** Both readings of the gap as bars; the paper's numbers are hollow and named as the paper's. */
export function gapBars(
  data: CorrelationData,
  methods: readonly string[],
  t: Translate,
): readonly HTMLElement[] {
  const all = methodsOf(data.rows);
  const readings = [
    {
      caption: t('correlationGap: 1 − Spearman along the steps'),
      gap: data.gaps.correlationGap,
      references: data.references,
      least: 1,
    },
    {
      caption: t('gainGap: |validation − test gain|, points of %'),
      gap: data.gaps.gainGap,
      references: [],
      least: 0,
    },
  ];
  return readings.map(({ caption, gap, references, least }) => {
    const ours = methods.map((method) => ({ method, value: gap.byMethod[method] ?? null }));
    const largest = Math.max(
      least,
      ...ours.map((o) => o.value ?? 0),
      ...references.map((r) => r.value),
    );
    const bar = (value: number | null, style: string, kind: string, words: string): HTMLElement =>
      h(
        'span',
        { class: 'cmx-bar' },
        value === null
          ? undefined
          : h('i', { class: kind, style: `width: ${(65 * value) / (largest || 1)}%; ${style}` }),
        words,
      );
    return h(
      'figure',
      {},
      h('figcaption', {}, caption),
      ...ours.map(({ method, value }) => {
        const words = value === null ? t('not defined') : formatNumber(value, 3);
        const colour = `background: var(--cmx-series-${all.indexOf(method) % 8})`;
        return h(
          'div',
          { class: 'cmx-gap' },
          h('span', { title: method }, method),
          bar(value, colour, '', words),
        );
      }),
      ...references.map((r) =>
        h(
          'div',
          { class: 'cmx-gap', title: r.source },
          h('span', {}, r.label),
          bar(r.value, '', 'cmx-paper', t("%1, the paper's", formatNumber(r.value))),
        ),
      ),
    );
  });
}
