import { join } from 'node:path';
import type { NetworkSource } from './classifier.js';
import { makeFolder } from './make-folder.js';
import type { PreparedRegression } from './regressor.js';
import { writeSafetensors } from './safetensors.js';
import { writeNetwork } from './weights.js';
import { writeWhole } from './write-whole.js';

/** Version of the folder's form. */
export const regressorVersion: number = 2;

/** What `regressor.json` holds; the context rows' numbers lie beside it. */
export interface StoredRegressor
  extends Omit<PreparedRegression, 'x' | 'y' | 'preprocessor' | 'projection' | 'views'> {
  readonly kind: 'regressor';
  readonly version: number;
  readonly tfm: string;
  /** Targets in full precision; the features are float32. */
  readonly y: readonly number[];
  readonly preprocessor: { width: number; kept: readonly number[]; means: readonly number[] };
  /** The components themselves lie beside the context. */
  readonly projection?: { readonly means: readonly number[]; readonly scales: readonly number[] };
  readonly views: readonly { signs?: readonly number[]; mirroredTarget?: boolean }[];
}

/** Write a fitted regressor as one portable folder, as `saveClassifier` does a classifier. */
export async function saveRegressor(
  folder: string,
  source: NetworkSource,
  context: PreparedRegression,
): Promise<void> {
  await makeFolder(folder, 'regressor');
  const { x, y, preprocessor, projection, views, ...rest } = context;
  await writeNetwork(folder, { config: source.config, weights: source.weights() });
  const tensors = new Map([['x', { shape: [y.length, context.features], data: x }]]);
  if (projection) {
    const shape = [context.features, preprocessor.kept.length];
    tensors.set('components', { shape, data: projection.components });
  }
  await writeSafetensors(join(folder, 'context.safetensors'), tensors);
  const stored: StoredRegressor = {
    kind: 'regressor',
    version: regressorVersion,
    tfm: source.name,
    ...rest,
    y: [...y],
    preprocessor: { ...preprocessor, means: [...preprocessor.means] },
    ...(projection
      ? { projection: { means: [...projection.means], scales: [...projection.scales] } }
      : {}),
    views: views.map(({ signs, ...view }) => ({
      ...view,
      ...(signs ? { signs: [...signs] } : {}),
    })),
  };
  await writeWhole(join(folder, 'regressor.json'), (handle) =>
    handle.writeFile(`${JSON.stringify(stored, null, 1)}\n`),
  );
}
