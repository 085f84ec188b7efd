// What must hold for causalmixft to work. Each check gives what it found, or throws.
import { constants, existsSync } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromiumRemedy, findChromium } from './chromium.mjs';
import { extensionIn, kernelspecIn } from './steps/install.mjs';
import { labOutput } from './steps/lab-extension.mjs';
import { requireNode } from './steps/node.mjs';
import { isInstalled } from './steps/npm-packages.mjs';
import { pythonOf, versionsIn } from './steps/python.mjs';
import { compilerRemedy, hasNative } from './steps/tensorflow.mjs';
import { checkNative, checkWasm } from './steps/tensorflow-check.mjs';
import { freeGigabytes } from './tools/disk.mjs';
import { jupyterEnvironment } from './tools/jupyter.mjs';
import { cacheFolder, root } from './tools/places.mjs';
import { runCommand, tail } from './tools/run-command.mjs';
import { isOlder } from './tools/versions.mjs';

const again = 'npm run setup';

class Finding extends Error {
  constructor(found, remedy, status = 'failed') {
    super(found);
    this.remedy = remedy;
    this.status = status;
  }
}

/**
 * Run all checks.
 * @param prefix The Python environment.
 * @param options `forTests`: also what only the tests need; `onStart`, called with each name.
 * @returns `{ name, status: 'ok' | 'note' | 'failed', found, remedy? }` each.
 */
export async function runChecks(prefix, { forTests = true, onStart = () => {} } = {}) {
  const results = [];
  for (const [name, check] of Object.entries({ ...checks, ...(forTests && testChecks) })) {
    onStart(name);
    try {
      results.push({ name, status: 'ok', found: await check(prefix) });
    } catch (error) {
      // An error of set-up has the way out in its further lines.
      const [found, ...ways] = error.message.split('\n');
      const remedy = error.remedy ?? (ways.map((way) => way.trim()).join('\n') || again);
      results.push({ name, status: error.status ?? 'failed', found, remedy });
    }
  }
  return results;
}

const checks = {
  Node() {
    requireNode(process.versions.node);
    return `${process.versions.node} (${process.execPath})`;
  },

  async 'npm packages'() {
    if (await isInstalled(root)) return 'as in package-lock.json';
    throw new Finding('node_modules is not what package-lock.json asks for', again);
  },

  async Python(prefix) {
    if (!existsSync(pythonOf(prefix))) throw new Finding(`no Python in ${prefix}`, again);
    const { python } = await versionsIn(pythonOf(prefix));
    if (isOlder(python, '3.10'))
      throw new Finding(
        `Python ${python} in ${prefix}; 3.10 or later is needed`,
        `delete ${prefix}, install a newer Python, then ${again}`,
      );
    return `${python} (${prefix})`;
  },

  async JupyterLab(prefix) {
    const { packages } = await versionsIn(pythonOf(prefix));
    if (!packages.jupyterlab) throw new Finding(`no JupyterLab in ${prefix}`, again);
    return packages.jupyterlab;
  },

  async TensorFlow() {
    if (await hasNative()) return `native, version ${(await checkNative()).version}`;
    await checkWasm();
    throw new Finding(
      'WebAssembly: everything works, training is many times slower',
      compilerRemedy(),
      'note',
    );
  },

  async library() {
    if (!existsSync(join(root, 'dist', 'index.js')))
      throw new Finding('dist/index.js is absent', again);
    const program =
      "import('causalmixft').then((library) => console.log(Object.keys(library).length))";
    const { code, output } = await runCommand(process.execPath, ['-e', program], { cwd: root });
    if (code !== 0) throw new Finding(`it does not load: ${tail(output, 6)}`, again);
    return `loads, ${output.trim().split('\n').at(-1)} exports`;
  },

  async kernel(prefix) {
    const own = kernelspecIn(prefix);
    if (!existsSync(own)) throw new Finding(`no kernelspec at ${own}`, again);
    const { argv } = JSON.parse(await readFile(own, 'utf8'));
    const absent = argv.filter((word) => word.startsWith('/')).find((path) => !existsSync(path));
    if (absent) throw new Finding(`the kernelspec names ${absent}, which does not exist`, again);
    const { code, output } = await jupyter(prefix, 'kernelspec', 'list', '--json');
    if (code !== 0)
      throw new Finding(`"jupyter kernelspec list" failed: ${tail(output, 3)}`, again);
    const specs = JSON.parse(output.slice(output.indexOf('{'))).kernelspecs;
    const seen = specs.causalmixft?.resource_dir;
    if (seen !== join(own, '..'))
      throw new Finding(
        `Jupyter takes the kernelspec of ${seen ?? 'nowhere'}, not the one of ${prefix}`,
        seen ? `delete ${seen}` : again,
      );
    return `found by Jupyter, Node ${argv[0]}`;
  },

  async 'lab extension'(prefix) {
    const folder = await extensionIn(prefix);
    if (!existsSync(join(folder, 'package.json'))) throw new Finding(`nothing at ${folder}`, again);
    const { name } = await labOutput();
    const { output } = await jupyter(prefix, 'labextension', 'list');
    const line = output.split('\n').find((each) => each.includes(name));
    if (!line || !/enabled/i.test(line) || !/OK/.test(line))
      throw new Finding(`JupyterLab says: ${line?.trim() ?? `${name} is absent`}`, again);
    return 'enabled, OK';
  },

  async disk() {
    await mkdir(cacheFolder, { recursive: true });
    const rooms = await Promise.all(
      [root, cacheFolder].map(async (folder) => [await freeGigabytes(folder), folder]),
    );
    const [least, folder] = rooms.sort(([a], [b]) => a - b)[0];
    if (least < 1)
      throw new Finding(`${least.toFixed(1)} GB free in ${folder}`, 'free at least 1 GB');
    return `${least.toFixed(0)} GB free`;
  },

  async 'write access'(prefix) {
    for (const folder of [root, cacheFolder, prefix])
      await access(folder, constants.W_OK).catch(() => {
        throw new Finding(
          `${folder} is not writable`,
          `ls -ld ${folder} shows its owner; work in a clone that belongs to you`,
        );
      });
    return 'clone, cache and environment';
  },
};

const testChecks = {
  async 'Chromium (for tests)'() {
    const found = await findChromium();
    if (!found)
      throw new Finding(
        'none: the browser tests cannot run, all else can',
        chromiumRemedy(),
        'note',
      );
    return `${found.version} (${found.path})`;
  },
};

/** Run a Jupyter command of an environment as JupyterLab itself will see things when started by us. */
function jupyter(prefix, ...args) {
  return runCommand(pythonOf(prefix), ['-m', 'jupyter', ...args], {
    env: jupyterEnvironment(prefix),
  });
}
