import { Router, XPublisher } from 'zeromq';
import { address, type Connection } from './connection.js';
import { createPublisher, type Sender } from './publisher.js';
import { createWire, type Message, type Outgoing, type Wire } from './wire.js';

export type Channel = 'shell' | 'control' | 'stdin';

/** The kernel's side of the five sockets. */
export interface Sockets {
  readonly wire: Wire;
  send(channel: Channel | 'iopub', message: Outgoing): void;
  /** Resolves when everything handed over so far has been given to ZeroMQ. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

type Frames = ReturnType<Wire['encode']>;

/**
 * Bind the five sockets of a connection.
 * @param receive Called for each message that is well-formed and signed.
 */
export async function openSockets(
  connection: Connection,
  receive: (channel: Channel, message: Message) => void,
): Promise<Sockets> {
  const wire = createWire(connection.key);
  const curve = connection.curve_secretkey
    ? {
        curveServer: true,
        curveSecretKey: connection.curve_secretkey,
        ...(connection.curve_publickey ? { curvePublicKey: connection.curve_publickey } : {}),
      }
    : {};
  // Without high-water marks nothing is dropped; the worker is slowed down before memory runs out.
  const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 1_000, ...curve };
  const routers = {
    shell: new Router(unlimited),
    control: new Router(unlimited),
    stdin: new Router(unlimited),
  };
  const iopub = new XPublisher({ ...unlimited, manual: true } as object);
  // Not a socket for replies: that one waits for ever where a request makes no sense.
  const heartbeat = new Router({ linger: 0, ...curve } as object);
  await Promise.all([
    routers.shell.bind(address(connection, connection.shell_port)),
    routers.control.bind(address(connection, connection.control_port)),
    routers.stdin.bind(address(connection, connection.stdin_port)),
    iopub.bind(address(connection, connection.iopub_port)),
    heartbeat.bind(address(connection, connection.hb_port)),
  ]);
  const queues = {
    shell: sendQueue((frames) => routers.shell.send(frames)),
    control: sendQueue((frames) => routers.control.send(frames)),
    stdin: sendQueue((frames) => routers.stdin.send(frames)),
    iopub: createPublisher(iopub, (topic) => {
      const content = { subscription: topic.toString() };
      return wire.encode({ type: 'iopub_welcome', content, to: [topic] });
    }),
  };
  for (const channel of ['shell', 'control', 'stdin'] as const) {
    void listen(routers[channel], (frames) => {
      const message = wire.decode(frames);
      if (typeof message !== 'string') receive(channel, message);
    });
  }
  void echo(heartbeat);
  const all = Object.values(queues);
  return {
    wire,
    send: (channel, message) => queues[channel].push(wire.encode(message)),
    flushed: async () => void (await Promise.all(all.map((queue) => queue.drained()))),
    async close() {
      await Promise.all(all.map((queue) => queue.drained()));
      for (const socket of [...Object.values(routers), iopub, heartbeat]) socket.close();
    },
  };
}

/**
 * The only writer of a socket: one send at a time, in order. A send that is not awaited is refused
 * by ZeroMQ while another is under way, and its message is lost.
 */
function sendQueue(send: (frames: Frames) => Promise<void>): Sender {
  let waiting: Frames[] = [];
  let pump: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      for (const frames of batch) {
        // A peer that has gone is no reason to stop serving the others.
        await send(frames).catch(() => {});
      }
    }
    pump = undefined;
  };
  return {
    push(frames) {
      waiting.push(frames);
      pump ??= run();
    },
    drained: () => pump ?? Promise.resolve(),
  };
}

async function listen(
  socket: AsyncIterable<Buffer[]>,
  receive: (frames: Buffer[]) => void,
): Promise<void> {
  try {
    for await (const frames of socket) {
      try {
        receive(frames);
      } catch (error) {
        process.stderr.write(`causalmixft-kernel: ${(error as Error).stack}\n`);
      }
    }
  } catch {
    // The socket was closed.
  }
}

async function echo(heartbeat: Router): Promise<void> {
  try {
    for await (const frames of heartbeat) {
      // One that has gone meanwhile is no reason to stop answering the others.
      await heartbeat.send(frames).catch(() => {});
    }
  } catch {
    // The socket was closed.
  }
}
