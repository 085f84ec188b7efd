import { dirname, join } from 'node:path';
import type * as TypeScript from '@tslab/typescript-for-tslab';
import type { Converter } from 'tslab/dist/converter.js';
import { isForeign, withoutDocs } from './documentation.js';
import { type FileWatch, watchFiles } from './file-watch.js';
import { type JoinedLibs, joinLibs } from './joined-libs.js';
import { loadScript } from './load-script.js';
import { type NodeTypes, nodeTypes } from './node-types.js';
import type { Places } from './places.js';
import { resolution } from './resolution.js';
import { loadTypeScript } from './typescript.js';

export type { TypeScript };

/** What the converter lets us see and steer while it works. */
export interface Seam {
  /** TypeScript as tslab uses it. */
  readonly ts: typeof TypeScript;
  /** The program made last. */
  program(): TypeScript.Program;
  /** The file of the cell in the program made last. */
  cell(): TypeScript.SourceFile;
  /** The file and line in which a declaration was written. */
  readonly origin: JoinedLibs['origin'];
  /** Have files read again that changed since they were read. */
  refresh(): void;
  /** Run the converter so that it makes a single pass (see `hideNames`). */
  inOnePass<T>(work: () => T): T;
}

/** What we put in the place of parts of the converter. */
export interface Hooks {
  /** Transformers that turn the checked cell into the JavaScript to run. */
  transformers(program: TypeScript.Program): TypeScript.CustomTransformers;
  /** Receives what the checker says; returns what the converter is to refuse the cell for. */
  diagnose(program: TypeScript.Program, file: TypeScript.SourceFile): TypeScript.Diagnostic[];
  /** Whether the cell declares anything. */
  declares(): boolean;
  /** Receives the JavaScript and its map. */
  emitted(kind: 'code' | 'map', text: string): void;
}

export interface ConverterSetup {
  readonly places: Places;
  /** Folder of the notebook, where it is known. */
  folder(): string;
  readonly strict: boolean;
  readonly hooks: Hooks;
}

/**
 * Folder in which the converter believes the cells to lie. It does not exist, and is the same for
 * all notebooks, so that a compiler can be made before its notebook is known. It is deeper than
 * any real one: a relative path out of it, as declarations say it, climbs to the root, and means
 * the same seen from the notebook's folder.
 */
const cells = `/${'cells/'.repeat(64)}notebook`;
const cellName = `${cells}/__tslab__.ts`;
const declarationsName = `${cells}/__prev__.d.ts`;
const isVirtual = (path: string): boolean => path === cellName || path === declarationsName;

/** The declarations of what Node 20 runs. */
const languageLib = 'lib.es2023.d.ts';

/**
 * Load tslab's converter with our compiler options and hooks under it.
 *
 * The converter writes its options as literals and reads TypeScript from a namespace that cannot be
 * changed, so it is loaded with another namespace in that one's place.
 */
export function createConverter(setup: ConverterSetup): { converter: Converter; seam: Seam } {
  const { places } = setup;
  const real = loadTypeScript(places.typescript, places.shortTypescript);
  // The Node types that come with tslab, so that `console` exists in any folder.
  const node = nodeTypes(places.nodeTypes);
  const libs = joinLibs(join(dirname(places.typescript), languageLib), (path) => {
    const text = real.sys.readFile(path);
    return text && withoutDocs(text);
  });
  let called = false;
  const pass = { single: false };
  const files = watchFiles();
  let program: TypeScript.Program | undefined;

  const createProgram: TypeScript.CreateProgram<TypeScript.BuilderProgram> = (...args) => {
    const builder = real.createAbstractBuilder(...args);
    program = builder.getProgram();
    return steered(builder, program, setup.hooks, pass);
  };
  const createWatchCompilerHost = (
    roots: string[],
    options: TypeScript.CompilerOptions,
    sys: TypeScript.System,
  ): unknown => {
    called = true;
    const host = real.createWatchCompilerHost(
      [...roots, places.ambient],
      { ...options, ...optionsFor(real, setup) },
      watchingOnly(sys, files, node, libs),
      createProgram,
      () => {},
      () => {},
    );
    return Object.assign(host, resolution(real, setup, isVirtual, node.fileOf));
  };
  const overrides: Partial<Record<keyof typeof TypeScript, unknown>> = {
    createWatchCompilerHost,
    sys: Object.create(real.sys, {
      getCurrentDirectory: { value: () => cells, writable: true },
    }),
    getPreEmitDiagnosticsOfFiles: (p: TypeScript.Program, files: TypeScript.SourceFile[]) =>
      setup.hooks.diagnose(p, files[0]!),
    // What leaves our transformers is already what runs.
    transpileModule: (text: string) => ({ outputText: text }),
  };
  const namespace = Object.create(real, {
    __esModule: { value: true },
    ...Object.fromEntries(
      Object.entries(overrides).map(([name, value]) => [name, { value, enumerable: true }]),
    ),
  });
  const { createConverter } = loadConverter(places, namespace);
  const converter = createConverter({});
  if (!called) {
    throw new Error(
      'Cannot steer the compiler of tslab as it does not create its host through TypeScript; install tslab 1.0.22 exactly',
    );
  }
  return {
    converter,
    seam: {
      ts: real,
      program: () => program!,
      cell: () => program!.getSourceFile(cellName)!,
      origin: libs.origin,
      refresh: files.refresh,
      inOnePass(work) {
        pass.single = true;
        try {
          return work();
        } finally {
          pass.single = false;
        }
      },
    },
  };
}

function loadConverter(
  { converter, packages }: Places,
  namespace: unknown,
): typeof import('tslab/dist/converter.js') {
  const substitute = (name: string): unknown =>
    name === '@tslab/typescript-for-tslab'
      ? namespace
      : packages[name] && loadScript(packages[name], () => undefined);
  return loadScript(converter, substitute) as typeof import('tslab/dist/converter.js');
}

function optionsFor(ts: typeof TypeScript, setup: ConverterSetup): TypeScript.CompilerOptions {
  return {
    strict: setup.strict,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    typeRoots: [dirname(setup.places.nodeTypes)],
    types: ['node'],
    lib: [languageLib],
    skipLibCheck: true,
    skipDefaultLibCheck: true,
    disableTopLevelAwait: false,
    sourceMap: true,
    allowJs: true,
    checkJs: false,
    maxNodeModuleJsDepth: 0,
    noImplicitUseStrict: false,
    importsNotUsedAsValues: undefined,
    // Local files may lie anywhere, not only below the notebook.
    rootDir: undefined,
    noEmitOnError: false,
    preserveConstEnums: false,
  };
}

/** A builder whose emit is ours and whose cell seems to need no second pass. */
function steered(
  builder: TypeScript.BuilderProgram,
  program: TypeScript.Program,
  hooks: Hooks,
  pass: { readonly single: boolean },
): TypeScript.BuilderProgram {
  return Object.assign(Object.create(builder), {
    getSourceFile(name: string) {
      // Questions about unfinished code walk up from the cursor: parents come with the checker.
      if (!pass.single) program.getTypeChecker();
      const file = program.getSourceFile(name);
      if (pass.single && name === cellName && file) hideOnce(file);
      return file;
    },
    getAllDependencies: () => [cellName],
    emit(
      file: TypeScript.SourceFile,
      write: (name: string, text: string) => void,
      _token: unknown,
      _declarationsOnly: unknown,
      theirs: TypeScript.CustomTransformers,
    ) {
      const before = hooks.transformers(program);
      placeFirstParse(file);
      hideNames((file as unknown as { parent: TypeScript.SourceFile }).parent, pass);
      const afterDeclarations = theirs.afterDeclarations ?? [];
      const collect = (name: string, text: string): void => {
        if (name.endsWith('.d.ts')) write('outDir/__tslab__.d.ts', text);
        else hooks.emitted(name.endsWith('.map') ? 'map' : 'code', text);
      };
      const settings = program.getCompilerOptions();
      // A cell without names declares nothing. The programs share their settings: put it back.
      settings.declaration = hooks.declares();
      try {
        return program.emit(file, collect, undefined, false, { ...before, afterDeclarations });
      } finally {
        settings.declaration = true;
      }
    },
  }) as TypeScript.BuilderProgram;
}

/**
 * Give the first parse of a file its path. A cell with `await (` is parsed twice, the declarations'
 * emitter looks at the first, and it fails where that lies nowhere.
 */
function placeFirstParse(file: TypeScript.SourceFile): void {
  type Placed = { path: string; readonly original?: Placed };
  const { path, original } = file as unknown as Placed;
  for (let first = original; first; first = first.original) first.path = path;
}

/**
 * Show the converter no names of a cell when it looks for some to export: ours carries its exports.
 * They are there already where reading the cell's imports took the checker.
 */
function hideOnce(file: TypeScript.SourceFile): void {
  const { locals } = file as unknown as { locals?: Map<string, unknown> };
  if (!locals) return;
  const forEach = (): void => {
    delete (locals as { forEach?: unknown }).forEach;
  };
  Object.defineProperty(locals, 'forEach', { value: forEach, configurable: true });
}

/**
 * Show the converter no names of a file while it makes its one pass. It would convert a cell that
 * has some a second time, to append exports which ours already carries, and print all earlier
 * declarations anew.
 */
function hideNames(file: TypeScript.SourceFile, pass: { readonly single: boolean }): void {
  const { locals } = file as unknown as { locals?: Map<string, unknown> };
  if (!locals || Object.hasOwn(locals, 'forEach')) return;
  const forEach: typeof locals.forEach = (visit) => {
    if (!pass.single) Map.prototype.forEach.call(locals, visit);
  };
  Object.defineProperty(locals, 'forEach', { value: forEach });
}

/**
 * A system that watches only the two virtual files, as others are looked at before each cell, and
 * that leaves the documentation out of declaration files.
 */
function watchingOnly(
  sys: TypeScript.System,
  files: FileWatch,
  node: NodeTypes,
  libs: JoinedLibs,
): TypeScript.System {
  const ours = Object.create(sys) as TypeScript.System;
  let declared: string | undefined;
  ours.watchFile = (path, callback, ...rest) => {
    if (!isVirtual(path)) return files.watch(path, callback);
    if (path !== declarationsName) return sys.watchFile!(path, callback, ...rest);
    // The converter says of each cell that both have changed. Most cells declare nothing.
    const onlyChanged: typeof callback = (...event) => {
      const text = sys.readFile(path);
      if (text === declared) return;
      declared = text;
      callback(...event);
    };
    return sys.watchFile!(path, onlyChanged, ...rest);
  };
  ours.watchDirectory = () => ({ close() {} });
  ours.readFile = (path, encoding) => {
    const joined = libs.read(path);
    if (joined !== undefined) return joined;
    const text = sys.readFile(path, encoding);
    if (text === undefined || !isForeign(path)) return text;
    return withoutDocs(node.isIndex(path) ? node.index(text, path) : text);
  };
  return ours;
}
