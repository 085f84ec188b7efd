import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** The folder that outlives clones: downloaded libraries, compiled bindings. */
export const cacheFolder = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'causalmixft',
);

/** Stamps and locks of this working tree's set-up. */
export const stateFolder = join(root, '.setup');

/** TensorFlow.js for Node, as npm installs it. */
export const tfjsFolder = join(root, 'node_modules', '@tensorflow', 'tfjs-node');
