import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const isSetUp = existsSync(join(root, '.venv', 'bin', 'python'));

let started: ChildProcess | undefined;
afterEach(() => {
  started?.kill('SIGKILL');
});

interface Running {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function start(...args: string[]): Running {
  let output = '';
  const child = spawn(process.execPath, [join(root, 'binder', 'start.mjs'), ...args], {
    cwd: root,
  });
  started = child;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  return { process: child, output: () => output, ended };
}

async function until<T>(
  what: string,
  find: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (const begin = performance.now(); performance.now() - begin < 90_000; ) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`waited 90 s for ${what}`);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => {
    probe.listen(0, 'localhost', resolve);
  });
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  return port;
}

// All processes that a process has started, however deep.
function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    rows.flatMap(([id = 0, of]) => (of === parent ? [id, ...below(id)] : []));
  return below(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it.skipIf(!isSetUp)(
  'npm start opens JupyterLab with our kernel on the port that was asked for, and Ctrl-C ends all of it (needs .venv, which npm run setup makes)',
  async () => {
    const port = await freePort();
    const running = start('--no-browser', '--port', String(port));
    const url = await until('JupyterLab', () => {
      if (running.process.exitCode !== null) throw new Error(running.output());
      return /JupyterLab is ready: (\S+)/.exec(running.output())?.[1];
    });
    expect(url).toContain(`:${port}/lab/tree/notebooks/01-quickstart.ipynb`);
    expect((await fetch(url)).status).toBe(200);

    const api = (path: string, options?: RequestInit): Promise<Response> => {
      const address = new URL(url);
      address.pathname = `/api/${path}`;
      return fetch(address, options);
    };
    const { kernelspecs } = (await (await api('kernelspecs')).json()) as {
      kernelspecs: Record<string, { spec: { argv: string[] } }>;
    };
    expect(kernelspecs.causalmixft?.spec.argv[0]).toBe(process.execPath);

    const kernel = await api('kernels', { method: 'POST', body: '{"name": "causalmixft"}' });
    expect(kernel.status).toBe(201);
    const processes = await until('the kernel', () => {
      const found = descendants(running.process.pid ?? 0);
      return found.length >= 2 ? found : undefined;
    });
    running.process.kill('SIGINT');
    expect(await running.ended).toBe(0);
    expect(running.output()).toContain('JupyterLab has ended.');
    await until('the end of every process', () => (processes.some(isAlive) ? undefined : true));
  },
  180_000,
);
