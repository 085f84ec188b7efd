// Over 300 lines: a table, read row by row.

/** One cell and what it must bring. */
export type Cell =
  | string
  | readonly [
      code: string,
      expected: {
        /** `text/plain` of the result. */
        readonly result?: string;
        readonly stdout?: string;
        readonly stderr?: string;
        /** Name of the error, or a part of its message. */
        readonly error?: string;
        /** No result is shown. */
        readonly none?: true;
      },
    ];

export interface Sequence {
  readonly name: string;
  readonly cells: readonly Cell[];
}

export const shows = (code: string, result: string): Cell => [code, { result }];
export const prints = (code: string, stdout: string): Cell => [code, { stdout }];
export const fails = (code: string, error: string): Cell => [code, { error }];

/** Everyday and nasty things that people type into notebooks. */
export const sequences: readonly Sequence[] = [
  // Values that are shown.
  { name: 'a number', cells: [shows('1 + 1', '2')] },
  { name: 'a string keeps its quotes', cells: [shows("'a' + 'b'", "'ab'")] },
  { name: 'undefined is not shown', cells: [['undefined', { none: true }]] },
  { name: 'null is shown', cells: [shows('null', 'null')] },
  { name: 'an empty string is shown', cells: [shows("''", "''")] },
  {
    name: 'bigint, NaN and -0 are shown',
    cells: [shows('10n ** 20n', '100000000000000000000n'), shows('NaN', 'NaN'), shows('-0', '-0')],
  },
  { name: 'a trailing semicolon changes nothing', cells: [shows('40 + 2;', '42')] },
  { name: 'a comment behind the last expression', cells: [shows('40 + 2 // the answer', '42')] },
  { name: 'an object literal in brackets', cells: [shows('({ a: 1 })', '{ a: 1 }')] },
  { name: 'a block is a block', cells: [['{ let a = 1; a; }', { none: true }]] },
  { name: 'a declaration shows nothing', cells: [['const quiet = 1', { none: true }]] },
  { name: 'an assignment shows its value', cells: ['let a = 1', shows('a = 5', '5')] },
  { name: 'a promise is shown as one', cells: [shows('Promise.resolve(1)', 'Promise { 1 }')] },
  {
    name: 'a cyclic value',
    cells: [
      'const c: any = { name: 1 }; c.self = c',
      shows('c', '<ref *1> { name: 1, self: [Circular *1] }'),
    ],
  },
  {
    name: 'a value whose getter throws',
    cells: [
      shows(
        'Object.defineProperty({}, "x", { get() { throw new Error("no"); }, enumerable: true })',
        '{ x: [Getter] }',
      ),
    ],
  },
  {
    name: 'a Map and a Set',
    cells: [
      shows('new Map([[1, "a"]])', "Map(1) { 1 => 'a' }"),
      shows('new Set([1])', 'Set(1) { 1 }'),
    ],
  },
  { name: 'a symbol', cells: [shows('Symbol("s")', 'Symbol(s)')] },
  {
    name: 'a function and a class',
    cells: [
      shows('(function named() {})', '[Function: named]'),
      shows('(class Named {})', '[class Named]'),
    ],
  },
  {
    name: 'a proxy that throws at everything',
    cells: [shows('1; new Proxy({}, { get() { throw new Error("trap"); } }) && 2', '2')],
  },
  // Names across cells.
  {
    name: 'const, let and var across cells',
    cells: ['const a = 1; let b = 2; var c = 3', shows('[a, b, c]', '[ 1, 2, 3 ]')],
  },
  {
    name: 'a const declared again with another type',
    cells: ['const x = 1', "const x = 'now text'", shows('x.length', '8')],
  },
  {
    name: 'a closure sees assignments of later cells',
    cells: ['let n = 1; const getN = () => n', 'n = 5', shows('getN()', '5')],
  },
  {
    name: 'a function and a later cell share a counter',
    cells: [
      'let count = 0; function inc() { return ++count }',
      'inc(); count += 10',
      shows('inc()', '12'),
    ],
  },
  {
    name: 'a closure over a name declared again keeps its own',
    cells: [
      'let n = 1; const getN = () => n',
      "let n = 'text'",
      shows('[getN(), n]', "[ 1, 'text' ]"),
    ],
  },
  {
    name: 'increments and compound assignments',
    cells: ['let k = 1', 'k++; ++k; k *= 4; k ??= 9', shows('k', '12')],
  },
  {
    name: 'an assignment to a const fails the check',
    cells: ['const fixed = 1', fails('fixed = 2', 'Cannot assign')],
  },
  { name: 'shorthand properties', cells: ['const s = 1', shows('({ s })', '{ s: 1 }')] },
  {
    name: 'shorthand in a destructuring assignment',
    cells: [
      'let p = 0, q = 0',
      '({ p, q = 7 } = { p: 3 } as { p: number; q?: number })',
      shows('[p, q]', '[ 3, 7 ]'),
    ],
  },
  {
    name: 'swapping by destructuring',
    cells: ['let l = 1, r = 2', '[l, r] = [r, l]', shows('[l, r]', '[ 2, 1 ]')],
  },
  {
    name: 'destructuring declarations with defaults and rest',
    cells: [
      'const { a, b: { c = 5 } = {}, ...others } = { a: 1, d: 4 } as any',
      shows('[a, c, others]', '[ 1, 5, { d: 4 } ]'),
    ],
  },
  {
    name: 'array destructuring with holes',
    cells: [
      'const [first, , third = 9, ...tail] = [1, 2, 3, 4, 5]',
      shows('[first, third, tail]', '[ 1, 3, [ 4, 5 ] ]'),
    ],
  },
  { name: 'var of a loop head', cells: ['for (var i = 0; i < 3; i++) {}', shows('i', '3')] },
  {
    name: 'var of a block and of for-in',
    cells: [
      'if (true) { var inside = "in"; } for (var key in { z: 1 }) {}',
      shows('[inside, key]', "[ 'in', 'z' ]"),
    ],
  },
  {
    name: 'a name used as property, label and parameter',
    cells: [
      'const x = 1',
      shows(
        'const o = { x: 5 }; const f = (x: number) => x; x: for (;;) { break x; } [o.x, f(7), x]',
        '[ 5, 7, 1 ]',
      ),
    ],
  },
  {
    name: 'shadowing in blocks, functions and catch',
    cells: [
      'let v = 1',
      shows('{ let v = 2; } (() => { const v = 3; })(); try { throw 4 } catch (v) {} v', '1'),
    ],
  },
  {
    name: 'a name in a template and a tagged template',
    cells: [
      'const who = "you"; const tag = (s: TemplateStringsArray, ...v: any[]) => s.join("|") + v.join()',
      shows('`hi ${who}`', "'hi you'"),
      shows('tag`a${1}b`', "'a|b1'"),
    ],
  },
  {
    name: 'typeof, delete, in and void',
    cells: [
      'let o: any = { a: 1 }',
      shows('[typeof o, delete o.a, "a" in o, void 0]', "[ 'object', true, false, undefined ]"),
    ],
  },
  {
    name: 'spread of an earlier array',
    cells: [
      'const arr = [1, 2]',
      shows('[...arr, ...arr]', '[ 1, 2, 1, 2 ]'),
      shows('Math.max(...arr)', '2'),
    ],
  },
  {
    name: 'optional chaining and calls',
    cells: [
      'const maybe: { f?: () => number } | undefined = { f: () => 3 } as any',
      shows('maybe?.f?.()', '3'),
    ],
  },
  {
    name: 'an optional call of an earlier function',
    cells: ['const opt: undefined | (() => number) = (() => 4) as any', shows('opt?.()', '4')],
  },
  {
    name: 'computed names and methods',
    cells: [
      'const prop = "dyn"',
      shows('({ [prop]: 1, [prop + "2"]() { return 1 } })', '{ dyn: 1, dyn2: [Function: dyn2] }'),
    ],
  },
  {
    name: 'functions have their names',
    cells: [
      'const arrow = () => 1; function plain() {}',
      shows('[arrow.name, plain.name]', "[ 'arrow', 'plain' ]"),
    ],
  },
  {
    name: 'this of a plain call is undefined',
    cells: ['function who(this: any) { return this === undefined }', shows('who()', 'true')],
  },
  {
    name: 'hoisting inside a cell',
    cells: [
      shows('function early() { return "hoisted" } early()', "'hoisted'"),
      shows('later1(); const got = later1(); function later1() { return 3 } got', '3'),
    ],
  },
  {
    name: 'functions that call each other across cells',
    cells: [
      'function even(n: number): boolean { return n === 0 || odd(n - 1) } function odd(n: number): boolean { return n !== 0 && even(n - 1) }',
      shows('even(10)', 'true'),
    ],
  },
  {
    name: 'a recursive arrow',
    cells: [
      'const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2))',
      shows('fib(10)', '55'),
    ],
  },
  {
    name: 'overloads',
    cells: [
      'function twice(x: number): number; function twice(x: string): string; function twice(x: any): any { return x + x }',
      shows('[twice(2), twice("a")]', "[ 4, 'aa' ]"),
      fails('twice(true)', 'No overload'),
    ],
  },
  {
    name: 'generics',
    cells: [
      'const firstOf = <T,>(xs: readonly T[]): T => xs[0]!',
      shows('firstOf([1, 2]).toFixed(1)', "'1.0'"),
      fails('firstOf(["a"]).toFixed(1)', 'toFixed'),
    ],
  },
  {
    name: 'a failed cell leaves no trace',
    cells: [
      'const kept = 1',
      fails('const kept = "changed"; const lost = 1; throw new Error("stop")', 'stop'),
      shows('kept + 1', '2'),
      fails('lost', 'Cannot find name'),
    ],
  },
  {
    name: 'names that look like ours',
    cells: [
      'const exports1 = 1, module1 = 2, $v = 3, _ = 4',
      shows('[exports1, module1, $v, _]', '[ 1, 2, 3, 4 ]'),
    ],
  },
  {
    name: 'a name of a global declared anew',
    cells: [
      'const name = "mine", length = 3, process1 = 1',
      shows('[name, length]', "[ 'mine', 3 ]"),
    ],
  },
  {
    name: 'names of the kernel declared anew',
    cells: ['const progress = 5, comm = 6', shows('progress + comm', '11')],
  },
  {
    name: 'unicode names',
    cells: ['const π = 3.14, größe = 2, 名 = 1', shows('π * größe + 名', '7.28')],
  },
  {
    name: 'export in front of declarations',
    cells: [
      'export const x = 1; export function f() { return x } export class K {}',
      shows('[f(), new K() instanceof K]', '[ 1, true ]'),
    ],
  },
  {
    name: 'export default and export lists',
    cells: [
      'export default function main() { return 8 }',
      shows('main()', '8'),
      'const e = 1; export { e }',
      shows('e', '1'),
    ],
  },
  // Types.
  {
    name: 'types are enforced across cells',
    cells: ['let n: number = 1', fails("n = 'text'", 'not assignable')],
  },
  {
    name: 'interfaces and aliases across cells',
    cells: [
      'interface P { x: number } type Q = P & { y?: string }',
      shows('const q: Q = { x: 1 }; q', '{ x: 1 }'),
      fails('const bad: Q = { x: "no" }', 'not assignable'),
    ],
  },
  {
    name: 'a cell with types only',
    cells: [
      ['type OnlyType = string | number; interface Only { a: 1 }', { none: true }],
      shows("const t: OnlyType = 'x'; t", "'x'"),
    ],
  },
  {
    name: 'a type declared again',
    cells: [
      'interface T { a: number }',
      'interface T { b: string }',
      fails('const t: T = { a: 1 }', 'not assignable'),
      shows("({ b: 'x' }) as T", "{ b: 'x' }"),
    ],
  },
  {
    name: 'values keep the type they were made with',
    cells: [
      'class P { a = 1 }',
      'const old = new P()',
      'class P { b = 2 }',
      shows('[old.a, new P().b]', '[ 1, 2 ]'),
      fails('old.b', "Property 'b' does not exist"),
    ],
  },
  {
    name: 'a type and a value with one name',
    cells: [
      'interface Both { x: number }; const Both = { make: (): Both => ({ x: 4 }) }',
      shows('const b: Both = Both.make(); b.x', '4'),
    ],
  },
  {
    name: 'mapped, conditional and template literal types',
    cells: [
      'type R<T> = { readonly [K in keyof T as `get${Capitalize<string & K>}`]: () => T[K] }',
      shows('const r: R<{ a: number }> = { getA: () => 1 }; r.getA()', '1'),
    ],
  },
  {
    name: 'satisfies and as const',
    cells: [
      "const conf = { mode: 'a', n: 1 } as const satisfies { mode: string; n: number }",
      shows('conf.mode', "'a'"),
      fails("conf.mode === 'b'", 'no overlap'),
    ],
  },
  {
    name: 'narrowing and never',
    cells: [
      'function f(x: string | number) { if (typeof x === "string") return x.length; return x.toFixed() }',
      shows('[f("abc"), f(2)]', "[ 3, '2' ]"),
    ],
  },
  {
    name: 'ambient declarations exist only for the checker',
    cells: [
      'declare const fromElsewhere: number; (globalThis as any).fromElsewhere = 9',
      shows('fromElsewhere + 1', '10'),
    ],
  },
  {
    name: 'declare global',
    cells: ['declare global { var shared1: number } globalThis.shared1 = 3', shows('shared1', '3')],
  },
  {
    name: 'types switched off and to warnings by a line',
    cells: [
      shows("// @types off\nconst w: number = 'x' as any as number; w", "'x'"),
      ["// @types warn\nconst z: number = 'z'; z", { result: "'z'", stderr: 'TS2322' }],
    ],
  },
  {
    name: 'ts-ignore and ts-expect-error',
    cells: [
      shows("// @ts-ignore\nconst i: number = 'i'; i", "'i'"),
      shows("// @ts-expect-error\nconst j: number = 'j'; j", "'j'"),
    ],
  },
  // Classes, enums, namespaces.
  {
    name: 'classes across cells',
    cells: [
      'class A { constructor(readonly x = 1) {} get double() { return 2 * this.x } static make() { return new A(4) } }',
      'class B extends A { y = 2 }',
      shows('[new B().double, A.make().x, new B() instanceof A]', '[ 2, 4, true ]'),
    ],
  },
  {
    name: 'private members and static blocks',
    cells: [
      'class S { #secret = 5; static count = 0; static { S.count = 3 } reveal() { return this.#secret } }',
      shows('[new S().reveal(), S.count]', '[ 5, 3 ]'),
    ],
  },
  {
    name: 'a class that refers to itself',
    cells: [
      'class Node1 { static root = new Node1(); next?: Node1 }',
      shows('Node1.root instanceof Node1', 'true'),
    ],
  },
  {
    name: 'abstract classes and interfaces',
    cells: [
      'abstract class Shape { abstract area(): number } interface Named { name: string }',
      'class Sq extends Shape implements Named { name = "sq"; area() { return 4 } }',
      shows('new Sq().area()', '4'),
      fails('new Shape()', 'abstract'),
    ],
  },
  {
    name: 'class, method and accessor decorators',
    cells: [
      'const log: string[] = []; function dec(name: string) { return (...a: any[]) => { log.push(name) } }',
      '@dec("class") class D { @dec("method") m() {} @dec("field") f = 1 }',
      shows('log', "[ 'method', 'field', 'class' ]"),
    ],
  },
  {
    name: 'mixins',
    cells: [
      'type Ctor<T = {}> = new (...args: any[]) => T; const Timed = <B extends Ctor>(Base: B) => class extends Base { at = 1 }',
      'class Plain { p = 2 } const T = Timed(Plain)',
      shows('[new T().at, new T().p]', '[ 1, 2 ]'),
    ],
  },
  {
    name: 'enums across cells',
    cells: [
      "enum E { A, B = 5, C } enum S { X = 'x' } const enum K { One = 1 }",
      shows('[E.C, E[5], S.X, K.One]', "[ 6, 'B', 'x', 1 ]"),
    ],
  },
  {
    name: 'namespaces across cells',
    cells: [
      'namespace N { export const a = 1; export namespace M { export const b = 2 } export interface I { c: number } }',
      'const other = 1',
      shows('const i: N.I = { c: 3 }; [N.a, N.M.b, i.c]', '[ 1, 2, 3 ]'),
    ],
  },
  {
    name: 'a function merged with a namespace',
    cells: [
      'function fn() { return fn.extra } namespace fn { export const extra = 7 }',
      shows('[fn(), fn.extra]', '[ 7, 7 ]'),
    ],
  },
  {
    name: 'getters, setters and symbols',
    cells: [
      'const o = { _v: 1, get v() { return this._v }, set v(x) { this._v = x }, [Symbol.toPrimitive]() { return 42 } }; o.v = 8',
      shows('[o.v, +o]', '[ 8, 42 ]'),
    ],
  },
  // Async.
  {
    name: 'top-level await',
    cells: [
      shows('await Promise.resolve(3)', '3'),
      'const later = await Promise.resolve("l")',
      shows('later', "'l'"),
    ],
  },
  {
    name: 'await with brackets',
    cells: [shows('await (Promise.resolve(3))', '3'), shows('(await (async () => 4)()) + 1', '5')],
  },
  {
    name: 'for await at top level',
    cells: [
      prints(
        'async function* g() { yield 1; yield 2 }\nfor await (const x of g()) console.log(x)',
        '1\n2\n',
      ),
      prints('for await (const x of [Promise.resolve(3)]) console.log(x)', '3\n'),
    ],
  },
  {
    name: 'async generators across cells',
    cells: [
      'async function* count(n: number) { for (let i = 0; i < n; i++) yield i }',
      shows(
        'const seen: number[] = []; for await (const i of count(3)) seen.push(i); seen',
        '[ 0, 1, 2 ]',
      ),
    ],
  },
  {
    name: 'generators and iterators',
    cells: [
      'function* nat() { let i = 0; while (true) yield i++ } const it = nat()',
      shows('[it.next().value, it.next().value]', '[ 0, 1 ]'),
    ],
  },
  {
    name: 'await in every place',
    cells: [
      shows(
        'const o = { a: await 1, [await "k"]: [await 2] }; const f = await (async () => await 3)(); `${await 4}${f}` + JSON.stringify(o)',
        `'43{"a":1,"k":[2]}'`,
      ),
    ],
  },
  {
    name: 'break and return of for await close the generator',
    cells: [
      'let closed = false; async function* open1() { try { yield 1; yield 2 } finally { closed = true } }',
      shows('for await (const x of open1()) break; closed', 'true'),
    ],
  },
  {
    name: 'a rejected await is an error',
    cells: [fails('await Promise.reject(new RangeError("r"))', 'RangeError')],
  },
  {
    name: 'an unhandled rejection is shown and the kernel goes on',
    cells: [
      ['void Promise.reject(new Error("unhandled here"))', { error: 'unhandled here' }],
      shows('1 + 1', '2'),
    ],
  },
  {
    name: 'an exception in a timer is shown',
    cells: [
      [
        'setTimeout(() => { throw new Error("in timer") }, 1); await new Promise((r) => setTimeout(r, 100))',
        { error: 'in timer' },
      ],
      shows('2', '2'),
    ],
  },
  // Statements and syntax.
  {
    name: 'an empty cell and a comment',
    cells: [
      ['', { none: true }],
      ['   \n\n', { none: true }],
      ['// nothing', { none: true }],
      ['/* nothing */', { none: true }],
    ],
  },
  {
    name: 'labels, switch and fallthrough',
    cells: [
      shows(
        'let r = ""; outer: for (const a of [1, 2]) for (const b of [1, 2]) { if (b === 2) continue outer; switch (a) { case 1: r += "one"; default: r += "d" } } r',
        "'onedd'",
      ),
    ],
  },
  {
    name: 'regular expressions and division',
    cells: [
      shows('const half = 10 / 2 / 5; /a\\/b/g.test("a/b") && half', '1'),
      shows('"x-y".split(/-/)', "[ 'x', 'y' ]"),
    ],
  },
  {
    name: 'templates with nested braces and newlines',
    cells: [shows('`a${`b${1 + 1}`}\n`', "'ab2\\n'")],
  },
  {
    name: 'automatic semicolons',
    cells: [shows('const a = 1\nconst b = 2\na + b', '3'), shows('let c = 1\n;[c] = [5]\nc', '5')],
  },
  {
    name: 'a line that begins with a bracket continues',
    cells: [shows('const f = (x: number[]) => x\nf\n([1, 2])', '[ 1, 2 ]')],
  },
  {
    name: 'numeric separators, bigint, exponent, nullish',
    cells: [shows('[1_000, 2 ** 3, null ?? 1, 0 || 2, 0b11, 0o7]', '[ 1000, 8, 1, 2, 3, 7 ]')],
  },
  {
    name: 'carriage returns and tabs',
    cells: [shows('const a = 1;\r\n\tconst b = 2;\r\na + b', '3')],
  },
  {
    name: 'a hash-bang, a byte order mark and odd spaces',
    cells: [shows('\uFEFF1 +\u00A01', '2')],
  },
  {
    name: 'the unterminated is a syntax error',
    cells: [
      fails('const s = "open', 'SyntaxError'),
      fails('function (', 'SyntaxError'),
      shows('1', '1'),
    ],
  },
  {
    name: 'return and break outside are errors',
    cells: [fails('return 1', 'SyntaxError'), fails('break', 'SyntaxError'), fails('yield 1', '')],
  },
  {
    name: 'eval and new Function',
    cells: [shows('eval("1 + 2")', '3'), shows('new Function("a", "return a * 2")(4)', '8')],
  },
  {
    name: 'strict mode as in modules',
    cells: [fails('(Object.freeze({ a: 1 }) as any).a = 2', 'TypeError')],
  },
  {
    name: 'comma, conditional and chained comparisons',
    cells: [shows('(1, 2)', '2'), shows('true ? "y" : "n"', "'y'")],
  },
  { name: 'the last statement is an if', cells: [['if (true) { 5 }', { none: true }]] },
  { name: 'a very long line', cells: [shows(`"${'x'.repeat(100_000)}".length`, '100000')] },
  { name: 'deep nesting', cells: [shows(`${'('.repeat(300)}1${')'.repeat(300)}`, '1')] },
  // Printing.
  {
    name: 'console in all its forms',
    cells: [
      prints(
        'console.log("a", 1, { b: 2 }); console.info("%s is %d", "x", 5)',
        'a 1 { b: 2 }\nx is 5\n',
      ),
      ['console.error("e"); console.warn("w")', { stderr: 'e\nw\n' }],
    ],
  },
  {
    name: 'console.table, group and count',
    cells: [
      prints(
        'console.group("g"); console.log("in"); console.groupEnd(); console.count("c"); console.table([{ a: 1 }])',
        'g\n  in\nc: 1\n┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘\n',
      ),
    ],
  },
  {
    name: 'process.stdout.write and bytes',
    cells: [
      prints(
        'process.stdout.write("no newline"); process.stdout.write(Buffer.from("é".repeat(3)))',
        'no newlineééé',
      ),
    ],
  },
  {
    name: 'output and a result',
    cells: [['console.log("out"); 5', { stdout: 'out\n', result: '5' }]],
  },
  {
    name: 'a timer after the cell',
    cells: [
      'let fired = 0; setTimeout(() => { fired++ }, 10)',
      'await new Promise((r) => setTimeout(r, 60))',
      shows('fired', '1'),
    ],
  },
  // Errors.
  {
    name: 'errors of every kind',
    cells: [
      fails('throw new TypeError("t")', 'TypeError'),
      fails('null!.x', ''),
      fails('throw "text"', 'text'),
      fails('throw { code: 5 }', 'code'),
      fails('throw null', 'null'),
      fails('throw undefined', 'undefined'),
    ],
  },
  {
    name: 'an own error class',
    cells: [
      'class MyError extends Error { override name = "MyError"; constructor(readonly extra: number) { super("mine") } }',
      fails('throw new MyError(3)', 'MyError'),
    ],
  },
  {
    name: 'AggregateError and cause',
    cells: [
      fails('throw new AggregateError([new Error("one")], "many")', 'AggregateError'),
      fails('throw new Error("outer", { cause: new Error("inner") })', 'outer'),
    ],
  },
  {
    name: 'a stack overflow',
    cells: [fails('const deep = (): number => deep() + 1; deep()', 'RangeError'), shows('1', '1')],
  },
  {
    name: 'process.exit ends the cell, not the kernel',
    cells: [
      'const still = "here"',
      fails('process.exit(3)', 'process.exit'),
      shows('still', "'here'"),
    ],
  },
  {
    name: 'try, catch and finally',
    cells: [
      shows(
        'let order = ""; try { try { throw 1 } finally { order += "f" } } catch { order += "c" } order',
        "'fc'",
      ),
    ],
  },
  // Modules.
  {
    name: "Node's modules in every form of import",
    cells: [
      "import * as fs from 'node:fs'; import path, { join as j } from 'path'; import { type Stats, statSync } from 'fs'",
      shows(
        "[typeof fs.readFileSync, path.sep, j('a', 'b'), typeof statSync]",
        "[ 'function', '/', 'a/b', 'function' ]",
      ),
    ],
  },
  {
    name: 'import() and its types',
    cells: [
      shows("const os = await import('node:os'); typeof os.cpus", "'function'"),
      shows("(await import('node:path')).basename('/a/b')", "'b'"),
    ],
  },
  {
    name: 'an import declared again',
    cells: [
      "import { join } from 'node:path'",
      "import { join } from 'node:path'",
      shows("join('a', 'b')", "'a/b'"),
    ],
  },
  {
    name: 'an import for types only',
    cells: [
      ["import type { Stats } from 'node:fs'; let s: Stats | undefined", { none: true }],
      shows('s === undefined', 'true'),
    ],
  },
  {
    name: 'an unknown module',
    cells: [fails("import x from 'no-such-package-anywhere'", 'Cannot find module')],
  },
  {
    name: 'require of a builtin',
    cells: [
      shows("typeof require('node:fs').readFileSync", "'function'"),
      shows('__dirname === process.cwd()', 'true'),
    ],
  },
  {
    name: 'the library by name and as cm',
    cells: [
      shows("import * as lib from 'causalmixft'; typeof lib", "'object'"),
      shows('typeof cm.help', "'function'"),
    ],
  },
  // Library conventions.
  {
    name: 'a display method, sync and async',
    cells: [
      shows("({ [Symbol.for('Jupyter.display')]() { return { 'text/plain': 'own' } } })", 'own'),
      shows(
        "({ async [Symbol.for('Jupyter.display')]() { return { 'text/plain': 'later' } } })",
        'later',
      ),
    ],
  },
  {
    name: 'a display method that throws',
    cells: [
      fails("({ [Symbol.for('Jupyter.display')]() { throw new Error('bad view') } })", 'bad view'),
      shows('1', '1'),
    ],
  },
  {
    name: 'typed arrays in short',
    cells: [
      shows('new Float64Array(3)', 'Float64Array(3) [ 0, 0, 0 ]'),
      shows(
        'Float32Array.from({ length: 100 }, (_, i) => i)',
        'Float32Array(100) [ 0, 1, 2, 3, 4, 5, 6, 7, … ]\nmin 0, max 99, mean 49.5',
      ),
    ],
  },
  {
    name: 'cm.time passes the value on',
    cells: [
      ['cm.time(() => 6 * 7)', { result: '42' }],
      ['await cm.time(async () => "late")', { result: "'late'" }],
    ],
  },
  {
    name: 'settings change for the cells after',
    cells: [
      "cm.settings.types = 'off'",
      shows("const loose: number = 'x'; loose", "'x'"),
      "cm.settings.types = 'error'",
      fails("const tight: number = 'x'", 'not assignable'),
      fails('(cm.settings as any).types = "odd"', 'types'),
    ],
  },
  {
    name: 'a parenthesised await whose value has a type of the library',
    cells: [
      "import { bundled, loadTfm } from 'causalmixft'",
      "const wines = await bundled('wine')",
      'const model = await (await loadTfm()).fit(wines, { seed: 1 })',
      shows('model.target', "'cultivar'"),
    ],
  },
];
