import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeSnapshot, snapshotFile } from '../compiler/snapshot.js';

export const defaultName = 'causalmixft';
const defaultTitle = 'TypeScript (CausalMixFT)';
const mainFile = fileURLToPath(new URL('../main.js', import.meta.url));
const templates = fileURLToPath(new URL('../../kernelspec', import.meta.url));

export interface InstallOptions {
  readonly folder: string;
  readonly name: string;
  readonly title: string;
}

/** Write the kernelspec so that Jupyter finds the kernel. */
export function install(args: readonly string[]): void {
  const { folder, title } = readOptions(args);
  mkdirSync(folder, { recursive: true });
  for (const logo of ['logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']) {
    cpSync(join(templates, logo), join(folder, logo));
  }
  writeFileSync(join(folder, 'kernel.json'), `${JSON.stringify(kernelspec(title), null, 2)}\n`);
  process.stdout.write(`Installed the kernel in ${folder}\n`);
  try {
    if (!existsSync(snapshotFile())) makeSnapshot();
  } catch {
    // Starts take a second longer; the first kernel tries again.
  }
  const known = jupyterFolders();
  const isSeen = known?.some((data) => folder.startsWith(`${resolve(data)}/`));
  process.stdout.write(
    known === undefined || isSeen
      ? 'Start `jupyter lab` and choose the notebook kernel "TypeScript (CausalMixFT)".\n'
      : `The jupyter on the path does not look there: set JUPYTER_PATH=${resolve(folder, '../..')} or use --sys-prefix.\n`,
  );
}

/** Remove the kernelspec again. */
export function uninstall(args: readonly string[]): void {
  const { folder } = readOptions(args);
  if (!existsSync(join(folder, 'kernel.json'))) {
    process.stdout.write(`No kernel is installed in ${folder}\n`);
    return;
  }
  rmSync(folder, { recursive: true });
  process.stdout.write(`Removed ${folder}\n`);
}

/** The kernelspec: the Node that installs it is the Node that runs it. */
export function kernelspec(title: string = defaultTitle): object {
  return {
    argv: [process.execPath, mainFile, 'run', '--connection-file', '{connection_file}'],
    display_name: title,
    language: 'typescript',
    interrupt_mode: 'message',
    kernel_protocol_version: '5.5',
    env: {},
    metadata: { debugger: false },
  };
}

function readOptions(args: readonly string[]): InstallOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      user: { type: 'boolean' },
      'sys-prefix': { type: 'boolean' },
      prefix: { type: 'string' },
      name: { type: 'string', default: defaultName },
      'display-name': { type: 'string', default: defaultTitle },
    },
  });
  const name = values.name ?? defaultName;
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    throw new RangeError(
      `Cannot install the kernel as its name may have letters, digits, ".", "_" and "-" only: current value is "${name}"`,
    );
  }
  const data = dataFolder(values.prefix, values['sys-prefix'], values.user);
  return {
    folder: join(data, 'kernels', name),
    name,
    title: values['display-name'] ?? defaultTitle,
  };
}

function dataFolder(prefix?: string, sysPrefix?: boolean, user?: boolean): string {
  if (prefix !== undefined) return resolve(prefix, 'share/jupyter');
  if (sysPrefix) {
    const active = process.env.VIRTUAL_ENV ?? process.env.CONDA_PREFIX ?? pythonPrefix();
    if (!active) {
      throw new Error(
        'Cannot install with --sys-prefix as no virtual environment is active; activate one, or name it with --prefix',
      );
    }
    return join(active, 'share/jupyter');
  }
  const own = userFolder();
  if (user) return own;
  const active = process.env.VIRTUAL_ENV ?? process.env.CONDA_PREFIX;
  return active ? join(active, 'share/jupyter') : own;
}

function userFolder(): string {
  if (process.env.JUPYTER_DATA_DIR) return process.env.JUPYTER_DATA_DIR;
  if (process.platform === 'darwin') return join(homedir(), 'Library/Jupyter');
  if (process.platform === 'win32') return join(process.env.APPDATA ?? homedir(), 'jupyter');
  return join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'jupyter');
}

function pythonPrefix(): string | undefined {
  return ask('python3', [
    '-c',
    'import sys; print(sys.prefix if sys.prefix != sys.base_prefix else "")',
  ]);
}

/** Folders where the `jupyter` on the path looks for kernels; `undefined` without one. */
export function jupyterFolders(): string[] | undefined {
  const answer = ask('jupyter', ['--paths', '--json']);
  try {
    return answer ? (JSON.parse(answer) as { data: string[] }).data : undefined;
  } catch {
    return undefined;
  }
}

function ask(command: string, args: string[]): string | undefined {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return (
      execFileSync(command, args, { encoding: 'utf8', stdio, timeout: 20_000 }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
