import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { defaultName, jupyterFolders } from './install.js';

/** What was found about one thing. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const require = createRequire(import.meta.url);

/** Check what the kernel needs; prints a line per check. Returns the exit code. */
export async function doctor(args: readonly string[]): Promise<number> {
  const checks: Check[] = [];
  for (const check of [
    node,
    zeromq,
    compiler,
    library,
    engine,
    kernelspec,
    labExtension,
    writing,
    memory,
  ]) {
    checks.push(await attempt(check));
  }
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
  else for (const check of checks) process.stdout.write(line(check));
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

function line({ name, ok, found, remedy }: Check): string {
  return `${ok ? 'ok  ' : 'FAIL'} ${name}: ${found}\n${remedy ? `     → ${remedy}\n` : ''}`;
}

async function attempt(check: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { name: check.name, ok: false, found: (error as Error).message.split('\n')[0]! };
  }
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  const found = `${process.version} on ${process.platform}-${process.arch}`;
  return { name: 'Node', ok, found, ...(ok ? {} : { remedy: 'install Node 20.19 or later' }) };
}

async function zeromq(): Promise<Check> {
  try {
    const { version } = await import('zeromq');
    return { name: 'ZeroMQ', ok: true, found: `libzmq ${version}, prebuilt addon loaded` };
  } catch (error) {
    return {
      name: 'ZeroMQ',
      ok: false,
      found: (error as Error).message.split('\n')[0]!,
      remedy: `there is no prebuilt addon for ${process.platform}-${process.arch}: run npm rebuild zeromq with CMake and a C++ compiler installed`,
    };
  }
}

/** Compile a cell that only works when our options and transformers took effect. */
async function compiler(): Promise<Check> {
  const { version } = require('tslab/package.json') as { version: string };
  const { createCompiler } = await import('../compiler/compiler.js');
  const { findPlaces } = await import('../compiler/find-places.js');
  const made = createCompiler({ places: findPlaces() });
  const first = made.compile(1, 'let n: number = 1; const get = () => n; console.log(n)', 'error');
  if (first.ok) made.commit(first.compiled);
  const second = made.compile(2, 'n = await (Promise.resolve(2)); ({ n })', 'error');
  const wrong = made.compile(3, "n = 'text'", 'error');
  const ok = first.ok && second.ok && !wrong.ok && second.compiled.scopes[0] === 1;
  return {
    name: 'Compiler',
    ok,
    found: ok
      ? `tslab ${version}, TypeScript ${made.ts.version}, steered`
      : `tslab ${version} does not take our options`,
    ...(ok ? {} : { remedy: 'install tslab 1.0.22 exactly' }),
  };
}

async function library(): Promise<Check> {
  try {
    const { version } = require('causalmixft/package.json') as { version: string };
    await import('causalmixft');
    return { name: 'Library', ok: true, found: `causalmixft ${version}` };
  } catch (error) {
    return {
      name: 'Library',
      ok: false,
      found: (error as Error).message.split('\n')[0]!,
      remedy: 'build it with npm run build in the root of the repository',
    };
  }
}

/** Only whether the addon is there: loading it takes a second and 300 MB. */
function engine(): Check {
  const folder = join(require.resolve('causalmixft/package.json'), '..');
  const own = createRequire(join(folder, 'package.json'));
  try {
    const home = join(own.resolve('@tensorflow/tfjs-node/package.json'), '..', 'lib');
    const addons = existsSync(home)
      ? readdirSync(home).filter((name) => existsSync(join(home, name, 'tfjs_binding.node')))
      : [];
    if (addons.length > 0)
      return { name: 'Tensors', ok: true, found: `TensorFlow addon (${addons.join(', ')})` };
  } catch {
    // Reported below.
  }
  return {
    name: 'Tensors',
    ok: true,
    found: 'no TensorFlow addon: the slower WebAssembly backend is used',
    remedy: 'run npm run setup in the repository',
  };
}

interface Found {
  readonly folder: string;
  readonly node: string;
  readonly script: string;
}

function kernelspec(): Check {
  const name = 'Kernelspec';
  const folders = jupyterFolders();
  if (!folders) {
    return {
      name,
      ok: true,
      found: 'no jupyter on the path to ask',
      remedy: 'activate the environment of JupyterLab to have this checked',
    };
  }
  const found = folders.flatMap((data): Found[] => {
    const folder = join(data, 'kernels', defaultName);
    try {
      const { argv } = JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8')) as {
        argv: string[];
      };
      return [{ folder, node: argv[0] ?? '', script: argv[1] ?? '' }];
    } catch {
      return [];
    }
  });
  const [wins, ...hidden] = found;
  if (!wins) {
    return {
      name,
      ok: false,
      found: 'Jupyter sees no kernel of this name',
      remedy: 'run causalmixft-kernel install --sys-prefix',
    };
  }
  const missing = [wins.node, wins.script].find((path) => !existsSync(path));
  const also = hidden.length > 0 ? `; hides ${hidden.map(({ folder }) => folder).join(', ')}` : '';
  return {
    name,
    ok: !missing,
    found: missing
      ? `${wins.folder} points at ${missing}, which is not there`
      : `${wins.folder}${also}`,
    ...(missing ? { remedy: 'install the kernel again' } : {}),
  };
}

function labExtension(): Check {
  const folders = jupyterFolders() ?? [];
  const found = folders
    .map((data) => join(data, 'labextensions/@causalmixft/lab'))
    .find((path) => existsSync(path));
  return {
    name: 'Lab extension',
    ok: true,
    found: found ?? 'not found: graphs are shown as still pictures',
    ...(found ? {} : { remedy: 'run npm run setup in the repository' }),
  };
}

function writing(): Check {
  const folder = mkdtempSync(join(tmpdir(), 'causalmixft-doctor-'));
  accessSync(folder, constants.W_OK);
  rmSync(folder, { recursive: true });
  accessSync(process.cwd(), constants.R_OK);
  return { name: 'Files', ok: true, found: `${tmpdir()} can be written` };
}

function memory(): Check {
  const limit = cgroupLimit();
  const total = Math.min(totalmem(), limit ?? Infinity) / 2 ** 20;
  const ok = total >= 1_000;
  return {
    name: 'Memory',
    ok,
    found: `${Math.round(total)} MB${limit ? ' (limit of the container)' : ''}, ${Math.round(freemem() / 2 ** 20)} MB free`,
    ...(ok ? {} : { remedy: 'the kernel needs about 250 MB, fine-tuning about 1 GB more' }),
  };
}

function cgroupLimit(): number | undefined {
  try {
    const value = Number(readFileSync('/sys/fs/cgroup/memory.max', 'utf8'));
    return Number.isFinite(value) && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
