import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeWhole } from '../tools/atomic.mjs';
import { cannot } from '../tools/cannot.mjs';
import { runCommand, tail } from '../tools/run-command.mjs';
import { hashOf } from '../tools/stamp.mjs';

// N-API 8 is stable: one file serves every Node from 20 on.
const flags = ['-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8', '-pthread', '-w'];

/** The C++ compiler to use (`CXX`, else `c++`, `g++`, `clang++`), or `undefined`. */
export async function findCompiler() {
  for (const command of [process.env.CXX, 'c++', 'g++', 'clang++'])
    if (command && (await runCommand(command, ['--version'])).code === 0) return command;
  return undefined;
}

/**
 * Give the compiled binding in the cache; compile it when absent.
 * @param library `libraries` (absolute paths) and `include` (folder of the C headers).
 * @param options `cache`, `packageFolder` of tfjs-node, `kernels` (operations of our own, which register themselves when the binding is loaded), `nodeHeaders`, `compiler`.
 * @returns The path, or `undefined` when it is absent and there is no compiler.
 */
export async function cachedBinding(
  library,
  { cache, packageFolder, kernels, nodeHeaders, compiler },
) {
  const sources = join(packageFolder, 'binding');
  const path = join(
    cache,
    `binding-${process.platform}-${process.arch}-${await inputs(library, sources, kernels, nodeHeaders)}.node`,
  );
  if (existsSync(path)) return path;
  const command = await compiler();
  if (!command) return undefined;
  await makeWhole(path, (partial) =>
    compile(command, library, { sources, kernels, packageFolder, nodeHeaders, out: partial }),
  );
  return path;
}

/** Copy the binding to where tfjs-node looks for it. */
export function installBinding(path, packageFolder) {
  return makeWhole(join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node'), (partial) =>
    copyFile(path, partial),
  );
}

/**
 * Compile an addon of our own beside the binding: the one that keeps libtensorflow's remarks from standard
 * error, or the one with loops over JavaScript's arrays. Where that fails the remarks appear, the loops run
 * slower in JavaScript, and all else works.
 */
export async function installAddon(name, { packageFolder, source, nodeHeaders, compiler }) {
  const command = await compiler();
  if (!command) return;
  const onMac = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  await makeWhole(join(packageFolder, 'lib', 'napi-v8', name), async (partial) => {
    const options = [...flags, '-shared', ...onMac, `-I${nodeHeaders}`, source, '-o', partial];
    const { code, output } = await runCommand(command, options);
    if (code !== 0) throw refused(command, { code, output });
  }).catch(() => undefined);
}

// A compiler that refuses the operations of our own still makes a binding: the library does without them.
async function compile(command, library, { sources, kernels, packageFolder, nodeHeaders, out }) {
  const objects = `${out}.objects`;
  await mkdir(objects, { recursive: true });
  try {
    const include = [packageFolder, library.include, nodeHeaders].map((each) => `-I${each}`);
    const object = (path) => join(objects, `${basename(path)}.o`);
    const build = (path) =>
      runCommand(command, [...flags, ...include, '-c', path, '-o', object(path)]);
    const needed = await sourcesIn(sources);
    const own = await sourcesIn(kernels);
    const results = await Promise.all([...needed, ...own].map(build));
    const failure = results.slice(0, needed.length).find(({ code }) => code !== 0);
    if (failure) throw refused(command, failure);
    const made = [...needed, ...own].filter((_, index) => results[index].code === 0).map(object);
    const linked = await runCommand(command, [
      '-shared',
      '-pthread',
      ...made,
      ...libraryFlags(library),
      '-o',
      out,
    ]);
    if (linked.code !== 0) throw refused(command, linked);
  } finally {
    await rm(objects, { recursive: true, force: true });
  }
}

// After the objects: a linker that drops what nobody has asked for yet reads from left to right.
function libraryFlags({ libraries }) {
  const onMac = process.platform === 'darwin';
  return [
    ...(onMac
      ? ['-undefined', 'dynamic_lookup', ...libraries]
      : [`-L${dirname(libraries[0])}`, ...libraries.map((each) => `-l:${basename(each)}`)]),
    // Relative: the libraries can move (another cache, CAUSALMIXFT_LIBTENSORFLOW) without a new compile.
    `-Wl,-rpath,${onMac ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
  ];
}

function refused(command, { code, output }) {
  return cannot(
    'compile the TensorFlow binding',
    `${command} must accept its sources`,
    `exit code ${code}`,
    `a compiler that knows C++17 is needed (GCC 8, Clang 7 or later; CXX=name chooses one); its last lines:\n${tail(output)}`,
  );
}

async function sourcesIn(folder) {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.cc'))
    .sort()
    .map((name) => join(folder, name));
}

async function inputs(library, sources, kernels, nodeHeaders) {
  return await hashOf(
    [...flags, ...library.libraries.map((path) => basename(path))].join(' '),
    ...[
      sources,
      kernels,
      join(nodeHeaders, 'js_native_api.h'),
      ...['c_api.h', 'eager/c_api.h'].map((name) => join(library.include, 'tensorflow', 'c', name)),
    ].map((path) => ({ path })),
  );
}
