import type { MimeBundle } from '../work/host.js';
import { type Grid, gridHtml, gridMarkdown, gridText } from './grid.js';
import { formatNumber } from './markup.js';
import { mimeBundle } from './mime.js';

/** Show a grid as HTML, Markdown and text. */
export function gridBundle(grid: Grid): MimeBundle {
  return mimeBundle({
    'text/html': gridHtml(grid),
    'text/markdown': gridMarkdown(grid),
    'text/plain': gridText(grid),
  });
}

/** A short list of facts as a table of two columns. */
export function facts(caption: string, entries: readonly (readonly [string, string])[]): Grid {
  return { caption, columns: [{ name: 'what' }, { name: 'value' }], rows: entries };
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${formatNumber(100 * share, share < 0.1 ? 2 : 3)} %`;
}
