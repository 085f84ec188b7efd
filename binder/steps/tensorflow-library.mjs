import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { linkWhole, makeWhole, sweepPartials } from '../tools/atomic.mjs';
import { cannot } from '../tools/cannot.mjs';
import { requireRoom } from '../tools/disk.mjs';
import { withLock } from '../tools/lock.mjs';
import { runCommand } from '../tools/run-command.mjs';
import { unzip } from '../tools/unzip.mjs';
import { pipFailure, pipOptions } from './pip-failure.mjs';

// 270 MB of download, 850 MB unpacked, and as much again while it is stripped.
const neededGigabytes = 2;

/**
 * Give the folder in the cache that holds libtensorflow (`lib`) and its C headers (`include`); fetch it when absent.
 * @param wheel The pinned wheel, a value of `wheels`.
 * @param options `cache`, the folder for libraries; `python`, one with pip; `say`, for progress.
 */
export async function cachedLibrary(wheel, { cache, python, say = () => {} }) {
  const folder = folderOf(wheel, cache);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  return await withLock(
    join(cache, 'lock'),
    async () => {
      if (existsSync(folder)) return folder;
      await sweepPartials(cache);
      await requireRoom(
        'fetch the TensorFlow library',
        cache,
        neededGigabytes,
        'free some space, or move the cache to a larger disk: XDG_CACHE_HOME=/a/larger/disk npm start',
      );
      await makeWhole(folder, async (partial) => {
        const download = join(partial, 'download');
        await mkdir(download, { recursive: true });
        say(`downloading ${wheel.project} ${wheel.version} (about 270 MB)`);
        const archive = await downloadWheel(wheel, { folder: download, python, say });
        say('unpacking');
        await unpackWheel(wheel, archive, partial);
        await rm(download, { recursive: true });
        say('stripping');
        await strip(wheel, join(partial, 'lib'));
        await writeFile(join(partial, 'wheel.json'), `${JSON.stringify(wheel, null, 2)}\n`);
      });
      return folder;
    },
    (pid) => say(`waiting for another set-up (process ${pid})`),
  );
}

/** Whether the library has been fetched before. */
export function isCached(wheel, cache) {
  return existsSync(folderOf(wheel, cache));
}

// Complete as soon as it exists: it is filled under another name and renamed.
function folderOf(wheel, cache) {
  return join(cache, `${wheel.project}-${wheel.version}-${wheel.sha256.slice(0, 8)}`);
}

/** Download a wheel with pip, which knows the user's index, proxy and certificates; returns its path. */
export async function downloadWheel(wheel, { folder, python, say = () => {} }) {
  const action = 'download the TensorFlow library';
  const pinned = join(folder, 'requirements.txt');
  await writeFile(pinned, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const { code, output } = await runCommand(
    python,
    [
      ...['-m', 'pip', 'download', ...pipOptions],
      ...'--no-deps --no-cache-dir --require-hashes --only-binary :all:'.split(' '),
      ...'--implementation cp --python-version 3.11 --abi cp311 --platform'.split(' '),
      ...[wheel.platform, '-r', pinned, '-d', folder],
    ],
    {
      env: {
        PIP_RESUME_RETRIES: '5',
        PIP_DEFAULT_TIMEOUT: process.env.PIP_DEFAULT_TIMEOUT ?? '60',
      },
      onLine: (line) => /Downloading|Retrying|Resuming/.test(line) && say(line.trim()),
    },
  );
  if (code !== 0) throw pipFailure(action, output);
  const name = (await readdir(folder)).find((each) => each.endsWith('.whl'));
  if (!name) throw cannot(action, 'pip must leave a wheel', 'none', output);
  const archive = join(folder, name);
  // pip checks too; a second look costs half a second and covers a pip that takes hashes from its own settings.
  const found = await sha256(archive);
  if (found !== wheel.sha256)
    throw cannot(
      action,
      `the SHA-256 of ${name} must be ${wheel.sha256}`,
      found,
      'the file was deleted; run the command again',
    );
  return archive;
}

async function unpackWheel(wheel, archive, folder) {
  // The C API and what it includes; the C++ headers of the wheel are not needed.
  const header =
    /^tensorflow\/include\/((?:tensorflow\/c\/|xla\/tsl\/c\/|[\w/]*\/platform\/ctstring).*\.h)$/;
  const written = await unzip(archive, folder, (name) => {
    const library = wheel.libraries.find((each) => name === `tensorflow/${each}`);
    if (library) return `lib/${library}`;
    const match = header.exec(name);
    return match ? `include/${match[1]}` : undefined;
  });
  const missing = [
    ...wheel.libraries.map((name) => `lib/${name}`),
    'include/tensorflow/c/eager/c_api.h',
  ].filter((name) => !written.includes(name));
  if (missing.length > 0)
    throw cannot(
      'unpack the TensorFlow library',
      `the wheel must contain ${missing.join(', ')}`,
      `a wheel of ${written.length} wanted files without`,
      'report this: the pinned wheel has another layout than expected',
    );
}

// Debug symbols are a quarter of the size. Not on macOS, where it would break the code signature.
async function strip(wheel, folder) {
  if (process.platform !== 'linux') return;
  for (const name of wheel.libraries) {
    const path = join(folder, name);
    const stripped = `${path}.stripped`;
    const { code } = await runCommand('strip', ['--strip-unneeded', '-o', stripped, path]);
    if (code === 0) await rename(stripped, path);
    await rm(stripped, { force: true });
  }
}

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * Link the libraries to where the binding looks for them, `deps/lib` of the package.
 * @param paths Absolute paths of the libraries.
 * @param packageFolder The folder of `@tensorflow/tfjs-node`.
 */
export async function linkLibraries(paths, packageFolder) {
  for (const path of paths)
    await linkWhole(path, join(packageFolder, 'deps', 'lib', path.split('/').at(-1)));
}
