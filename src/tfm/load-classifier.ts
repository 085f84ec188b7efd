import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { averageClassifiers } from './average-classifiers.js';
import { classifierOf, type FittedClassifier, type PreparedContext } from './classifier.js';
import { fitDiscriminants } from './discriminants.js';
import { sourceOf } from './network-source.js';
import { readSafetensors } from './safetensors.js';
import { classifierVersion, type StoredClassifier } from './save-classifier.js';
import { readNetwork } from './weights.js';

/**
 * Load a classifier that was saved.
 * @throws TypeError where the folder holds none, one of another version, or a damaged one.
 */
export async function loadClassifier(folder: string): Promise<FittedClassifier> {
  const file = join(folder, 'classifier.json');
  let stored: StoredClassifier;
  try {
    stored = JSON.parse(await readFile(file, 'utf8')) as StoredClassifier;
  } catch (error) {
    throw new TypeError(
      `Cannot load the classifier as ${folder} must hold a readable classifier.json: it does not; name a folder that save() has written`,
      { cause: error },
    );
  }
  const average = stored as unknown as { kind: string; members: number };
  if (average.kind === 'average' && stored.version === classifierVersion) {
    const members: FittedClassifier[] = [];
    for (let i = 0; i < average.members; i++) {
      members.push(await loadClassifier(join(folder, `member-${i}`)));
    }
    return averageClassifiers(members, stored.temperature);
  }
  if (stored.kind !== 'classifier' || stored.version !== classifierVersion) {
    throw new TypeError(
      `Cannot load the classifier as ${file} must be a classifier of version ${classifierVersion}: it is ${stored.kind} of version ${stored.version}`,
    );
  }
  const network = await readNetwork(folder);
  const tensors = await readSafetensors(join(folder, 'context.safetensors'));
  const x = tensors.get('x');
  const labels = tensors.get('labels');
  const { axes = 0 } = stored;
  const width = stored.picked.length;
  if (!x || !labels || x.shape[0] !== labels.data.length || x.shape[1] !== width) {
    throw new TypeError(
      `Cannot load the classifier as context.safetensors must hold labels and rows of ${width} features: it does not; save the classifier again`,
    );
  }
  const {
    kind: _,
    version: __,
    axes: ___,
    tfm,
    temperature,
    preprocessor,
    views,
    ...rest
  } = stored;
  const codes = Int32Array.from(labels.data);
  const context: PreparedContext = {
    ...rest,
    // JSON writes the undefined of a numeric column as null.
    encoding: {
      names: rest.encoding.names,
      categories: rest.encoding.categories.map((list) => list ?? undefined),
      ...(rest.encoding.orders
        ? { orders: rest.encoding.orders.map((order) => order ?? undefined) }
        : {}),
    },
    preprocessor: { ...preprocessor, means: Float64Array.from(preprocessor.means) },
    views: views.map(({ signs, slots }, member) => {
      const discriminants = fitDiscriminants(x.data, codes, axes, member);
      return {
        ...(discriminants ? { discriminants } : {}),
        ...(signs ? { signs: Int8Array.from(signs) } : {}),
        ...(slots ? { slots } : {}),
      };
    }),
    support: { features: width, x: x.data, labels: codes },
  };
  return classifierOf(sourceOf(tfm, network), context, { temperature });
}
