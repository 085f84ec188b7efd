// Over 300 lines: a table, read row by row.
import { fails, prints, type Sequence, shows } from './cell-sequences.js';

/** What notebooks bring that nobody thinks of when a kernel is written. */
export const odd: readonly Sequence[] = [
  // Running a cell again.
  {
    name: 'a failing cell that declares names, run again unchanged',
    cells: [
      fails('const again1 = 1; throw new Error("first")', 'first'),
      fails('const again1 = 1; throw new Error("first")', 'first'),
      fails('import { join } from "node:path"; throw new Error("imp")', 'imp'),
      fails('import { join } from "node:path"; throw new Error("imp")', 'imp'),
      'const again1 = 1',
      'const again1 = 1',
      shows('again1', '1'),
    ],
  },
  {
    name: 'a name that was an import, a value, a function, a class, an enum and a type',
    cells: [
      "import { join } from 'node:path'",
      'const join = 5',
      shows('join', '5'),
      shows("import { join } from 'node:path'; join('a', 'b')", "'a/b'"),
      shows('function join() { return 1 } join()', '1'),
      shows('class join { static a = 2 } join.a', '2'),
      shows('enum join { A = 3 } join.A', '3'),
      shows("type join = string; const jj: join = 'a'; jj", "'a'"),
    ],
  },
  {
    name: 'a name that was a type keeps the value of an older one',
    cells: [
      "import { sep } from 'node:path'",
      shows('interface sep { j: 1 } const sj: sep = { j: 1 }; [sj, sep]', "[ { j: 1 }, '/' ]"),
    ],
  },
  {
    name: 'overloads declared anew replace the old ones',
    cells: [
      'function ov(x: number): number; function ov(x: any): any { return x }',
      "function ov(x: string): string; function ov(x: any): any { return x + '!' }",
      shows("ov('a')", "'a!'"),
      fails('ov(1)', 'not assignable'),
    ],
  },
  {
    name: 'an enum or a namespace in a later cell begins anew',
    cells: [
      'enum En { A = 1 } enum En { B = 2 }',
      shows('[En.A, En[2]]', "[ 1, 'B' ]"),
      'enum En { C = 3 }',
      shows('[En.C, (En as any).A]', '[ 3, undefined ]'),
      'namespace Ns { export const a = 1 } namespace Ns { export const b = a + 1 }',
      shows('Ns.b', '2'),
    ],
  },
  // Names.
  {
    name: 'names with two underscores and dollars',
    cells: [
      shows('const __ = 3, $$ = 4, $$1 = 5, _ = 1, $ = 2; __ + $$ + $$1 + _ + $', '15'),
      shows(
        'const __proto = { a: 1 }; let { __x } = { __x: 3 }; function __f() { return __x } __f()',
        '3',
      ),
      shows('__x = 8; ({ __x, __ })', '{ __x: 8, __: 3 }'),
      shows('class __C { static __s = 1 } __C.__s + __f()', '9'),
    ],
  },
  {
    name: 'names like those of the wrapper',
    cells: [
      shows(
        'const $$here = 7, $$resume = 8, $$import = 9; await ($$here + $$resume + $$import)',
        '24',
      ),
      shows('$$here', '7'),
    ],
  },
  {
    name: 'contextual keywords as names',
    cells: [
      'const of = 1, get = 2, set = 3, type = 4, as = 5, from = 6, namespace = 7, declare = 8, async = 9',
      shows('of + get + set + type + as + from + namespace + declare + async', '45'),
      fails('type = 5', 'constant'),
    ],
  },
  {
    name: 'names in many scripts, escapes and beyond the basic plane',
    cells: [
      shows('const 変数 = 1; const ñ = 2; const \\u0061bc = 3; 変数 + ñ + abc', '6'),
      shows('const 𝒳 = 5; 𝒳', '5'),
      shows('let ℮ = 2; ℮ + 𝒳', '7'),
    ],
  },
  // Modules and exports.
  {
    name: 'export default of what has no name',
    cells: [
      shows('export default class { x = 1 }', '[class (anonymous)]'),
      shows('export default function () { return 1 }', '[Function (anonymous)]'),
      shows('export default { a: 1 }', '{ a: 1 }'),
      shows('export default 5', '5'),
      'export default class Named { y = 2 }',
      shows('new Named().y', '2'),
    ],
  },
  {
    name: 'exports of every kind of declaration',
    cells: [
      'export const { p1, q1 } = { p1: 1, q1: 2 }; export async function af() { return p1 } export enum Ex { A } export type Tx = number',
      shows('const tx: Tx = q1; [tx, await af(), Ex.A]', '[ 2, 1, 0 ]'),
      'export { join } from "node:path"',
      'export type { Stats } from "node:fs"',
    ],
  },
  {
    name: 'import.meta tells the folder of the notebook',
    cells: [
      shows('import.meta.dirname === process.cwd()', 'true'),
      shows('import.meta.url.startsWith("file:///")', 'true'),
      shows('(() => import.meta.filename.endsWith("notebook.ts"))()', 'true'),
    ],
  },
  {
    name: 'a local file whose path only the running code knows',
    cells: [
      `const fsx = require('node:fs'); fsx.writeFileSync('nv.ts', "import { q } from './q1'; export const nv: number = 5 + q; export const meta = import.meta.url"); fsx.writeFileSync('q1.ts', 'export const q = 10')`,
      shows("const path1 = './nv'; (await import(path1)).nv", '15'),
      shows("(await import(`${path1}.ts`)).meta.endsWith('nv.ts')", 'true'),
      shows("require('./nv').nv", '15'),
      shows(
        "fsx.writeFileSync('q1.ts', 'export const q: number = 20;'); (await import(path1)).nv",
        '25',
      ),
      fails(
        "fsx.writeFileSync('bad1.ts', 'export const q = ;'); await import('./bad' + '1')",
        'bad1.ts:1:18',
      ),
    ],
  },
  {
    name: 'a local file that throws while it is loaded, then mended',
    cells: [
      `const fsy = require('node:fs'); fsy.writeFileSync('thr.ts', "throw new Error('at load'); export const y = 1")`,
      fails("import { y } from './thr'", 'at load'),
      fails("import { y } from './thr'", 'at load'),
      "fsy.writeFileSync('thr.ts', 'export const y = 1')",
      shows("import { y } from './thr'; y", '1'),
    ],
  },
  {
    name: 'JSON by every kind of import',
    cells: [
      `require('node:fs').writeFileSync('d1.json', '{"a":[1,2]}')`,
      shows("import d from './d1.json'; d.a", '[ 1, 2 ]'),
      shows("import * as dj from './d1.json'; dj.a", '[ 1, 2 ]'),
      shows("(await import('./d1.json')).default.a", '[ 1, 2 ]'),
      shows("require('./d1.json').a", '[ 1, 2 ]'),
    ],
  },
  // Awaiting.
  {
    name: 'await in heads, patterns, names and cases',
    cells: [
      shows('const { a: aw = await Promise.resolve(7) } = {} as { a?: number }; aw', '7'),
      prints(
        'switch (await Promise.resolve(2)) { case await Promise.resolve(2): console.log("two") }',
        'two\n',
      ),
      prints(
        'for (let i = await Promise.resolve(0); i < (await Promise.resolve(2)); i++) console.log(i)',
        '0\n1\n',
      ),
      shows('class Aw { [await Promise.resolve("k")]() { return 1 } } (new Aw() as any).k()', '1'),
      shows('new (await Promise.resolve(Date))(0).getTime()', '0'),
      shows('-(await Promise.resolve(3)) + (await 1)', '-2'),
      prints(
        'outer1: for await (const q of [1, 2, 3]) { if (q === 2) break outer1; console.log(q) }',
        '1\n',
      ),
    ],
  },
  {
    name: 'generators and asynchronous iterators held over cells',
    cells: [
      'function* g1(): Generator<number, string, number> { const x = yield 1; const y = yield x * 2; return `done${y}` } const gi = g1()',
      shows('gi.next()', '{ value: 1, done: false }'),
      shows('gi.next(21)', '{ value: 42, done: false }'),
      shows('gi.next(3)', "{ value: 'done3', done: true }"),
      'class Ticker { constructor(private n: number) {} async *[Symbol.asyncIterator]() { for (let i = 0; i < this.n; i++) { await null; yield i } } } const ti = new Ticker(2)[Symbol.asyncIterator]()',
      shows('await ti.next()', '{ value: 0, done: false }'),
      shows('[(await ti.next()).value, (await ti.next()).done]', '[ 1, true ]'),
    ],
  },
  {
    name: 'closures over the variables of loops',
    cells: [
      'const fs1: (() => number)[] = []; for (let i = 0; i < 3; i++) fs1.push(() => i)',
      shows('fs1.map((f) => f())', '[ 0, 1, 2 ]'),
      'var fs2: (() => number)[] = []; for (var vi = 0; vi < 3; vi++) fs2.push(() => vi)',
      shows('vi = 10; fs2.map((f) => f())', '[ 10, 10, 10 ]'),
    ],
  },
  {
    name: 'a thenable, one that throws, and a promise kept',
    cells: [
      shows('const thenable = { then(f: (x: number) => void) { f(42) } }; await thenable', '42'),
      shows('thenable', '{ then: [Function: then] }'),
      fails('const evil = { get then() { throw new Error("then!") } }; await evil', 'then!'),
      shows('const kept = Promise.resolve("k"); kept', "Promise { 'k' }"),
      shows('await kept', "'k'"),
    ],
  },
  {
    name: 'an interval over cells',
    cells: [
      'let ticks = 0; const iv = setInterval(() => { ticks++ }, 2)',
      'while (ticks < 3) await new Promise((r) => setTimeout(r, 5))',
      'clearInterval(iv); const after = ticks; await new Promise((r) => setTimeout(r, 20))',
      shows('ticks === after', 'true'),
    ],
  },
  // Errors from everywhere.
  ...[
    ['process.nextTick(() => { throw new Error("tick") })', 'tick'],
    ['queueMicrotask(() => { throw new Error("micro") })', 'micro'],
    ['new Promise(() => { throw new Error("in executor") }); 0', 'in executor'],
    ['Promise.reject("only text"); 0', 'only text'],
    ['void (async () => { await null; throw new RangeError("async later") })()', 'async later'],
    ['setImmediate(() => { throw null }); 0', 'null'],
  ].map(
    ([code, error]): Sequence => ({
      name: `an error that nothing catches: ${code}`,
      cells: [[code!, { error: error! }], shows('1 + 1', '2')],
    }),
  ),
  {
    name: 'things thrown that are no errors',
    cells: [
      fails('throw Symbol("s")', 'Symbol(s)'),
      fails('throw 10n', '10n'),
      fails('throw [1, 2]', '[ 1, 2 ]'),
      fails('throw { message: "obj", stack: "fake" }', 'obj'),
      fails('throw new Proxy(new Error("proxied"), {})', 'proxied'),
      fails('const e1 = new Error("a"); e1.name = ""; throw e1', 'Error: a'),
      fails('const cyc: any = new Error("cyc"); cyc.cause = cyc; throw cyc', 'cyc'),
      fails('Error.stackTraceLimit = 0; throw new Error("no stack")', 'no stack'),
      'Error.stackTraceLimit = 50',
    ],
  },
  {
    name: 'stacks that are printed or shown tell lines of the source, and nothing of the kernel',
    cells: [
      shows('const number1 = 1\n\nnew Error("as value")', 'Error: as value\n    at cell[N].ts:3:1'),
      [
        'function thrower(): never {\n  throw new TypeError("deep")\n}\ntry { thrower() } catch (e) { console.log((e as Error).stack) }',
        { stdout: 'TypeError: deep\n    at thrower (cell[N].ts:2:9)\n    at cell[N].ts:4:7\n' },
      ],
      ['console.trace("here")', { stderr: 'Trace: here\n    at cell[N].ts:1:9\n' }],
      ['console.error(new Error("shown"))', { stderr: 'Error: shown\n    at cell[N].ts:1:15\n' }],
      [
        "try { require('node:fs').readFileSync('nope') } catch (e) { console.log((e as any).code) }",
        { stdout: 'ENOENT\n' },
      ],
    ],
  },
  {
    name: 'code that looks at stacks by itself',
    cells: [
      shows(
        'const sites = (() => { const before = Error.prepareStackTrace; Error.prepareStackTrace = (_, s) => s; const found = new Error().stack as any; Error.prepareStackTrace = before; return found.length > 0 })(); sites',
        'true',
      ),
    ],
  },
  {
    name: 'warnings of Node',
    cells: [['process.emitWarning("careful")', { stderr: 'Warning: careful' }]],
  },
  // Syntax.
  {
    name: 'arrows that are comments in HTML, division that is no expression',
    cells: [
      shows('let x9 = 5\nwhile (x9 --> 0) { }\nx9', '-1'),
      shows('let g = 2, i = 3; 12/g/i', '2'),
      shows('/[/]/.test("/")', 'true'),
      fails('<!-- comment\n5', 'SyntaxError'),
    ],
  },
  {
    name: 'semicolons that are not where they seem',
    cells: [
      ['const f9 = function() { return\n5 }\nf9()', { none: true }],
      shows('[1, 2]\n[0]', '1'),
      shows('const u = 1\n+1\nu', '2'),
      fails('const s = "a"\n`b`', 'not callable'),
      shows(';;;5;;;', '5'),
      shows('do { } while (0) 5', '5'),
    ],
  },
  {
    name: 'what other notebooks have',
    cells: [
      fails('%timeit 5', 'SyntaxError'),
      fails('!ls', 'Cannot find name'),
      fails('?Math', 'SyntaxError'),
      fails('using x = 1', 'SyntaxError'),
      shows('"use strict"; 5', '5'),
      shows('debugger; 3', '3'),
    ],
  },
  {
    name: 'what the checker only advises against can be switched off',
    cells: [
      fails('if (1) ; else ;', 'empty statement'),
      prints('// @types off\n!function () { console.log("iife") }()', 'iife\n'),
      shows('// @types off\n({ a: 1, a: 2 })', '{ a: 2 }'),
    ],
  },
  {
    name: 'comments only, in every form',
    cells: [
      ['/** doc only */', { none: true }],
      ['// one\n// two', { none: true }],
      shows('/* a */ 5 /* b */', '5'),
      fails('5 /* unterminated', 'SyntaxError'),
    ],
  },
  {
    name: 'labels, blocks and breaks',
    cells: [
      shows(
        'let out1: number[] = []; a: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 1) continue a; if (i === 2) break a; out1.push(i * 10 + j) } } out1',
        '[ 0, 10 ]',
      ),
      shows('blk: { if (out1.length) break blk; out1.push(99) } out1.length', '2'),
    ],
  },
  {
    name: 'control characters and lone halves of characters',
    cells: [
      shows('"\\x00\\x1b[31m"', "'\\x00\\x1B[31m'"),
      shows('"👩‍👩‍👧".length', '8'),
      shows('`line1\r\nline2`.length', '11'),
    ],
  },
  // Classes and types.
  {
    name: 'accessors, private names and brand checks',
    cells: [
      'class Pv { #x = 1; static has(o: object) { return #x in o } get x() { return this.#x } set x(v) { this.#x = v } static #n = 4; static n() { return Pv.#n } accessor w = 3 }',
      shows(
        'const pv = new Pv(); pv.x = 9; pv.w = 5; [pv.x, pv.w, Pv.has(pv), Pv.has({}), Pv.n()]',
        '[ 9, 5, true, false, 4 ]',
      ),
      fails('pv.#x', '#x'),
    ],
  },
  {
    name: 'defaults of type parameters',
    cells: [
      'interface Box<T = string> { v: T } class Stack<T = number> { #items: T[] = []; push(x: T): this { this.#items.push(x); return this } get size(): number { return this.#items.length } }',
      shows('const b: Box = { v: "x" }; new Stack().push(1).push(2).size', '2'),
      fails('const bad: Box = { v: 3 }', 'not assignable'),
    ],
  },
  {
    name: 'decorators of parameters and of whole classes',
    cells: [
      'function param(t: any, k: any, i: number) {} function sealed(c: Function) { Object.seal(c) }',
      shows('@sealed class Pd { m(@param a: number) { return a } } new Pd().m(3)', '3'),
    ],
  },
  {
    name: 'methods added to what is global',
    cells: [
      'declare global { interface Array<T> { second1(): T | undefined } }\nArray.prototype.second1 = function () { return this[1] }',
      shows('[1, 2].second1()', '2'),
    ],
  },
  {
    name: 'a getter that throws while it is taken apart',
    cells: [
      shows(
        'const og = { get a() { return 1 }, get b(): number { throw new Error("lazy") } }; const { a: ga } = og; ga',
        '1',
      ),
      fails('const { b: gb } = og', 'lazy'),
      shows('ga', '1'),
    ],
  },
  // Values that are hard to show.
  {
    name: 'values that throw when they are looked at',
    cells: [
      shows(
        'const revoked = Proxy.revocable({}, {}); revoked.revoke(); revoked.proxy',
        '<Revoked Proxy>',
      ),
      shows('({ get kind() { throw new Error("kind") } })', '{ kind: [Getter] }'),
      shows('({ toString() { throw 1 } })', '{ toString: [Function: toString] }'),
      shows('const px = new Proxy({} as any, { get: () => 1 }); px.a', '1'),
    ],
  },
  {
    name: 'views, buffers, iterators and sparse arrays',
    cells: [
      shows('[1, , 3]', '[ 1, <1 empty item>, 3 ]'),
      shows('Buffer.from("hi")', '<Buffer 68 69>'),
      shows('[1, 2, 3].values()', 'Object [Array Iterator] {}'),
      shows('Object.create(null)', '[Object: null prototype] {}'),
      shows('new (class Mine extends Map {})()', 'Mine(0) [Map] {}'),
      shows('new Date(0)', '1970-01-01T00:00:00.000Z'),
    ],
  },
  {
    name: 'records that differ, empty records, empty lists',
    cells: [
      shows('[{ a: 1 }, { b: 2 }]', 'a  b\n─  ─\n1  –\n–  2'),
      shows('[{}]', '[ {} ]'),
      shows('[[]]', '[ [] ]'),
    ],
  },
  {
    name: 'console: format marks, counts, timers, trees',
    cells: [
      prints(
        'console.log("%s %d %i %j %o%%", "s", 1.5, 1.5, { a: 1 }, [1])',
        's 1.5 1 {"a":1} [ 1, [length]: 1 ]%\n',
      ),
      prints(
        'console.count("n"); console.count("n"); console.countReset("n"); console.count("n")',
        'n: 1\nn: 2\nn: 1\n',
      ),
      prints('console.dir({ a: { b: { c: 1 } } }, { depth: 0 })', '{ a: [Object] }\n'),
      ['console.assert(false, "not so")', { stderr: 'Assertion failed: not so' }],
      prints('const { log } = console; log("taken out")', 'taken out\n'),
      prints('[1].forEach(console.log)', '1 0 [ 1 ]\n'),
    ],
  },
  {
    name: 'streams that are ended go on',
    cells: ['process.stdout.end()', prints('console.log("after the end")', 'after the end\n')],
  },
  {
    name: 'types of the platform: fetch, streams, WebAssembly, structuredClone',
    cells: [
      shows('typeof WebAssembly.instantiate', "'function'"),
      shows('structuredClone(new Map([[1, { a: 2 }]]))', 'Map(1) { 1 => { a: 2 } }'),
      shows('await new Response("x").text()', "'x'"),
      fails("const r: number = await fetch('http://127.0.0.1:1')", 'not assignable'),
    ],
  },
  // Last, as all sequences share their names.
  {
    name: 'shadowed globals',
    cells: [
      shows('const Math = { max: () => "mine" }; Math.max()', "'mine'"),
      shows('Math.max()', "'mine'"),
      shows('const Array = 5; [1, 2].length + Array', '7'),
      shows('const Promise = 3; await 5', '5'),
      shows('(async () => 1)()', 'Promise { 1 }'),
      prints(
        'const setTimeout = (f: () => void) => f(); setTimeout(() => console.log("at once"))',
        'at once\n',
      ),
      shows('const require = (x: string) => `own ${x}`; require("fs")', "'own fs'"),
      shows('const Symbol = 1; [...[1]]', '[ 1 ]'),
    ],
  },
  {
    name: 'a console of their own',
    cells: [
      prints(
        'const console = { log: (x: string) => { process.stdout.write(`my ${x}\\n`) } }; console.log("b")',
        'my b\n',
      ),
      prints('console.log("c")', 'my c\n'),
    ],
  },
];
