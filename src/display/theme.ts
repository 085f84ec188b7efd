/** Colours of a drawing: CSS colours, or `var(--…)` where the drawing lives in a page. */
export interface Theme {
  readonly background: string;
  readonly text: string;
  /** Less important text; at least 4.5 : 1 on the background. */
  readonly muted: string;
  readonly grid: string;
  /** Edges. */
  readonly line: string;
  readonly node: string;
  readonly nodeLine: string;
  readonly target: string;
  readonly targetFill: string;
  readonly required: string;
  readonly forbidden: string;
  readonly edited: string;
  /** Colours of series, in order; from Okabe and Ito's set for colour-blind readers. */
  readonly series: readonly string[];
}

/** Dark on white; a static picture brings its own white ground, so it reads on dark pages too. */
export const lightTheme: Theme = {
  background: '#ffffff',
  text: '#1e293b',
  muted: '#596579',
  grid: '#e2e8f0',
  line: '#334155',
  node: '#f1f5f9',
  nodeLine: '#64748b',
  target: '#b4430a',
  targetFill: '#fff4ea',
  required: '#0369a1',
  forbidden: '#b91c1c',
  edited: '#7e22ce',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000', '#8a6d3b'],
};

export const fontFamily = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";
