import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const dist = new URL('../../kernel-ext/dist/', import.meta.url).href;
const { createCompiler } = (await import(
  `${dist}compiler/compiler.js`
)) as typeof import('../../kernel-ext/src/compiler/compiler.js');
const { findPlaces } = (await import(
  `${dist}compiler/find-places.js`
)) as typeof import('../../kernel-ext/src/compiler/find-places.js');
const { toCodePoints, toUtf16 } = (await import(
  `${dist}compiler/offsets.js`
)) as typeof import('../../kernel-ext/src/compiler/offsets.js');
const { parseSourceMap, originalPosition } = (await import(
  `${dist}work/source-map.js`
)) as typeof import('../../kernel-ext/src/work/source-map.js');

const folder = mkdtempSync(join(tmpdir(), 'kernel-compiler-'));
let compiler: ReturnType<typeof createCompiler>;
let cell = 0;
beforeAll(() => {
  compiler = createCompiler({ places: findPlaces() });
  compiler.open(folder);
});
afterAll(() => {
  compiler.close();
  rmSync(folder, { recursive: true, force: true });
});

function compile(source: string) {
  const made = compiler.compile(++cell, source, 'error');
  if (!made.ok) throw new Error(made.diagnostics.map((d) => d.message).join('\n'));
  compiler.commit(made.compiled);
  return made.compiled;
}

describe('the compiler', () => {
  it('took our options: an empty folder has console, await is allowed, types are strict', () => {
    expect(compile('console.log(await (Promise.resolve(1)))').scopes).toEqual([]);
    expect(compiler.compile(99, 'const s: string = null', 'error').ok).toBe(false);
  });

  it('is the pinned version of tslab', () => {
    const require = createRequire(new URL('../../kernel-ext/package.json', import.meta.url));
    expect(require('tslab/package.json').version).toBe('1.0.22');
    expect(compiler.ts.version).toBe('5.0.4');
  });

  it('makes one program for a cell, whatever it declares', () => {
    const before = compiler.seam.program();
    compile('const one = 1, two = 2; function three() {}');
    const after = compiler.seam.program();
    expect(after).not.toBe(before);
    // The unchanged files are taken over as a whole.
    expect((after as unknown as { structureIsReused: number }).structureIsReused).toBe(2);
  });

  it('points names at the cell that declared them last', () => {
    const first = compile('const owner = 1');
    expect(compile('owner').scopes).toEqual([first.cell]);
    const second = compile("const owner = 'b'");
    expect(compile('owner').scopes).toEqual([second.cell]);
  });

  it('keeps declarations small: replaced ones go, hidden ones only while used', () => {
    compile('class Kept { a = 1 }');
    compile('const held = new Kept()');
    const hidden = compile('class Kept { b = 2 }').declarations;
    expect(hidden.text).toContain('Kept_earlier1');
    const gone = compile('const held = 1').declarations;
    expect(gone.text).not.toContain('Kept_earlier1');
    expect(gone.text.match(/class Kept\b/g)).toHaveLength(1);
  });

  it('maps generated positions to the source', () => {
    const { code, map } = compile('\n\n  Math.max(1,\n    Math.min(2, 3))');
    const lines = code.split('\n');
    const line = lines.findIndex((text) => text.includes('Math.min'));
    const found = originalPosition(parseSourceMap(map), line - 1, lines[line]!.indexOf('Math.min'));
    expect(found).toEqual({ line: 4, column: 4 });
  });

  it('converts positions between UTF-16 and code points both ways', () => {
    const text = 'a😀b𝒳c';
    expect([...Array(6).keys()].map((n) => toUtf16(text, n))).toEqual([0, 1, 3, 4, 6, 7]);
    expect([0, 1, 3, 4, 6, 7].map((n) => toCodePoints(text, n))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(toUtf16(text, 99)).toBe(text.length);
  });
});

it("the library's declarations type-check under the TypeScript of the notebooks", () => {
  const { ts } = compiler;
  const types = fileURLToPath(new URL('../../dist/', import.meta.url));
  const files = readdirSync(types, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(index|display\/index)\.d\.ts$/.test(name))
    .map((name) => join(types, name));
  expect(files).toHaveLength(2);
  const program = ts.createProgram(files, {
    strict: true,
    skipLibCheck: false,
    skipDefaultLibCheck: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ['node'],
  });
  const own = ts
    .getPreEmitDiagnostics(program)
    .filter((d) => d.file?.fileName.startsWith(types))
    .map((d) => `${d.file!.fileName}: ${ts.flattenDiagnosticMessageText(d.messageText, ' ')}`);
  expect(own).toEqual([]);
});
