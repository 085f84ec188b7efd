import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { givenLibrary } from '../../binder/steps/tensorflow.mjs';
import { cachedLibrary } from '../../binder/steps/tensorflow-library.mjs';
import { runCommand } from '../../binder/tools/run-command.mjs';
import { zip } from './zip.js';

// A wheel of a few bytes with the layout of the real one, offered to the real pip by a local folder.
const files = {
  'tensorflow/libtensorflow_cc.so.2': 'the library',
  'tensorflow/libtensorflow_framework.so.2': 'the framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// c_api',
  'tensorflow/include/tensorflow/c/eager/c_api.h': '// eager',
  'tensorflow/include/tensorflow/core/platform/ctstring.h': '// strings',
  'tensorflow/include/tensorflow/core/framework/tensor.h': '// not wanted',
  'tensorflow_cpu-2.21.0.dist-info/METADATA':
    'Metadata-Version: 2.1\nName: tensorflow-cpu\nVersion: 2.21.0\n',
  'tensorflow_cpu-2.21.0.dist-info/WHEEL':
    'Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux_2_27_x86_64\n',
  'tensorflow_cpu-2.21.0.dist-info/RECORD': '',
};
const fileName = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';
const bytes = zip(files);
const wheel = {
  project: 'tensorflow-cpu',
  version: '2.21.0',
  platform: 'manylinux_2_27_x86_64',
  sha256: createHash('sha256').update(bytes).digest('hex'),
  libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
};

const ownPython = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const python = existsSync(ownPython) ? ownPython : 'python3';

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causalmixft-wheel-'));
  cache = join(folder, 'cache');
  mkdirSync(join(folder, 'index'));
  vi.stubEnv('PIP_NO_INDEX', '1');
  vi.stubEnv('PIP_FIND_LINKS', join(folder, 'index'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function offer(content: Buffer): void {
  writeFileSync(join(folder, 'index', fileName), content);
}

function fetchLibrary(): Promise<string> {
  return cachedLibrary(wheel, { cache, python, say: () => {} });
}

describe('the TensorFlow library', () => {
  it('is taken from the pinned wheel: the libraries and the C headers, nothing else', async () => {
    offer(bytes);
    const library = await fetchLibrary();
    expect(readdirSync(library).sort()).toEqual(['include', 'lib', 'wheel.json']);
    expect(readFileSync(join(library, 'lib/libtensorflow_cc.so.2'), 'utf8')).toBe('the library');
    expect(existsSync(join(library, 'include/tensorflow/c/eager/c_api.h'))).toBe(true);
    expect(existsSync(join(library, 'include/tensorflow/core/platform/ctstring.h'))).toBe(true);
    expect(existsSync(join(library, 'include/tensorflow/core/framework'))).toBe(false);
    expect(readdirSync(cache)).toHaveLength(1);
  });

  it('is refused when the download has another SHA-256, and nothing of it stays', async () => {
    const changed = Buffer.from(zip({ ...files, 'tensorflow/libtensorflow_cc.so.2': 'evil' }));
    offer(changed);
    const found = createHash('sha256').update(changed).digest('hex');
    await expect(fetchLibrary()).rejects.toThrow(
      `Cannot download the TensorFlow library as the download's SHA-256 must be ${wheel.sha256}: current value is ${found}`,
    );
    expect(readdirSync(cache)).toEqual([]);

    offer(bytes);
    expect(existsSync(join(await fetchLibrary(), 'lib'))).toBe(true);
  });

  it('is refused when the download is cut short, and fetched again the next time', async () => {
    offer(bytes.subarray(0, bytes.length - 100));
    await expect(fetchLibrary()).rejects.toThrow(/Cannot download the TensorFlow library as /);
    expect(readdirSync(cache)).toEqual([]);
    offer(bytes);
    expect(existsSync(join(await fetchLibrary(), 'lib'))).toBe(true);
  });

  it('says that the index lacks the package when the index was reached', async () => {
    await expect(fetchLibrary()).rejects.toThrow(/must have what is asked for: .*tensorflow-cpu/);
  });

  it('says that there is no network when the index cannot be reached', async () => {
    vi.stubEnv('PIP_NO_INDEX', '');
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
    vi.stubEnv('PIP_RETRIES', '0');
    await expect(fetchLibrary()).rejects.toThrow(
      /the package index \(http:\/\/127\.0\.0\.1:9\/simple\) must be reachable: current value is no connection/,
    );
  });

  it('is made whole after a set-up that was killed while unpacking', async () => {
    const half = join(cache, `tensorflow-cpu-2.21.0-${wheel.sha256.slice(0, 8)}.123-abcd.partial`);
    mkdirSync(join(half, 'lib'), { recursive: true });
    writeFileSync(join(half, 'lib', 'libtensorflow_cc.so.2'), 'the li');
    offer(bytes);
    const library = await fetchLibrary();
    expect(readFileSync(join(library, 'lib/libtensorflow_cc.so.2'), 'utf8')).toBe('the library');
    expect(existsSync(half)).toBe(false);
  });

  it('is fetched once by two set-ups at the same time', async () => {
    offer(bytes);
    const module = new URL('../../binder/steps/tensorflow-library.mjs', import.meta.url).href;
    const options = { cache, python };
    const program = `
      import { cachedLibrary } from ${JSON.stringify(module)};
      const said = [];
      await cachedLibrary(${JSON.stringify(wheel)}, { ...${JSON.stringify(options)}, say: (text) => said.push(text) });
      console.log(said.some((text) => text.startsWith('downloading')) ? 'fetched' : 'found');
    `;
    const runs = await Promise.all(
      [1, 2].map(() =>
        runCommand(process.execPath, ['--input-type=module', '-e', program], undefined),
      ),
    );
    expect(runs.map(({ output }) => output.trim()).sort()).toEqual(['fetched', 'found']);
  });
});

describe('CAUSALMIXFT_LIBTENSORFLOW', () => {
  it('is refused when the folder has no libraries', () => {
    expect(() => givenLibrary(folder)).toThrow(
      /Cannot use CAUSALMIXFT_LIBTENSORFLOW as the folder must hold libtensorflow_cc\S* and libtensorflow_framework\S*, itself or in lib\/: current value is \S+ without them/,
    );
    expect(() => givenLibrary(join(folder, 'absent'))).toThrow(/absent, which does not exist/);
  });

  it('is refused when the folder has no headers', () => {
    const endings = process.platform === 'darwin' ? '.2.dylib' : '.so.2';
    for (const name of ['libtensorflow_cc', 'libtensorflow_framework'])
      writeFileSync(join(folder, name + endings), '');
    expect(() => givenLibrary(folder)).toThrow(/the C headers must lie in its include\//);

    mkdirSync(join(folder, 'include/tensorflow/c/eager'), { recursive: true });
    writeFileSync(join(folder, 'include/tensorflow/c/eager/c_api.h'), '');
    expect(givenLibrary(folder)).toEqual({
      libraries: ['libtensorflow_cc', 'libtensorflow_framework'].map((name) =>
        join(folder, name + endings),
      ),
      include: join(folder, 'include'),
    });
  });
});
