import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { bundled, bundledNames } from '../data/bundled.js';
import { folds } from '../data/split.js';
import { type Table, takeRows } from '../data/table.js';
import { evaluate } from '../evaluation/evaluate.js';
import { foldOf, readBaselineTables } from '../experiments/baseline-tables.js';
import { tfmOf } from '../tfm/load-tfm.js';
import { hasCheckpoint, readCheckpoint } from '../tfm/pretraining/checkpoint.js';
import { exportBatches } from '../tfm/pretraining/export-batches.js';
import { checkMemory } from '../tfm/pretraining/memory-estimate.js';
import { networkConfig, pretrainConfig } from '../tfm/pretraining/pretrain-config.js';
import { startTraining, type TrainingState } from '../tfm/pretraining/training-state.js';
import { type Network, readNetwork } from '../tfm/weights.js';
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
import { type Evaluation, runPretraining } from './pretrain-run.js';

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
  readonly export: boolean;
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
    .option('--export', 'write the batches to the folder instead, for gpu/train.py', false)
    .action(async (folder: string, options: PretrainOptions, command: Command) => {
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
  const watched = await watchedTables(options);
  const from = options.from === undefined ? 'drawn from the seed' : `those of ${options.from}`;
  const model = await runPretraining(folder, state, {
    ...longWorkOf(context, options),
    workers: options.workers,
    checkpointMinutes: options.checkpointMinutes,
    evaluateMinutes: options.evaluateMinutes,
    evaluate: (network) => scoreTables(network, watched),
    facts: {
      by: `causalmixft ${packageVersion()}${commit()}`,
      from,
      watched: watched.map((t) => t.name),
    },
    warn: (message) => process.stderr.write(`${message}\n`),
  });
  const { step, tables } = state;
  await context.write(
    options.json ? jsonText({ model, step, tables }) : `The model is in ${model}`,
  );
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

interface Watched {
  readonly name: string;
  readonly folds: readonly { readonly context: Table; readonly query: Table }[];
}

/** Two folds of each table that is watched. */
async function watchedTables({ tables, watch }: PretrainOptions): Promise<Watched[]> {
  if (tables !== undefined) {
    const read = await readBaselineTables(tables, watch?.split(','));
    return read.map((t) => ({ name: t.name, folds: [foldOf(t, 0), foldOf(t, 1)] }));
  }
  return Promise.all(
    bundledNames.map(async (name) => {
      const whole = await bundled(name);
      const parts = folds(whole, { seed: 0, folds: 5 }).slice(0, 2);
      return {
        name,
        folds: parts.map(({ train, test }) => ({
          context: takeRows(whole, train),
          query: takeRows(whole, test),
        })),
      };
    }),
  );
}

async function scoreTables(network: Network, watched: readonly Watched[]): Promise<Evaluation> {
  const tfm = tfmOf(network, 'in training', 'pretrain');
  let [rocAuc, logLoss, counted] = [0, 0, 0];
  for (const { folds } of watched) {
    for (const { context, query } of folds) {
      const scores = await evaluate(await tfm.fit(context, { seed: 0 }), query);
      rocAuc += scores.rocAuc;
      logLoss += scores.logLoss;
      counted++;
    }
  }
  const round = (sum: number): number => Number((sum / counted).toFixed(5));
  return { rocAuc: round(rocAuc), logLoss: round(logLoss), tables: watched.length, folds: 2 };
}

/** The commit that the package is at, where it is a checkout. */
function commit(): string {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd, encoding: 'utf8' });
  return git.status === 0 ? `, commit ${git.stdout.trim()}` : '';
}
