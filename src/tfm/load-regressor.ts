import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceOf } from './network-source.js';
import { type FittedRegressor, type PreparedRegression, regressorOf } from './regressor.js';
import { readSafetensors } from './safetensors.js';
import { regressorVersion, type StoredRegressor } from './save-regressor.js';
import { readNetwork } from './weights.js';

/**
 * Load a regressor that was saved.
 * @throws TypeError where the folder holds none, one of another version, or a damaged one.
 */
export async function loadRegressor(folder: string): Promise<FittedRegressor> {
  const file = join(folder, 'regressor.json');
  let stored: StoredRegressor;
  try {
    stored = JSON.parse(await readFile(file, 'utf8')) as StoredRegressor;
  } catch (error) {
    throw new TypeError(
      `Cannot load the regressor as ${folder} must hold a readable regressor.json: it does not; name a folder that save() has written`,
      { cause: error },
    );
  }
  if (stored.kind !== 'regressor' || stored.version !== regressorVersion) {
    throw new TypeError(
      `Cannot load the regressor as ${file} must be a regressor of version ${regressorVersion}: it is ${stored.kind} of version ${stored.version}`,
    );
  }
  const network = await readNetwork(folder);
  const tensors = await readSafetensors(join(folder, 'context.safetensors'));
  const [x, components] = [tensors.get('x'), tensors.get('components')];
  const wanted = stored.projection && [stored.features, stored.projection.means.length];
  if (`${components?.shape}` !== `${wanted}`) {
    throw new TypeError(
      `Cannot load the regressor as context.safetensors must hold ${wanted ? `components of shape [${wanted}]` : 'no components'}: it does not; save the regressor again`,
    );
  }
  if (!x || x.shape[0] !== stored.y.length || x.shape[1] !== stored.features) {
    throw new TypeError(
      `Cannot load the regressor as context.safetensors must hold ${stored.y.length} rows of ${stored.features} features: it does not; save the regressor again`,
    );
  }
  const { kind: _, version: __, tfm, preprocessor, projection, views, y, ...rest } = stored;
  const context: PreparedRegression = {
    ...rest,
    // JSON writes the undefined of a numeric column as null.
    encoding: {
      names: rest.encoding.names,
      categories: rest.encoding.categories.map((each) => each ?? undefined),
    },
    x: x.data,
    y: Float64Array.from(y),
    ...(projection && components
      ? {
          projection: {
            means: Float64Array.from(projection.means),
            scales: Float64Array.from(projection.scales),
            components: components.data,
          },
        }
      : {}),
    preprocessor: { ...preprocessor, means: Float64Array.from(preprocessor.means) },
    views: views.map(({ signs, ...view }) => ({
      ...view,
      ...(signs ? { signs: Int8Array.from(signs) } : {}),
    })),
  };
  return regressorOf(sourceOf(tfm, network), context);
}
