import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ITranslator } from '@jupyterlab/translation';
import { PLOTLY_MIME } from 'causalmixft/display';
import { setViewHost } from './host.js';
import { translation } from './mime.js';
import { PanelView } from './panel-view.js';
import { RenderedPlotly } from './plotly-renderer.js';

/** Commands of this extension. */
export const commandIds = {
  /** Show view data in a panel; arguments: mimeType, data, title. */
  openInPanel: 'causalmixft:open-in-panel',
} as const;

const plotly: JupyterFrontEndPlugin<void> = {
  id: '@causalmixft/lab:plotly',
  description: 'Shows Plotly figures where no other extension does.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  /**
   * Register the renderer.
   * @param _app The application.
   * @param rendermime Where renderers are registered; the last one for a type wins there.
   * @param translator The language of the texts.
   */
  activate(
    _app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null,
  ): void {
    // plotly.py brings the whole of Plotly: where it was first, it stays; where it comes later, it
    // replaces this one.
    if (rendermime.getFactory(PLOTLY_MIME)) return;
    const t = translation(translator ?? undefined);
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [PLOTLY_MIME],
        createRenderer: (options: IRenderMime.IRendererOptions) => new RenderedPlotly(options, t),
      },
      1,
    );
  },
};

const panel: JupyterFrontEndPlugin<void> = {
  id: '@causalmixft/lab:panel',
  description: 'Opens graphs and validation-against-test views in panels of their own.',
  autoStart: true,
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  /**
   * Add the command and tell the views of it.
   * @param app The application: its commands and its shell.
   * @param translator The language of the texts.
   */
  activate(app: JupyterFrontEnd, translator: ITranslator | null): void {
    const t = translation(translator ?? undefined);
    app.commands.addCommand(commandIds.openInPanel, {
      label: t('Open the view in a panel'),
      describedBy: {
        args: {
          type: 'object',
          required: ['mimeType', 'data'],
          properties: {
            mimeType: { type: 'string' },
            data: { type: 'object' },
            title: { type: 'string' },
          },
        },
      },
      execute: (args) => {
        const content = new PanelView(String(args.mimeType), args.data, t);
        const widget = new MainAreaWidget({ content });
        widget.toolbar.hide(); // the view has its own
        widget.title.label = String(args.title ?? t('Causal graph'));
        widget.title.closable = true;
        const ref = app.shell.currentWidget?.id;
        app.shell.add(widget, 'main', { mode: 'split-right', ...(ref ? { ref } : {}) });
      },
    });
    setViewHost({
      openInPanel(mimeType, data, title) {
        const json: unknown = JSON.parse(JSON.stringify(data ?? null));
        void app.commands.execute(commandIds.openInPanel, { mimeType, data: json as never, title });
      },
    });
  },
};

export default [plotly, panel];
