import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { CORRELATION_MIME, DAG_MIME } from 'causalmixft/display';
import { correlationView } from './correlation-view.js';
import { dagView, type View, type ViewOptions } from './dag-view.js';
import { picture } from './plotly-view.js';
import { type Translate, untranslated } from './translate.js';

/** How a view is made: a function of data and element; the widget only wraps it. */
export type MakeView = (data: unknown, options: ViewOptions) => View;

/** The views by MIME type. */
export const views: Readonly<Record<string, MakeView>> = {
  [DAG_MIME]: dagView,
  [CORRELATION_MIME]: correlationView,
};

/** One view in a notebook's output. */
export class RenderedView extends Widget implements IRenderMime.IRenderer {
  private view: View | undefined;

  /** @param options What JupyterLab gives every renderer. */
  constructor(private readonly options: IRenderMime.IRendererOptions) {
    super();
    this.addClass('cmx-rendered');
  }

  /** Show the model's data; called again when the output is updated. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const { mimeType, translator } = this.options;
    const data: unknown = model.data[mimeType];
    const version = (data as { version?: unknown } | null | undefined)?.version;
    const svg = model.data['image/svg+xml'];
    if (version !== 1 && typeof svg === 'string') {
      // Data of a later version than this extension: its picture says it all the same.
      this.view?.dispose();
      this.view = undefined;
      this.node.replaceChildren(picture(svg), this.sentence(version));
      return;
    }
    if (this.view) this.view.update(data);
    else this.view = views[mimeType](data, { el: this.node, t: translation(translator) });
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.view?.dispose();
    super.dispose();
  }

  private sentence(version: unknown): HTMLElement {
    const p = document.createElement('p');
    const t = translation(this.options.translator);
    p.textContent = t(
      'The data behind this picture have version %1; this extension reads version 1. Update @causalmixft/lab for the interactive view.',
      String(version),
    );
    return p;
  }
}

/** Texts in the language of JupyterLab. */
export function translation(translator: IRenderMime.ITranslator | undefined): Translate {
  const bundle = translator?.load('causalmixft');
  return bundle ? (text, ...values) => bundle.__(text, ...values.map(String)) : untranslated;
}

function extension(
  name: string,
  mimeType: string,
  description: string,
  fileTypes: IRenderMime.IDocumentWidgetFactoryOptions | undefined,
  extensions: readonly string[],
): IRenderMime.IExtension {
  return {
    id: `@causalmixft/lab:${name}`,
    description,
    rendererFactory: {
      safe: true,
      mimeTypes: [mimeType],
      createRenderer: (options) => new RenderedView(options),
    },
    rank: 0,
    dataType: 'json',
    ...(fileTypes
      ? {
          documentWidgetFactoryOptions: fileTypes,
          fileTypes: [
            {
              name: fileTypes.name,
              displayName: fileTypes.name,
              fileFormat: 'text',
              mimeTypes: [mimeType],
              extensions: [...extensions],
            },
          ],
        }
      : {}),
  };
}

const extensions: readonly IRenderMime.IExtension[] = [
  extension(
    'dag',
    DAG_MIME,
    'Shows causal graphs',
    {
      name: 'Causal graph',
      modelName: 'text',
      primaryFileType: 'Causal graph',
      fileTypes: ['Causal graph', 'json'],
      defaultFor: ['Causal graph'],
    },
    ['.dag.json'],
  ),
  extension('correlation', CORRELATION_MIME, 'Shows validation against test', undefined, []),
];

export default extensions;
