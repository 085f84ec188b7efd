// Sets everything up: npm run setup [-- --prefix FOLDER]. Needs Node and Python only; what is done is skipped.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { kernel, library } from './steps/build.mjs';
import { checks } from './steps/checks.mjs';
import { install } from './steps/install.mjs';
import { labExtension } from './steps/lab-extension.mjs';
import { node } from './steps/node.mjs';
import { npmPackages } from './steps/npm-packages.mjs';
import { python } from './steps/python.mjs';
import { tensorflow } from './steps/tensorflow.mjs';
import { isMain, runMain } from './tools/main.mjs';
import { root } from './tools/places.mjs';
import { runSteps } from './tools/run-steps.mjs';

const steps = [
  node,
  npmPackages,
  python,
  tensorflow,
  library,
  kernel,
  labExtension,
  install,
  checks,
];

/**
 * Set everything up.
 * @param prefix The Python environment to install into (default: `.venv`, made here).
 */
export async function setup(prefix) {
  const start = performance.now();
  const folder = prefix ? resolve(prefix) : join(root, '.venv');
  await runSteps(steps, { prefix: folder, ownPrefix: !prefix });
  console.log(`Set-up is complete (${((performance.now() - start) / 1000).toFixed(1)} s).`);
}

if (isMain(import.meta.url))
  await runMain(() => setup(parseArgs({ options: { prefix: { type: 'string' } } }).values.prefix));
