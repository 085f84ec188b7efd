// Chromium, which the browser tests drive. Nothing else needs it.
import { existsSync } from 'node:fs';
import { cannot } from './tools/cannot.mjs';
import { runCommand, tail } from './tools/run-command.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const onMac = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of a Chromium that runs, and its version; `undefined` when there is none. CHROMIUM_PATH names one. */
export async function findChromium() {
  const own = process.env.CHROMIUM_PATH;
  for (const command of own ? [own] : [...names.map(onPath), ...onMac]) {
    if (!command || !existsSync(command)) continue;
    // Ubuntu's chromium-browser is a script that asks for snap: only an answer counts.
    const { code, output } = await runCommand(command, ['--version', '--no-sandbox']);
    const version = /\d+(?:\.\d+)+/.exec(output)?.[0];
    if (code === 0 && version) return { path: command, version };
  }
  return undefined;
}

/** Find Chromium; install it where we may: as root on Debian and its like. */
export async function ensureChromium(say = console.log) {
  const found = await findChromium();
  if (found) return found;
  const action = 'run the browser tests';
  if (process.env.CHROMIUM_PATH)
    throw cannot(
      action,
      'CHROMIUM_PATH must name a Chromium that runs',
      process.env.CHROMIUM_PATH,
      "correct it, or unset it to let the system's Chromium be found",
    );
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0)
    throw cannot(action, 'Chromium must be installed', 'none', chromiumRemedy());
  say('Installing Chromium for the browser tests (apt-get install chromium) …');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const update = await runCommand('apt-get', ['update', '-q'], { env });
  const { code, output } = await runCommand(
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', 'chromium'],
    { env },
  );
  const installed = code === 0 && (await findChromium());
  if (installed) return installed;
  throw cannot(
    action,
    '"apt-get install chromium" must succeed',
    `exit code ${code}`,
    `${chromiumRemedy()}; its last lines:\n${tail(update.code === 0 ? output : update.output + output)}`,
  );
}

/** What to type to get Chromium here. */
export function chromiumRemedy() {
  const command =
    process.platform === 'darwin'
      ? 'brew install --cask chromium'
      : existsSync('/etc/debian_version')
        ? 'sudo apt-get install chromium'
        : "install chromium with the system's package manager";
  return `${command}, or name one: CHROMIUM_PATH=/path/to/chrome npm test`;
}

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path));
}
