import { cannot } from '../tools/cannot.mjs';
import { root } from '../tools/places.mjs';
import { runCommand, tail } from '../tools/run-command.mjs';

// Node 23 and later lack two functions of `util` that tfjs-node calls.
const program = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const tf = require('@tensorflow/tfjs-node');
const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])).arraySync();
const version = tf.backend().binding?.TF_Version;
console.log('@' + JSON.stringify({ backend: tf.getBackend(), product, version }));
`;

/** Load the native backend in a process of its own and multiply two matrices; returns its name and version. */
export async function checkBackend() {
  const { code, output } = await runCommand(process.execPath, ['-e', program], {
    cwd: root,
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  const line = output.split('\n').find((each) => each.startsWith('@'));
  const found = line && JSON.parse(line.slice(1));
  if (code === 0 && found?.backend === 'tensorflow' && String(found.product) === '19,22,43,50')
    return found;
  throw cannot(
    'use the TensorFlow library',
    'it must load in Node and multiply two matrices',
    found ? `${found.backend}: ${found.product}` : `exit code ${code}`,
    `delete the cached copy and run the command again; its last lines:\n${tail(output)}`,
  );
}
