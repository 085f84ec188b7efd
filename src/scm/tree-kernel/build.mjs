// Compiles grow-tree.as into bytes.ts: `node src/scm/tree-kernel/build.mjs`, after every change of the source.
// `--check` says whether bytes.ts is what the compiler makes. The compiler comes from the npm registry.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const compiler = 'assemblyscript@0.28.20';
const here = import.meta.dirname;
const source = readFileSync(join(here, 'grow-tree.as'));
const folder = mkdtempSync(join(tmpdir(), 'causalmixft-kernel-'));
try {
  copyFileSync(join(here, 'grow-tree.as'), join(folder, 'grow-tree.ts'));
  const asc = ['exec', '--yes', `--package=${compiler}`, '--', 'asc', 'grow-tree.ts'];
  const options = ['-o', 'grow-tree.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd'];
  execFileSync('npm', [...asc, ...options, '--noAssert', '--initialMemory', '1'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const bytes = readFileSync(join(folder, 'grow-tree.wasm')).toString('base64');
  const lines = bytes.match(/.{1,96}/g).map((line) => `  '${line}',`);
  const hash = createHash('sha256').update(source).digest('hex');
  const text = `// Made by build.mjs from grow-tree.as with ${compiler}; do not edit.

/** SHA-256 of the source that was compiled. */
export const sourceHash = '${hash}';

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
