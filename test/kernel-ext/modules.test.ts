import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Kernel, startKernel } from './client.js';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const root = mkdtempSync(join(tmpdir(), 'kernel-modules-'));
const notebooks = join(root, 'work', 'notebooks');

function write(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

let kernel: Kernel;
beforeAll(async () => {
  mkdirSync(notebooks, { recursive: true });
  const packages = 'work/node_modules';
  write(
    `${packages}/only-exports/package.json`,
    '{"name":"only-exports","type":"module","exports":{".":{"types":"./t.d.ts","default":"./m.js"}}}',
  );
  write(`${packages}/only-exports/m.js`, 'export const answer = 42; export default class K {}');
  write(
    `${packages}/only-exports/t.d.ts`,
    'export declare const answer: number; export default class K {}',
  );
  write(
    `${packages}/waits-at-top/package.json`,
    '{"name":"waits-at-top","type":"module","main":"./m.js","types":"./t.d.ts"}',
  );
  write(`${packages}/waits-at-top/m.js`, 'export const value = await Promise.resolve("awaited");');
  write(`${packages}/waits-at-top/t.d.ts`, 'export declare const value: string;');
  write(
    `${packages}/old-style/package.json`,
    '{"name":"old-style","main":"./m.js","types":"./t.d.ts"}',
  );
  write(
    `${packages}/old-style/m.js`,
    'const all = {}; for (const n of ["a", "b"]) all[n] = () => n; module.exports = all;',
  );
  write(
    `${packages}/old-style/t.d.ts`,
    'export declare function a(): string; export declare function b(): string;',
  );
  write(
    `${packages}/transpiled/package.json`,
    '{"name":"transpiled","main":"./m.js","types":"./t.d.ts"}',
  );
  write(
    `${packages}/transpiled/m.js`,
    'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = function () { return "default" }; exports.named = 1;',
  );
  write(
    `${packages}/transpiled/t.d.ts`,
    'export default function f(): string; export declare const named: number;',
  );
  kernel = await startKernel({ cwd: notebooks });
});
afterAll(async () => {
  await kernel.stop();
  rmSync(root, { recursive: true, force: true });
});

const result = async (code: string): Promise<string | undefined> => {
  const answer = await kernel.execute(code);
  expect(answer.errors, code).toEqual([]);
  return answer.result;
};

describe('packages', () => {
  it('with types only under exports', async () => {
    expect(
      await result("import K, { answer } from 'only-exports'; [answer, new K() instanceof K]"),
    ).toBe('[ 42, true ]');
    expect((await kernel.execute('const wrong: string = answer')).errors[0]!.ename).toBe(
      'TypeScriptError',
    );
  });
  it('that await at their top, by import and by import()', async () => {
    expect(await result("(await import('waits-at-top')).value")).toBe("'awaited'");
    expect(await result("import { value } from 'waits-at-top'; value")).toBe("'awaited'");
  });
  it('in CommonJS, with names that no scan of the text finds', async () => {
    expect(await result("import { a, b } from 'old-style'; a() + b()")).toBe("'ab'");
    expect(await result("import * as old from 'old-style'; old.a()")).toBe("'a'");
  });
  it('in transpiled CommonJS, with their default', async () => {
    expect(await result("import f, { named } from 'transpiled'; [f(), named]")).toBe(
      "[ 'default', 1 ]",
    );
  });
  it('installed while the kernel runs', async () => {
    const { errors } = await kernel.execute("import { late } from 'comes-later'");
    expect(errors[0]!.evalue).toContain('comes-later');
    write(
      'work/node_modules/comes-later/package.json',
      '{"name":"comes-later","type":"module","exports":{"types":"./t.d.ts","default":"./m.js"}}',
    );
    write('work/node_modules/comes-later/m.js', 'export const late = "here";');
    write('work/node_modules/comes-later/t.d.ts', 'export declare const late: string;');
    expect(await result("import { late } from 'comes-later'; late")).toBe("'here'");
  });
  it('of the kernel: the library is found in any folder', async () => {
    expect(await result("import { display as d } from 'causalmixft/display'; d === display")).toBe(
      'true',
    );
  });
});

describe('local files', () => {
  it('beside, below and above the notebook, importing each other', async () => {
    write(
      'work/notebooks/helper.ts',
      "import { base } from '../lib/base';\nexport const twice = (n: number): number => 2 * n + base;\nexport default 'the default';\nexport type Pair = [number, number];",
    );
    write('work/lib/base.ts', 'export const base = 100;');
    write('work/notebooks/deep/er.ts', "export * from '../helper'; export const deep = true;");
    expect(
      await result(
        "import text, { twice, type Pair } from './helper'; const pair: Pair = [1, 2]; [text, twice(1), pair]",
      ),
    ).toBe("[ 'the default', 102, [ 1, 2 ] ]");
    expect(
      await result("import { deep, twice as again } from './deep/er.js'; [deep, again(2)]"),
    ).toBe('[ true, 104 ]');
  });
  it('are read again when they change, and those that import them too', async () => {
    write('work/lib/base.ts', 'export const base = 200; export const added = "new";');
    expect(await result("import { twice } from './helper'; twice(1)")).toBe('202');
    expect(await result("import { added } from '../lib/base'; added")).toBe("'new'");
  });
  it('have their types checked', async () => {
    expect(
      (await kernel.execute("import { twice } from './helper'; twice('x')")).errors[0]!.evalue,
    ).toContain('not assignable');
    write('work/notebooks/broken.ts', 'export const n: number = "text";');
    const { errors } = await kernel.execute("import { n } from './broken'; n");
    expect(errors[0]!.traceback[0]).toContain('broken.ts:1:14 TS2322');
    write('work/lib/broken.ts', 'export const m: number = "text";');
    const above = await kernel.execute("import { m } from '../lib/broken'; m");
    expect(above.errors[0]!.traceback[0]).toContain('broken.ts:1:14 TS2322');
  });
  it('that appear after a failed import', async () => {
    expect((await kernel.execute("import { born } from './born'")).errors).toHaveLength(1);
    write('work/notebooks/born.ts', 'export const born = 1;');
    expect(await result("import { born } from './born'; born")).toBe('1');
  });
  it('keep their lines in stack traces', async () => {
    write(
      'work/notebooks/thrower.ts',
      'interface Gone {\n  a: number;\n}\nexport function thrower(g?: Gone): never {\n  throw new Error("from file");\n}',
    );
    const { errors } = await kernel.execute("import { thrower } from './thrower';\n\nthrower()");
    const text = errors[0]!.traceback.join('\n');
    expect(text).toContain(`${join(notebooks, 'thrower.ts')}:5:9`);
    expect(text).toContain('.ts:3:1');
  });
  it('that import each other in a circle', async () => {
    write(
      'work/notebooks/ping.ts',
      "import { pong } from './pong'; export const ping = (n: number): string => n ? 'ping ' + pong(n - 1) : 'end';",
    );
    write(
      'work/notebooks/pong.ts',
      "import { ping } from './ping'; export const pong = (n: number): string => n ? 'pong ' + ping(n - 1) : 'end';",
    );
    expect(await result("import { ping } from './ping'; ping(3)")).toBe("'ping pong ping end'");
  });
  it('load others lazily, packages that await at their top included', async () => {
    write(
      'work/notebooks/lazy.ts',
      "export const lazy = async (): Promise<string> => (await import('waits-at-top')).value + (await import('./born')).born;",
    );
    expect(await result("import { lazy } from './lazy'; await lazy()")).toBe("'awaited1'");
  });
  it('of JSON, read again when they change', async () => {
    write('work/notebooks/data.json', '{"rows": [1, 2], "name": "first"}');
    expect(await result("import data from './data.json'; [data.name, data.rows.length]")).toBe(
      "[ 'first', 2 ]",
    );
    write('work/notebooks/data.json', '{"rows": [], "name": "second"}');
    expect(await result("import { name as jsonName } from './data.json'; jsonName")).toBe(
      "'second'",
    );
  });
  it('of JavaScript', async () => {
    write('work/notebooks/plain.mjs', 'export const plain = "js";');
    expect(await result("import { plain } from './plain.mjs'; plain")).toBe("'js'");
  });
});
