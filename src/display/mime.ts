import type { MimeBundle } from '../work/host.js';

/** A causal graph as data: see `dag-schema.ts`. */
export const DAG_MIME = 'application/vnd.causalmixft.dag+json';
/** Validation against test scores as data: see `correlation-schema.ts`. */
export const CORRELATION_MIME = 'application/vnd.causalmixft.correlation+json';
/** A Plotly figure. */
export const PLOTLY_MIME = 'application/vnd.plotly.v1+json';

/** The forms of one result; every bundle has at least the two that any reader can show. */
export interface Forms {
  readonly 'text/plain': string;
  readonly 'text/markdown': string;
  readonly 'text/html'?: string;
  readonly 'image/svg+xml'?: string;
  readonly [DAG_MIME]?: unknown;
  readonly [CORRELATION_MIME]?: unknown;
  readonly [PLOTLY_MIME]?: unknown;
}

/** Most JSON, in characters, that a bundle carries (2 MB); a larger one goes without its data. */
export const MAX_JSON = 2_000_000;

/**
 * Put the forms of one result together, leaving out JSON forms over `MAX_JSON` and saying so.
 * @param forms The result, form by form; absent forms are dropped.
 */
export function mimeBundle(forms: Forms): MimeBundle {
  const data: Record<string, unknown> = {};
  const svg = forms['image/svg+xml'];
  const html = forms['text/html'] ?? (svg === undefined ? undefined : pictureHtml(svg));
  let leftOut = 0;
  for (const [type, form] of Object.entries({ ...forms, 'text/html': html })) {
    if (form === undefined) continue;
    if (type.endsWith('json')) {
      const size = JSON.stringify(form).length;
      if (size > MAX_JSON) {
        leftOut = Math.max(leftOut, size);
        continue;
      }
    }
    data[type] = form;
  }
  if (leftOut > 0) {
    const note = `Interactive data left out: ${(leftOut / 1e6).toFixed(1)} MB, more than ${MAX_JSON / 1e6} MB.`;
    data['text/plain'] = `${forms['text/plain']}\n${note}`;
    data['text/markdown'] = `${forms['text/markdown']}\n\n*${note}*`;
  }
  return { data };
}

/**
 * Write a picture as HTML. Most readers of notebooks prefer Markdown to SVG and HTML to both, and
 * drop SVG elements from HTML that they do not trust, but not images.
 */
function pictureHtml(svg: string): string {
  const text = (tag: string): string => new RegExp(`<${tag}>([^<]*)`).exec(svg)?.[1] ?? '';
  const alt = [text('title'), text('desc')].filter(Boolean).join('. ').replace(/\s+/g, ' ');
  let binary = '';
  for (const byte of new TextEncoder().encode(svg)) binary += String.fromCharCode(byte);
  return `<img alt="${alt}" src="data:image/svg+xml;base64,${btoa(binary)}">`;
}
