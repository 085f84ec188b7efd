import type { XPublisher } from 'zeromq';
import type { Wire } from './wire.js';

type Frames = ReturnType<Wire['encode']>;

/** The only writer of a socket. */
export interface Sender {
  push(frames: Frames): void;
  /** Resolves when everything pushed so far has been given to ZeroMQ. */
  drained(): Promise<void>;
}

/** ZeroMQ's numbers; the binding has methods for them on sockets of another type only. */
const subscribe = 6;
const unsubscribe = 7;
const everything = Buffer.alloc(0);

/**
 * Publish on a socket in manual mode, where a subscription holds only once it is granted. Its
 * welcome goes out right after that, before all that waits, and so is what its subscriber hears
 * first (JEP 65).
 *
 * ZeroMQ grants to the sender of the request read last, and forgets it when another peer leaves.
 * Nothing may touch the socket between the two: a single loop does all the work on it, and makes a
 * pause after each step that can have brought a request. What is left: where a peer leaves before its
 * request is read, ZeroMQ can take the next one at the same place in memory for it. That one hears the
 * same welcome, unless it wants less than the other: Jupyter's clients all want everything.
 * @param socket Bound, with the option `manual`.
 * @param welcome Makes the welcome of a subscription.
 */
export function createPublisher(
  socket: XPublisher,
  welcome: (subscription: Buffer) => Frames,
): Sender {
  const options = socket as unknown as {
    setStringOption(option: number, value: Buffer): void;
  };
  let waiting: Frames[] = [];
  /** The request that was read last, until it is answered; without one the socket is being read. */
  let request: { readonly answer?: Frames } | undefined = {};
  let isAstray = false;
  let pump: Promise<void> | undefined = run();

  async function run(): Promise<void> {
    do {
      const batch = waiting;
      waiting = [];
      for (const frames of batch) {
        await attend();
        await give(frames);
      }
      await attend();
    } while (waiting.length > 0 || request);
    pump = undefined;
  }

  /** Let those who have subscribed by now hear what comes next. */
  async function attend(): Promise<void> {
    for (;;) {
      while (request) {
        const { answer } = request;
        request = undefined;
        if (answer) await give(answer);
        socket.receive().then(grant, again);
        await undefined;
      }
      if (!socket.readable) return;
      // Giving nothing makes the binding hand over what has come.
      await give([]);
    }
  }

  function grant(frames: readonly Buffer[]): void {
    if (socket.closed) return;
    const [frame = everything] = frames;
    const isRequest = frames.length === 1 && (frame[0] === 0 || frame[0] === 1);
    // A message that is none makes ZeroMQ mistake the senders of those waiting with it for each
    // other. They are granted everything; subscribers themselves choose from what reaches them.
    isAstray ||= !isRequest;
    const topic = frame.subarray(1);
    if (isAstray) options.setStringOption(subscribe, everything);
    else options.setStringOption(frame[0] === 1 ? subscribe : unsubscribe, topic);
    isAstray &&= socket.readable;
    request = isRequest && frame[0] === 1 ? { answer: welcome(topic) } : {};
    pump ??= run();
  }

  function again(): void {
    if (socket.closed) return;
    request = {};
    pump ??= run();
  }

  async function give(frames: Frames): Promise<void> {
    try {
      await socket.send(frames);
    } catch {
      // A peer that has gone is no reason to stop serving the others.
    }
  }

  return {
    push(frames) {
      waiting.push(frames);
      pump ??= run();
    },
    drained: () => pump ?? Promise.resolve(),
  };
}
