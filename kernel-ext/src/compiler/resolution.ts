import { join } from 'node:path';
import type { Places } from './places.js';
import type { TypeScript } from './tslab.js';

type Host = Pick<
  TypeScript.ProgramHost<TypeScript.BuilderProgram>,
  'resolveModuleNameLiterals' | 'hasInvalidatedResolutions'
>;

/**
 * The library keeps its tensors to itself. Its declarations mention the engine in passing, and to
 * follow them there would take a second and a hundred megabytes at every start.
 */
const isEngine = (name: string): boolean => name.startsWith('@tensorflow/');

/**
 * How names of modules are found: from the file that imports them, for cells also from the kernel.
 * Cells and the user's own files are looked up anew each time, as packages come and go between
 * cells; what packages import is remembered.
 */
export function resolution(
  ts: typeof TypeScript,
  { places, folder }: { readonly places: Places; folder(): string },
  isVirtual: (path: string) => boolean,
  builtin: (name: string, importer: string) => string | undefined,
): Host {
  const ofPackages = ts.createModuleResolutionCache('/', (name) => name);
  const isLibrary = (path: string): boolean =>
    path.startsWith(join(places.library, 'dist/')) || path.includes('/node_modules/causalmixft/');
  const isPackage = (path: string): boolean => path.includes('/node_modules/');
  const unresolved = new Set<string>();
  return {
    resolveModuleNameLiterals(literals, importer, redirect, options, sourceFile) {
      const { path } = sourceFile as TypeScript.SourceFile & { readonly path: string };
      const cache = isPackage(importer) ? ofPackages : undefined;
      unresolved.delete(path);
      return literals.map((literal) => {
        const mode = ts.getModeForUsageLocation(sourceFile, literal);
        const look = (from: string) =>
          ts.resolveModuleName(literal.text, from, options, ts.sys, cache, redirect, mode);
        if (isEngine(literal.text) && isLibrary(importer)) return { resolvedModule: undefined };
        const file = builtin(literal.text, importer);
        if (file === '') return { resolvedModule: undefined };
        if (file) return { resolvedModule: declarationFile(ts, file) };
        let found = look(isVirtual(importer) ? join(folder(), 'notebook.ts') : importer);
        if (!found.resolvedModule && isVirtual(importer) && !literal.text.startsWith('.')) {
          found = look(places.kernel);
        }
        if (!found.resolvedModule && !isPackage(importer)) unresolved.add(path);
        return found;
      });
    },
    // Of files that did not change, only the user's own can gain a module: one installed meanwhile.
    hasInvalidatedResolutions: (path) => unresolved.has(path),
  };
}

function declarationFile(ts: typeof TypeScript, file: string): TypeScript.ResolvedModuleFull {
  return { resolvedFileName: file, extension: ts.Extension.Dts, isExternalLibraryImport: true };
}
