import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binder = fileURLToPath(new URL('../../binder', import.meta.url));

/** What a program printed, both streams together, and how it ended. */
export interface Run {
  readonly code: number | null;
  readonly output: string;
}

/**
 * A repository in miniature around the real `binder/`: the set-up runs as it is, but the compiler, Python and
 * TensorFlow that it meets are stand-ins of a few lines.
 */
export interface Miniature {
  readonly root: string;
  /** A folder of programs, first on the PATH. */
  readonly programs: string;
  /** Write a file below the root; with `executable`, one that can be run. */
  write(path: string, text: string, executable?: boolean): void;
  /** Run `binder/<script>` there; the PATH has the stand-ins, and the system's programs if `system` is true. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  remove(): void;
}

/** How to run a script in a miniature. */
export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly system?: boolean;
  /** Called with the output so far, each time that there is more. */
  readonly onOutput?: (output: string, pid: number) => void;
}

// The parts of a venv's Python that set-up talks to. `delay` is where a test can interrupt it.
const python = `#!/bin/sh
root="$(cd "$(dirname "$0")/../.." && pwd)"
case "$*" in
  *version_info*packages*) echo '{"python": "3.12.0", "packages": {"jupyterlab": "4.6.4", "nbclient": "0.11.0", "jupyter-kernel-test": "0.7.0"}}' ;;
  *version_info*) echo 3.12.0 ;;
  *"-m venv"*) mkdir -p "$3/bin"; [ -z "$SLOW_VENV" ] || { echo venv > "$SLOW_VENV"; sleep 20; }; cp "$0" "$3/bin/python" ;;
  *"-m pip --version"*) echo pip ;;
  *kernelspec*) printf '{"kernelspecs": {"causalmixft": {"resource_dir": "%s"}}}' "$root/.venv/share/jupyter/kernels/causalmixft" ;;
  *labextension*) echo "@causalmixft/lab v0.1.0 enabled OK" ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
`;

const tsc = `
const { copyFileSync, existsSync, mkdirSync, writeFileSync } = require('node:fs');
const folder = process.argv[3];
mkdirSync(folder + '/dist', { recursive: true });
writeFileSync(folder + '/dist/.tsbuildinfo', '');
for (const name of ['index', 'main'])
  if (existsSync(folder + '/src/' + name + '.ts'))
    copyFileSync(folder + '/src/' + name + '.ts', folder + '/dist/' + name + '.js');
`;

const kernel = `
import { mkdirSync, writeFileSync } from 'node:fs';
const folder = process.argv[4] + '/share/jupyter/kernels/causalmixft';
mkdirSync(folder, { recursive: true });
writeFileSync(folder + '/kernel.json', JSON.stringify({ argv: [process.execPath, '{connection_file}'] }));
`;

const labBuild = `
import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('out', { recursive: true });
writeFileSync('out/package.json', '{}');
`;

// Enough of TensorFlow.js for the WebAssembly check.
const tensors = `
exports.tensor2d = (rows) => rows;
exports.matMul = () => ({ array: async () => [[19, 22], [43, 50]] });
exports.getBackend = () => 'wasm';
exports.setBackend = async () => true;
`;

/** Make a repository in miniature in a temporary folder. */
export function miniature(): Miniature {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'causalmixft-tree-')));
  const programs = join(root, 'programs');
  const write = (path: string, text: string, executable = false): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (executable) chmodSync(join(root, path), 0o755);
  };
  cpSync(binder, join(root, 'binder'), { recursive: true });
  const packages = JSON.stringify({
    packages: { 'node_modules/typescript': { version: '1.0.0' } },
  });
  for (const folder of ['', 'lab-extension/']) {
    write(`${folder}package-lock.json`, packages);
    write(`${folder}node_modules/.package-lock.json`, packages);
    write(`${folder}node_modules/typescript/package.json`, '{}');
  }
  write('package.json', '{"name": "causalmixft", "type": "module", "exports": "./dist/index.js"}');
  write('node_modules/typescript/bin/tsc', tsc);
  write('node_modules/@tensorflow/tfjs-core/index.js', tensors);
  write('node_modules/@tensorflow/tfjs-backend-wasm/index.js', '');
  write('src/index.ts', '');
  write('kernel-ext/src/main.ts', kernel);
  write('kernel-ext/package.json', '{"type": "module"}');
  write(
    'lab-extension/package.json',
    '{"name": "@causalmixft/lab", "scripts": {"build": "node build.mjs"}, "jupyterlab": {"outputDir": "out"}}',
  );
  write('lab-extension/build.mjs', labBuild);
  write('lab-extension/install.json', '{}');
  write('programs/python3', python, true);
  symlinkSync(process.execPath, join(programs, 'node'));
  for (const name of ['sh', 'dirname', 'mkdir', 'cp', 'sleep', 'npm']) {
    const path = onPath(name);
    if (path) symlinkSync(realpathSync(path), join(programs, name));
  }
  return {
    root,
    programs,
    write,
    run: (args, options) => run(root, programs, args, options),
    remove: () => rmSync(root, { recursive: true }),
  };
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

function run(
  root: string,
  programs: string,
  [script, ...args]: readonly string[],
  { env = {}, system = false, onOutput }: RunOptions = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'binder', script ?? ''), ...args], {
      cwd: root,
      env: {
        HOME: root,
        PATH: system ? `${programs}${delimiter}${process.env.PATH}` : programs,
        XDG_CACHE_HOME: join(root, 'cache'),
        ...env,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        onOutput?.(output, child.pid ?? 0);
      });
    child.once('close', (code) => resolve({ code, output }));
  });
}
