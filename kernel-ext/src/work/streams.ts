import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { currentCell } from './context.js';
import { sendToFront } from './pipe.js';

/** Put streams that write into the running cell in the place of stdout and stderr. */
export function captureStreams(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = cellStream(name);
    Object.defineProperty(process, name, { configurable: true, get: () => stream });
  }
}

function cellStream(name: 'stdout' | 'stderr'): Writable {
  const decoder = new StringDecoder('utf8');
  const stream = new Writable({ decodeStrings: false });
  // Written straight through: a stream's own queue would wait for the event loop, and a loop that
  // never yields would show nothing.
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ): boolean => {
    const text =
      typeof chunk === 'string'
        ? isText(encoding)
          ? chunk
          : Buffer.from(chunk, encoding as BufferEncoding).toString()
        : decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (text) sendToFront({ type: 'stream', cell: currentCell()?.cell ?? 0, name, text });
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  };
  return Object.assign(stream, {
    write,
    fd: name === 'stdout' ? 1 : 2,
    isTTY: false,
    columns: 100,
  });
}

function isText(encoding: unknown): boolean {
  return typeof encoding !== 'string' || encoding === 'utf8' || encoding === 'utf-8';
}
