// npm run bench -- tfm-stop [SECONDS …]
// How long Stop takes and how long progress is silent at the published size (512 × 12 layers, 512 rows ×
// 20 features): a prediction and a fine-tuning are each stopped after so many seconds (default 3 9 27).
// Bars: Stop within 2 s, progress every second, no tensor left, on a loaded machine too.

import { loadavg } from 'node:os';
import { table } from '../../dist/data/table.js';
import { stream } from '../../dist/math/random.js';
import { liveTensors, ready } from '../../dist/math/tf.js';
import { fineTune } from '../../dist/tfm/fine-tune.js';
import { tfmOf } from '../../dist/tfm/load-tfm.js';
import { initialWeights } from '../../dist/tfm/pretraining/initial-weights.js';
import { published } from './tfm/published.mjs';

const asked = process.argv.slice(2).map(Number);
const delays = asked.length > 0 ? asked : [3, 9, 27];
const random = stream(1, 'bench');
await ready();
const tfm = tfmOf({ config: published, weights: initialWeights(published, 1) }, 'random', 'bench');
const train = rows(512);
const query = rows(5000);
const works = {
  predict: async (work) => (await tfm.fit(train, { seed: 1 })).predictProba(query, work),
  'fine-tune': (work) =>
    fineTune(tfm, () => train, { seed: 1, context: train, score: async () => 1, ...work }),
};

const results = [];
for (const seconds of delays) {
  for (const [name, run] of Object.entries(works))
    results.push(await stopAfter(name, seconds, run));
}
console.table(results);
const late = results.some((each) => each['Stop, s'] > 2 || each['longest silence, s'] > 1);
process.exit(late ? 1 : 0);

async function stopAfter(name, seconds, run) {
  const stop = new AbortController();
  let silence = 0;
  let last = performance.now();
  // From when Stop is due, not from when a busy event loop gets to it.
  const due = last + seconds * 1000;
  const onProgress = () => {
    const now = performance.now();
    if (!stop.signal.aborted) silence = Math.max(silence, now - last);
    last = now;
  };
  setTimeout(() => {
    stop.abort(new Error('stopped'));
  }, seconds * 1000);
  const stopped = await run({ signal: stop.signal, onProgress }).then(
    () => false,
    (error) => error.message === 'stopped',
  );
  if (!stopped) throw new Error(`Cannot time Stop as the work must last ${seconds} s: it ended`);
  return {
    work: name,
    'stopped after, s': seconds,
    'Stop, s': ((performance.now() - due) / 1000).toFixed(2),
    'longest silence, s': (silence / 1000).toFixed(2),
    'tensors left': liveTensors(),
    load: loadavg()[0].toFixed(1),
  };
}

function rows(count) {
  const columns = Array.from({ length: 20 }, (_, j) => ({
    name: `x${j}`,
    type: 'numeric',
    values: Float64Array.from({ length: count }, () => random()),
  }));
  const codes = Int32Array.from({ length: count }, (_, i) => i % 3);
  columns.push({ name: 'y', type: 'categorical', categories: ['a', 'b', 'c'], codes });
  return table(columns, { target: 'y' });
}
