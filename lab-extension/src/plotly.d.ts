// The part of Plotly 4 that is used; the published types lag behind.
declare module 'plotly.js-cartesian-dist-min' {
  export interface PlotlyElement extends HTMLElement {
    on(event: string, listener: (event: PlotlyEvent | undefined) => void): void;
    removeAllListeners(event: string): void;
  }

  export interface PlotlyEvent {
    readonly points: readonly { readonly customdata?: unknown }[];
  }

  export interface Plotly {
    react(
      element: HTMLElement,
      data: unknown,
      layout?: unknown,
      config?: unknown,
    ): Promise<PlotlyElement>;
    relayout(element: HTMLElement, update: unknown): Promise<PlotlyElement>;
    purge(element: HTMLElement): void;
    toImage(
      element: HTMLElement,
      options: { format: 'svg' | 'png'; width?: number; height?: number },
    ): Promise<string>;
    validate(data: unknown, layout: unknown): readonly { readonly msg: string }[] | undefined;
    readonly Plots: { resize(element: HTMLElement): Promise<PlotlyElement> };
  }

  const plotly: Plotly;
  export default plotly;
}
