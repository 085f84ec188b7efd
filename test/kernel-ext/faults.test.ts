import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { curveKeyPair, Dealer, XSubscriber } from 'zeromq';
import { type Kernel, startKernel } from './client.js';
import { ended, eventually, isAlive } from './processes.js';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Messages for each socket; a hundred thousand take a minute on a quiet machine. */
const fuzzed = Number(process.env.CAUSALMIXFT_FUZZ ?? 5_000);

describe('messages that are not ours', () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel();
  });
  afterAll(() => kernel.stop());

  it('with a wrong or no signature are dropped', async () => {
    const wrong = kernel.frames('execute_request', kernel.executeContent("console.log('never')"), {
      key: 'other',
    });
    await kernel.sendFrames('shell', wrong.frames);
    const none = kernel.frames('execute_request', kernel.executeContent("console.log('never')"));
    none.frames[1] = '';
    await kernel.sendFrames('shell', none.frames);
    expect((await kernel.execute('1')).result).toBe('1');
    expect(kernel.of(wrong.id)).toEqual([]);
    expect(kernel.of(none.id)).toEqual([]);
  });

  it('that are replayed are dropped', async () => {
    await kernel.execute('let runs = 0');
    const once = kernel.frames('execute_request', kernel.executeContent('runs++'));
    await kernel.sendFrames('shell', once.frames);
    await kernel.answer(once.id, 'message to be replayed');
    for (let i = 0; i < 3; i++) await kernel.sendFrames('shell', once.frames);
    expect((await kernel.execute('runs')).result).toBe('1');
  });

  it(`however they are made up, never harm the kernel (${fuzzed} on each socket)`, async () => {
    const kinds = [
      'execute_request',
      'complete_request',
      'comm_msg',
      'interrupt_request',
      'history_request',
      'inspect_request',
    ];
    const odd = [null, 1, 'x', [], {}, true, -1, 1e300, '\u0000', '💥'];
    const contents = odd.map((value) => ({
      code: value,
      cursor_pos: value,
      comm_id: value,
      hist_access_type: value,
      session: value,
      n: value,
      user_expressions: value,
      target_name: value,
    }));
    for (const channel of ['shell', 'control', 'stdin'] as const) {
      for (let i = 0; i < fuzzed; i++) {
        let frames: (Buffer | string)[];
        if (i % 4 === 0) frames = Array.from({ length: i % 9 }, () => randomBytes(i % 40));
        else {
          const made = kernel.frames(kinds[i % kinds.length]!, contents[i % contents.length]!);
          frames = made.frames;
          const at = i % frames.length;
          if (i % 4 === 1)
            frames[at] = Buffer.from(String(frames[at])).map((b, k) =>
              k === i % 7 ? b ^ (1 << (i % 8)) : b,
            ) as Buffer;
          else if (i % 4 === 2) frames = frames.slice(0, at);
          else frames.splice(at, 0, randomBytes(i % 20));
        }
        if (frames.length === 0) frames = [''];
        await kernel.sendFrames(channel, frames);
      }
    }
    // Signed, but with contents that no front end sends.
    const sent: string[] = [];
    for (const kind of kinds)
      for (const content of contents) sent.push(await kernel.send(kind, content));
    for (const id of sent)
      await kernel.until('idle', () =>
        kernel.of(id).find((m) => m.content.execution_state === 'idle'),
      );
    expect((await kernel.execute('6 * 7')).result).toBe('42');
    expect(kernel.child.exitCode).toBeNull();
    await kernel.heartbeat();
  });

  it(`on the sockets without requests, never harm it either (${fuzzed} on each)`, async () => {
    const at = (name: 'iopub_port' | 'hb_port') => `tcp://127.0.0.1:${kernel.connection[name]}`;
    // What a subscriber may send are subscriptions; these ask for everything and for nonsense.
    const iopub = new XSubscriber({ linger: 0, sendHighWaterMark: 0 });
    iopub.connect(at('iopub_port'));
    for (let i = 0; i < fuzzed; i++) {
      await iopub.send(
        i % 3 === 0
          ? [randomBytes(i % 60)]
          : Buffer.concat([Buffer.from([i % 2]), randomBytes(i % 20)]),
      );
    }
    iopub.close();
    const beats = new Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
    beats.connect(at('hb_port'));
    for (let i = 0; i < fuzzed; i++) {
      const frames = Array.from({ length: 1 + (i % 4) }, () => randomBytes(i % 50));
      await beats.send(i % 2 === 0 ? frames : ['', ...frames]);
    }
    beats.close();
    // And bytes that are no messages at all.
    for (const name of [
      'shell_port',
      'control_port',
      'stdin_port',
      'iopub_port',
      'hb_port',
    ] as const) {
      for (let i = 0; i < 20; i++) {
        await new Promise<void>((resolve) => {
          const raw = connect(kernel.connection[name], '127.0.0.1', () =>
            raw.end(randomBytes(200)),
          );
          raw.on('error', () => resolve());
          raw.on('close', () => resolve());
          raw.resume();
          raw.setTimeout(2_000, () => raw.destroy());
        });
      }
    }
    await kernel.heartbeat();
    expect((await kernel.execute('7 * 6')).result).toBe('42');
    expect(kernel.child.exitCode).toBeNull();
  });

  it('leave no contents in the log', async () => {
    await kernel.execute('const secretValue = "do-not-log-me"; secretValue');
    expect(kernel.log).not.toContain('do-not-log-me');
  });
});

describe('connections', () => {
  it('without a key need no signature', async () => {
    const kernel = await startKernel({ key: '' });
    expect((await kernel.execute('1 + 1')).result).toBe('2');
    await kernel.stop();
  });

  it('can be encrypted by curve keys', async () => {
    const kernel = await startKernel({ curve: curveKeyPair() });
    expect((await kernel.execute('1 + 1')).result).toBe('2');
    await kernel.heartbeat();
    await kernel.stop();
  });

  it('listen where the file says and nowhere else', async () => {
    const kernel = await startKernel();
    const tcp = readFileSync('/proc/net/tcp', 'utf8');
    for (const name of ['shell', 'control', 'stdin', 'iopub', 'hb'] as const) {
      const port = kernel.connection[`${name}_port`].toString(16).toUpperCase().padStart(4, '0');
      const listening = tcp
        .split('\n')
        .filter((line) => line.includes(`:${port} 00000000:0000 0A`));
      expect(listening).toHaveLength(1);
      expect(listening[0]).toContain(`0100007F:${port}`);
    }
    await kernel.stop();
  });

  it('that make no sense are refused with a reason', async () => {
    const kernel = await startKernel();
    const file = join(kernel.folder, 'bad.json');
    const main = kernel.child.spawnargs[1]!;
    for (const [text, message] of [
      ['{', 'Cannot read the connection file'],
      ['{"shell_port": 1}', 'must be a port'],
    ] as const) {
      writeFileSync(file, text);
      const child = spawn(process.execPath, [main, 'run', '--connection-file', file], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let log = '';
      child.stderr.on('data', (bytes) => {
        log += bytes;
      });
      await ended(child);
      expect(child.exitCode).toBe(1);
      expect(log).toContain(message);
    }
    await kernel.stop();
  });
});

describe('the worker', () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel({ env: { CAUSALMIXFT_MEMORY: '64' } });
  });
  afterAll(() => kernel.stop());

  it.each([
    ['killed', "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})"],
    ['aborted', 'process.abort()'],
    ['ended past our guard', '(process as any).reallyExit(7)'],
    ['out of memory', 'const hog: number[][] = []; for (;;) hog.push(new Array(1e5).fill(1.5))'],
  ])('%s is reported and replaced', async (_, code) => {
    await kernel.execute('const before = 1');
    const { errors, status } = await kernel.execute(code);
    expect(status).toBe('error');
    expect(errors).toHaveLength(1);
    expect(errors[0]!.ename).toBe('WorkerLost');
    expect(errors[0]!.evalue).toContain('variables lost');
    expect((await kernel.execute('before')).errors[0]!.evalue).toContain('Cannot find name');
    expect((await kernel.execute('const after = 2; after')).result).toBe('2');
  });

  it('lost while idle is replaced too', async () => {
    const { result } = await kernel.execute('process.pid');
    process.kill(Number(result), 'SIGKILL');
    await kernel.until(
      'report of the loss',
      () =>
        kernel.received
          .filter((m) => m.type === 'error')
          .at(-1)
          ?.content.evalue.includes('SIGKILL') || undefined,
    );
    expect((await kernel.execute('3')).result).toBe('3');
  });

  it('keeps history and counts when it is replaced', async () => {
    const { reply } = await kernel.request('history_request', {
      hist_access_type: 'tail',
      n: 1,
      output: false,
      raw: true,
    });
    expect(reply.history[0][2]).toBe('3');
  });
});

describe('the compiler', () => {
  const compilerOf = (kernel: Kernel): number =>
    kernel.pids().find((pid) => {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return command.includes('--snapshot-blob') || command.includes('compiler/main.js');
    })!;

  it.each([
    ['from its snapshot', {}],
    ['without a snapshot', { CAUSALMIXFT_SNAPSHOT: 'off' }],
  ])('%s checks and completes; killed, it is replaced and knows the names', async (_, env) => {
    const kernel = await startKernel({ env });
    await kernel.execute('interface Known { a: number } const known: Known = { a: 1 }');
    const before = compilerOf(kernel);
    process.kill(before, 'SIGKILL');
    await eventually('ended', () => !isAlive(before));
    expect((await kernel.execute('known.a + 1')).result).toBe('2');
    expect((await kernel.execute('const k: Known = { a: "x" }')).status).toBe('error');
    const { reply } = await kernel.request('complete_request', { code: 'known.', cursor_pos: 6 });
    expect(reply.matches).toContain('a');
    expect(compilerOf(kernel)).not.toBe(before);
    await kernel.stop();
  });

  it('that takes too long is ended by Stop', async () => {
    const kernel = await startKernel();
    await kernel.execute('const kept = 1');
    const endless =
      'type U = 0|1|2|3|4|5|6|7|8|9; type F<A extends string = ""> = `${A}${U}${U}${U}${U}`; ' +
      Array.from(
        { length: 60 },
        (_, i) => `type X${i} = F<"${i}">; let x${i}: X${i} = "" as F<"${i}x">;`,
      ).join(' ');
    const id = await kernel.send('execute_request', kernel.executeContent(endless));
    await kernel.until('input', () => kernel.of(id).find((m) => m.type === 'execute_input'));
    await kernel.request('interrupt_request', {}, 'control');
    expect((await kernel.answer(id, 'a slow compilation')).status).toBe('error');
    expect((await kernel.execute('kept + 1')).result).toBe('2');
    await kernel.stop();
  });

  it('starts without a snapshot that is damaged, and removes it', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'kernel-cache-'));
    const env = { XDG_CACHE_HOME: cache };
    const kernel = await startKernel();
    const main = kernel.child.spawnargs[1]!;
    spawnSync(process.execPath, [main, 'snapshot'], { env: { ...process.env, ...env } });
    const folder = join(cache, 'causalmixft/kernel');
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.snapshot'))!);
    expect(statSync(file).mode & 0o077).toBe(0);
    writeFileSync(file, 'not a snapshot');
    const other = await startKernel({ env });
    expect((await other.execute('1 + 1')).result).toBe('2');
    expect(existsSync(file)).toBe(false);
    await Promise.all([kernel.stop(), other.stop()]);
    rmSync(cache, { recursive: true });
  });
});

describe('life', () => {
  it('no process is left when the front is killed', async () => {
    const kernel = await startKernel();
    await kernel.execute('1');
    const id = await kernel.send(
      'execute_request',
      kernel.executeContent(
        "require('node:child_process').spawn('sleep', ['300']); console.log('go'); for (;;) {}",
      ),
    );
    await kernel.until('output', () => kernel.of(id).find((m) => m.type === 'stream'));
    const pids = kernel.pids();
    // Front, compiler, worker and the command.
    expect(pids.length).toBe(4);
    process.kill(kernel.child.pid!, 'SIGKILL');
    await eventually('all ended', () => !pids.some(isAlive));
    await kernel.stop();
  });

  it('the kernel ends when what started it has gone', async () => {
    const kernel = await startKernel();
    const file = join(kernel.folder, 'connection2.json');
    const other = await startKernel();
    writeFileSync(file, JSON.stringify(other.connection));
    await other.stop();
    const main = kernel.child.spawnargs[1]!;
    const starter = spawn(
      process.execPath,
      [
        '-e',
        `const c = require('node:child_process').spawn(process.execPath, ${JSON.stringify([main, 'run', '--connection-file', file])}, { stdio: 'ignore', env: { ...process.env, JPY_PARENT_PID: String(process.pid) } }); console.log(c.pid); setInterval(() => {}, 1000)`,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const pid = await new Promise<number>((resolve) =>
      starter.stdout.once('data', (b) => resolve(Number(b))),
    );
    await eventually('started', () => kernelIsUp(pid));
    starter.kill('SIGKILL');
    await eventually('ended with its parent', () => !isAlive(pid));
    await kernel.stop();
  });

  it('keeps the history in a file that only the user reads', async () => {
    const kernel = await startKernel();
    await kernel.execute('"remember me"');
    expect(readFileSync(kernel.history, 'utf8')).toBe('[1,1,"\\"remember me\\""]\n');
    expect(statSync(kernel.history).mode & 0o077).toBe(0);
    await kernel.stop();
  });

  it('500 cells leave memory bounded', async () => {
    const kernel = await startKernel();
    const memory = () => kernel.pids().reduce((sum, pid) => sum + rss(pid), 0);
    for (let i = 0; i < 100; i++) await kernel.execute(`const m${i} = { value: ${i} }; m${i}`);
    const early = memory();
    for (let i = 0; i < 400; i++)
      await kernel.execute(`const m${i % 100} = { value: ${i} }; m${i % 100}`);
    expect(memory()).toBeLessThan(early + 150);
    expect(memory()).toBeLessThan(450);
    await kernel.stop();
  });
});

function kernelIsUp(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('connection2.json');
  } catch {
    return false;
  }
}

/** Resident memory in megabytes. */
function rss(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
