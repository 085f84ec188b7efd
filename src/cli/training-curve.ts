import { coordinate } from '../display/markup.js';
import { frame, type Panel, padded, type Range, scale, text } from '../display/svg-plot.js';
import { fontFamily, lightTheme as theme } from '../display/theme.js';
import type { EvaluationLine, LogLine, StepsLine } from './training-log.js';

/**
 * Draw the curve of a run: the loss as a share of a guess's loss (smoothed over 20 lines), and the
 * scores on tables of the world.
 * @returns An SVG document.
 */
export function trainingCurve(lines: readonly LogLine[]): string {
  const steps = lines.filter((line): line is StepsLine => line.kind === 'steps');
  const evaluations = lines.filter((line): line is EvaluationLine => line.kind === 'evaluation');
  const last = Math.max(1, ...lines.map((line) => line.step));
  const x: Range = [0, last];
  const panels: string[] = [];
  const draw = (
    at: number,
    label: string,
    series: readonly (readonly [number, number])[],
    marks: boolean,
  ): void => {
    const panel: Panel = { x: 70, y: 34 + at * 200, width: 560, height: 130 };
    const y = padded(series.map(([, v]) => v));
    const sx = scale(x, [panel.x, panel.x + panel.width]);
    const sy = scale(y, [panel.y + panel.height, panel.y]);
    const points = series.map(([s, v]) => `${coordinate(sx(s))} ${coordinate(sy(v))}`);
    panels.push(
      frame(panel, x, y, theme, { title: label, ...(at === 2 ? { xLabel: 'step' } : {}) }),
      `<path d="M${points.join('L')}" fill="none" stroke="${theme.series[at]}" stroke-width="1.5"/>`,
      ...(marks
        ? points.map((p) => {
            const [cx, cy] = p.split(' ');
            return `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${theme.series[at]}"/>`;
          })
        : []),
    );
  };
  if (steps.length > 0) {
    draw(0, 'loss, as a share of guessing by class shares', smoothed(steps), false);
  }
  if (evaluations.length > 0) {
    const { tables, folds } = evaluations[0];
    const where = `mean of ${tables} tables, ${folds} folds each`;
    draw(
      1,
      `ROC-AUC, ${where}`,
      evaluations.map((e) => [e.step, e.rocAuc]),
      true,
    );
    draw(
      2,
      `log-loss, ${where}`,
      evaluations.map((e) => [e.step, e.logLoss]),
      true,
    );
  }
  const height = evaluations.length > 0 ? 620 : 210;
  const empty = lines.length === 0 ? text(70, 100, 'nothing yet', theme.muted, 13) : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 ${height}" width="660" height="${height}" font-family="${fontFamily}" role="img"><title>Pre-training curve</title><rect width="660" height="${height}" fill="${theme.background}"/>${panels.join('\n')}${empty}</svg>\n`;
}

/** Loss over guess, a running mean of up to 20 lines. */
function smoothed(steps: readonly StepsLine[]): [number, number][] {
  return steps.map(({ step }, i) => {
    const near = steps.slice(Math.max(0, i - 19), i + 1);
    const sum = near.reduce((s, line) => s + line.loss / line.guessLoss, 0);
    return [step, sum / near.length];
  });
}
