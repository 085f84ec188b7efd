import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { cannot } from '../tools/cannot.mjs';
import { cacheFolder, root, tfjsFolder } from '../tools/places.mjs';
import { hashOf } from '../tools/stamp.mjs';
import { isOlder } from '../tools/versions.mjs';
import { pythonOf } from './python.mjs';
import {
  cachedBinding,
  findCompiler,
  installAddon,
  installBinding,
} from './tensorflow-binding.mjs';
import { checkNative } from './tensorflow-check.mjs';
import { cachedLibrary, isCached, linkLibraries } from './tensorflow-library.mjs';
import { wheels } from './tensorflow-wheels.mjs';

// Fused operations of our own; they become part of the binding.
const kernels = join(root, 'src', 'math', 'native');

/** The TensorFlow library, its binding for Node and a first matrix product; WebAssembly where they cannot be had. */
export const tensorflow = {
  key: 'tensorflow',
  name: 'TensorFlow library',
  inputs: () =>
    hashOf(
      cacheFolder,
      process.env.CAUSALMIXFT_LIBTENSORFLOW ?? '',
      JSON.stringify(wheels),
      { path: join(tfjsFolder, 'package.json') },
      { path: join(tfjsFolder, 'binding') },
      { path: kernels },
    ),
  isWhole: hasNative,
  async run({ prefix, say }) {
    const python = pythonOf(prefix);
    const source = findSource();
    if (source.missing) return announceFallback(source.missing, source.remedy);
    const cache = join(cacheFolder, 'libtensorflow');
    const library = source.library ?? (await fromCache(source.wheel, { cache, python, say }));
    if (!library) return announceFallback('there is no C++ compiler', compilerRemedy());
    say('compiling the binding');
    const nodeHeaders = join(root, 'node_modules', 'node-api-headers', 'include');
    const binding = await cachedBinding(library, {
      cache,
      packageFolder: tfjsFolder,
      kernels,
      nodeHeaders,
      compiler: findCompiler,
    });
    if (!binding) return announceFallback('there is no C++ compiler', compilerRemedy());
    await linkLibraries(library.libraries, tfjsFolder);
    await installBinding(binding, tfjsFolder);
    const addons = {
      'hold_stderr.node': 'stderr/hold-stderr.cc',
      'arrays.node': 'arrays/arrays.cc',
    };
    for (const [name, source] of Object.entries(addons))
      await installAddon(name, {
        packageFolder: tfjsFolder,
        source: join(kernels, source),
        nodeHeaders,
        compiler: findCompiler,
      });
    say('checking it by a matrix product');
    const { version } = await checkNative().catch(async (error) => {
      await rm(binding, { force: true });
      throw error;
    });
    return `native, TensorFlow ${version}`;
  },
};

/** Whether the binding and the libraries that it loads are in their places. */
export async function hasNative() {
  const folder = join(tfjsFolder, 'deps', 'lib');
  const names = await readdir(folder).catch(() => []);
  // existsSync follows the links: one whose target is gone does not count.
  return (
    names.length >= 2 &&
    names.every((name) => existsSync(join(folder, name))) &&
    existsSync(join(tfjsFolder, 'lib', 'napi-v8', 'tfjs_binding.node'))
  );
}

function findSource() {
  const given = process.env.CAUSALMIXFT_LIBTENSORFLOW;
  if (given) return { library: givenLibrary(resolve(given)) };
  const platform = `${process.platform}-${process.arch}`;
  const wheel = wheels[platform];
  if (!wheel)
    return {
      missing: `there is no TensorFlow library for ${platform}`,
      remedy: 'native speed needs Linux (x64, arm64) or macOS on Apple silicon',
    };
  if (wheel.glibc) {
    const glibc = process.report.getReport().header.glibcVersionRuntime;
    if (!glibc || isOlder(glibc, wheel.glibc))
      return {
        missing: `it needs glibc ${wheel.glibc} or later, and this system has ${glibc ?? 'musl'}`,
        remedy: 'native speed needs a glibc-based Linux of 2019 or later (Debian 10, Ubuntu 20.04)',
      };
  }
  return { wheel };
}

// Without a compiler the library would be of no use: ask before 270 MB are fetched.
async function fromCache(wheel, options) {
  if (!isCached(wheel, options.cache) && !(await findCompiler())) return undefined;
  const folder = await cachedLibrary(wheel, options);
  return {
    libraries: wheel.libraries.map((name) => join(folder, 'lib', name)),
    include: join(folder, 'include'),
  };
}

/**
 * Find the libraries and headers in a folder that the user named: a Python package's folder, TensorFlow's own C
 * archive, or our cache.
 */
export function givenLibrary(folder) {
  const pairs = [
    ['libtensorflow_cc', 'libtensorflow_framework'],
    ['libtensorflow', 'libtensorflow_framework'],
  ].map((names) =>
    names.map((name) => (process.platform === 'darwin' ? `${name}.2.dylib` : `${name}.so.2`)),
  );
  const folders = [folder, join(folder, 'lib')];
  const libraries = folders
    .flatMap((each) => pairs.map((names) => names.map((name) => join(each, name))))
    .find((paths) => paths.every((path) => existsSync(path)));
  if (!libraries)
    throw cannot(
      'use CAUSALMIXFT_LIBTENSORFLOW',
      `the folder must hold ${pairs[0].join(' and ')}, itself or in lib/`,
      existsSync(folder) ? `${folder} without them` : `${folder}, which does not exist`,
      'name the folder "tensorflow" of an installed Python package, or unset the variable to let set-up fetch the library',
    );
  const include = [join(folder, 'include'), join(folder, '..', 'include')].find((each) =>
    existsSync(join(each, 'tensorflow', 'c', 'eager', 'c_api.h')),
  );
  if (!include)
    throw cannot(
      'use CAUSALMIXFT_LIBTENSORFLOW',
      'the C headers must lie in its include/ (tensorflow/c/eager/c_api.h)',
      `${folder} with ${basename(libraries[0])} but without headers`,
      'name a folder that has both, or unset the variable to let set-up fetch the library',
    );
  return { libraries, include };
}

function announceFallback(reason, remedy) {
  return {
    note: 'WebAssembly instead of the native library',
    warning: `TensorFlow runs on WebAssembly, as ${reason}. Everything works, but training is many times slower.\n${remedy}`,
  };
}

/** What to type to get a C++ compiler here. */
export function compilerRemedy() {
  const command =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : existsSync('/etc/debian_version')
        ? 'sudo apt-get install g++'
        : existsSync('/etc/redhat-release')
          ? 'sudo dnf install gcc-c++'
          : 'install g++ or clang++';
  return `For native speed: ${command}, then: npm run setup`;
}
