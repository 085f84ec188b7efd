// The compiled kernel of trees and regressions, one instance a thread.

import { bytes } from './bytes.js';

/** Address in the kernel's memory. */
interface Address {
  readonly value: number;
}

/** What the kernel offers; the .as files say what the addresses hold. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  prepare(
    units: number,
    trained: number,
    riding: number,
    features: number,
    slots: number,
    leaves: number,
    rowsPerLeaf: number,
    l2: number,
    rate: number,
    unitHessian: number,
    outputs: number,
  ): void;
  findRootBits(): void;
  squaredGradients(): void;
  logisticGradients(): void;
  softmaxGradients(): void;
  grow(k: number): number;
  prepareColumns(padded: number, m: number, outputs: number): void;
  addColumns(): void;
  dotColumns(): void;
  readonly design: Address;
  readonly coefficients: Address;
  readonly scores: Address;
  prepareNumbers(n: number): void;
  sortNumbers(n: number): void;
  codeNumbers(n: number): void;
  readonly numbers: Address;
  readonly edges: Address;
  readonly binCodes: Address;
  readonly codes: Address;
  readonly words: Address;
  readonly count: Address;
  readonly trainedUnits: Address;
  readonly ridingUnits: Address;
  readonly bins: Address;
  readonly categorical: Address;
  readonly missing: Address;
  readonly offset: Address;
  readonly targets: Address;
  readonly gradients: Address;
  readonly hessians: Address;
  readonly predictions: Address;
  readonly nodeFeature: Address;
  readonly nodeCode: Address;
  readonly nodeMissingLeft: Address;
  readonly nodeIsSet: Address;
  readonly nodeSet: Address;
  readonly nodeChild: Address;
  readonly nodeValue: Address;
}

// TypeScript knows WebAssembly only as part of the browser.
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** Memory (bytes) that a thread may keep when its work is done. */
const LARGE = 2 ** 26;

let module: object | undefined;
let kernel: Kernel | undefined;
let holder: object | undefined;

/**
 * Take the kernel of this thread; compiled when first asked for. Its memory is the holder's until the
 * next call.
 */
export function takeKernel(by: object): Kernel {
  if (!kernel) {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Engine };
    module ??= new WebAssembly.Module(Buffer.from(bytes, 'base64'));
    kernel = new WebAssembly.Instance(module, {}).exports as Kernel;
  }
  holder = by;
  return kernel;
}

/** Let go of a large memory: it never shrinks. Between the fits of one piece of work it is of use again. */
export function releaseKernel(): void {
  if (!kernel || kernel.memory.buffer.byteLength <= LARGE) return;
  kernel = undefined;
  holder = undefined;
}

/** Whether nobody has taken the kernel since. */
export function holdsKernel(by: object): boolean {
  return holder === by;
}
