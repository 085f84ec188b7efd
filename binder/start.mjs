// npm start [-- ARGUMENTS OF JUPYTERLAB]: sets everything up, then opens JupyterLab on the first notebook.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { setup } from './setup.mjs';
import { pythonOf } from './steps/python.mjs';
import { cannot } from './tools/cannot.mjs';
import { jupyterEnvironment } from './tools/jupyter.mjs';
import { isMain, runMain } from './tools/main.mjs';
import { root } from './tools/places.mjs';

const firstNotebook = 'notebooks/01-quickstart.ipynb';
const action = 'start JupyterLab';
const readyWithin = 120_000;
const endWithin = 10_000;

// JupyterLab's own main, which also ends when we are killed without a chance to say so (Linux: PR_SET_PDEATHSIG is 1).
const program = `
import signal, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
sys.argv[0] = "jupyter-lab"
from jupyterlab.labapp import main
main()
`;

async function start(args) {
  const port = optionOf(args, 'port', 'ServerApp.port');
  const address = optionOf(args, 'ip', 'ServerApp.ip') ?? 'localhost';
  if (port !== undefined) await requireFreePort(port, address);
  await setup();
  await serve(join(root, '.venv'), [...ownArguments(args, port), ...args]);
}

/** The arguments that we add to the user's. */
export function ownArguments(args, port) {
  const own = [];
  if (
    optionOf(args, 'notebook-dir', 'ServerApp.root_dir', 'ServerApp.notebook_dir') === undefined
  ) {
    own.push(`--ServerApp.root_dir=${root}`);
    if (!args.some((each) => each.endsWith('.ipynb')))
      own.push(`--LabApp.default_url=/lab/tree/${firstNotebook}`);
  }
  // A port that was asked for is the one, or none: not silently the next.
  if (port !== undefined && optionOf(args, 'port-retries', 'ServerApp.port_retries') === undefined)
    own.push('--ServerApp.port_retries=0');
  if (process.getuid?.() === 0 && !args.includes('--allow-root')) own.push('--allow-root');
  return own;
}

/** The value of an option, given as `--name=value` or `--name value`. */
export function optionOf(args, ...names) {
  for (const [index, each] of args.entries())
    for (const name of names) {
      if (each.startsWith(`--${name}=`)) return each.slice(name.length + 3);
      if (each === `--${name}`) return args[index + 1];
    }
  return undefined;
}

/** Refuse a port that is no number or that somebody listens on. */
export async function requireFreePort(text, address) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw cannot(
      action,
      'the port must be a whole number from 0 to 65535',
      text,
      'npm start -- --port 8899',
    );
  const code = await new Promise((resolve) => {
    const probe = createServer()
      .once('error', (error) => resolve(error.code))
      .listen({ port, host: address === '*' ? undefined : address, exclusive: true }, () =>
        probe.close(() => resolve(undefined)),
      );
  });
  if (code === 'EADDRINUSE') throw portInUse(port);
  if (code === 'EACCES')
    throw cannot(
      action,
      `we must be allowed to listen on port ${port}`,
      'permission denied',
      'choose one above 1023: npm start -- --port 8899',
    );
}

function portInUse(port) {
  return cannot(
    action,
    `port ${port} must be free`,
    'a port in use',
    `end the program that listens there (lsof -i :${port} names it; "jupyter lab stop ${port}" ends a JupyterLab), choose another: npm start -- --port ${Number(port) + 1}, or leave --port out`,
  );
}

/** Run JupyterLab until it ends or we are told to end. */
async function serve(prefix, args) {
  const server = spawn(pythonOf(prefix), ['-c', program, ...args], {
    cwd: root,
    env: { ...process.env, ...jupyterEnvironment(prefix) },
    stdio: ['ignore', 'inherit', 'pipe'],
    // A group of its own: the terminal's Ctrl-C reaches us alone, and we end the server in order.
    detached: true,
  });
  const ended = new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code, signal) => resolve(signal ?? code));
  });
  const stop = stopper(server);
  const log = readLog(
    server.stderr,
    args.some((each) => /^--(debug|log-level|ServerApp\.log_level)/.test(each)),
  );
  const url = await Promise.race([
    log.url,
    ended.then(() => undefined),
    sleep(readyWithin, undefined, { ref: false }),
  ]);
  if (url && (await answers(url, ended)))
    console.log(`\nJupyterLab is ready: ${url}\nCtrl-C ends it.`);
  else if (!stop.asked) {
    stop.now();
    await ended;
    throw startFailure(log.lines);
  }
  const code = await ended;
  if (!stop.asked && code !== 0)
    throw cannot(
      'go on',
      'JupyterLab must keep running',
      `it ended (${code})`,
      `its last lines:\n${log.lines.slice(-12).join('\n')}`,
    );
  if (stop.asked) console.log('JupyterLab has ended.');
}

// First signal: SIGTERM, on which the server ends its kernels; no answer in time or a second signal: the whole group.
function stopper(server) {
  const state = { asked: false, now };
  function now() {
    if (server.exitCode !== null || server.signalCode !== null) return;
    if (state.asked) return kill();
    state.asked = true;
    server.kill('SIGTERM');
    setTimeout(kill, endWithin).unref();
  }
  function kill() {
    try {
      process.kill(-server.pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, now);
  return state;
}

// Warnings and errors are passed on, the rest only if asked for; the address is taken from the log, as Jupyter may choose the port.
function readLog(stream, showAll) {
  const lines = [];
  let shown = false;
  let found;
  const url = new Promise((resolve) => {
    found = resolve;
  });
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line);
    if (lines.length > 200) lines.shift();
    const level = /^\[([IWECD]) /.exec(line)?.[1];
    if (level) shown = level === 'W' || level === 'E';
    if (shown || showAll) process.stderr.write(`${line}\n`);
    const address = /https?:\/\/\S+\/lab\S*/.exec(line)?.[0];
    if (address) found(address);
  });
  return { lines, url };
}

// A certificate of the user's own making is none of our business: then the log's word is enough.
async function answers(url, ended) {
  if (!url.startsWith('http:')) return true;
  let over = false;
  ended.then(() => {
    over = true;
  });
  for (
    const start = performance.now();
    !over && performance.now() - start < readyWithin;
    await sleep(50)
  ) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response && response.status < 500) return true;
  }
  return false;
}

function startFailure(lines) {
  const text = lines.join('\n');
  const port = /port (\d+) is already in use/i.exec(text)?.[1];
  if (port) return portInUse(port);
  return cannot(
    action,
    'its server must answer',
    'no answer',
    `see what is wrong with: npm run doctor; its last lines:\n${lines.slice(-12).join('\n')}`,
  );
}

if (isMain(import.meta.url)) await runMain(() => start(process.argv.slice(2)));
