// `npm run bench -- notebook [NAME.ipynb] [runs]`: seconds and largest memory of a notebook's kernel,
// run from a clean kernel by nbclient (default: the quickstart, twice).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const bin = join(root, '.venv', 'bin');
const [name = '01-quickstart.ipynb', runs = '2'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'causalmixft-bench-'));
try {
  for (let run = 1; run <= Number(runs); run++) {
    const line = execFileSync(
      join(bin, 'python'),
      [
        join(root, 'test', 'notebooks', 'run_notebook.py'),
        join(root, 'notebooks', name),
        join(folder, 'out.ipynb'),
      ],
      { env: { ...process.env, PATH: `${bin}:${process.env.PATH}` }, encoding: 'utf8' },
    );
    const { seconds, megabytes } = JSON.parse(line);
    console.log(
      `${name} run ${run}: ${seconds.toFixed(1)} s, ${Math.round(megabytes)} MB (PSS of the kernel and its child processes)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
