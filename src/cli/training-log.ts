// The log of a pre-training run: one JSON object a line, its means over a few steps or one
// evaluation. A resumed run drops the lines past its checkpoint, so the curve has no double parts.

import { existsSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import type { StepReport } from '../tfm/pretraining/train.js';
import { writeWhole } from '../tfm/write-whole.js';

/** Means over the steps since the line before. */
export interface StepsLine {
  readonly kind: 'steps';
  /** The last of them. */
  readonly step: number;
  /** Tables seen so far. */
  readonly tables: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  readonly loss: number;
  /** Loss of a guess by the classes' shares. */
  readonly guessLoss: number;
  readonly gradientNorm: number;
  readonly rate: number;
  readonly tablesPerSecond: number;
}

/** Mean scores of the averaged weights on tables of the world. */
export interface EvaluationLine {
  readonly kind: 'evaluation';
  readonly step: number;
  readonly seconds: number;
  readonly rocAuc: number;
  readonly logLoss: number;
  /** How many tables, each in how many folds. */
  readonly tables: number;
  readonly folds: number;
}

export type LogLine = StepsLine | EvaluationLine;

/** Read a log; none where the file is absent. A last line that a kill cut off is left out. */
export function readLog(file: string): LogLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
}

/** Keep the lines up to a step. */
export async function cutLog(file: string, step: number): Promise<LogLine[]> {
  const lines = readLog(file).filter((line) => line.step <= step);
  await writeWhole(file, (handle) =>
    handle.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  );
  return lines;
}

/** Add a line. */
export async function appendLine(file: string, line: LogLine): Promise<void> {
  await appendFile(file, `${JSON.stringify(line)}\n`);
}

/** The means of some steps. */
export function stepsLine(
  reports: readonly StepReport[],
  { tables, seconds, lasted }: { tables: number; seconds: number; lasted: number },
): StepsLine {
  const mean = (of: (report: StepReport) => number): number =>
    Number((reports.reduce((sum, r) => sum + of(r), 0) / reports.length).toPrecision(6));
  const seen = reports.reduce((sum, r) => sum + r.tables, 0);
  return {
    kind: 'steps',
    step: reports[reports.length - 1].step,
    tables,
    seconds: Math.round(seconds),
    loss: mean((r) => r.loss),
    guessLoss: mean((r) => r.guessLoss),
    gradientNorm: mean((r) => r.gradientNorm),
    rate: mean((r) => r.rate),
    tablesPerSecond: Number((seen / lasted).toFixed(1)),
  };
}
