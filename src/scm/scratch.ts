// Memory for arrays that hold for one piece of work. A fit needs many arrays as long as the table for a
// moment; left to the engine they are collected only when some 64 MiB of them lie about in each
// thread. Here the next piece of work takes the same memory again. One stack of areas a thread.

/** Bytes of the smallest area. */
const SMALLEST = 2 ** 20;

/** Memory (bytes) that a thread may keep when its work is done. */
const LARGE = 2 ** 25;

let areas: ArrayBuffer[] = [];
let total = 0;
let depth = 0;
/** The area in use, and how much of it is taken. */
let area = 0;
let taken = 0;

/**
 * Do a piece of work whose scratch arrays end with it: none may be part of what it returns.
 * Pieces may stand in each other; work that waits for a promise is none.
 */
export function inScratch<Result>(work: () => Result): Result {
  const area0 = area;
  const taken0 = taken;
  depth++;
  try {
    return work();
  } finally {
    depth--;
    area = area0;
    taken = taken0;
  }
}

/** So many zeros until the innermost `inScratch` ends; outside of one, an array like any other. */
export function scratchDoubles(length: number): Float64Array {
  if (depth === 0) return new Float64Array(length);
  const at = take(8 * length);
  return new Float64Array(areas[area], at, length).fill(0);
}

/** As `scratchDoubles`. */
export function scratchIntegers(length: number): Int32Array {
  if (depth === 0) return new Int32Array(length);
  const at = take(4 * length);
  return new Int32Array(areas[area], at, length).fill(0);
}

/** As `scratchDoubles`. */
export function scratchBytes(length: number): Uint8Array {
  if (depth === 0) return new Uint8Array(length);
  const at = take(length);
  return new Uint8Array(areas[area], at, length).fill(0);
}

/** Let go of the memory where it is large. */
export function releaseScratch(): void {
  if (depth > 0 || total <= LARGE) return;
  areas = [];
  total = 0;
}

/** Find room in this area or a later one. */
function take(bytes: number): number {
  while (area < areas.length && taken + bytes > areas[area].byteLength) {
    area++;
    taken = 0;
  }
  if (area === areas.length) {
    // Ample: of a new area the system provides the pages that are written to.
    const size = Math.max(SMALLEST, bytes, 3 * total);
    areas.push(new ArrayBuffer(size));
    total += size;
  }
  const at = taken;
  taken += 8 * Math.ceil(bytes / 8);
  return at;
}
