import { readSync, writeSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { type Compiler, createCompiler } from './compiler.js';
import { complete } from './complete.js';
import { inspectCode } from './inspect.js';
import { isComplete } from './is-complete.js';
import type { Places } from './places.js';
import { type CompilerRequest, createService } from './service.js';

/** Make a compiler and use it once, so that what every start needs is there. */
export function warmCompiler(places: Places): Compiler {
  const compiler = createCompiler({ places });
  const made = compiler.compile(0, 'const warm = [1, 2].map((x) => x + 1); warm', 'error');
  if (made.ok) compiler.commit(made.compiled);
  compiler.compile(0, 'let x: number = warm; await null', 'error');
  complete(compiler, 'warm.le', 7, { cwd: '/', columns: [] });
  inspectCode(compiler, 'warm', 2);
  isComplete(compiler.ts, '{');
  compiler.reset();
  return compiler;
}

/**
 * Answer requests until their pipe ends: a length of four bytes, then JSON, both ways.
 *
 * Reading blocks: there is nothing else to do here, and a loop without events can be part of a
 * snapshot.
 */
export function serve(compiler: Compiler): void {
  const tidy = tidier();
  const answer = createService(compiler);
  for (let request = read(); request; request = read()) {
    let said: object;
    try {
      said = { value: answer(JSON.parse(request.toString()) as CompilerRequest) };
    } catch (error) {
      const { name, message, stack } = error as Error;
      said = { error: { name, message, stack } };
    }
    write(JSON.stringify(said));
    tidy();
  }
}

/** Bytes that may be left behind before they are collected. */
const litter = 14 * 2 ** 20;

/**
 * Each cell leaves a program behind. It is collected while the cell runs, with nobody waiting;
 * left to itself Node would do so later, in the middle of a compilation, and keep twice the memory.
 */
function tidier(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = process.getBuiltinModule('node:vm').runInNewContext('gc') as () => void;
  const used = (): number => getHeapStatistics().used_heap_size;
  let least = used();
  return () => {
    if (used() < least + litter) return;
    collect();
    least = used();
  };
}

const [input, output] = [0, 1];

function read(): Buffer | undefined {
  const head = readWhole(4);
  return head && readWhole(head.readUInt32LE());
}

function readWhole(size: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(size);
  for (let got = 0; got < size; ) {
    const more = readSync(input, bytes, got, size - got, null);
    if (more === 0) return undefined;
    got += more;
  }
  return bytes;
}

function write(text: string): void {
  const body = Buffer.from(text);
  const frame = Buffer.allocUnsafe(body.length + 4);
  frame.writeUInt32LE(body.length);
  body.copy(frame, 4);
  for (let put = 0; put < frame.length; ) put += writeSync(output, frame, put);
}
