import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { hasCheckpoint, readCheckpoint } from '../tfm/pretraining/checkpoint.js';
import { exportBatches } from '../tfm/pretraining/export-batches.js';
import { checkMemory } from '../tfm/pretraining/memory-estimate.js';
import { networkConfig, pretrainConfig } from '../tfm/pretraining/pretrain-config.js';
import { scaleOutputs } from '../tfm/pretraining/scale-outputs.js';
import { startTraining, type TrainingState } from '../tfm/pretraining/training-state.js';
import { readNetwork } from '../tfm/weights.js';
import { longWork } from '../work/long-work.js';
import { packageVersion } from './about.js';
import {
  addCommand,
  type Context,
  jsonText,
  longWorkOf,
  type Shared,
  wholeNumber,
} from './command.js';
import { cardOf, readTrained, writeModel } from './finish-model.js';
import type { CardFacts } from './model-card.js';
import { runPretraining } from './pretrain-run.js';
import { scoreTables, temperatureOf, watchedTables } from './watched-tables.js';

interface PretrainOptions extends Shared {
  readonly config?: string;
  readonly dim?: number;
  readonly layers?: number;
  readonly heads?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly from?: string;
  readonly workers: number;
  readonly checkpointMinutes: number;
  readonly evaluateMinutes: number;
  readonly tables?: string;
  readonly watch?: string;
  readonly memory?: number;
  readonly fullSpeed: boolean;
  readonly calibrate: boolean;
  readonly export: boolean;
  readonly finish?: string;
}

/** `causalmixft pretrain`. */
export function addPretrain(program: Command, context: Context): void {
  addCommand(
    program,
    'pretrain',
    'Train a small model on synthetic tables, for hours, at low priority. The same command goes on after a stop.',
    'causalmixft pretrain runs/first --steps 12000 --seed 3',
  )
    .argument('<folder>', 'folder of the run: log, curve, checkpoints, and the model at the end')
    .option(
      '--config <file>',
      'JSON with any fields of the configuration; options below override it',
    )
    .option('--dim <n>', 'channels of the network', wholeNumber(4))
    .option('--layers <n>', 'layers of the network', wholeNumber(1))
    .option('--heads <n>', 'attention heads', wholeNumber(1))
    .option('--steps <n>', 'steps in all', wholeNumber(1))
    .option('--batch <tokens>', 'rows × (features + 1) of all tables of a step', wholeNumber(500))
    .option('--from <folder>', 'begin with the weights of a model (default: drawn from the seed)')
    .option('--workers <n>', 'threads that draw tables', wholeNumber(1), 1)
    .option('--checkpoint-minutes <n>', 'how often to save', Number, 3)
    .option('--evaluate-minutes <n>', 'how often to score the model on tables', Number, 15)
    .option('--tables <folder>', 'tables with fixed folds to score on (default: the bundled ones)')
    .option('--watch <names>', 'which of these tables, separated by commas (default: all)')
    .option('--memory <gigabytes>', 'memory that may be used (default: what is available)', Number)
    .option('--full-speed', 'do not lower the priority of the process', false)
    .option(
      '--calibrate',
      'divide the logits of the last weights by the best temperature on these tables',
      false,
    )
    .option('--export', 'write the batches to the folder instead, for gpu/train.py', false)
    .option(
      '--finish <folder>',
      'score and write as FOLDER/model what gpu/train.py made there from this export',
    )
    .action(async (folder: string, options: PretrainOptions, command: Command) => {
      if (options.finish !== undefined) return finishRun(folder, options.finish, options, context);
      const seeded = command.getOptionValueSource('seed') !== 'default';
      const state = await stateOf(folder, await givenConfig(options, seeded), options);
      if (!options.fullSpeed) setPriority(constants.priority.PRIORITY_LOW);
      if (options.export) await exportRun(folder, state, options, context);
      else await trainRun(folder, state, options, context);
    });
}

/** The fields that the user gave, in a file or as options. */
async function givenConfig(
  options: PretrainOptions,
  seeded: boolean,
): Promise<Record<string, unknown>> {
  const { config, dim, layers, heads, steps, batch: tokens, seed } = options;
  let given: Record<string, unknown> = {};
  if (config !== undefined) {
    try {
      given = JSON.parse(await readFile(config, 'utf8'));
    } catch (error) {
      throw new TypeError(
        `Cannot pre-train as --config must name a JSON file: ${config}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
  const fields = { dim, layers, heads, steps, tokens, ...(seeded ? { seed } : {}) };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) given[name] = value;
  return given;
}

/** The run's last checkpoint, where there is one of the same configuration; else its beginning. */
async function stateOf(
  folder: string,
  given: Record<string, unknown>,
  options: PretrainOptions,
): Promise<TrainingState> {
  const checkpoint = join(folder, 'checkpoint');
  if (!options.export && hasCheckpoint(checkpoint)) {
    const { config } = await readCheckpoint(checkpoint);
    const wanted = pretrainConfig({ ...config, ...given });
    memoryFor(wanted, options);
    return readCheckpoint(checkpoint, wanted);
  }
  const config = pretrainConfig(given);
  if (!options.export) memoryFor(config, options);
  if (options.from === undefined) return startTraining(config);
  const { config: network, weights } = await readNetwork(options.from);
  const wanted = networkConfig(config);
  for (const name of ['dim', 'n_layers', 'n_heads', 'dim_output'] as const) {
    if (network[name] !== wanted[name]) {
      throw new RangeError(
        `Cannot begin with ${options.from} as its ${name} must be the configuration's ${wanted[name]}: current value is ${network[name]}`,
      );
    }
  }
  return startTraining(config, weights);
}

function memoryFor(config: ReturnType<typeof pretrainConfig>, { memory }: PretrainOptions): void {
  checkMemory(config, memory === undefined ? process.availableMemory() : memory * 1e9);
}

async function trainRun(
  folder: string,
  state: TrainingState,
  options: PretrainOptions,
  context: Context,
): Promise<void> {
  const { tables: tableFolder, watch } = options;
  const watched = await watchedTables(tableFolder, watch?.split(','));
  const model = await runPretraining(folder, state, {
    ...longWorkOf(context, options),
    workers: options.workers,
    checkpointMinutes: options.checkpointMinutes,
    evaluateMinutes: options.evaluateMinutes,
    evaluate: (network) => scoreTables(network, watched),
    ...(options.calibrate ? { calibrate: (network) => temperatureOf(network, watched) } : {}),
    facts: await factsOf(options, watched),
    warn: (message) => process.stderr.write(`${message}\n`),
  });
  const { step, tables } = state;
  await context.write(
    options.json ? jsonText({ model, step, tables }) : `The model is in ${model}`,
  );
}

async function finishRun(
  folder: string,
  made: string,
  options: PretrainOptions,
  context: Context,
): Promise<void> {
  const { network, state } = await readTrained(folder, made);
  const watched = await watchedTables(options.tables, options.watch?.split(','));
  const temperature = options.calibrate ? await temperatureOf(network, watched) : undefined;
  const { step, tables, seconds } = state;
  const scores = await scoreTables(scaleOutputs(network, temperature ?? 1), watched);
  const evaluation = { kind: 'evaluation', step, seconds: Math.round(seconds), ...scores } as const;
  const model = join(folder, 'model');
  const facts = await factsOf(options, watched);
  await writeModel(model, network, state, {
    ...facts,
    by: `${facts.by} and gpu/train.py`,
    evaluation,
    ...(temperature ? { temperature } : {}),
  });
  await context.write(
    options.json
      ? jsonText({ model, step, tables, rocAuc: scores.rocAuc, logLoss: scores.logLoss })
      : `The model is in ${model}`,
  );
}

/** What the card tells beside the run. */
async function factsOf(
  { from }: PretrainOptions,
  watched: readonly { readonly name: string }[],
): Promise<CardFacts> {
  const cardOfFrom = from === undefined ? undefined : await cardOf(from);
  return {
    by: `causalmixft ${packageVersion()}${commit()}`,
    from: from === undefined ? 'drawn from the seed' : `those of ${from}`,
    ...(cardOfFrom ? { cardOfFrom } : {}),
    watched: watched.map((t) => t.name),
  };
}

async function exportRun(
  folder: string,
  state: TrainingState,
  options: PretrainOptions,
  context: Context,
): Promise<void> {
  const { config, weights } = state;
  let tables = 0;
  await longWork('drawing tables', config.steps, longWorkOf(context, options), (work) =>
    exportBatches(folder, config, weights, {
      workers: options.workers,
      onBatch: async (batch) => {
        tables += batch.tables;
        work.tick(1, `${tables} tables`);
        await work.breathe();
      },
    }),
  );
  await context.write(
    options.json ? jsonText({ folder, tables }) : `${tables} tables are in ${folder}`,
  );
}

/** The commit that the package is at, where it is a checkout. */
function commit(): string {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd, encoding: 'utf8' });
  return git.status === 0 ? `, commit ${git.stdout.trim()}` : '';
}
