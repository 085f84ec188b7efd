import type { CommMessage } from '../channel.js';
import type { Message } from '../protocol/wire.js';

/** The comms that are open, whoever opened them. */
export interface CommRegistry {
  /** What `comm_info` answers. */
  info(target: unknown): Record<string, { target_name: string }>;
  /** Note what passes; returns `false` for a message of a comm that is not open. */
  note(message: Pick<CommMessage, 'kind' | 'id' | 'target'>): boolean;
  /** Forget all, as after the loss of the worker; returns the ids. */
  clear(): string[];
}

export function createCommRegistry(): CommRegistry {
  const open = new Map<string, string>();
  return {
    info(target) {
      const listed = [...open].filter(
        ([, name]) => typeof target !== 'string' || !target || name === target,
      );
      return Object.fromEntries(listed.map(([id, name]) => [id, { target_name: name }]));
    },
    note({ kind, id, target }) {
      if (kind === 'open') {
        open.set(id, target ?? '');
        return true;
      }
      return kind === 'close' ? open.delete(id) : open.has(id);
    },
    clear() {
      const ids = [...open.keys()];
      open.clear();
      return ids;
    },
  };
}

/** Read a comm message from the wire; `undefined` if it has no id. */
export function readComm({ header, content, metadata, buffers }: Message): CommMessage | undefined {
  const { comm_id: id, target_name: target, data } = content;
  if (typeof id !== 'string') return undefined;
  return {
    type: 'comm',
    kind: header.msg_type.slice('comm_'.length) as CommMessage['kind'],
    id,
    ...(typeof target === 'string' ? { target } : {}),
    data: data ?? {},
    metadata,
    buffers,
  };
}
