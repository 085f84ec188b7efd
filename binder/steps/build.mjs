import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cannot } from '../tools/cannot.mjs';
import { root } from '../tools/places.mjs';
import { runCommand, tail } from '../tools/run-command.mjs';
import { hashOf } from '../tools/stamp.mjs';

// Not node_modules/.bin/tsc: that name belongs to the TypeScript fork that the kernel's compiler brings.
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** The library: src → dist. */
export const library = buildStep('library', 'library', root);

/** The kernel: kernel-ext/src → kernel-ext/dist. It compiles against the library's declarations. */
export const kernel = buildStep('kernel', 'kernel', join(root, 'kernel-ext'), join(root, 'src'));

function buildStep(key, name, folder, ...dependencies) {
  const [sources, output] = [join(folder, 'src'), join(folder, 'dist')];
  return {
    key,
    name,
    inputs: () =>
      hashOf(
        ...[
          sources,
          join(folder, 'tsconfig.json'),
          join(root, 'tsconfig.json'),
          ...dependencies,
        ].map((path) => ({ path })),
        { path: join(root, 'package-lock.json') },
      ),
    isWhole: () => existsSync(join(output, '.tsbuildinfo')),
    async run({ say }) {
      say('tsc');
      const { code, output: said } = await runCommand(process.execPath, [compiler, '-p', folder], {
        cwd: root,
      });
      if (code !== 0)
        throw cannot(
          `build the ${name}`,
          'its TypeScript must be free of errors',
          `exit code ${code}`,
          tail(said, 20),
        );
      await removeLeftovers(sources, output);
      return 'built';
    },
  };
}

// What a source that has since been renamed or deleted left in dist would still be found by an import.
async function removeLeftovers(sources, output) {
  for (const entry of await readdir(output, { withFileTypes: true })) {
    const built = join(output, entry.name);
    if (entry.isDirectory()) {
      if (existsSync(join(sources, entry.name)))
        await removeLeftovers(join(sources, entry.name), built);
      else await rm(built, { recursive: true });
      continue;
    }
    const stem = /^(.*?)\.(?:d\.ts|d\.ts\.map|js|js\.map)$/.exec(entry.name)?.[1];
    const kept = ['.ts', '.tsx', '.mts', '.js'].some((ending) =>
      existsSync(join(sources, stem + ending)),
    );
    if (stem && !kept) await rm(built);
  }
}
