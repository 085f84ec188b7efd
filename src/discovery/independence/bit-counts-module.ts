// A WebAssembly module of two functions over bit sets, written out as instructions so that building the
// library needs no further compiler. Bit sets are multiples of 16 bytes long.
//   meet(a, b, to, bytes): store a ∧ b and return how many bits it has;
//   counts(a, sets, number, bytes, to): for each of the sets one after the other, the bits of a ∧ set,
//   as 32-bit numbers.

const I32 = 0x7f;
const V128 = 0x7b;
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, ...signed(value)];
const add = [0x6a];
const subtract = [0x6b];
const branchIf = (depth: number): number[] => [0x0d, depth];
const loop = (body: number[]): number[] => [0x03, 0x40, ...body, 0x0b];
const call = (index: number): number[] => [0x10, index];
const storeI32 = [0x36, 2, 0];
const simd = (...code: number[]): number[] => [0xfd, ...code];
const load128 = simd(0x00, 4, 0);
const store128 = simd(0x0b, 4, 0);
const and128 = simd(0x4e);
/** Add the number of bits of the vector on the stack, by 32-bit lane, to a local. */
const addBits = (local: number): number[] => [
  ...simd(0x62), // i8x16.popcnt
  ...simd(0x7d), // i16x8.extadd_pairwise_i8x16_u
  ...simd(0x7f), // i32x4.extadd_pairwise_i16x8_u
  ...get(local),
  ...simd(0xae, 0x01), // i32x4.add
  ...set(local),
];
const lane = (local: number, k: number): number[] => [...get(local), ...simd(0x1b, k)];
const sumOfLanes = (local: number): number[] => [
  ...lane(local, 0),
  ...lane(local, 1),
  ...add,
  ...lane(local, 2),
  ...add,
  ...lane(local, 3),
  ...add,
];
const step = (local: number, by: number): number[] => [
  ...get(local),
  ...constant(by),
  ...add,
  ...set(local),
];
/** Count `bytes` down by 16 and go on while any are left. */
const next = (bytes: number): number[] => [
  ...get(bytes),
  ...constant(16),
  ...subtract,
  0x22,
  bytes,
  ...branchIf(0),
];

/** The bytes of the module; it exports meet, counts and imports its memory as m.m. */
export function bitCountsModule(): Uint8Array<ArrayBuffer> {
  const meet = code(2, [
    ...loop([
      ...get(2),
      ...get(0),
      ...load128,
      ...get(1),
      ...load128,
      ...and128,
      0x22,
      5,
      ...store128,
      ...get(5),
      ...addBits(4),
      ...step(0, 16),
      ...step(1, 16),
      ...step(2, 16),
      ...next(3),
    ]),
    ...sumOfLanes(4),
  ]);
  const one = code(1, [
    ...loop([
      ...get(0),
      ...load128,
      ...get(1),
      ...load128,
      ...and128,
      ...addBits(3),
      ...step(0, 16),
      ...step(1, 16),
      ...next(2),
    ]),
    ...sumOfLanes(3),
  ]);
  // counts(a 0, sets 1, number 2, bytes 3, to 4)
  const counts = code(0, [
    ...loop([
      ...get(4),
      ...get(0),
      ...get(1),
      ...get(3),
      ...call(1),
      ...storeI32,
      ...step(4, 4),
      ...get(1),
      ...get(3),
      ...add,
      ...set(1),
      ...get(2),
      ...constant(1),
      ...subtract,
      0x22,
      2,
      ...branchIf(0),
    ]),
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([type(4, 1), type(3, 1), type(5, 0)])),
    ...section(2, vector([[...name('m'), ...name('m'), 0x02, 0x00, ...unsigned(1)]])),
    ...section(3, vector([[0], [1], [2]])),
    ...section(
      7,
      vector([
        [...name('meet'), 0x00, 0],
        [...name('counts'), 0x00, 2],
      ]),
    ),
    ...section(10, vector([meet, one, counts])),
  ]);
}

function type(parameters: number, results: number): number[] {
  return [
    0x60,
    parameters,
    ...new Array(parameters).fill(I32),
    results,
    ...new Array(results).fill(I32),
  ];
}

/** A function's body; its vector locals come after the parameters and start at zero. */
function code(vectors: number, body: number[]): number[] {
  const bytes = [...vector(vectors > 0 ? [[vectors, V128]] : []), ...body, 0x0b];
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, body: number[]): number[] {
  return [id, ...unsigned(body.length), ...body];
}

function vector(items: readonly number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): number[] {
  return vector([...text].map((c) => [c.charCodeAt(0)]));
}

/** LEB128 of a number from 0. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    out.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return out;
}

/** Signed LEB128 of a small number from 0. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 0x7f) | 0x80, value >> 7];
}
