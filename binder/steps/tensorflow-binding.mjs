import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeWhole } from '../tools/atomic.mjs';
import { cannot } from '../tools/cannot.mjs';
import { runCommand, tail } from '../tools/run-command.mjs';

// N-API 8 is stable: one file serves every Node from 20 on.
const flags = ['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8', '-w'];

/** The C++ compiler to use (`CXX`, else `c++`, `g++`, `clang++`), or `undefined`. */
export async function findCompiler() {
  for (const command of [process.env.CXX, 'c++', 'g++', 'clang++'])
    if (command && (await runCommand(command, ['--version'])).code === 0) return command;
  return undefined;
}

/**
 * Give the compiled binding in the cache; compile it when absent.
 * @param library `libraries` (absolute paths) and `include` (folder of the C headers).
 * @param options `cache`, `packageFolder` of tfjs-node, `kernels` (a folder of further sources), `nodeHeaders`, `compiler`.
 * @returns The path, or `undefined` when it is absent and there is no compiler.
 */
export async function cachedBinding(
  library,
  { cache, packageFolder, kernels, nodeHeaders, compiler },
) {
  const sources = [join(packageFolder, 'binding'), kernels];
  const path = join(
    cache,
    `binding-${process.platform}-${process.arch}-${await inputs(library, sources, nodeHeaders)}.node`,
  );
  if (existsSync(path)) return path;
  const command = await compiler();
  if (!command) return undefined;
  await makeWhole(path, (partial) =>
    compile(command, library, { sources, packageFolder, nodeHeaders, out: partial }),
  );
  return path;
}

/** Copy the binding to where tfjs-node looks for it. */
export function installBinding(path, packageFolder) {
  return makeWhole(join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node'), (partial) =>
    copyFile(path, partial),
  );
}

async function compile(command, library, { sources, packageFolder, nodeHeaders, out }) {
  const files = (await allFiles(sources)).filter((path) => path.endsWith('.cc'));
  const onMac = process.platform === 'darwin';
  const folder = dirname(library.libraries[0]);
  const { code, output } = await runCommand(command, [
    ...flags,
    ...[packageFolder, library.include, nodeHeaders].map((each) => `-I${each}`),
    ...files,
    ...(onMac
      ? ['-undefined', 'dynamic_lookup', ...library.libraries]
      : [`-L${folder}`, ...library.libraries.map((each) => `-l:${basename(each)}`)]),
    // Relative: the libraries can move (another cache, CAUSALMIXFT_LIBTENSORFLOW) without a new compile.
    `-Wl,-rpath,${onMac ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
    '-o',
    out,
  ]);
  if (code !== 0)
    throw cannot(
      'compile the TensorFlow binding',
      `${command} must accept its sources`,
      `exit code ${code}`,
      `a compiler that knows C++17 is needed (GCC 8, Clang 7 or later; CXX=name chooses one); its last lines:\n${tail(output)}`,
    );
}

async function inputs(library, sources, nodeHeaders) {
  const hash = createHash('sha256').update(flags.join(' '));
  for (const path of library.libraries) hash.update(basename(path));
  for (const path of await allFiles(sources)) hash.update(await readFile(path));
  hash.update(await readFile(join(nodeHeaders, 'js_native_api.h')));
  for (const name of ['c_api.h', 'eager/c_api.h'])
    hash.update(await readFile(join(library.include, 'tensorflow', 'c', name)));
  return hash.digest('hex').slice(0, 16);
}

async function allFiles(folders) {
  const names = await Promise.all(folders.map((folder) => readdir(folder)));
  return folders.flatMap((folder, i) => names[i].sort().map((name) => join(folder, name)));
}
