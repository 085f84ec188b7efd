// The tensor engine: the only file that names TensorFlow.js. It is loaded on the first `ready()`,
// native libtensorflow where the set-up has put it, else WebAssembly, which is slower and says so.

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs-node';
import type { ArrayLoops } from './array-loops.js';

/** A tensor of the engine; its owner disposes it. */
export type Tensor = TensorFlow.Tensor;

/** A matrix of the engine. */
export type Tensor2D = TensorFlow.Tensor2D;

/** Which engine computes. */
export interface Backend {
  readonly name: 'tensorflow' | 'wasm';
  readonly threads: number;
  /** Version of the library behind it. */
  readonly version: string;
}

/** Raw operations of the native engine. */
interface NativeBackend {
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_BOOL: number;
  };
}

interface LegacyUtil {
  isNullOrUndefined?: (value: unknown) => boolean;
  isArray?: (value: unknown) => boolean;
}

let loading: Promise<Backend> | undefined;
let engine: typeof TensorFlow | undefined;
let backend: Backend | undefined;
let fusedFound = false;
let fused = false;
let loops: ArrayLoops | undefined;

/**
 * Load the tensor engine, once: native, or WebAssembly where that is not here (or
 * `CAUSALMIXFT_BACKEND=wasm` asks for it), which is announced on stderr.
 * @returns Which one it is.
 */
export function ready(): Promise<Backend> {
  loading ??= load();
  return loading;
}

/**
 * Give the loaded engine.
 * @throws Error where `ready()` was not awaited before.
 */
export function tf(): typeof TensorFlow {
  if (!engine) throw new Error('Cannot use tensors as the engine must be loaded: await ready()');
  return engine;
}

/**
 * Run a function and dispose every tensor that it made and does not return.
 * @returns What it returns: a tensor, or an object whose values hold tensors.
 */
export function tidy<T>(run: () => T): T {
  return tf().tidy(run as never) as T;
}

/** Tell how many tensors are alive: equal before and after every public function. */
export function liveTensors(): number {
  return engine?.memory().numTensors ?? 0;
}

/** A number that an operation takes beside its tensors. */
export interface OperationAttribute {
  readonly name: string;
  readonly type: 'int' | 'float' | 'bool' | 'dtype';
  readonly value: number | boolean;
}

/** Whether the fused operations of `native/kernels.cc` are part of the engine. */
export function hasFused(): boolean {
  return fused;
}

/** Loops that run in native code, where the engine is loaded and the set-up had a compiler. */
export function arrayLoops(): ArrayLoops | undefined {
  return fused ? loops : undefined;
}

/**
 * Turn the fused operations and loops off or on again: tests hold the two ways against each other.
 * @returns Whether they were on.
 */
export function useFused(on: boolean): boolean {
  const before = fused;
  fused = on && fusedFound;
  return before;
}

/**
 * Run an operation of the native library by its name.
 * @param outputs How many tensors it gives.
 */
export function operation(
  name: string,
  inputs: readonly Tensor[],
  outputs: number,
  attributes: readonly OperationAttribute[] = [],
): Tensor[] {
  const native = tf().backend() as unknown as NativeBackend;
  const { binding } = native;
  const codes = {
    int: binding.TF_ATTR_INT,
    float: binding.TF_ATTR_FLOAT,
    bool: binding.TF_ATTR_BOOL,
    dtype: binding.TF_ATTR_TYPE,
  };
  return native.executeMultipleOutputs(
    name,
    attributes.map((each) => ({ ...each, type: codes[each.type] })),
    inputs,
    outputs,
  );
}

const float32 = { name: 'T', type: 'dtype', value: 1 } as const; // 1: TF_FLOAT

/**
 * Multiply two matrices, either of them transposed where asked for.
 *
 * Not by the native operation for two matrices: that of libtensorflow 2.21 writes over memory of others
 * when a signal (an interrupt, the end of a child process, a profiler's tick) reaches its thread
 * meanwhile. The one for batches does not, and is as fast with large matrices; for small ones there
 * is an operation of our own.
 */
export function product(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  if (backend?.name !== 'tensorflow') {
    return tf().matMul(a as Tensor2D, b as Tensor2D, transposeA, transposeB);
  }
  const [rows] = a.shape;
  const weights = transposeA ? (a.shape[1] as number) * (b.shape[1] as number) : b.size;
  const { weights: few, rows: most } = weights <= small.weights ? small : middling;
  if (fused && weights <= few && rows < most) {
    return operation('CmxMatMul', [a, b], 1, [
      { name: 'turn_a', type: 'int', value: Number(transposeA) },
      { name: 'turn_b', type: 'int', value: Number(transposeB) },
    ])[0];
  }
  return operation('BatchMatMulV2', [a, b], 1, [
    float32,
    { name: 'adj_x', type: 'bool', value: transposeA },
    { name: 'adj_y', type: 'bool', value: transposeB },
  ])[0];
}

/** Up to here the operation of our own is the faster one. */
const small = { weights: 128 * 128, rows: 10_000 };
const middling = { weights: 128 * 512, rows: 2048 };

/**
 * Sum over rows: the gradient of a bias.
 * @param rows [n, d]
 * @returns [d]
 */
export function sumRows(rows: Tensor): Tensor {
  if (backend?.name !== 'tensorflow') {
    return tidy(() => tf().sum(rows.reshape([-1, rows.shape[rows.rank - 1]]), 0));
  }
  if (fused) return operation('CmxSumRows', [rows], 1)[0];
  // The native operation for it is about five times faster than a sum over the first axis.
  return operation('BiasAddGrad', [rows], 1, [float32])[0];
}

async function load(): Promise<Backend> {
  const require = createRequire(import.meta.url);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  // tfjs-node calls two functions that Node 23 took away.
  const util = require('node:util') as LegacyUtil;
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  try {
    if (process.env.CAUSALMIXFT_BACKEND === 'wasm') throw new Error('CAUSALMIXFT_BACKEND is wasm');
    engine = withoutRemarks(require, () => require('@tensorflow/tfjs-node') as typeof TensorFlow);
    const native = engine.backend() as unknown as NativeBackend;
    backend = {
      name: 'tensorflow',
      threads: Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism(),
      version: native.binding.TF_Version,
    };
    loops = addon<ArrayLoops>(require, 'arrays.node');
    fusedFound = tryFused();
    fused = fusedFound;
  } catch (error) {
    backend = await loadFallback(require, error);
  }
  return backend;
}

/**
 * Load the native library without its remarks on standard error: those about oneDNN come before any
 * setting can stop them. What else was written meanwhile is written afterwards.
 */
function withoutRemarks<T>(require: NodeJS.Require, loadIt: () => T): T {
  const stderr = addon<{ hold(): boolean; release(): string }>(require, 'hold_stderr.node');
  stderr?.hold();
  try {
    return loadIt();
  } finally {
    const lines = stderr?.release().split(/(?<=\n)/) ?? [];
    const remark = /before absl::InitializeLog\(\) is called|oneDNN custom operations are on/;
    const other = lines.filter((line) => !remark.test(line)).join('');
    if (other !== '') process.stderr.write(other);
  }
}

/** An addon that the set-up compiles beside the binding, where it had a compiler. */
function addon<T>(require: NodeJS.Require, name: string): T | undefined {
  try {
    const entry = require.resolve('@tensorflow/tfjs-node/package.json');
    return require(join(dirname(entry), 'lib', 'napi-v8', name)) as T;
  } catch {
    return undefined;
  }
}

/** A binding that was compiled without the fused operations, or with older ones, lacks the last one. */
function tryFused(): boolean {
  try {
    // The latest of them: a binding that has it has the others.
    tidy(() => {
      const [one, row] = [tf().zeros([1, 1]), tf().zeros([1])];
      return operation('CmxLinearInto', [one, one, one, row], 1)[0];
    }).dispose();
    return true;
  } catch {
    return false;
  }
}

async function loadFallback(require: NodeJS.Require, cause: unknown): Promise<Backend> {
  const core = require('@tensorflow/tfjs') as typeof TensorFlow;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as {
    readonly version_wasm: string;
    setWasmPaths(folder: string): void;
  };
  const entry = require.resolve('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(entry.slice(0, Math.max(entry.lastIndexOf('/'), entry.lastIndexOf('\\')) + 1));
  await core.setBackend('wasm');
  await core.ready();
  engine = core;
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0].trim();
  process.stderr.write(
    `causalmixft: the native TensorFlow library is not here (${reason}); computing with WebAssembly on one thread, several times slower. Run "npm run setup" to install it, "npm run doctor" to see what is missing.\n`,
  );
  return { name: 'wasm', threads: 1, version: wasm.version_wasm };
}
