import { parameters } from './parameters.js';
import type { TypeScript } from './tslab.js';

/** A local TypeScript file as the worker loads it. */
export interface LocalModule {
  readonly path: string;
  /** Body of a function whose parameters `work/load.ts` names. */
  readonly code: string;
  readonly map: string;
  /** Changes when the file or the compiler's view of it does. */
  readonly version: string;
  /** Where the file's own imports of local files lead. */
  readonly resolved: Readonly<Record<string, string>>;
}

type WithResolutions = TypeScript.SourceFile & {
  readonly version?: string;
  readonly resolvedModules?: {
    forEach(
      visit: (
        found: { resolvedModule?: TypeScript.ResolvedModuleFull } | undefined,
        name: string,
      ) => void,
    ): void;
  };
};

const made = new Map<string, LocalModule>();

/** The local TypeScript files that a file imports, with what they import in turn. */
export function watchedFiles(
  program: TypeScript.Program,
  file: TypeScript.SourceFile,
): TypeScript.SourceFile[] {
  const seen = new Set<TypeScript.SourceFile>();
  const walk = (from: TypeScript.SourceFile): void => {
    for (const path of Object.values(localImports(from))) {
      const next = program.getSourceFile(path);
      if (next && !seen.has(next)) {
        seen.add(next);
        walk(next);
      }
    }
  };
  walk(file);
  return [...seen];
}

/** The same files, compiled. */
export function localModules(
  ts: typeof TypeScript,
  program: TypeScript.Program,
  cell: TypeScript.SourceFile,
): { modules: LocalModule[]; resolved: Record<string, string> } {
  const modules = watchedFiles(program, cell).map((file) => compileModule(ts, file));
  return { modules, resolved: localImports(cell) };
}

/** Imports of a file that lead to TypeScript outside of packages: name to path. */
function localImports(file: TypeScript.SourceFile): Record<string, string> {
  const found: Record<string, string> = {};
  (file as WithResolutions).resolvedModules?.forEach((entry, name) => {
    const target = entry?.resolvedModule;
    const path = target?.resolvedFileName;
    if (path && /\.[cm]?tsx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path)) {
      if (!path.includes('/node_modules/')) found[name] = path;
    }
  });
  return found;
}

function compileModule(ts: typeof TypeScript, file: TypeScript.SourceFile): LocalModule {
  const resolved = localImports(file);
  const version = (file as WithResolutions).version ?? String(file.text.length);
  const known = made.get(file.fileName);
  if (known?.version === version && same(known.resolved, resolved)) return known;
  const output = ts.transpileModule(file.text, {
    fileName: file.fileName,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
      experimentalDecorators: true,
      sourceMap: true,
      jsx: ts.JsxEmit.React,
    },
    transformers: { before: [moduleSyntax(ts)] },
  });
  const module = {
    path: file.fileName,
    code: output.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, ''),
    map: output.sourceMapText ?? '',
    version,
    resolved,
  };
  made.set(file.fileName, module);
  return module;
}

/**
 * `import(x)` as a call of ours, as a `require` in its place could not load what awaits at its top,
 * and `import.meta` as a variable.
 */
function moduleSyntax(ts: typeof TypeScript): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  return (context) => (file) => {
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
        return context.factory.createIdentifier(parameters.meta);
      }
      const inner = ts.visitEachChild(node, visit, context);
      return ts.isCallExpression(inner) && inner.expression.kind === ts.SyntaxKind.ImportKeyword
        ? context.factory.createCallExpression(
            context.factory.createIdentifier(parameters.load),
            undefined,
            inner.arguments,
          )
        : inner;
    };
    return ts.visitNode(file, visit) as TypeScript.SourceFile;
  };
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
