import { writeSync } from 'node:fs';
import { serialize } from 'node:v8';
import type { FromWorker } from '../channel.js';

/** File descriptor of the pipe from the worker to the front. */
export const upstream = 3;

/** First byte of a frame, after its length: what the rest is. */
export const frameKinds = { message: 0, stdout: 1, stderr: 2 } as const;

/**
 * Send a message to the front and wait until the pipe has taken it.
 *
 * The pipe blocks, so that output leaves at once even in front of a loop that never yields, keeps
 * its order, and cannot fill the front's memory faster than it is read.
 */
export function sendToFront(message: FromWorker): void {
  if (message.type === 'stream') {
    sendText(message.cell, message.name, message.text);
    return;
  }
  const body = serialize(message);
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32LE(body.length + 1);
  head[4] = frameKinds.message;
  writeAll(head, body);
}

function sendText(cell: number, name: 'stdout' | 'stderr', text: string): void {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(length + 9);
  frame.writeUInt32LE(length + 5);
  frame[4] = frameKinds[name];
  frame.writeUInt32LE(cell, 5);
  frame.write(text, 9);
  writeAll(frame);
}

/** A frame that was cut short by Stop is finished first: half a frame would garble all later ones. */
let rest: Buffer | undefined;

function writeAll(...parts: Buffer[]): void {
  if (rest) {
    parts.unshift(rest);
    rest = undefined;
  }
  let all = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  rest = all;
  while (all.length > 0) {
    all = all.subarray(writeSome(all));
    rest = all;
  }
  rest = undefined;
}

function writeSome(bytes: Buffer): number {
  try {
    return writeSync(upstream, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') {
      Atomics.wait(pause, 0, 0, 1);
      return 0;
    }
    // Nobody reads any more: the front has gone, and with it the reason to run.
    process.kill(process.pid, 'SIGKILL');
    throw error;
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
