import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TypeScript } from './tslab.js';

type Host = Pick<
  TypeScript.ProgramHost<TypeScript.BuilderProgram>,
  'resolveModuleNameLiterals' | 'hasInvalidatedResolutions'
>;

/** A place inside the kernel's package: what it depends on can be imported from every notebook. */
const here = fileURLToPath(new URL('../main.js', import.meta.url));

/**
 * How names of modules are found: from the file that imports them, for cells also from the kernel.
 * Cells and the user's own files are looked up anew each time, as packages come and go between
 * cells; what packages import is remembered.
 */
export function resolution(
  ts: typeof TypeScript,
  cwd: string,
  isVirtual: (path: string) => boolean,
): Host {
  const ofPackages = ts.createModuleResolutionCache(cwd, (name) => name);
  const isPackage = (path: string): boolean => path.includes('/node_modules/');
  return {
    resolveModuleNameLiterals(literals, importer, redirect, options, file) {
      const cache = isPackage(importer) ? ofPackages : undefined;
      return literals.map((literal) => {
        const mode = ts.getModeForUsageLocation(file, literal);
        const look = (from: string) =>
          ts.resolveModuleName(literal.text, from, options, ts.sys, cache, redirect, mode);
        const found = look(importer);
        return found.resolvedModule || !isVirtual(importer) || literal.text.startsWith('.')
          ? found
          : look(join(here));
      });
    },
    hasInvalidatedResolutions: (path) => !isPackage(path),
  };
}
