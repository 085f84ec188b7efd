// Checkpoints of fine-tuning: a numbered safetensors file with all numbers, and `checkpoint.json` that
// names it, written last. Killed at any moment, the folder holds the previous checkpoint or this one.

import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdamState } from './adamw.js';
import { makeFolder } from './make-folder.js';
import { readSafetensors, type TensorData, writeSafetensors } from './safetensors.js';
import { writeWhole } from './write-whole.js';

/** Everything that the next step depends on. */
export interface Checkpoint<State> {
  /** What must be the same for the run to go on: options, data, model. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly state: State;
  readonly trained: ReadonlyMap<string, Float32Array>;
  readonly moments: AdamState;
  readonly best: ReadonlyMap<string, Float32Array>;
  /** Averages over the steps, of the weights that differ from the pre-trained ones. */
  readonly average: ReadonlyMap<string, Float32Array>;
}

/** Write a checkpoint and delete the one before it. */
export async function writeCheckpoint<State>(
  folder: string,
  step: number,
  checkpoint: Checkpoint<State>,
): Promise<void> {
  await makeFolder(folder, 'checkpoint');
  const before = await readIndex(folder);
  const { run, state, trained, moments, best, average } = checkpoint;
  const tensors = new Map<string, TensorData>();
  const parts = { trained, m: moments.m, v: moments.v, best, average };
  for (const [part, numbers] of Object.entries(parts)) {
    for (const [key, data] of numbers)
      tensors.set(`${part}/${key}`, { shape: [data.length], data });
  }
  const file = `step-${step}.safetensors`;
  await writeSafetensors(join(folder, file), tensors);
  await writeWhole(join(folder, 'checkpoint.json'), (handle) =>
    handle.writeFile(JSON.stringify({ file, run, state, optimiserStep: moments.step })),
  );
  if (before && before.file !== file) await unlink(join(folder, before.file)).catch(() => {});
}

/**
 * Read the checkpoint of a folder.
 * @param run What the run to go on with is.
 * @returns It, or `undefined` where the folder has none.
 * @throws TypeError that lists the differences where it is of another run.
 */
export async function readCheckpoint<State>(
  folder: string,
  run: Readonly<Record<string, unknown>>,
): Promise<Checkpoint<State> | undefined> {
  const index = await readIndex(folder);
  if (!index) return undefined;
  const names = [...new Set([...Object.keys(run), ...Object.keys(index.run)])];
  const different = names.filter(
    (name) => JSON.stringify(run[name]) !== JSON.stringify(index.run[name]),
  );
  if (different.length > 0) {
    const list = different.map(
      (name) =>
        `${name} ${JSON.stringify(index.run[name])} there, ${JSON.stringify(run[name])} here`,
    );
    throw new TypeError(
      `Cannot resume from ${folder} as its checkpoint must be of this run: ${list.join('; ')}; name another folder, or delete it to start anew`,
    );
  }
  const parts: Record<string, Map<string, Float32Array>> = {};
  for (const [name, { data }] of await readSafetensors(join(folder, index.file))) {
    const cut = name.indexOf('/');
    const part = name.slice(0, cut);
    parts[part] ??= new Map();
    parts[part].set(name.slice(cut + 1), data);
  }
  const none = new Map<string, Float32Array>();
  const { trained = none, m = none, v = none, best = none, average = none } = parts;
  const moments = { step: index.optimiserStep, m, v };
  return { run, state: index.state as State, trained, moments, best, average };
}

interface Index {
  readonly file: string;
  readonly run: Readonly<Record<string, unknown>>;
  readonly state: unknown;
  readonly optimiserStep: number;
}

async function readIndex(folder: string): Promise<Index | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, 'checkpoint.json'), 'utf8');
  } catch {
    return undefined;
  }
  return JSON.parse(text) as Index;
}
