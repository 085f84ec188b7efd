import { countParameters } from '../tfm/config.js';
import { networkConfig } from '../tfm/pretraining/pretrain-config.js';
import type { TrainingState } from '../tfm/pretraining/training-state.js';
import type { EvaluationLine } from './training-log.js';

/** What a card tells of the training itself. */
export type TrainedState = Pick<TrainingState, 'config' | 'step' | 'tables' | 'seconds'>;

/** What a card tells beside the state of the run. */
export interface CardFacts {
  /** Version of the package that trained it, with the commit where it is known. */
  readonly by: string;
  /** What the first weights were: drawn, or those of a folder. */
  readonly from: string;
  /** The card of that folder's model. */
  readonly cardOfFrom?: Readonly<Record<string, unknown>>;
  /** By which the logits were divided, in the weights, after the training. */
  readonly temperature?: number;
  /** The last evaluation, where there was one. */
  readonly evaluation?: EvaluationLine;
  /** Names of the tables that were watched. */
  readonly watched: readonly string[];
}

/** The facts of a trained model as a record, for `card.json`. */
export function modelCard(state: TrainedState, facts: CardFacts): Record<string, unknown> {
  const { config, step, tables, seconds } = state;
  return {
    version: `${config.seed}-${step}`,
    parameters: countParameters(networkConfig(config)),
    stored: 'F16',
    seed: config.seed,
    steps: step,
    tables,
    hours: Number((seconds / 3600).toFixed(2)),
    startedFrom: facts.from,
    ...(facts.cardOfFrom ? { cardOfStart: facts.cardOfFrom } : {}),
    ...(facts.temperature ? { temperature: Number(facts.temperature.toFixed(4)) } : {}),
    trainedBy: facts.by,
    mix: config.mix,
    config,
    watchedTables: facts.watched,
    ...(facts.evaluation ? { scoresOfWatchedTables: facts.evaluation } : {}),
  };
}

/** The card for people, for `README.md`. */
export function modelCardText(state: TrainedState, facts: CardFacts): string {
  const { config, step, tables, seconds } = state;
  const parameters = countParameters(networkConfig(config)).toLocaleString('en');
  const sum = Object.values(config.mix).reduce((a, b) => a + b, 0);
  const mix = Object.entries(config.mix)
    .map(([name, weight]) => `${name} ${Math.round((100 * weight) / sum)} %`)
    .join(', ');
  const { evaluation, watched, temperature } = facts;
  const calibrated = temperature
    ? `\n* **Calibrated**: its logits were divided by ${temperature.toFixed(3)}, the temperature at which the watched tables' mean log-loss is smallest.`
    : '';
  const scores = evaluation
    ? `* **Watched while training** (mean over ${evaluation.tables} tables, ${evaluation.folds} folds each, not an honest score): ROC-AUC ${evaluation.rocAuc}, log-loss ${evaluation.logLoss}. Tables: ${watched.join(', ')}.`
    : '* No table of the world was watched while training.';
  return `# Tab2D ${config.dim}/${config.layers}

A classifier for tables, ${parameters} parameters, ${config.heads} heads, ${config.classes} outputs, stored as float16.

* **Training**: synthetic tables only, ${tables.toLocaleString('en')} of them in ${step.toLocaleString('en')} of ${config.steps.toLocaleString('en')} steps, ${(seconds / 3600).toFixed(2)} hours; seed ${config.seed}; first weights: ${facts.from}.
* **Prior**: ${mix}.
* **Made by** ${facts.by}; the whole configuration is in \`card.json\`.${calibrated}
${scores}
`;
}
