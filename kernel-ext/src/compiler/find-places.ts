import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Places } from './places.js';

/** Find what the compiler reads, from the place of this file. */
export function findPlaces(): Places {
  const require = createRequire(import.meta.url);
  const tslab = createRequire(require.resolve('tslab/package.json'));
  return {
    kernel: fileURLToPath(new URL('../main.js', import.meta.url)),
    ambient: fileURLToPath(new URL('../../types/globals.d.ts', import.meta.url)),
    library: dirname(require.resolve('causalmixft/package.json')),
    nodeTypes: dirname(tslab.resolve('@types/node/package.json')),
    typescript: tslab.resolve('@tslab/typescript-for-tslab'),
    converter: tslab.resolve('./dist/converter.js'),
    packages: { semver: tslab.resolve('semver') },
  };
}
