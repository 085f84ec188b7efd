// One part of `npm run bench -- tfm`, in a process of its own: prints one line of JSON.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTable } from '../../../dist/data/read-table.js';
import { isNumeric, takeRows } from '../../../dist/data/table.js';
import { stream } from '../../../dist/math/random.js';
import { ready } from '../../../dist/math/tf.js';
import { adamState, adamWStep } from '../../../dist/tfm/adamw.js';
import { fineTune } from '../../../dist/tfm/fine-tune.js';
import { loadTfm } from '../../../dist/tfm/load-tfm.js';
import { loadNetwork } from '../../../dist/tfm/loaded-network.js';
import { crossEntropy } from '../../../dist/tfm/losses.js';
import { planMemory } from '../../../dist/tfm/memory-estimate.js';
import { decodeQuery, encodeSupport } from '../../../dist/tfm/mitra.js';
import { lossGradients } from '../../../dist/tfm/mitra-gradient.js';
import { initialWeights } from '../../../dist/tfm/pretraining/initial-weights.js';
import { applyQuantileStep, fitQuantileStep } from '../../../dist/tfm/quantile-step.js';
import { splitRows } from '../../../dist/tfm/stratified-rows.js';
import { published } from './published.mjs';

const shared = join(import.meta.dirname, '..', '..', '..', '..', 'shared');
const random = stream(1, 'bench');
const numbers = (n) => Float32Array.from({ length: n }, () => 2 * random() - 1);
const labels = (n) => Int32Array.from({ length: n }, (_, i) => i % 3);
const pause = async () => {};

const parts = {
  async 'full-forward'() {
    const net = loadNetwork({ config: published, weights: initialWeights(published, 1) });
    const [x, q] = [numbers(256 * 20), numbers(256 * 20)];
    return times(3, async () => {
      const support = await encodeSupport(net, x, labels(256), pause);
      await decodeQuery(net, support, q, pause);
      support.free();
    });
  },
  async 'full-step'() {
    const weights = initialWeights(published, 1);
    const net = loadNetwork({ config: published, weights });
    const state = adamState();
    const x = numbers(256 * 20);
    const step = fitQuantileStep(x, 256, 20);
    const episode = {
      features: 20,
      support: applyQuantileStep(step, x),
      labels: labels(256),
      query: applyQuantileStep(step, numbers(256 * 20)),
    };
    // As fine-tuning runs it: layers run twice but for what the memory plan keeps of them.
    const plan = planMemory(published, { support: 256, query: 256, features: 20 });
    return times(2, async () => {
      const loss = crossEntropy(labels(256), 10);
      const { gradients } = await lossGradients(net, [episode], loss, plan);
      adamWStep(weights, gradients, state, 1e-5, { weightDecay: 0.1 });
      for (const key of gradients.keys()) net.renew(key, weights.get(key));
    });
  },
  'finetune-fitness-club': () => tune('fitness-club.csv', 'attended'),
  'finetune-iris': () => tune('iris.arff', 'class'),
  'predict-10000': () => predict(10_000),
  'predict-50000': () => predict(50_000),
};

const [name] = process.argv.slice(2);
await ready();
const { seconds, processor } = await parts[name]();
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ part: name, seconds, processor, peak }));

/** The peers' loop: a stratified 80/20 split, 50 steps, validation after each. */
async function tune(file, target) {
  const folder = join(shared, 'fixtures', 'mitra', 'tiny-pretrained');
  if (!existsSync(folder)) throw new Error(`Cannot time fine-tuning as ${folder} must be there`);
  const tfm = await loadTfm(folder);
  const types = { [target]: 'categorical' };
  const table = await readTable(join(shared, 'data', 'tables', file), { target, types });
  const codes = table.columns.find((c) => c.name === target);
  if (isNumeric(codes)) throw new Error(`${target} is no class`);
  const caps = { support: table.rows, query: table.rows };
  const { support, query } = splitRows(codes.codes, caps, random);
  const [train, validation] = [takeRows(table, support), takeRows(table, query)];
  const own = validation.columns.find((c) => c.name === target).codes;
  const run = async () => {
    const { steps } = await fineTune(tfm, () => train, {
      seed: 1,
      context: train,
      steps: 50,
      patience: 1000,
      learningRate: 1e-3,
      onProgress() {},
      score: async (candidate) => {
        const p = await candidate.predictProba(validation);
        const width = candidate.classes.length;
        return own.reduce((sum, c, i) => sum - Math.log(p[i * width + c]), 0) / own.length;
      },
    });
    return steps;
  };
  return times(1, run);
}

/** 500 support rows × 20 features, a network of 128 channels and 4 layers. */
async function predict(rows) {
  const config = { ...published, dim: 128, n_layers: 4 };
  const { tfmOf } = await import('../../../dist/tfm/load-tfm.js');
  const tfm = tfmOf({ config, weights: initialWeights(config, 1) }, 'random', 'bench');
  const table = (n) => ({
    kind: 'table',
    rows: n,
    target: 'y',
    columns: [
      ...Array.from({ length: 20 }, (_, j) => ({
        name: `x${j}`,
        type: 'numeric',
        values: Float64Array.from({ length: n }, () => random()),
      })),
      { name: 'y', type: 'categorical', categories: ['a', 'b', 'c'], codes: labels(n) },
    ],
  });
  const model = await tfm.fit(table(500), { seed: 1 });
  const query = table(rows);
  return times(1, () => model.predictProba(query, { onProgress() {} }));
}

async function times(count, run) {
  await run(); // warm-up, not timed
  const seconds = [];
  const processor = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    seconds.push((performance.now() - start) / 1000);
    processor.push((user + system) / 1e6);
  }
  return { seconds, processor };
}
