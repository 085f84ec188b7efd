import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CompilerAnswers, CompilerRequest } from '../compiler/service.js';
import { snapshotFlags } from '../compiler/snapshot.js';
import { frames } from './frames.js';

/** The process of the compiler: it answers requests in their order. */
export interface CompilerProcess {
  ask<R extends CompilerRequest>(request: R): Promise<CompilerAnswers[R['op']]>;
  kill(): void;
}

/** What a request meets whose process has ended. */
export class CompilerLost extends Error {
  override readonly name = 'CompilerLost';
}

const script = fileURLToPath(new URL('../compiler/main.js', import.meta.url));

interface Waiting {
  resolve(value: never): void;
  reject(reason: unknown): void;
}

/**
 * Start the compiler.
 * @param snapshot File to start from; without one it starts anew, which takes a second.
 * @param exit Called when the process ends by itself, with whether it had ever answered.
 */
export function startCompilerProcess(
  snapshot: string | undefined,
  exit: (answered: boolean) => void,
): CompilerProcess {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    [...snapshotFlags, ...(snapshot ? ['--snapshot-blob', snapshot] : [script])],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const waiting: Waiting[] = [];
  let answered = false;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    exit(answered);
    for (const { reject } of waiting.splice(0)) reject(new CompilerLost('the compiler has ended'));
  };
  child.on('error', end);
  child.on('close', end);
  child.stdin.on('error', () => {});
  // Read, so that it cannot fill: Node warns there that snapshots are experimental.
  child.stderr.resume();
  child.stdout.on(
    'data',
    frames((bytes) => {
      answered = true;
      const said = JSON.parse(bytes.toString()) as { value?: never; error?: object };
      const first = waiting.shift();
      if (said.error) first?.reject(Object.assign(new Error(), said.error));
      else first?.resolve(said.value as never);
    }),
  );
  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        if (ended) {
          reject(new CompilerLost('the compiler has ended'));
          return;
        }
        waiting.push({ resolve, reject });
        const body = Buffer.from(JSON.stringify(request));
        const head = Buffer.allocUnsafe(4);
        head.writeUInt32LE(body.length);
        child.stdin.write(Buffer.concat([head, body]));
      });
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}
