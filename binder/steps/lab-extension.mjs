import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cannot } from '../tools/cannot.mjs';
import { root } from '../tools/places.mjs';
import { tail } from '../tools/run-command.mjs';
import { hashOf } from '../tools/stamp.mjs';
import { installPackages, runNpm } from './npm-packages.mjs';

const folder = join(root, 'lab-extension');

/** JupyterLab's name for the extension and the folder it is built to. */
export async function labOutput() {
  const { name, jupyterlab } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  return { name, output: join(folder, jupyterlab.outputDir) };
}

/** The JupyterLab extension: a project of its own, with its own packages; it bundles the library's display code. */
export const labExtension = {
  key: 'lab-extension',
  name: 'JupyterLab extension',
  inputs: () =>
    hashOf(
      ...[
        'package.json',
        'package-lock.json',
        'tsconfig.json',
        'build.mjs',
        'src',
        'style',
        'schema',
      ].map((name) => ({
        path: join(folder, name),
      })),
      { path: join(root, 'src', 'display') },
    ),
  isWhole: async () => existsSync(join((await labOutput()).output, 'package.json')),
  async run({ say }) {
    await installPackages(folder, say);
    say('building');
    const { code, output } = await runNpm(['run', 'build'], folder);
    if (code !== 0)
      throw cannot(
        'build the JupyterLab extension',
        '"npm run build" in lab-extension must succeed',
        `exit code ${code}`,
        tail(output, 20),
      );
    if (!(await this.isWhole()))
      throw cannot(
        'build the JupyterLab extension',
        'the build must leave package.json in its output folder',
        'none',
        tail(output, 20),
      );
    return 'built';
  },
};
