import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeWhole, writeWhole } from '../tools/atomic.mjs';
import { cannot } from '../tools/cannot.mjs';
import { root } from '../tools/places.mjs';
import { runCommand, tail } from '../tools/run-command.mjs';
import { hashOf } from '../tools/stamp.mjs';
import { labOutput } from './lab-extension.mjs';

const kernelMain = join(root, 'kernel-ext', 'dist', 'main.js');

/** Where the kernelspec lies in an environment. */
export function kernelspecIn(prefix) {
  return join(prefix, 'share', 'jupyter', 'kernels', 'causalmixft', 'kernel.json');
}

/** Where the extension lies in an environment. */
export async function extensionIn(prefix) {
  return join(prefix, 'share', 'jupyter', 'labextensions', (await labOutput()).name);
}

/** Kernelspec and extension into the Python environment, where JupyterLab looks for them. */
export const install = {
  key: 'install',
  name: 'kernel and extension',
  inputs: async ({ prefix }) =>
    hashOf(
      prefix,
      process.execPath,
      { path: (await labOutput()).output },
      ...[
        'kernel-ext/kernelspec',
        'kernel-ext/dist/main.js',
        'lab-extension/install.json',
        'binder/overrides.json',
      ].map((name) => ({ path: join(root, name) })),
    ),
  isWhole: async ({ prefix }) =>
    existsSync(kernelspecIn(prefix)) && existsSync(join(await extensionIn(prefix), 'package.json')),
  async run({ prefix, ownPrefix }) {
    const { code, output } = await runCommand(process.execPath, [
      kernelMain,
      'install',
      '--prefix',
      prefix,
    ]);
    if (code !== 0 || !existsSync(kernelspecIn(prefix)))
      throw cannot(
        'install the kernel',
        `its kernelspec must be written to ${prefix}`,
        `exit code ${code}`,
        tail(output),
      );
    await makeWhole(await extensionIn(prefix), async (partial) => {
      await cp((await labOutput()).output, partial, { recursive: true });
      await cp(join(root, 'lab-extension', 'install.json'), join(partial, 'install.json'));
    });
    // Our own environment starts without JupyterLab's question about news; another one keeps its settings.
    if (ownPrefix)
      await writeWhole(
        join(prefix, 'share', 'jupyter', 'lab', 'settings', 'overrides.json'),
        await readFile(join(root, 'binder', 'overrides.json'), 'utf8'),
      );
    return `into ${prefix}`;
  },
};
