import { join } from 'node:path';
import type { NetworkSource, PreparedContext } from './classifier.js';
import { makeFolder } from './make-folder.js';
import { writeSafetensors } from './safetensors.js';
import { writeNetwork } from './weights.js';
import { writeWhole } from './write-whole.js';

/** Version of the folder's form. */
export const classifierVersion: number = 5;

/** What `classifier.json` holds; the context rows' numbers lie beside it. */
export interface StoredClassifier
  extends Omit<PreparedContext, 'support' | 'preprocessor' | 'views'> {
  /** How many directions members are shown; they are learned from the context rows again. */
  readonly axes?: number;
  readonly kind: 'classifier';
  readonly version: number;
  readonly tfm: string;
  readonly temperature: number;
  readonly preprocessor: { width: number; kept: readonly number[]; means: readonly number[] };
  readonly views: readonly { signs?: readonly number[]; slots?: readonly number[] }[];
}

/**
 * Write a fitted classifier as one portable folder: `config.json` and `model.safetensors` (the
 * weights, which `loadTfm` reads too), `context.safetensors` (the context rows as numbers) and
 * `classifier.json` (preprocessing, classes).
 */
export async function saveClassifier(
  folder: string,
  source: NetworkSource,
  context: PreparedContext,
  temperature: number,
): Promise<void> {
  await makeFolder(folder, 'classifier');
  const { support, preprocessor, views, ...rest } = context;
  const { discriminants } = views[0];
  await writeNetwork(folder, { config: source.config, weights: source.weights() });
  await writeSafetensors(
    join(folder, 'context.safetensors'),
    new Map([
      ['labels', { shape: [support.labels.length], data: Float32Array.from(support.labels) }],
      ['x', { shape: [support.labels.length, support.features], data: support.x }],
    ]),
  );
  const stored: StoredClassifier = {
    kind: 'classifier',
    version: classifierVersion,
    tfm: source.name,
    temperature,
    ...rest,
    ...(discriminants ? { axes: discriminants.axes } : {}),
    preprocessor: { ...preprocessor, means: [...preprocessor.means] },
    views: views.map(({ signs, slots }) => ({
      ...(signs ? { signs: [...signs] } : {}),
      ...(slots ? { slots } : {}),
    })),
  };
  await writeWhole(join(folder, 'classifier.json'), (handle) =>
    handle.writeFile(`${JSON.stringify(stored, null, 1)}\n`),
  );
}
