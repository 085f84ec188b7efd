/**
 * Memory that the worker shares with its watcher thread: which cell runs, and how many requests to
 * stop the event loop has seen.
 */
export const shared: Int32Array = new Int32Array(new SharedArrayBuffer(8));

const Running = 0;
const Seen = 1;

export function setRunning(cell: number): void {
  Atomics.store(shared, Running, cell);
}

export function runningIn(memory: Int32Array): number {
  return Atomics.load(memory, Running);
}

export function noteInterrupt(): void {
  Atomics.add(shared, Seen, 1);
}

export function seenIn(memory: Int32Array): number {
  return Atomics.load(memory, Seen);
}
