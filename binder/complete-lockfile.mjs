// For maintainers: node binder/complete-lockfile.mjs [FOLDER]
// npm leaves optional platform packages that its registry happens to lack out of the lockfile, and then "npm ci"
// refuses that lockfile. This adds them, without a checksum: no registry gave one.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeWhole } from './tools/atomic.mjs';
import { isMain, runMain } from './tools/main.mjs';
import { root } from './tools/places.mjs';

const systems = ['linux', 'darwin', 'win32', 'android', 'freebsd', 'openharmony'];
const processors = [
  'x64',
  'arm64',
  'arm',
  'ia32',
  'ppc64',
  's390x',
  'riscv64',
  'loong64',
  'wasm32',
];

/** The optional packages that some package of a lockfile asks for and that have no entry in it. */
export function missingEntries(packages) {
  const missing = [];
  for (const [path, entry] of Object.entries(packages))
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {}))
      if (!packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`])
        missing.push({ name, version, entry: platformEntry(name, version, entry) });
  return missing;
}

function platformEntry(name, version, { dev, license, engines }) {
  const words = name.split(/[-/]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : undefined;
  if (os.length + cpu.length === 0) throw new Error(`Cannot tell the platform of ${name}`);
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    ...(libc && os[0] === 'linux' && { libc }),
    ...(license && { license }),
    optional: true,
    ...(os.length > 0 && { os }),
    ...(engines && { engines }),
  };
}

async function complete(folder) {
  const path = join(folder, 'package-lock.json');
  const lock = JSON.parse(await readFile(path, 'utf8'));
  const missing = missingEntries(lock.packages);
  for (const { name, entry } of missing) lock.packages[`node_modules/${name}`] = entry;
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  if (missing.length > 0) await writeWhole(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${path}: ${missing.length} added ${missing.map(({ name }) => name).join(' ')}`);
}

if (isMain(import.meta.url)) await runMain(() => complete(resolve(process.argv[2] ?? root)));
