// Builds the prebuilt extension with Node alone: TypeScript, then JupyterLab's bundler.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const here = import.meta.dirname;
const require = createRequire(import.meta.url);

/** Folder of an installed package, whatever its `exports` say. */
function folderOf(name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return dirname(require.resolve(join(folder, name, 'package.json')));
    } catch {}
  }
  console.error(`Cannot build as ${name} must be installed; run: npm ci (in lab-extension)`);
  process.exit(1);
}

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: here,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(join(here, 'lib'), { recursive: true, force: true });
run(join(folderOf('typescript'), 'bin', 'tsc'));
run(
  join(folderOf('@jupyter/builder'), 'lib', 'build-labextension.js'),
  '--core-package-file',
  join(folderOf('@jupyterlab/core-meta'), 'core.package.json'),
  '.',
);
