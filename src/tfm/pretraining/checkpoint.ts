// Checkpoints: `state-<step>.safetensors` with weights, averages and moments, and `state.json` that
// names it. The JSON is replaced last, in one go, so a kill or a full disk at any moment leaves the
// checkpoint before in force.

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { tensorShapes } from '../config.js';
import { readSafetensors, type TensorData, writeSafetensors } from '../safetensors.js';
import type { Weights } from '../weights.js';
import { writeWhole } from '../write-whole.js';
import {
  configDifferences,
  networkConfig,
  type PretrainConfig,
  pretrainConfig,
} from './pretrain-config.js';
import type { TrainingState } from './training-state.js';

interface StateFile {
  readonly format: 1;
  readonly config: Record<string, unknown>;
  readonly file: string;
  readonly step: number;
  readonly tables: number;
  readonly seconds: number;
  readonly adamSteps: number;
}

const index = 'state.json';
const parts = ['weights', 'average', 'adam.m', 'adam.v', 'muon'] as const;

/**
 * Save a run so that it can go on; the checkpoint before stays in force until this one is whole.
 * @param folder Made if it is not there.
 */
export async function saveCheckpoint(folder: string, state: TrainingState): Promise<void> {
  await mkdir(folder, { recursive: true });
  const shapes = tensorShapes(networkConfig(state.config));
  const tensors = new Map<string, TensorData>();
  for (const [part, numbers] of Object.entries(partsOf(state))) {
    for (const [key, data] of numbers) {
      tensors.set(`${part}/${key}`, { shape: shapes.get(key) as readonly number[], data });
    }
  }
  const file = `state-${state.step}.safetensors`;
  await writeSafetensors(join(folder, file), tensors);
  const { config, step, tables, seconds } = state;
  const content: StateFile = {
    format: 1,
    config: { ...config },
    file,
    step,
    tables,
    seconds,
    adamSteps: state.adam.step,
  };
  await writeWhole(join(folder, index), (handle) =>
    handle.writeFile(`${JSON.stringify(content, null, 1)}\n`),
  );
  for (const name of await readdir(folder)) {
    if (/^state-\d+\.safetensors$/.test(name) && name !== file) await unlink(join(folder, name));
  }
}

/** Tell whether a folder holds a checkpoint. */
export function hasCheckpoint(folder: string): boolean {
  return existsSync(join(folder, index));
}

/**
 * Read the checkpoint of a folder.
 * @param wanted The configuration to go on with; it must be the one the run began with.
 * @throws RangeError that lists every field that differs.
 */
export async function readCheckpoint(
  folder: string,
  wanted?: PretrainConfig,
): Promise<TrainingState> {
  const content = JSON.parse(await readFile(join(folder, index), 'utf8')) as StateFile;
  if (content.format !== 1) {
    throw new RangeError(
      `Cannot resume from ${folder} as its format must be 1: current value is ${content.format}`,
    );
  }
  const config = pretrainConfig(content.config);
  const differences = wanted ? configDifferences(config, wanted) : [];
  if (differences.length > 0) {
    throw new RangeError(
      `Cannot resume from ${folder} as the configuration must be that of the run: ${differences.join('; ')}. Leave the options out, or start another run in another folder`,
    );
  }
  const tensors = await readSafetensors(join(folder, content.file));
  const { step, tables, seconds } = content;
  const part = (name: (typeof parts)[number]): Map<string, Float32Array> =>
    new Map(
      [...tensors]
        .filter(([key]) => key.startsWith(`${name}/`))
        .map(([key, { data }]) => [key.slice(name.length + 1), data]),
    );
  return {
    config,
    step,
    tables,
    seconds,
    weights: part('weights'),
    average: part('average'),
    adam: { step: content.adamSteps, m: part('adam.m'), v: part('adam.v') },
    muon: part('muon'),
  };
}

function partsOf(state: TrainingState): Record<(typeof parts)[number], Weights> {
  return {
    weights: state.weights,
    average: state.average,
    'adam.m': state.adam.m,
    'adam.v': state.adam.v,
    muon: state.muon,
  };
}
