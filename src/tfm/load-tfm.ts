import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Table } from '../data/table.js';
import { type LongWork, longWork } from '../work/long-work.js';
import {
  classifierOf,
  type FitOptions,
  type FittedClassifier,
  prepareContext,
} from './classifier.js';
import { countParameters, type Tab2DConfig } from './config.js';
import { fetchModel, type HubOptions, isRepository } from './hub.js';
import { sourceOf } from './network-source.js';
import { type PresetName, presetOf } from './presets.js';
import { type FittedRegressor, prepareRegression, regressorOf } from './regressor.js';
import { type Network, readNetwork, type Weights } from './weights.js';

/** A tabular foundation model: plain data, never changed in place. */
export interface Tfm extends Network {
  readonly kind: 'tfm';
  /** What every output calls it. */
  readonly name: string;
  /** Where it came from: `embedded`, a folder, or a repository with its revision. */
  readonly source: string;
  readonly config: Tab2DConfig;
  /** Number of parameters. */
  readonly parameters: number;
  /** The way of fine-tuning that suits it. */
  readonly preset: PresetName;
  readonly weights: Weights;
  /**
   * Show it the context rows: the classifier predicts from them without training.
   * @param context Labelled rows; the table's target is what is predicted.
   */
  fit(context: Table, options: FitOptions): Promise<FittedClassifier>;
  /**
   * Show it context rows with a numeric target: the regressor predicts from them without training.
   * A classifier does it by groups of the target, and says so.
   */
  fitRegressor(context: Table, options: FitOptions): Promise<FittedRegressor>;
}

/** How a model is fetched where the source is a repository. */
export type LoadTfmOptions = HubOptions;

/**
 * Load a tabular foundation model.
 * @param source Nothing: the model that ships with the package. A folder with `config.json` and
 *   `model.safetensors`. Or a repository such as `autogluon/mitra-classifier`, fetched once into
 *   the cache that Python's huggingface_hub uses.
 */
export async function loadTfm(source?: string, options: LoadTfmOptions = {}): Promise<Tfm> {
  if (source === undefined || source === 'embedded') return loadEmbedded();
  const folder = resolve(source);
  if (existsSync(folder)) {
    const network = await readFolder(folder, basename(folder), options);
    return tfmOf(network, shapeName(basename(folder), network.config), folder);
  }
  if (!isRepository(source)) {
    throw new TypeError(
      `Cannot load the model as source must be a folder or a repository "owner/name": "${source}" is neither`,
    );
  }
  const { folder: fetched, commit } = await fetchModel(source, options);
  const network = await readFolder(fetched, source, options);
  const tfm = tfmOf(network, shapeName(source, network.config), `${source}@${commit}`);
  return { ...tfm, preset: presetOf(network.config, source) };
}

/** Read a network; a large one takes seconds, so it shows and can be stopped. */
async function readFolder(folder: string, name: string, options: LongWork): Promise<Network> {
  const file = join(folder, 'model.safetensors');
  const large = !existsSync(file) || statSync(file).size > 50e6; // not there: parts of a large one
  const quiet = large ? {} : { onProgress() {} };
  return longWork(`loading ${name}`, 0, { ...quiet, ...options }, (work) =>
    readNetwork(folder, () => work.breathe()),
  );
}

/** Make a model of a network that is at hand. */
export function tfmOf(network: Network, name: string, source: string): Tfm {
  return {
    kind: 'tfm',
    name,
    source,
    config: network.config,
    parameters: countParameters(network.config),
    preset: presetOf(network.config, name),
    weights: network.weights,
    async fit(context, options) {
      return classifierOf(
        sourceOf(name, network),
        prepareContext(context, network.config, options),
      );
    },
    async fitRegressor(context, options) {
      return regressorOf(
        sourceOf(name, network),
        await prepareRegression(context, network.config, options),
      );
    },
  };
}

/** Read the model that ships with the package. */
async function loadEmbedded(): Promise<Tfm> {
  const folder = join(packageRoot(), 'assets', 'models', 'embedded');
  const network = await readNetwork(folder);
  const card = JSON.parse(await readFile(join(folder, 'card.json'), 'utf8')) as { version: string };
  const { dim, n_layers } = network.config;
  const name = `embedded (Tab2D ${dim}/${n_layers}, pre-trained ${card.version})`;
  return tfmOf(network, name, 'embedded');
}

/** The nearest folder upwards that has a package.json: the same from sources and from `dist`. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return folder;
}

function shapeName(name: string, { dim, n_layers }: Tab2DConfig): string {
  return `${name} (Tab2D ${dim}/${n_layers})`;
}
