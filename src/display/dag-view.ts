import type { MimeBundle } from '../work/host.js';
import type { DagData } from './dag-data.js';
import { renderDagSvg } from './dag-svg.js';
import { dagMarkdown, dagText } from './dag-text.js';
import { DAG_MIME, mimeBundle } from './mime.js';

/** Show a graph: data for the interactive view, a picture, a Markdown table and text. */
export function dagBundle(data: DagData): MimeBundle {
  return mimeBundle({
    [DAG_MIME]: data,
    'image/svg+xml': renderDagSvg(data),
    'text/markdown': dagMarkdown(data),
    'text/plain': dagText(data),
  });
}
