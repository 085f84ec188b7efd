import { Widget } from '@lumino/widgets';
import type { View } from './dag-view.js';
import { views } from './mime.js';
import type { Translate } from './translate.js';

/** A view that has a panel to itself. */
export class PanelView extends Widget {
  private readonly view: View | undefined;

  /**
   * @param mimeType Which view.
   * @param data Its data.
   * @param t The language of its texts.
   */
  constructor(mimeType: string, data: unknown, t: Translate) {
    super();
    this.addClass('cmx-panel-content');
    this.view = Object.hasOwn(views, mimeType)
      ? views[mimeType](data, { el: this.node, t, panel: true })
      : undefined;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.view?.dispose();
    super.dispose();
  }
}
