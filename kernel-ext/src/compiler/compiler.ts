import { addDeclarations, type Declarations, noDeclarations } from './declarations.js';
import { type CellDiagnostic, describe, isSyntax } from './diagnostics.js';
import { type LocalModule, localModules, watchedFiles } from './local-modules.js';
import { declaredNames, outline } from './names.js';
import { parameters, scopeName } from './parameters.js';
import type { Places } from './places.js';
import { cellTransformer } from './transform.js';
import { createConverter, type Seam, type TypeScript } from './tslab.js';

/** How strictly types are enforced. */
export type TypeMode = 'error' | 'warn' | 'off';

/** A cell ready to run. */
export interface CompiledCell {
  readonly cell: number;
  /** An expression whose value is an async function of `parameters`. */
  readonly code: string;
  /** Source map (version 3) of `code`. */
  readonly map: string;
  /** Names in the order of the function's parameters. */
  readonly parameters: readonly string[];
  /** Cells whose names it uses, in the order of the last parameters. */
  readonly scopes: readonly number[];
  /** Names with a value that it declares. */
  readonly names: readonly string[];
  /** Names that it declares, types included. */
  readonly declares: readonly string[];
  readonly declarations: Declarations;
  readonly modules: readonly LocalModule[];
  /** Where the cell's own imports of local files lead. */
  readonly resolved: Readonly<Record<string, string>>;
  /** What the checker found, where the mode lets the cell run. */
  readonly warnings: readonly CellDiagnostic[];
}

export type Compilation =
  | { readonly ok: true; readonly compiled: CompiledCell }
  | { readonly ok: false; readonly diagnostics: readonly CellDiagnostic[] };

/** The seam between the kernel and tslab: nothing else knows the converter. */
export interface Compiler {
  readonly ts: typeof TypeScript;
  readonly seam: Seam;
  compile(cell: number, source: string, mode: TypeMode): Compilation;
  /** Make the names of a cell that ran known to later ones. */
  commit(compiled: CompiledCell): void;
  /** Ask the converter about unfinished code. */
  query<T>(
    ask: (converter: ReturnType<typeof createConverter>['converter'], declared: string) => T,
  ): T;
  /** Names of earlier cells that have a value, with the cell of each. */
  owners(): ReadonlyMap<string, number>;
  /** Compile for the notebooks of a folder; files may have changed since the compiler was made. */
  open(folder: string): void;
  /** Forget all cells. */
  reset(): void;
  close(): void;
}

/** What the checker says of code whose value a notebook shows. */
const pointless = new Set([
  2695, // left side of a comma is unused
]);

export interface CompilerOptions {
  readonly places: Places;
  readonly strict?: boolean;
}

/** Start the compiler; takes a few tenths of a second, most of it for reading Node's types. */
export function createCompiler(options: CompilerOptions): Compiler {
  let declarations = noDeclarations;
  let owners = new Map<string, number>();
  let found: readonly TypeScript.Diagnostic[] = [];
  let refused: readonly TypeScript.Diagnostic[] = [];
  let mode: TypeMode = 'error';
  let code = '';
  let map = '';
  const used = new Set<number>();
  let names: readonly string[] = [];
  let declaresNames = false;

  let folder = '/';
  const { converter, seam } = createConverter({
    places: options.places,
    folder: () => folder,
    strict: options.strict ?? true,
    hooks: {
      transformers: (program) => ({
        before: [
          cellTransformer(seam.ts, {
            checker: program.getTypeChecker(),
            owners,
            onScope: (cell) => used.add(cell),
            onNames: (own) => {
              names = own;
            },
          }),
        ],
      }),
      diagnose(program, file) {
        found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
        for (const local of watchedFiles(program, file)) {
          found = [
            ...found,
            ...program.getSyntacticDiagnostics(local),
            ...program.getSemanticDiagnostics(local),
          ];
        }
        found = found.filter(({ code }) => !pointless.has(code));
        refused = found.filter((d) => isSyntax(d) || mode === 'error');
        return [...refused];
      },
      declares: () => declaresNames,
      emitted(kind, text) {
        if (kind === 'code') code = text;
        else map = text;
      },
    },
  });
  const { ts } = seam;

  /** The converter's declarations, with the variables of blocks, which it leaves out. */
  const declared = (output: string): string => {
    const file = ts.createSourceFile('cell.d.ts', output, ts.ScriptTarget.ES2022);
    const told = new Set(declaredNames(ts, file));
    const cell = seam.cell() as TypeScript.SourceFile & { locals?: Map<string, TypeScript.Symbol> };
    const checker = seam.program().getTypeChecker();
    const more = names.flatMap((name) => {
      const symbol = told.has(name)
        ? undefined
        : cell.locals?.get(ts.escapeLeadingUnderscores(name) as string);
      const at = symbol?.valueDeclaration;
      if (!symbol || !at) return [];
      const type = checker.getTypeOfSymbolAtLocation(symbol, at);
      return [
        `declare let ${name}: ${checker.typeToString(type, at, ts.TypeFormatFlags.NoTruncation)};`,
      ];
    });
    return [output, ...more].join('\n');
  };

  return {
    ts,
    seam,
    compile(cell, source, typeMode) {
      mode = typeMode;
      used.clear();
      names = [];
      code = '';
      const cellOutline = outline(ts, source);
      if (cellOutline.imports) seam.refresh();
      declaresNames = cellOutline.names.length > 0 || /\bdeclare\b/.test(source);
      const suffix =
        cellOutline.names.length > 0 ? `\nexport { ${cellOutline.names.join(', ')} }` : '';
      const result = seam.inOnePass(() =>
        // A cell that is run again must not meet the program of its last run, which carries the
        // exports that the converter itself appends: the text differs in white space.
        converter.convert(
          declarations.text,
          `${cellOutline.source}${suffix}${'\n'.repeat(cell % 2)}`,
        ),
      );
      const shown = found.map((d) => describe(ts, d, seam.cell(), source));
      // The converter says nothing of files outside of its folder.
      if (refused.length > 0 || code === '') return { ok: false, diagnostics: shown };
      const { modules, resolved } = localModules(ts, seam.program(), seam.cell());
      const scopes = [...used];
      const formal = [...Object.values(parameters), ...scopes.map(scopeName)];
      const compiled: CompiledCell = {
        cell,
        code: wrap(code, formal),
        map,
        parameters: formal,
        scopes,
        names,
        declares: cellOutline.names,
        declarations: declaresNames
          ? addDeclarations(ts, declarations, declared(result.declOutput ?? ''))
          : declarations,
        modules,
        resolved,
        warnings: mode === 'off' ? [] : shown,
      };
      return { ok: true, compiled };
    },
    commit(compiled) {
      declarations = compiled.declarations;
      const valued = new Set(compiled.names);
      for (const name of compiled.declares) {
        if (valued.has(name)) owners.set(name, compiled.cell);
      }
    },
    query: (ask) => ask(converter, declarations.text),
    owners: () => owners,
    open(path) {
      folder = path;
      seam.refresh();
    },
    reset() {
      declarations = noDeclarations;
      owners = new Map();
    },
    close: () => converter.close(),
  };
}

/** The emitted statements as an async function; its first line is the wrapper's own. */
function wrap(emitted: string, names: readonly string[]): string {
  const body = emitted.replace(/\/\/# sourceMappingURL=.*\s*$/, '').replace(/export \{\};\s*$/, '');
  return `(async function (${names.join(', ')}) { "use strict";\n${body}\n})`;
}
