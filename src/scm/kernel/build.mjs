// Compiles kernel.as into bytes.ts: `node src/scm/kernel/build.mjs`, after every change of a source.
// `--check` says whether bytes.ts is what the compiler makes. The compiler comes from the npm registry.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const compiler = 'assemblyscript@0.28.20';
const here = import.meta.dirname;
const sources = readdirSync(here)
  .filter((name) => name.endsWith('.as'))
  .sort();
const folder = mkdtempSync(join(tmpdir(), 'causalmixft-kernel-'));
try {
  const hash = createHash('sha256');
  for (const name of sources) {
    const text = readFileSync(join(here, name));
    hash.update(text);
    writeFileSync(join(folder, name.replace(/as$/, 'ts')), text);
  }
  const asc = ['exec', '--yes', `--package=${compiler}`, '--', 'asc', 'kernel.ts'];
  const options = ['-o', 'kernel.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd'];
  execFileSync('npm', [...asc, ...options, '--noAssert', '--initialMemory', '1'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const bytes = readFileSync(join(folder, 'kernel.wasm')).toString('base64');
  const lines = bytes.match(/.{1,96}/g).map((line) => `  '${line}',`);
  const text = `// Made by build.mjs from the .as files with ${compiler}; do not edit.

/** SHA-256 of the sources that were compiled, in the order of their names. */
export const sourceHash = '${hash.digest('hex')}';

/** The compiled module, base64. */
export const bytes: string = [
${lines.join('\n')}
].join('');
`;
  const target = join(here, 'bytes.ts');
  if (process.argv.includes('--check')) {
    const same = readFileSync(target, 'utf8') === text;
    console.log(same ? 'bytes.ts is up to date' : 'bytes.ts differs: run build.mjs');
    process.exitCode = same ? 0 : 1;
  } else writeFileSync(target, text);
} finally {
  rmSync(folder, { recursive: true });
}
