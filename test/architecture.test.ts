import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

/** The flow of the method: a folder imports only from itself and from what stands to its left. */
const order = [
  'work',
  'math',
  'data',
  'discovery',
  'scm',
  'augmentation',
  'tfm',
  'evaluation',
  'experiments',
];

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return files(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

const imports = /(import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]/g;
const dynamicRelative = /import\(\s*['"`]\./;

/** What is wrong with one file of `src`, by its path below `src` and its text. */
function violations(path: string, text: string): string[] {
  const found: string[] = [];
  const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
  const place = order.indexOf(folder);
  if (dynamicRelative.test(text)) found.push(`${path}: dynamic import of a relative path`);
  for (const [, , typeOnly, from] of text.matchAll(imports)) {
    if (from.includes('@tensorflow/') && path !== 'math/tf.ts') {
      found.push(`${path}: names ${from}; only math/tf.ts may`);
    }
    if (!from.startsWith('.')) continue;
    const target = relative(src, join(src, path, '..', from));
    const other = target.includes('/') ? target.slice(0, target.indexOf('/')) : '';
    if (/^(\.\.\/)?(src\/)?index\.js$/.test(target)) found.push(`${path}: imports index.ts`);
    if (other === 'cli' && folder !== 'cli') found.push(`${path}: imports cli/`);
    if (folder === 'display' && other !== 'display' && other !== 'work' && !typeOnly) {
      found.push(`${path}: display/ may import only types: ${from}`);
    }
    if (place >= 0 && other !== folder && order.indexOf(other) > place) {
      found.push(`${path}: imports ${from}, which stands to its right in the flow`);
    }
    if (place >= 0 && (other === 'display' || other === '')) {
      found.push(`${path}: imports ${from}, which stands above the flow`);
    }
    if (path === 'causal-mix-ft.ts' && other === 'experiments') {
      found.push(`${path}: imports experiments/`);
    }
  }
  return found;
}

describe('the tree', () => {
  it('lets a folder import only from itself and from its left', () => {
    const found = files(src).flatMap((file) =>
      violations(relative(src, file), readFileSync(file, 'utf8')),
    );
    expect(found).toEqual([]);
  });

  it('refuses planted imports', () => {
    expect(violations('data/csv.ts', "import { pc } from '../discovery/pc.js';")).toHaveLength(1);
    expect(
      violations('scm/scm.ts', 'import { display } from "../display/display.js";'),
    ).toHaveLength(1);
    expect(violations('display/svg.ts', "import { pc } from '../discovery/pc.js';")).toHaveLength(
      1,
    );
    expect(
      violations('display/svg.ts', "import type { Graph } from '../discovery/graph.js';"),
    ).toEqual([]);
    expect(violations('tfm/mitra.ts', "import * as tf from '@tensorflow/tfjs-node';")).toHaveLength(
      1,
    );
    expect(violations('scm/scm.ts', "const m = await import('./boosting.js');")).toHaveLength(1);
    expect(violations('scm/scm.ts', "export { fitScm } from '../index.js';")).toHaveLength(2);
  });

  it('draws no hidden randomness and reads no clock in the method', () => {
    const found = files(src)
      .map((file) => [relative(src, file), readFileSync(file, 'utf8')] as const)
      .filter(([path]) => !/^(experiments|cli|work)\//.test(path))
      .filter(([, text]) => /Math\.random|tf\.random|Date\.now|performance\.now/.test(text))
      .map(([path]) => path);
    expect(found).toEqual([]);
  });

  it('keeps the public index to packages by name outside src', () => {
    const lab = join(root, 'lab-extension', 'src');
    const found = files(lab).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(imports)]
        .filter(([, , typeOnly, from]) => from === 'causalmixft' && !typeOnly)
        .map(
          () => `${relative(root, file)}: imports values from causalmixft; use causalmixft/display`,
        ),
    );
    expect(found).toEqual([]);
  });

  it('documents every exported function, interface and type that the index lists', () => {
    const program = ts.createProgram([join(src, 'index.ts')], {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      skipLibCheck: true,
      noEmit: true,
    });
    const checker = program.getTypeChecker();
    const index = program.getSourceFile(join(src, 'index.ts'));
    const module = index && checker.getSymbolAtLocation(index);
    const listed = module ? checker.getExportsOfModule(module) : [];
    expect(listed.length).toBeGreaterThan(50);
    const undocumented = listed
      .map((symbol) =>
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
      )
      .filter((symbol) => symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable))
      .filter((symbol) => symbol.getDocumentationComment(checker).length === 0)
      .map((symbol) => symbol.name);
    expect(undocumented).toEqual([]);
  });

  it('gives a reason in the first lines of a file of over 300 lines', () => {
    const folders = [src, join(root, 'kernel-ext', 'src'), join(root, 'lab-extension', 'src')];
    const found = folders
      .flatMap(files)
      .map((file) => [relative(root, file), readFileSync(file, 'utf8')] as const)
      .filter(([, text]) => text.split('\n').length > 301)
      .filter(([, text]) => !/kept together|over 300 lines/i.test(text.slice(0, 900)))
      .map(([path]) => `${path}: say why in its first lines ("Kept together: …"), or part it`);
    expect(found).toEqual([]);
  });
});
