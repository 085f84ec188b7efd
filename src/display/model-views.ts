import type { FittedClassifier } from '../tfm/classifier.js';
import type { FineTuned } from '../tfm/fine-tune.js';
import type { Tfm } from '../tfm/load-tfm.js';
import type { FittedRegressor } from '../tfm/regressor.js';
import type { Grid } from './grid.js';
import { facts } from './grid-bundle.js';
import { formatNumber, shorten } from './markup.js';
import { plural } from './table-view.js';

/** What a foundation model is. */
export function tfmGrid({ name, source, config, parameters, preset }: Tfm): Grid {
  return facts('Tabular foundation model', [
    ['name', name],
    ['source', source],
    ['parameters', parameters.toLocaleString('en')],
    ['task', config.task],
    ['network', `${config.n_layers} layers, ${config.n_heads} heads, width ${config.dim}`],
    ['fine-tuning preset', preset],
  ]);
}

/** What a fitted classifier predicts. */
export function classifierGrid(model: FittedClassifier): Grid {
  return facts('Classifier, shown its context rows', [
    ['predicts', `${model.target}: ${shorten(model.classes.join(', '), 120)}`],
    ['foundation model', model.tfm],
    ...(model.temperature === 1 ? [] : [['temperature', formatNumber(model.temperature)] as const]),
    ...model.notes.map((note) => ['note', note] as const),
  ]);
}

/** How a fine-tuning went: its first, chosen and last steps. */
export function fineTunedGrid({ tfm, steps, chosenStep, preset, stopped }: FineTuned): Grid {
  const wanted = steps.filter(
    ({ step }, i) => i < 3 || i >= steps.length - 2 || Math.abs(step - chosenStep) <= 1,
  );
  const monitors = Object.keys(steps[0]?.monitor ?? {});
  return {
    caption: `${tfm.name} fine-tuned (preset ${preset}): step ${chosenStep} of ${steps.at(-1)?.step ?? 0} kept${stopped ? `, stopped by ${stopped}` : ''}`,
    columns: [
      { name: 'step', align: 'right' },
      { name: 'score', detail: 'lower is better', align: 'right' },
      { name: 'train loss', align: 'right' },
      { name: 'learning rate', align: 'right' },
      ...monitors.map((name) => ({ name, align: 'right' }) as const),
    ],
    rows: wanted.map((step) => [
      step.step === chosenStep ? `★ ${step.step}` : String(step.step),
      step.score.toFixed(4),
      step.trainLoss?.toFixed(4) ?? '–',
      step.learningRate === undefined ? '–' : formatNumber(step.learningRate, 3),
      ...monitors.map((name) => step.monitor?.[name]?.toFixed(4) ?? '–'),
    ]),
    ...(wanted.length < steps.length
      ? { note: `… ${plural(steps.length - wanted.length, 'more step')} not shown` }
      : {}),
  };
}

/** What a fitted regressor predicts. */
export function regressorGrid(model: FittedRegressor): Grid {
  return facts('Regressor, shown its context rows', [
    ['predicts', model.target],
    ['foundation model', model.tfm],
    ...model.notes.map((note) => ['note', note] as const),
  ]);
}
