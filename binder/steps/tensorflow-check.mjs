import { cannot } from '../tools/cannot.mjs';
import { cacheFolder, root } from '../tools/places.mjs';
import { runCommand, tail } from '../tools/run-command.mjs';

// Node 23 and later lack two functions of `util` that tfjs-node calls.
const native = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const tf = require('@tensorflow/tfjs-node');
report(tf, tf.backend().binding?.TF_Version);
`;

const wasm = `
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-wasm');
tf.setBackend('wasm').then(() => report(tf, ''));
`;

const report = `
async function report(tf, version) {
  const product = await tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])).array();
  console.log('@' + JSON.stringify({ backend: tf.getBackend(), product, version }));
}
`;

/** Load the native backend in a process of its own and multiply two matrices; returns its name and version. */
export function checkNative() {
  return check(native, 'tensorflow', 'use the TensorFlow library');
}

/** Load the WebAssembly backend in a process of its own and multiply two matrices. */
export function checkWasm() {
  return check(wasm, 'wasm', 'use TensorFlow on WebAssembly');
}

async function check(program, backend, action) {
  const { code, output } = await runCommand(process.execPath, ['-e', report + program], {
    cwd: root,
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  const line = output.split('\n').find((each) => each.startsWith('@'));
  const found = line && JSON.parse(line.slice(1));
  if (code === 0 && found?.backend === backend && String(found.product) === '19,22,43,50')
    return found;
  throw cannot(
    action,
    'it must load in Node and multiply two matrices',
    found ? `${found.backend}: ${found.product}` : `exit code ${code}`,
    `run npm run setup again; if it stays so, delete the folder libtensorflow in ${cacheFolder}; its last lines:\n${tail(output)}`,
  );
}
