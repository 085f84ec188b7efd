// One sitting of a pre-training run in its folder: log, curve, checkpoints, evaluation, final model.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCheckpoint, readCheckpoint, saveCheckpoint } from '../tfm/pretraining/checkpoint.js';
import { networkConfig } from '../tfm/pretraining/pretrain-config.js';
import { scaleOutputs } from '../tfm/pretraining/scale-outputs.js';
import { type StepReport, TrainingDiverged, train } from '../tfm/pretraining/train.js';
import type { TrainingState } from '../tfm/pretraining/training-state.js';
import type { Network } from '../tfm/weights.js';
import { writeWhole } from '../tfm/write-whole.js';
import { type LongWork, longWork } from '../work/long-work.js';
import { writeModel } from './finish-model.js';
import type { CardFacts } from './model-card.js';
import { trainingCurve } from './training-curve.js';
import { appendLine, cutLog, type EvaluationLine, readLog, stepsLine } from './training-log.js';

/** Mean scores of a network on tables of the world. */
export type Evaluation = Pick<EvaluationLine, 'rocAuc' | 'logLoss' | 'tables' | 'folds'>;

export interface PretrainRunOptions extends LongWork {
  readonly workers: number;
  readonly checkpointMinutes: number;
  readonly evaluateMinutes: number;
  /** Scores the averaged weights; absent: nothing is evaluated. */
  readonly evaluate?: (network: Network) => Promise<Evaluation>;
  /** Gives the temperature by which the last weights' logits are divided; absent: they stay. */
  readonly calibrate?: (network: Network) => Promise<number>;
  readonly facts: Omit<CardFacts, 'evaluation' | 'temperature'>;
  /** Told what went wrong without ending the run. */
  readonly warn: (message: string) => void;
}

/** Steps a line of the log; checkpoints are made at such steps, so that a resumed log has the same lines. */
const linesEvery = 10;

/**
 * Train until the last step, or until the signal; then write the model.
 * @param folder Holds `log.jsonl`, `curve.svg`, `checkpoint/`, and at the end `model/`.
 * @returns The folder of the model.
 */
export async function runPretraining(
  folder: string,
  state: TrainingState,
  options: PretrainRunOptions,
): Promise<string> {
  const { config } = state;
  const checkpoint = join(folder, 'checkpoint');
  const log = join(folder, 'log.jsonl');
  await mkdir(folder, { recursive: true });
  const lines = await cutLog(log, state.step);
  let evaluation = lines.findLast((line): line is EvaluationLine => line.kind === 'evaluation');
  const network = (): Network => ({ config: networkConfig(config), weights: state.average });
  const drawCurve = (): Promise<void> =>
    writeWhole(join(folder, 'curve.svg'), (handle) =>
      handle.writeFile(trainingCurve(readLog(log))),
    );
  const evaluate = async (): Promise<void> => {
    if (!options.evaluate || evaluation?.step === state.step) return;
    const scores = await options.evaluate(network());
    const { step, seconds } = state;
    evaluation = { kind: 'evaluation', step, seconds: Math.round(seconds), ...scores };
    await appendLine(log, evaluation);
    await drawCurve();
  };
  const save = async (): Promise<void> => {
    try {
      await saveCheckpoint(checkpoint, state);
    } catch (error) {
      options.warn(`${(error as Error).message}; the checkpoint before stays in force`);
    }
  };
  await longWork('pre-training', config.steps, options, async (work) => {
    work.tick(state.step);
    let reports: StepReport[] = [];
    const started = { seconds: state.seconds, at: Date.now() };
    let [saved, evaluated, lineSeconds] = [Date.now(), Date.now(), state.seconds];
    const spent = { evaluating: 0 };
    try {
      for await (const report of train(state, {
        workers: options.workers,
        pause: () => work.breathe(),
      })) {
        state.seconds = started.seconds + (Date.now() - started.at - spent.evaluating) / 1000;
        reports.push(report);
        work.tick(1, note(report, state, evaluation));
        if (report.step % linesEvery !== 0 && report.step !== config.steps) continue;
        const { tables, seconds } = state;
        const lasted = Math.max(1e-3, seconds - lineSeconds);
        await appendLine(log, stepsLine(reports, { tables, seconds, lasted }));
        [reports, lineSeconds] = [[], seconds];
        const last = report.step === config.steps;
        if (last || Date.now() - evaluated > 60_000 * options.evaluateMinutes) {
          const before = Date.now();
          await evaluate();
          evaluated = Date.now();
          spent.evaluating += evaluated - before;
        }
        if (last || Date.now() - saved > 60_000 * options.checkpointMinutes) {
          await save();
          await drawCurve();
          saved = Date.now();
        }
      }
    } catch (error) {
      if (error instanceof TrainingDiverged) throw await diverged(error, checkpoint);
      // Stopped between two steps or within one that changed nothing yet: nothing is lost.
      if (work.signal?.aborted) await save();
      throw error;
    }
  });
  const model = join(folder, 'model');
  const temperature = await options.calibrate?.(network());
  if (temperature && evaluation && options.evaluate) {
    evaluation = {
      ...evaluation,
      ...(await options.evaluate(scaleOutputs(network(), temperature))),
    };
  }
  await writeModel(model, network(), state, {
    ...options.facts,
    ...(evaluation ? { evaluation } : {}),
    ...(temperature ? { temperature } : {}),
  });
  return model;
}

function note(
  { loss, guessLoss }: StepReport,
  { seconds, tables }: TrainingState,
  evaluation: EvaluationLine | undefined,
): string {
  const rate = seconds > 0 ? ` · ${(tables / seconds).toFixed(1)} tables/s` : '';
  const scores = evaluation
    ? ` · at step ${evaluation.step} AUC ${evaluation.rocAuc.toFixed(4)}, log-loss ${evaluation.logLoss.toFixed(4)}`
    : '';
  return `loss ${loss.toFixed(3)} (guess ${guessLoss.toFixed(3)})${rate}${scores}`;
}

async function diverged(error: TrainingDiverged, checkpoint: string): Promise<Error> {
  if (!existsSync(checkpoint) || !hasCheckpoint(checkpoint)) {
    return new Error(`${error.message}; there is no checkpoint before it`, { cause: error });
  }
  const { step } = await readCheckpoint(checkpoint);
  return new Error(`${error.message}; the last good checkpoint is ${checkpoint}, of step ${step}`, {
    cause: error,
  });
}
