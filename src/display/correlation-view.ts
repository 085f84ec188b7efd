import type { MimeBundle } from '../work/host.js';
import type { CorrelationData } from './correlation-data.js';
import { correlationFigure } from './correlation-figure.js';
import { correlationDigest, correlationSummary } from './correlation-summary.js';
import { correlationSvg } from './correlation-svg.js';
import { gridMarkdown, gridText } from './grid.js';
import { escapeMarkdown } from './markup.js';
import { CORRELATION_MIME, mimeBundle, PLOTLY_MIME } from './mime.js';

/** Show validation against test: data for our view, a Plotly figure, a picture, Markdown and text. */
export function correlationBundle(data: CorrelationData): MimeBundle {
  const summary = correlationSummary(data);
  const digest = correlationDigest(data);
  return mimeBundle({
    [CORRELATION_MIME]: data,
    [PLOTLY_MIME]: correlationFigure(data),
    'image/svg+xml': correlationSvg(data),
    'text/markdown': `${summary.map((s) => `- ${escapeMarkdown(s)}`).join('\n')}\n\n${gridMarkdown(digest)}`,
    'text/plain': `${summary.join('\n')}\n\n${gridText(digest)}`,
  });
}
