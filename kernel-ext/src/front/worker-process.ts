import { type ChildProcess, fork } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { deserialize } from 'node:v8';
import type { FromWorker, ToWorker } from '../channel.js';
import { frames } from './frames.js';

/** The process that runs the cells, seen from the front. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  /** Ask the running cell to stop, over the event loop and over the watcher thread. */
  interrupt(): void;
  /** End it at once, with everything that it started. */
  kill(): void;
}

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** What native code and child processes print past the worker's own streams. */
  native(name: 'stdout' | 'stderr', text: string): void;
  exit(code: number | null, signal: NodeJS.Signals | null): void;
}

const script = fileURLToPath(new URL('../work/main.js', import.meta.url));

/** Start a worker. */
export function startWorker(cwd: string, memory: number, events: WorkerEvents): WorkerProcess {
  const child = fork(script, [], {
    cwd,
    execArgv: [
      ...(memory > 0 ? [`--max-old-space-size=${memory}`] : []),
      '--stack-trace-limit=50',
      '--no-force-async-hooks-checks',
      '--no-warnings',
    ],
    env: { ...process.env, FORCE_COLOR: '0' },
    serialization: 'advanced',
    // 3: messages to the front; 4: requests to stop, read by the watcher thread.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'ipc'],
    // A group of its own: a Ctrl+C in the terminal must not end it, and killing reaches all of it.
    detached: true,
  });
  const stops = child.stdio[4] as Writable;
  for (const stream of [child.stdio[3], stops]) stream?.on('error', () => {});
  child.on('error', () => {});
  (child.stdio[3] as Readable).on(
    'data',
    frames((frame) => events.message(decode(frame))),
  );
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8');
    child[name]?.on('data', (bytes: Buffer) => {
      const text = decoder.write(bytes);
      if (text) events.native(name, text);
    });
  }
  // The pipe is read to its end before the exit is reported: what was printed is not lost.
  child.on('close', (code, signal) => events.exit(code, signal));
  return {
    pid: child.pid,
    send: (message) => {
      if (child.connected) child.send(message);
    },
    interrupt() {
      stops.write('i');
      if (child.connected) child.send({ type: 'interrupt' } satisfies ToWorker);
    },
    kill: () => killGroup(child),
  };
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function decode(frame: Buffer): FromWorker {
  if (frame[0] === 0) return deserialize(frame.subarray(1)) as FromWorker;
  const name = frame[0] === 1 ? 'stdout' : 'stderr';
  return { type: 'stream', cell: frame.readUInt32LE(1), name, text: frame.toString('utf8', 5) };
}
