import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkConfig, type Tab2DConfig, tensorShapes } from './config.js';
import { makeFolder } from './make-folder.js';
import type { Pause } from './pieces.js';
import {
  readSafetensors,
  type StoredType,
  type TensorData,
  writeSafetensors,
} from './safetensors.js';
import { writeWhole } from './write-whole.js';

/** A network's tensors by key. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** A network as it lies in a folder: its shape and its numbers. */
export interface Network {
  readonly config: Tab2DConfig;
  readonly weights: Weights;
}

/**
 * Read `config.json` and `model.safetensors` (or its shards) of a folder, every shape checked.
 * @param pause Awaited after every tensor.
 * @throws TypeError that names the file, the tensor, the wanted and the met shape.
 */
export async function readNetwork(folder: string, pause: Pause = async () => {}): Promise<Network> {
  const configFile = join(folder, 'config.json');
  const config = checkConfig(await readJson(configFile), configFile);
  const index = join(folder, 'model.safetensors.index.json');
  const file = existsSync(index) ? index : join(folder, 'model.safetensors');
  if (!existsSync(file)) {
    throw new TypeError(
      `Cannot read the model as ${folder} must hold model.safetensors: it does not`,
    );
  }
  const wanted = tensorShapes(config);
  const tensors = await readSafetensors(file, (met) => checkShapes(wanted, met, file), pause);
  const weights = new Map<string, Float32Array>();
  for (const key of wanted.keys()) {
    const { data } = tensors.get(key) as TensorData;
    const bad = firstBad(data);
    if (bad >= 0) {
      throw new TypeError(
        `Cannot read ${file} as weights must be finite: number ${bad + 1} of "${key}" is ${data[bad]}; the file is damaged or its training diverged`,
      );
    }
    weights.set(key, data);
    await pause();
  }
  return { config, weights };
}

/**
 * Write a network as `config.json` and `model.safetensors`.
 * @param folder Made if it is not there.
 * @param type Number type of the weights (default `F32`).
 */
export async function writeNetwork(
  folder: string,
  network: Network,
  type: StoredType = 'F32',
): Promise<void> {
  await makeFolder(folder, 'network');
  const tensors = new Map<string, TensorData>();
  for (const [key, shape] of tensorShapes(network.config)) {
    tensors.set(key, { shape, data: network.weights.get(key) as Float32Array });
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, type);
  const { dim, dim_output, n_layers, n_heads, task, ...rest } = network.config;
  // The published files' form: their fields in their order, a space after each colon and comma.
  const fields = Object.entries({ dim, dim_output, n_layers, n_heads, task, ...rest });
  const text = fields.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`).join(', ');
  await writeWhole(join(folder, 'config.json'), (handle) => handle.writeFile(`{${text}}`));
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new TypeError(
      `Cannot read the model as its folder must hold config.json: ${path} cannot be read`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`Cannot read the model as ${path} must be JSON: it is not`, {
      cause: error,
    });
  }
}

function checkShapes(
  wanted: ReadonlyMap<string, readonly number[]>,
  met: ReadonlyMap<string, readonly number[]>,
  file: string,
): void {
  for (const [key, shape] of wanted) {
    const found = met.get(key);
    if (!found || found.join() !== shape.join()) {
      throw new TypeError(
        `Cannot read ${file} as "${key}" must have the shape [${shape}] that config.json asks for: ${found ? `it has [${found}]` : 'it is absent'}`,
      );
    }
  }
  const extra = [...met.keys()].find((key) => !wanted.has(key));
  if (extra !== undefined) {
    throw new TypeError(
      `Cannot read ${file} as it must hold what config.json asks for and nothing else: it also has "${extra}"`,
    );
  }
}

/** Index of the first number that is not finite, or −1. */
function firstBad(numbers: Float32Array): number {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return i;
  return -1;
}
