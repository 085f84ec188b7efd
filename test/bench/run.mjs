// `npm run bench -- NAME [options]` runs test/bench/NAME/run.mjs or test/bench/NAME.mjs on the built library.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const here = import.meta.dirname;
const [name, ...options] = process.argv.slice(2);
const file = [join(here, `${name}`, 'run.mjs'), join(here, `${name}.mjs`)].find(existsSync);
if (!file) {
  const names = readdirSync(here)
    .filter((entry) => existsSync(join(here, entry, 'run.mjs')) || /^(?!run).*\.mjs$/.test(entry))
    .map((entry) => entry.replace(/\.mjs$/, ''));
  console.error(
    `Cannot run the benchmark "${name ?? ''}" as there must be such a one: ${names.join(', ')}`,
  );
  process.exit(2);
}
if (!existsSync(join(here, '..', '..', 'dist', 'index.js'))) {
  console.error('Cannot run a benchmark as the library must be built; run npm run build');
  process.exit(2);
}
process.argv.splice(2, process.argv.length - 2, ...options);
await import(pathToFileURL(file));
