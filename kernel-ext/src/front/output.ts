import type { Header, Outgoing } from '../protocol/wire.js';

/** Publishes outputs, each under the request it belongs to. */
export interface Output {
  /** Say to which request the output of a cell belongs. */
  open(cell: number, parent: Header, options?: { readonly silent?: boolean }): void;
  parentOf(cell: number): Header | undefined;
  stream(cell: number, name: 'stdout' | 'stderr', text: string): void;
  publish(cell: number, message: Omit<Outgoing, 'parent'>): void;
  /** Send the text that still waits to be joined with more. */
  flush(): void;
}

const remembered = 2_000;
/** How long text waits for more of the same stream, and how much of it at most. */
const pause = 20;
const most = 262_144;

/**
 * Create the publisher. Pieces of text that follow each other closely travel as one message.
 * @param send Hands a message to the iopub socket.
 */
export function createOutput(send: (message: Outgoing) => void): Output {
  const parents = new Map<number, { parent: Header; silent: boolean }>();
  let waiting:
    | { cell: number; name: 'stdout' | 'stderr'; parts: string[]; size: number }
    | undefined;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!waiting) return;
    const { cell, name, parts } = waiting;
    waiting = undefined;
    deliver(cell, {
      type: 'stream',
      content: { name, text: parts.join('') },
      to: [`stream.${name}`],
    });
  };
  const deliver = (cell: number, message: Omit<Outgoing, 'parent'>): void => {
    const entry = parents.get(cell) ?? lastEntry();
    if (entry?.silent && !message.type.startsWith('comm_')) return;
    send({ to: [message.type], ...message, ...(entry ? { parent: entry.parent } : {}) });
  };
  const lastEntry = () => [...parents.values()].at(-1);

  return {
    open(cell, parent, { silent = false } = {}) {
      parents.set(cell, { parent, silent });
      if (parents.size > remembered) parents.delete(parents.keys().next().value!);
    },
    parentOf: (cell) => parents.get(cell)?.parent,
    stream(cell, name, text) {
      if (waiting && (waiting.cell !== cell || waiting.name !== name)) flush();
      waiting ??= { cell, name, parts: [], size: 0 };
      waiting.parts.push(text);
      waiting.size += text.length;
      if (waiting.size > most) flush();
      else timer ??= setTimeout(flush, pause);
    },
    publish(cell, message) {
      flush();
      deliver(cell, message);
    },
    flush,
  };
}
