// One timed task of the discovery benchmark, told by its parent process.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { edgeStrengths } from '../../../dist/discovery/edge-strengths.js';
import { fci } from '../../../dist/discovery/fci.js';
import { pc } from '../../../dist/discovery/pc.js';

const quiet = { onProgress: () => {} };

process.once('message', async (task) => {
  const run = task.kind === 'strengths' ? strengths : task.kind === 'scaling' ? scaling : search;
  process.send(await run(task), () => process.exit(0));
});

/** PC or FCI on a CSV file of numbers; the smallest time after one untimed run. */
async function search({ file, algorithm, test, repeats }) {
  const table = csv(file);
  const options = { ...quiet, test: { fisherz: 'fisher-z', chisq: 'chi2', gsq: 'g2' }[test] };
  const seconds = [];
  const processor = [];
  let graph;
  for (let k = 0; k <= repeats; k++) {
    const start = performance.now();
    const used = process.cpuUsage();
    ({ graph } = await (algorithm === 'pc' ? pc : fci)(table, options));
    if (k === 0) continue;
    seconds.push((performance.now() - start) / 1000);
    processor.push(cpu(used));
  }
  const edges = graph.marks.reduce((n, m) => n + (m !== 0), 0) / 2;
  return {
    min: Math.min(...seconds),
    cpu: Math.min(...processor),
    edges,
    megabytes: process.resourceUsage().maxRSS / 1024,
  };
}

/** Edge strengths at their defaults on the features of credit-g, one and two workers. */
async function strengths({ file, repeats }) {
  const table = features(file);
  const took = { 1: [], 2: [] };
  const processor = [];
  for (let k = 0; k < repeats; k++) {
    for (const workers of [1, 2]) {
      const start = performance.now();
      const used = process.cpuUsage();
      await edgeStrengths(table, { ...quiet, seed: 7, workers });
      took[workers].push((performance.now() - start) / 1000);
      if (workers === 1) processor.push(cpu(used));
    }
  }
  const [one, two] = [Math.min(...took[1]), Math.min(...took[2])];
  return {
    text: `20 × PC + FCI: ${one.toFixed(2)} s alone (${Math.min(...processor).toFixed(2)} s of the processor), ${two.toFixed(2)} s with two workers (must 3, aim 1)`,
  };
}

/** Two workers against one on more work, pairs of runs in turn. */
async function scaling({ file }) {
  const table = features(file);
  const ratios = [];
  let longest = 0;
  for (let k = 0; k < 3; k++) {
    const took = [];
    for (const workers of [1, 2]) {
      const start = performance.now();
      await edgeStrengths(table, { ...quiet, seed: k, workers, resamples: 120 });
      took.push((performance.now() - start) / 1000);
    }
    longest = Math.max(longest, took[0]);
    ratios.push(took[0] / took[1]);
  }
  return {
    text: `two workers against one: ${Math.max(...ratios).toFixed(2)}× of ${longest.toFixed(1)} s (must 1.8, aim 1.9)`,
  };
}

/** Seconds of the processor since. */
function cpu(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

function lines(file) {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split(/\r?\n/);
}

function csv(file) {
  const [head, ...rows] = lines(file);
  const columns = head
    .split(',')
    .map((name) => ({ name, type: 'numeric', values: new Float64Array(rows.length) }));
  for (const [i, row] of rows.entries()) {
    for (const [j, cell] of row.split(',').entries()) columns[j].values[i] = Number(cell);
  }
  return { kind: 'table', rows: rows.length, columns };
}

/** The columns of an ARFF file but the last. */
function features(file) {
  const all = lines(file);
  const at = all.findIndex((l) => /^@data/i.test(l));
  const names = all
    .slice(0, at)
    .filter((l) => /^@attribute/i.test(l))
    .map((l) => /^@attribute\s+'?([^'\s]+)/i.exec(l)[1]);
  const rows = all
    .slice(at + 1)
    .filter((l) => l && !l.startsWith('%'))
    .map((l) => l.split(','));
  const columns = names.slice(0, -1).map((name, j) => {
    const cells = rows.map((row) => row[j].trim());
    if (cells.every((c) => c !== '' && !Number.isNaN(Number(c)))) {
      return { name, type: 'numeric', values: Float64Array.from(cells, Number) };
    }
    const categories = [...new Set(cells)].sort();
    return {
      name,
      type: 'categorical',
      categories,
      codes: Int32Array.from(cells, (c) => categories.indexOf(c)),
    };
  });
  return { kind: 'table', rows: rows.length, columns };
}
