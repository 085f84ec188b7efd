// Threads take turns with work that needs much memory: together they hold no more than a given number
// of bytes, or one of them alone more. Waiting changes no result.

/** How many KiB are free now, and how many there are, in memory that the threads share. */
export type SharedTurns = Int32Array;

const FREE = 0;
const ALL = 1;

/** Prepare for threads that together may hold so many bytes. */
export function sharedTurns(bytes: number): SharedTurns {
  const kib = Math.min(Math.ceil(bytes / 1024), 2 ** 31 - 1);
  return new Int32Array(new SharedArrayBuffer(8)).fill(kib);
}

/**
 * Run work once its memory is free; to be called in a worker thread, which waits.
 * @param bytes What the work holds; more than there is waits until it is alone.
 */
export function inTurn<T>(turns: SharedTurns, bytes: number, run: () => T): T {
  const wanted = Math.min(Math.ceil(bytes / 1024), turns[ALL]);
  for (;;) {
    const free = Atomics.load(turns, FREE);
    if (free < wanted) Atomics.wait(turns, FREE, free);
    else if (Atomics.compareExchange(turns, FREE, free, free - wanted) === free) break;
  }
  try {
    return run();
  } finally {
    Atomics.add(turns, FREE, wanted);
    Atomics.notify(turns, FREE);
  }
}
