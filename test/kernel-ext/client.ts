// Over 300 lines: one client, whose functions share the sockets and what has come over them.
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dealer, Request, Subscriber } from 'zeromq';
import { argumentsOf, ended, kill, processTree } from './processes.js';

/** A message of the kernel, as the tests look at it. */
export interface Received {
  readonly channel: 'shell' | 'control' | 'stdin' | 'iopub';
  readonly type: string;
  readonly id: string;
  readonly parent: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every type
  readonly content: any;
  readonly metadata: Record<string, unknown>;
  readonly buffers: readonly Buffer[];
  /** Milliseconds on the clock of `performance.now`. */
  readonly at: number;
}

/** Everything that one request brought. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly reply: any;
  readonly status: string;
  /** Messages on iopub with the request as parent, without busy and idle. */
  readonly outputs: readonly Received[];
  readonly stdout: string;
  readonly stderr: string;
  /** `text/plain` of the result. */
  readonly result: string | undefined;
  readonly errors: readonly { ename: string; evalue: string; traceback: string[] }[];
  readonly milliseconds: number;
}

export interface Execute {
  readonly silent?: boolean;
  readonly store_history?: boolean;
  readonly allow_stdin?: boolean;
  readonly stop_on_error?: boolean;
  readonly user_expressions?: Readonly<Record<string, string>>;
}

export interface KernelOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly curve?: { readonly publicKey: string; readonly secretKey: string };
}

const limit = 100_000;
const mainFile = fileURLToPath(new URL('../../kernel-ext/dist/main.js', import.meta.url));

export type Kernel = Awaited<ReturnType<typeof startKernel>>;

/** Start a real kernel and talk with it over real sockets. */
export async function startKernel(options: KernelOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-test-'));
  const cwd = options.cwd ?? folder;
  const key = options.key ?? randomUUID();
  const [shell, control, stdin, iopub, hb] = await freePorts(5);
  const connection = {
    ip: '127.0.0.1',
    transport: 'tcp',
    shell_port: shell,
    control_port: control,
    stdin_port: stdin,
    iopub_port: iopub,
    hb_port: hb,
    key,
    signature_scheme: 'hmac-sha256',
    ...(options.curve
      ? { curve_publickey: options.curve.publicKey, curve_secretkey: options.curve.secretKey }
      : {}),
  };
  const file = join(folder, 'connection.json');
  writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
  const history = join(folder, 'history.jsonl');
  const child = spawn(process.execPath, [mainFile, 'run', '--connection-file', file], {
    cwd,
    env: { ...process.env, CAUSALMIXFT_HISTORY: history, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const identity = randomUUID();
  const curve = options.curve
    ? { curveServerKey: options.curve.publicKey, ...curveClient(options.curve) }
    : {};
  const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0, ...curve };
  const sockets = {
    shell: new Dealer({ ...unlimited, routingId: identity }),
    control: new Dealer({ ...unlimited, routingId: identity }),
    stdin: new Dealer({ ...unlimited, routingId: identity }),
    iopub: new Subscriber({ receiveHighWaterMark: 0, linger: 0, ...curve }),
  };
  sockets.iopub.subscribe('');
  for (const name of ['shell', 'control', 'stdin', 'iopub'] as const) {
    sockets[name].reconnectInterval = 20;
    sockets[name].connect(`tcp://127.0.0.1:${connection[`${name}_port`]}`);
  }

  const received: Received[] = [];
  const waiting = new Set<() => void>();
  for (const channel of ['shell', 'control', 'stdin', 'iopub'] as const) {
    void (async () => {
      try {
        for await (const frames of sockets[channel]) {
          received.push(parse(channel, frames as Buffer[]));
          for (const look of waiting) look();
        }
      } catch {
        // Closed at the end of the test.
      }
    })();
  }

  /** Wait until `find` finds something among what came; `what` names it when it does not come. */
  function until<T>(what: string, find: () => T | undefined, milliseconds = limit): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        const last = received.slice(-6).map((m) => `${m.channel} ${m.type}`);
        reject(
          new Error(
            `no ${what} within ${milliseconds} ms; last: ${last.join(', ')}; log: ${log.slice(-2_000)}`,
          ),
        );
      }, milliseconds);
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  }

  let sending: Promise<unknown> = Promise.resolve();
  function sendFrames(
    channel: 'shell' | 'control' | 'stdin',
    frames: (Buffer | string)[],
  ): Promise<void> {
    const sent = sending.then(() => sockets[channel].send(frames));
    sending = sent.catch(() => {});
    return sent;
  }

  function frames(
    type: string,
    content: object,
    extra: { buffers?: Buffer[]; key?: string; metadata?: object } = {},
  ) {
    const id = randomUUID();
    const header = {
      msg_id: id,
      msg_type: type,
      session: identity,
      username: 'test',
      date: new Date().toISOString(),
      version: '5.5',
    };
    const parts = [header, {}, extra.metadata ?? {}, content].map((part) => JSON.stringify(part));
    const secret = extra.key ?? key;
    const signature = secret
      ? createHmac('sha256', secret).update(parts.join('')).digest('hex')
      : '';
    return { id, frames: ['<IDS|MSG>', signature, ...parts, ...(extra.buffers ?? [])] };
  }

  async function send(
    type: string,
    content: object = {},
    extra: { channel?: 'shell' | 'control' | 'stdin'; buffers?: Buffer[]; metadata?: object } = {},
  ): Promise<string> {
    const made = frames(type, content, extra);
    await sendFrames(extra.channel ?? 'shell', made.frames);
    return made.id;
  }

  const of = (id: string) => received.filter((m) => m.parent === id);
  const isIdle = (m: Received) => m.type === 'status' && m.content.execution_state === 'idle';

  /** Wait for the reply and for idle of a request. */
  async function answer(id: string, what: string, milliseconds = limit): Promise<Answer> {
    const start = performance.now();
    const isReply = (m: Received) => m.channel !== 'iopub' && m.type.endsWith('_reply');
    const reply = await until(`reply to ${what}`, () => of(id).find(isReply), milliseconds);
    const idle = await until(`idle after ${what}`, () => of(id).find(isIdle), milliseconds);
    const outputs = of(id).filter((m) => m.channel === 'iopub' && m.type !== 'status');
    const text = (name: string) =>
      outputs
        .filter((m) => m.type === 'stream' && m.content.name === name)
        .map((m) => m.content.text)
        .join('');
    return {
      reply: reply.content,
      status: reply.content.status,
      outputs,
      stdout: text('stdout'),
      stderr: text('stderr'),
      result: outputs.find((m) => m.type === 'execute_result')?.content.data['text/plain'],
      errors: outputs.filter((m) => m.type === 'error').map((m) => m.content),
      milliseconds: Math.max(reply.at, idle.at) - start,
    };
  }

  const executeContent = (code: string, how: Execute = {}) => ({
    code,
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: false,
    stop_on_error: true,
    ...how,
  });

  async function request(
    type: string,
    content: object = {},
    channel: 'shell' | 'control' = 'shell',
    milliseconds = limit,
  ) {
    const id = await send(type, content, { channel });
    return answer(id, type, milliseconds);
  }

  async function execute(code: string, how: Execute = {}, milliseconds = limit): Promise<Answer> {
    const id = await send('execute_request', executeContent(code, how));
    return answer(id, `cell ${JSON.stringify(code.slice(0, 60))}`, milliseconds);
  }

  /** Echo on the heartbeat socket; returns milliseconds. */
  async function heartbeat(milliseconds = limit): Promise<number> {
    const socket = new Request({ receiveTimeout: milliseconds, linger: 0, ...curve });
    socket.connect(`tcp://127.0.0.1:${hb}`);
    const start = performance.now();
    await socket.send('ping');
    const [echo] = await socket.receive();
    socket.close();
    if (String(echo) !== 'ping') throw new Error(`heartbeat gave ${echo}`);
    return performance.now() - start;
  }

  async function stop(): Promise<void> {
    for (const socket of Object.values(sockets)) socket.close();
    const pids = processTree(child.pid ?? 0);
    child.kill('SIGTERM');
    await ended(child);
    for (const pid of pids) kill(pid);
    rmSync(folder, { recursive: true, force: true });
  }

  // A subscription takes a moment to arrive: ask until the status of an answer is heard.
  let heard = false;
  while (!heard) {
    const id = await send('kernel_info_request');
    await until('kernel_info_reply', () => of(id).find((m) => m.channel === 'shell'));
    heard = await until('status', () => of(id).find(isIdle), 500).then(
      () => true,
      () => false,
    );
  }

  return {
    child,
    folder,
    cwd,
    connection,
    identity,
    received,
    history,
    get log() {
      return log;
    },
    of,
    until,
    send,
    frames,
    sendFrames,
    answer,
    request,
    execute,
    executeContent,
    heartbeat,
    stop,
    /**
     * Processes of the kernel: front, worker and what they started, without the one that makes the
     * snapshot for later kernels, which may end at any time.
     */
    pids: () => processTree(child.pid ?? 0).filter((pid) => argumentsOf(pid).at(-1) !== 'snapshot'),
  };
}

function parse(channel: Received['channel'], frames: Buffer[]): Received {
  const at = frames.findIndex((frame) => frame.toString() === '<IDS|MSG>');
  const [header, parent, metadata, content] = frames
    .slice(at + 2, at + 6)
    .map((frame) => JSON.parse(frame.toString()));
  return {
    channel,
    type: header.msg_type,
    id: header.msg_id,
    parent: parent.msg_id ?? '',
    content,
    metadata,
    buffers: frames.slice(at + 6),
    at: performance.now(),
  };
}

function curveClient(server: { publicKey: string; secretKey: string }) {
  // The server accepts any client that knows its public key; the tests use its own pair.
  return { curvePublicKey: server.publicKey, curveSecretKey: server.secretKey };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
