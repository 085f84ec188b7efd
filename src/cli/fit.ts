import { type Command, Option } from 'commander';
import {
  causalMixFT,
  type History,
  standardFineTuning,
  type TuningOptions,
} from '../causal-mix-ft.js';
import { conform } from '../data/conform.js';
import { dropMissing } from '../data/missing.js';
import { split } from '../data/split.js';
import { column, isNumeric, type Table } from '../data/table.js';
import { evaluate, type Scores } from '../evaluation/evaluate.js';
import { evaluateRegressor, type RegressionScores } from '../evaluation/regression.js';
import type { FittedClassifier } from '../tfm/classifier.js';
import type { FineTuned } from '../tfm/fine-tune.js';
import { loadTfm } from '../tfm/load-tfm.js';
import type { FittedRegressor } from '../tfm/regressor.js';
import type { LongWork } from '../work/long-work.js';
import {
  addCommand,
  type Context,
  jsonText,
  longWorkOf,
  readSource,
  type Shared,
  shortNumber,
  tableHelp,
  wholeNumber,
} from './command.js';
import { textTable } from './text-table.js';

const methods = ['zero-shot', 'fine-tune', 'causal-mix-ft'] as const;

/** `causalmixft fit`. */
export function addFit(program: Command, context: Context): void {
  addCommand(
    program,
    'fit',
    'Fit a classifier (a regressor, where the target is numeric) and save it as one portable folder; the history goes to stdout.',
    'causalmixft fit bundled:penguins --target sex --method causal-mix-ft --out model/',
  )
    .argument('<table>', tableHelp)
    .requiredOption('--target <name>', 'column to predict')
    .addOption(
      new Option('--method <name>', 'how the foundation model is adapted')
        .choices(methods)
        .default('causal-mix-ft'),
    )
    .option(
      '--model <source>',
      'foundation model: a folder, or a Hugging Face name (default: the embedded one)',
    )
    .option(
      '--validation <table>',
      'rows that choose the step (default: a fifth of the table, stratified)',
    )
    .option('--steps <number>', 'steps of fine-tuning (default: as the model asks)', wholeNumber(1))
    .requiredOption('--out <folder>', 'folder to write')
    .action((source: string, options: FitOptions) => fitAndSave(source, options, context));
}

interface FitOptions extends Shared {
  readonly target: string;
  readonly method: (typeof methods)[number];
  readonly model?: string;
  readonly validation?: string;
  readonly steps?: number;
  readonly out: string;
}

/** What `fit` found, as `--json` writes it. */
interface Report {
  readonly method: string;
  readonly model: string;
  readonly rows: { readonly train: number; readonly validation: number };
  readonly validation: Scores | RegressionScores;
  readonly history?: History;
  /** How the tuning of a regressor went; the scores are root mean squared errors. */
  readonly tuning?: Pick<FineTuned, 'chosenStep' | 'steps'>;
}

async function fitAndSave(source: string, options: FitOptions, context: Context): Promise<void> {
  const { target, seed, method } = options;
  const table = await readSource(source, context, { target });
  const { train, validation } = await parts(table, options, context);
  const work = longWorkOf(context, options);
  const tfm = await loadTfm(options.model, work);
  const tuning: TuningOptions = {
    tfm,
    seed,
    ...(options.steps === undefined ? {} : { steps: options.steps }),
  };
  const about = {
    method,
    model: tfm.name,
    rows: { train: train.rows, validation: validation.rows },
  };
  let report: Report;
  if (isNumeric(column(table, target))) {
    const { regressor, tuning: went } = await fitRegressor(
      tuning,
      options,
      train,
      validation,
      work,
    );
    const scores = await evaluateRegressor(regressor, validation);
    report = { ...about, validation: scores, ...(went ? { tuning: went } : {}) };
    await save(regressor, options, context);
  } else {
    const model = await fitClassifier(tuning, options, train, validation, work);
    const { history } = model;
    const scores = await evaluate(model, validation);
    report = { ...about, validation: scores, ...(history ? { history } : {}) };
    await save(model, options, context);
  }
  await context.write(options.json ? jsonText(report) : reportText(report, options.out));
}

function fitClassifier(
  tuning: TuningOptions,
  { method }: FitOptions,
  train: Table,
  validation: Table,
  work: LongWork,
): Promise<FittedClassifier & { readonly history?: History }> {
  if (method === 'zero-shot') return tuning.tfm.fit(train, { seed: tuning.seed });
  const way = method === 'fine-tune' ? standardFineTuning(tuning) : causalMixFT(tuning);
  return way.fit(train, validation, work);
}

async function fitRegressor(
  tuning: TuningOptions,
  { method }: FitOptions,
  train: Table,
  validation: Table,
  work: LongWork,
): Promise<{ regressor: FittedRegressor; tuning?: Report['tuning'] }> {
  const { tfm, seed } = tuning;
  if (method === 'zero-shot') return { regressor: await tfm.fitRegressor(train, { seed }) };
  const way = method === 'fine-tune' ? standardFineTuning(tuning) : causalMixFT(tuning);
  const regressor = await way.fitRegressor(train, validation, work);
  return { regressor, tuning: regressor.tuning };
}

/** Save what was fitted, unless it was stopped meanwhile. */
async function save(
  model: { save(folder: string): Promise<void> },
  { out }: FitOptions,
  { signal }: Context,
): Promise<void> {
  signal.throwIfAborted();
  await model.save(out);
}
async function parts(
  all: Table,
  { validation, target, seed }: FitOptions,
  context: Context,
): Promise<{ train: Table; validation: Table }> {
  const table = withKnownTarget(all, target);
  if (validation === undefined) return split(table, { seed, test: 0 });
  const read = withKnownTarget(await readSource(validation, context, { target }), target);
  return { train: table, validation: conform(read, table).table };
}

function withKnownTarget(table: Table, target: string): Table {
  const known = dropMissing(table, [target]);
  const left = table.rows - known.rows;
  if (left > 0) {
    process.stderr.write(
      `Note: ${left} of ${table.rows} rows have no "${target}" and are left out\n`,
    );
  }
  return known;
}

function reportText(report: Report, out: string): string {
  const { method, model, rows, validation, history, tuning } = report;
  const scores = Object.entries(validation).map(([name, value]) => [name, shortNumber(value)]);
  const [run] = history?.runs ?? [];
  const steps = run?.steps.map(({ step, trainLoss, validation: loss, scores }) => [
    String(step),
    trainLoss === undefined ? '–' : shortNumber(trainLoss),
    shortNumber(loss),
    shortNumber(scores.validation.rocAuc),
    step === run.chosenStep ? '← kept' : '',
  ]);
  const numeric = tuning?.steps.map(({ step, trainLoss, score }) => [
    String(step),
    trainLoss === undefined ? '–' : shortNumber(trainLoss),
    shortNumber(score),
    step === tuning.chosenStep ? '← kept' : '',
  ]);
  return [
    `${method} of ${model}: ${rows.train} rows to learn from, ${rows.validation} to validate on`,
    ...(steps
      ? ['', textTable(['step', 'training loss', 'validation log-loss', 'ROC-AUC', ''], steps)]
      : []),
    ...(numeric ? ['', textTable(['step', 'training loss', 'validation RMSE', ''], numeric)] : []),
    '',
    textTable(['validation', ''], scores),
    '',
    `Saved in ${out}`,
  ].join('\n');
}
