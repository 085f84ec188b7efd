import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cannot } from '../tools/cannot.mjs';
import { root } from '../tools/places.mjs';
import { runCommand, tail } from '../tools/run-command.mjs';
import { hashOf, readStamp, removeStamp, writeStamp } from '../tools/stamp.mjs';
import { isOlder } from '../tools/versions.mjs';
import { pipFailure, pipOptions } from './pip-failure.mjs';

const oldest = '3.10';
const oldestLab = '4.0';
const action = 'set up JupyterLab';
const requirements = join(root, 'binder', 'requirements.txt');

/** The folder of a Python environment's programs. */
export function pythonOf(prefix) {
  const python = join(prefix, 'bin', 'python');
  return existsSync(python) ? python : join(prefix, 'bin', 'python3');
}

/**
 * A Python environment with JupyterLab: our own `.venv`, or the one that the user named.
 *
 * In a named one, packages that are there stay as they are; only missing ones are added.
 */
export const python = {
  key: 'python',
  name: 'Python, JupyterLab',
  inputs: ({ prefix }) => hashOf(prefix, { path: requirements }),
  isWhole: ({ prefix }) => existsSync(pythonOf(prefix)),
  async run({ prefix, ownPrefix, say }) {
    if (ownPrefix) await makeEnvironment(prefix, say);
    else if (!existsSync(pythonOf(prefix)))
      throw cannot(
        'install into the Python environment',
        'the folder must have bin/python',
        `${prefix} without it`,
        'name the folder that "python -c \'import sys; print(sys.prefix)\'" prints',
      );
    const found = await versionsIn(pythonOf(prefix));
    const wanted = await pins();
    const missing = wanted.filter(({ name, version }) =>
      ownPrefix ? found.packages[name] !== version : found.packages[name] === undefined,
    );
    if (missing.length > 0) {
      say(`installing ${missing.map(({ name }) => name).join(', ')}`);
      await install(pythonOf(prefix), missing, say);
    }
    const { python: version, packages } = await versionsIn(pythonOf(prefix));
    if (isOlder(packages.jupyterlab, oldestLab))
      throw cannot(
        'install into the Python environment',
        `its JupyterLab must be ${oldestLab} or later`,
        packages.jupyterlab,
        'upgrade it (pip install -U jupyterlab), or leave --prefix out to get an environment of its own',
      );
    return `Python ${version}, JupyterLab ${packages.jupyterlab}`;
  },
};

// The stamp "venv" stands while the environment is being made: one that an interruption left is made anew.
async function makeEnvironment(prefix, say) {
  const begun = await readStamp('venv');
  if (begun) await rm(prefix, { recursive: true, force: true });
  if (existsSync(pythonOf(prefix))) {
    if ((await runCommand(pythonOf(prefix), ['-m', 'pip', '--version'])).code === 0) return;
    throw cannot(
      action,
      'the environment in .venv must have a working pip',
      'one that does not run',
      'delete the folder .venv and run the command again',
    );
  }
  const command = await findPython();
  say(`making .venv with ${command}`);
  await writeStamp('venv', { begun: true });
  const { code, output } = await runCommand(command, ['-m', 'venv', prefix]);
  if (code !== 0) {
    await rm(prefix, { recursive: true, force: true });
    throw /ensurepip|No module named '?venv/.test(output)
      ? noVenv(command)
      : cannot(
          action,
          `"${command} -m venv .venv" must succeed`,
          `exit code ${code}`,
          tail(output),
        );
  }
  await removeStamp('venv');
}

/** The first Python on the PATH that is new enough; `CAUSALMIXFT_PYTHON` names one. */
export async function findPython() {
  const own = process.env.CAUSALMIXFT_PYTHON;
  const names = own
    ? [own]
    : ['python3', 'python', ...[14, 13, 12, 11, 10].map((minor) => `python3.${minor}`)];
  const tooOld = [];
  for (const name of names) {
    const { code, output } = await runCommand(name, [
      '-c',
      'import sys; print("%d.%d.%d" % sys.version_info[:3])',
    ]);
    const version = output.trim();
    if (code !== 0 || !/^\d+\.\d+\.\d+$/.test(version)) continue;
    if (!isOlder(version, oldest)) return name;
    tooOld.push(`${version} (${name})`);
  }
  throw cannot(
    action,
    `Python ${oldest} or later must be ${own ? 'what CAUSALMIXFT_PYTHON names' : 'on the PATH'}`,
    tooOld.length > 0 ? tooOld.join(', ') : own ? `${own}, which does not run` : 'no Python',
    `${pythonRemedy()}; another one is named by CAUSALMIXFT_PYTHON=/path/python3 npm start`,
  );
}

function pythonRemedy() {
  if (process.platform === 'darwin')
    return 'brew install python, or https://www.python.org/downloads';
  if (existsSync('/etc/debian_version')) return 'sudo apt-get install python3 python3-venv';
  if (existsSync('/etc/redhat-release')) return 'sudo dnf install python3.12';
  return "install it with the system's package manager, or from https://www.python.org/downloads";
}

function noVenv(command) {
  return cannot(
    action,
    `${command} must have the modules venv and ensurepip`,
    'a Python without them',
    existsSync('/etc/debian_version')
      ? 'sudo apt-get install python3-venv, then run the command again'
      : "install the system's package for Python's venv, then run the command again",
  );
}

/** The version of a Python and of the packages in it. */
export async function versionsIn(command) {
  const program = [
    'import json, sys',
    'from importlib.metadata import distributions',
    'names = {(d.metadata["Name"] or "").lower().replace("_", "-"): d.version for d in distributions()}',
    'print(json.dumps({"python": "%d.%d.%d" % sys.version_info[:3], "packages": names}))',
  ].join('\n');
  const { code, output } = await runCommand(command, ['-c', program]);
  if (code !== 0) throw cannot(action, `${command} must run`, `exit code ${code}`, tail(output));
  return JSON.parse(output.trim().split('\n').at(-1));
}

async function pins() {
  const lines = (await readFile(requirements, 'utf8')).split('\n');
  return lines
    .map((line) => /^([\w.-]+)==([\w.]+)/.exec(line))
    .filter((match) => match !== null)
    .map(([line, name, version]) => ({
      line,
      name: name.toLowerCase().replaceAll('_', '-'),
      version,
    }));
}

async function install(command, packages, say) {
  const { code, output } = await runCommand(
    command,
    [...['-m', 'pip', 'install', ...pipOptions], ...packages.map(({ line }) => line)],
    { onLine: (line) => /^(Collecting|Installing)/.test(line) && say(line.slice(0, 60)) },
  );
  if (code !== 0) throw pipFailure('install JupyterLab', output);
}
