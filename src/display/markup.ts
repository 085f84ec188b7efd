const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escape text for HTML and SVG, between tags and in quoted attributes. */
export function escapeMarkup(text: string): string {
  // XML 1.0 has no place for most control characters, nor for lone surrogates, not even escaped.
  return text
    .replace(/(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (c) => entities[c]);
}

/** Escape text for a cell of a Markdown table: no markup, no column break, one line. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/[\\`*_[\]|~$<]/g, '\\$&');
}

/** Cut a text to at most `length` characters, an ellipsis included. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/**
 * Write a number for people: at most `digits` significant digits, no trailing zeros, a true minus.
 * @param digits Significant digits (default `4`).
 */
export function formatNumber(x: number, digits = 4): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? '–' : x > 0 ? '∞' : '−∞';
  if (Number.isInteger(x) && Math.abs(x) < 1e7) return String(x).replace('-', '−');
  const size = Math.abs(x);
  const text =
    size >= 1e7 || size < 1e-4
      ? x.toExponential(digits - 1).replace(/\.?0+e/, 'e')
      : String(Number(x.toPrecision(digits)));
  return text.replaceAll('-', '−');
}

/** A coordinate for SVG: two decimals, so that the same picture has the same text. */
export function coordinate(x: number): string {
  const rounded = Math.round(x * 100) / 100;
  return String(rounded === 0 ? 0 : rounded);
}
