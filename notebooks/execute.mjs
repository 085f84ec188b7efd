// Run every notebook (or those named) from a clean kernel and save it with its outputs, without
// timings, so that figures show on GitHub and a rerun changes nothing but what really changed.
//   npm run notebooks [-- 01-quickstart.ipynb …]
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folder = import.meta.dirname;
const bin = join(folder, '..', '.venv', process.platform === 'win32' ? 'Scripts' : 'bin');
const named = process.argv.slice(2).map((path) => `${basename(path, '.ipynb')}.ipynb`);
const present = readdirSync(folder).filter((name) => name.endsWith('.ipynb'));
const absent = named.find((name) => !present.includes(name));
if (absent) {
  console.error(
    `Cannot run the notebook "${absent}" as there must be such a one: ${present.join(', ')}`,
  );
  process.exit(2);
}
const notebooks = named.length === 0 ? present : named;

/** A notebook without what differs from run to run: timings and finished progress bars. */
function settled(notebook) {
  for (const cell of notebook.cells) {
    delete cell.metadata.execution;
    if (cell.outputs) {
      cell.outputs = cell.outputs.filter((output) => !output.metadata?.causalmixft?.progress);
    }
  }
  return notebook;
}

for (const name of notebooks) {
  const path = join(folder, name);
  console.log(`running ${name}`);
  const run = spawnSync(
    join(bin, 'jupyter-execute'),
    ['--kernel_name=causalmixft', '--timeout=600', '--inplace', path],
    { stdio: 'inherit', env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } },
  );
  if (run.error || run.status !== 0) {
    console.error(
      `Cannot run ${name}: ${run.error ? `${run.error.message}; run "npm run setup" first` : 'a cell failed, see above'}`,
    );
    process.exit(1);
  }
  const notebook = settled(JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(path, `${JSON.stringify(notebook, null, 1)}\n`);
}
