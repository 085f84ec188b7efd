// The last act of pre-training: score the averaged weights, calibrate them if that was asked, and
// write them with their card. Also for weights that gpu/train.py made from an export.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { batchShape } from '../tfm/pretraining/batch.js';
import { networkConfig, pretrainConfig } from '../tfm/pretraining/pretrain-config.js';
import { scaleOutputs } from '../tfm/pretraining/scale-outputs.js';
import { type Network, readNetwork, writeNetwork } from '../tfm/weights.js';
import { writeWhole } from '../tfm/write-whole.js';
import { type CardFacts, modelCard, modelCardText, type TrainedState } from './model-card.js';

/** Write the averaged weights as a model with its card. */
export async function writeModel(
  folder: string,
  network: Network,
  state: TrainedState,
  facts: CardFacts,
): Promise<void> {
  const { temperature = 1 } = facts;
  await writeNetwork(folder, scaleOutputs(network, temperature), 'F16');
  const card = `${JSON.stringify(modelCard(state, facts), null, 1)}\n`;
  await writeWhole(join(folder, 'card.json'), (handle) => handle.writeFile(card));
  const text = modelCardText(state, facts);
  await writeWhole(join(folder, 'README.md'), (handle) => handle.writeFile(text));
}

/**
 * Read what gpu/train.py made from an export.
 * @param exported The folder of the export.
 * @param made The folder that the program wrote.
 * @returns The averaged weights, and how long they were trained.
 * @throws RangeError where the two do not belong together.
 */
export async function readTrained(
  exported: string,
  made: string,
): Promise<{ readonly network: Network; readonly state: TrainedState }> {
  const run = await readJson(join(exported, 'run.json'), 'the folder of an export');
  const config = pretrainConfig(run.config as Record<string, unknown>);
  const network = await readNetwork(made);
  const wanted = networkConfig(config);
  for (const name of ['dim', 'n_layers', 'n_heads', 'dim_output'] as const) {
    if (network.config[name] !== wanted[name]) {
      throw new RangeError(
        `Cannot finish ${made} as its ${name} must be that of ${exported}, ${wanted[name]}: current value is ${network.config[name]}`,
      );
    }
  }
  const log = await readFile(join(made, 'log.jsonl'), 'utf8');
  const { step, seconds = 0 } = JSON.parse(log.trim().split('\n').at(-1) as string);
  let tables = 0;
  for (let k = 0; k < step; k++) tables += batchShape(config, k).tables;
  return { network, state: { config, step, tables, seconds } };
}

/** The card of a model that another one was begun with, where it has one. */
export async function cardOf(folder: string): Promise<Record<string, unknown> | undefined> {
  const file = join(folder, 'card.json');
  return existsSync(file) ? readJson(file, 'a model with a card') : undefined;
}

async function readJson(file: string, what: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new TypeError(
      `Cannot finish the model as there must be ${what}: ${file}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
