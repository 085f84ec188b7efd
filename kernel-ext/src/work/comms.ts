import { randomUUID } from 'node:crypto';
import type { CommMessage } from '../channel.js';
import { currentCell } from './context.js';
import { sendToFront } from './pipe.js';

/** A message that came over a comm. */
export interface CommEvent {
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

export interface CommOptions {
  readonly buffers?: readonly (Uint8Array | ArrayBuffer | ArrayBufferView)[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A channel to a widget in the browser. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  send(data: unknown, options?: CommOptions): void;
  onMessage(listen: (event: CommEvent) => void): void;
  onClose(listen: (event: CommEvent) => void): void;
  close(data?: unknown, options?: CommOptions): void;
}

interface Open {
  readonly comm: Comm;
  readonly messages: ((event: CommEvent) => void)[];
  readonly closes: ((event: CommEvent) => void)[];
}

type Opener = (comm: Comm, event: CommEvent) => void;

const open = new Map<string, Open>();
const targets = new Map<string, Opener>();

/** Channels between cells and the browser. */
export const comm = {
  /** Open a comm to a target that the browser knows. */
  open(target: string, data: unknown = {}, options: CommOptions = {}): Comm {
    const id = randomUUID().replaceAll('-', '');
    const made = createComm(id, target);
    post('open', id, data, options, target);
    return made;
  },
  /** Say what happens when the browser opens a comm to `target`. */
  register(target: string, opened: Opener): void {
    targets.set(target, opened);
  },
  unregister(target: string): void {
    targets.delete(target);
  },
};

/** Handle what the browser sent. */
export function receiveComm(message: CommMessage): void {
  const { kind, id, target = '', data, metadata, buffers } = message;
  const event: CommEvent = { data, metadata, buffers };
  if (kind === 'open') {
    const opener = targets.get(target);
    if (!opener) post('close', id, {}, {});
    else opener(createComm(id, target), event);
    return;
  }
  const found = open.get(id);
  if (!found) return;
  if (kind === 'close') open.delete(id);
  for (const listen of kind === 'close' ? found.closes : found.messages) listen(event);
}

function createComm(id: string, target: string): Comm {
  const messages: Open['messages'] = [];
  const closes: Open['closes'] = [];
  const made: Comm = {
    id,
    target,
    send(data, options = {}) {
      if (!open.has(id)) throw new Error(`Cannot send over the comm as it is closed: ${target}`);
      post('msg', id, data, options);
    },
    onMessage: (listen) => void messages.push(listen),
    onClose: (listen) => void closes.push(listen),
    close(data = {}, options = {}) {
      if (open.delete(id)) post('close', id, data, options);
    },
  };
  open.set(id, { comm: made, messages, closes });
  return made;
}

function post(
  kind: CommMessage['kind'],
  id: string,
  data: unknown,
  { buffers = [], metadata = {} }: CommOptions,
  target?: string,
): void {
  sendToFront({
    type: 'comm',
    kind,
    id,
    ...(target === undefined ? {} : { target }),
    // JSON decides what can be sent, and says so here, where the caller can see it.
    data: JSON.parse(JSON.stringify(data ?? {})) as unknown,
    metadata,
    buffers: buffers.map(bytes),
    cell: currentCell()?.cell ?? 0,
  });
}

function bytes(buffer: Uint8Array | ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
}
