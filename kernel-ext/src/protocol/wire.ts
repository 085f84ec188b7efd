import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
  readonly subshell_id?: string | null;
}

/** A message that came in. */
export interface Message {
  readonly identities: readonly Buffer[];
  readonly header: Header;
  readonly parent: Partial<Header>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly content: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Buffer[];
}

/** A message to go out. */
export interface Outgoing {
  readonly type: string;
  readonly content: object;
  readonly parent?: Partial<Header>;
  readonly metadata?: object;
  readonly buffers?: readonly Uint8Array[];
  /** First frames: identities on a router, the topic on iopub. */
  readonly to?: readonly (Buffer | string)[];
}

/** Why a message was dropped. */
export type Refusal = 'malformed' | 'unsigned' | 'replayed';

export const protocolVersion = '5.5';
const delimiter = Buffer.from('<IDS|MSG>');
const remembered = 65_536;

/** Both directions of the wire format: frames and signatures. */
export interface Wire {
  readonly session: string;
  encode(message: Outgoing): (Buffer | string | Uint8Array)[];
  decode(frames: readonly Buffer[]): Message | Refusal;
  /** How many messages were dropped, by reason. */
  readonly refused: Record<Refusal, number>;
}

/**
 * Create the wire format of one connection.
 * @param key Key of the signatures; with an empty one nothing is signed or checked.
 */
export function createWire(key: string): Wire {
  const session = randomUUID();
  const refused: Record<Refusal, number> = { malformed: 0, unsigned: 0, replayed: 0 };
  const seen = new Set<string>();
  let count = 0;
  const sign = (parts: readonly (Buffer | string)[]): string => {
    if (!key) return '';
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  };
  const refuse = (reason: Refusal): Refusal => {
    refused[reason]++;
    return reason;
  };
  return {
    session,
    refused,
    encode({ type, content, parent = {}, metadata = {}, buffers = [], to = [] }) {
      const header: Header = {
        msg_id: `${session}_${++count}`,
        msg_type: type,
        session,
        username: 'kernel',
        date: new Date().toISOString(),
        version: protocolVersion,
      };
      const parts = [header, parent, metadata, content].map((part) => JSON.stringify(part));
      return [...to, delimiter, sign(parts), ...parts, ...buffers];
    },
    decode(frames) {
      const at = frames.findIndex((frame) => frame.equals(delimiter));
      if (at < 0 || frames.length < at + 6) return refuse('malformed');
      const signature = frames[at + 1]!;
      const parts = frames.slice(at + 2, at + 6);
      if (key) {
        const expected = Buffer.from(sign(parts));
        if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
          return refuse('unsigned');
        }
        const text = expected.toString();
        if (seen.has(text)) return refuse('replayed');
        seen.add(text);
        if (seen.size > remembered) seen.delete(seen.values().next().value!);
      }
      const objects = parts.map(parseObject);
      const [header, parent, metadata, content] = objects;
      if (!header || !parent || !metadata || !content || !isHeader(header)) {
        return refuse('malformed');
      }
      return {
        identities: frames.slice(0, at),
        header,
        parent: parent as Partial<Header>,
        metadata,
        content,
        buffers: frames.slice(at + 6),
      };
    },
  };
}

function parseObject(frame: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(frame.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isHeader(value: Record<string, unknown>): value is Record<string, unknown> & Header {
  return typeof value.msg_id === 'string' && typeof value.msg_type === 'string';
}
