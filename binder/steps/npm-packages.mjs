import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { requireRoom } from '../tools/disk.mjs';
import { root } from '../tools/places.mjs';
import { runCommand } from '../tools/run-command.mjs';
import { npmFailure } from './npm-failure.mjs';

// node_modules, .venv and the extension's node_modules together.
const neededGigabytes = 1.5;

/** The packages of the root and of the kernel, as the lockfile has them. */
export const npmPackages = {
  name: 'npm packages',
  async run({ say }) {
    return await installPackages(root, say, neededGigabytes);
  },
};

/**
 * Install a project's locked packages, without their install scripts, unless they are there.
 * @param folder The project's folder.
 * @param say Called with what is going on.
 * @param needed Room on the disk that must be left, in GB.
 */
export async function installPackages(folder, say = () => {}, needed = 0.4) {
  if (await isInstalled(folder)) return 'there already';
  const action = `install the npm packages of ${folder}`;
  await requireRoom(action, folder, needed, 'free some space and run the command again');
  say('npm ci');
  const { code, output } = await runNpm(
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    folder,
  );
  if (code === 0 && !unpackFailure.test(output)) return 'installed';
  // npm writes its list and ends well even where files could not be written: it must not be believed next time.
  await rm(join(folder, 'node_modules', '.package-lock.json'), { force: true });
  throw npmFailure(action, output);
}

const unpackFailure = /TAR_ENTRY_ERROR/;

/**
 * Run npm in a folder, with the Node that runs us.
 *
 * `--prefix` is said again as npm passes the outer project's on to what it starts.
 */
export function runNpm(args, folder) {
  const cli = process.env.npm_execpath;
  const own = cli && basename(cli) === 'npm-cli.js' && existsSync(cli);
  const all = [...args, '--prefix', folder];
  return own
    ? runCommand(process.execPath, [cli, ...all], { cwd: folder })
    : runCommand('npm', all, { cwd: folder });
}

/**
 * Whether node_modules has what the lockfile asks for: npm keeps the list of what it installed in
 * node_modules/.package-lock.json, and writes it last.
 */
export async function isInstalled(folder) {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8').catch(() => '{}');
      return JSON.parse(text).packages ?? {};
    }),
  );
  const names = Object.keys(wanted).filter((name) => name !== '');
  return (
    names.length > 0 &&
    names.every((name) => {
      const entry = wanted[name];
      if (entry.optional && !isForHere(entry)) return true;
      const found = installed[name];
      return (
        found !== undefined &&
        found.version === entry.version &&
        found.integrity === entry.integrity &&
        existsSync(join(folder, name, 'package.json'))
      );
    })
  );
}

// Packages with native code name the systems they are for, and npm leaves the others out; optional ones that name
// none belong to one of those.
function isForHere({ os, cpu, libc }) {
  if (!os && !cpu) return false;
  const report = process.platform === 'linux' ? process.report.getReport().header : {};
  const here = report.glibcVersionRuntime ? 'glibc' : 'musl';
  return (
    matches(os, process.platform) &&
    matches(cpu, process.arch) &&
    (process.platform !== 'linux' || matches(libc, here))
  );
}

function matches(list, value) {
  if (!list) return true;
  if (list.includes(`!${value}`)) return false;
  const allowed = list.filter((each) => !each.startsWith('!'));
  return allowed.length === 0 || allowed.includes(value);
}
