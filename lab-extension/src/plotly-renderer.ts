import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import type { PlotlyFigure } from 'causalmixft/display';
import { type PlotlyView, plotlyView } from './plotly-view.js';
import type { Translate } from './translate.js';

/** A Plotly figure in a notebook's output. */
export class RenderedPlotly extends Widget implements IRenderMime.IRenderer {
  private view: PlotlyView | undefined;

  /**
   * @param options What JupyterLab gives every renderer.
   * @param t The language of the texts.
   */
  constructor(
    private readonly options: IRenderMime.IRendererOptions,
    private readonly t: Translate,
  ) {
    super();
    this.addClass('cmx-view');
    this.addClass('cmx-plotly');
  }

  /** Show the model's figure; called again when the output is updated. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const figure = model.data[this.options.mimeType] as unknown as PlotlyFigure;
    const svg = model.data['image/svg+xml'];
    this.view ??= plotlyView({
      el: this.node,
      t: this.t,
      svg: typeof svg === 'string' ? svg : undefined,
    });
    // Not awaited: the picture stands until Plotly has come.
    void this.view.update({ ...figure, data: figure.data ?? [], layout: figure.layout ?? {} });
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.view?.dispose();
    super.dispose();
  }
}
