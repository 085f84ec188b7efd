// npm run bench -- tfm [PART …]
// The network against PyTorch and AutoGluon on the same machine: same shapes, same number of threads,
// ours and theirs in turn. Theirs needs CAUSALMIXFT_PEERS, a folder whose .venv has AutoGluon and
// PyTorch; without it only ours is timed. Every part runs in a process of its own, so that its peak
// memory is its own.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const root = join(here, '..', '..', '..');
const shared = join(root, '..', 'shared');

/** name: what ours runs, which part of the peers' script is its counterpart, the bar as a ratio. */
const parts = {
  'full-forward': { peer: 'published-forward', must: 0.8, aim: 0.5 },
  'full-step': { peer: 'published-step', must: 0.8, aim: 0.5 },
  'finetune-fitness-club': {
    peer: 'tiny-pretrained-finetune',
    second: 'tiny-pretrained-finetune-bf16',
    must: 0.7,
    aim: 0.3,
  },
  'finetune-iris': { peer: 'tiny-pretrained-finetune-iris', must: 0.7, aim: 0.3 },
  'predict-10000': { seconds: 10, aimSeconds: 4 },
  'predict-50000': {},
};

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(parts);
const unknown = names.find((name) => !(name in parts));
if (unknown) {
  console.error(`Cannot time "${unknown}" as parts are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
const peers = process.env.CAUSALMIXFT_PEERS;
const python = peers && join(peers, '.venv', 'bin', 'python');
const script = [join(shared, 'peers', 'mitra_bench.py'), join(peers ?? '', 'mitra_bench.py')].find(
  existsSync,
);

// PyTorch's threads wait by spinning: on a busy machine its times say nothing.
if (loadavg()[0] > 0.5 * availableParallelism()) {
  console.error(
    `the machine is busy (load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores): ratios mean nothing until it is idle`,
  );
}
const table = [];
for (const name of names) {
  const { peer, second, must, aim, seconds, aimSeconds } = parts[name];
  const ours = run(process.execPath, [join(here, 'ours.mjs'), name]);
  const theirs = [peer, second].filter(Boolean).map((each) => runPeer(each));
  const best = Math.min(...theirs.filter(Boolean).map((each) => median(each.seconds)));
  const time = median(ours.seconds);
  table.push({
    part: name,
    'ours, s': time.toFixed(2),
    'processor, s': median(ours.processor).toFixed(2),
    'theirs, s': Number.isFinite(best) ? best.toFixed(2) : '–',
    ratio: Number.isFinite(best) ? (time / best).toFixed(2) : '–',
    must: must ?? (seconds ? `${seconds} s` : '–'),
    aim: aim ?? (aimSeconds ? `${aimSeconds} s` : '–'),
    'ours, GB': (ours.peak / 1e9).toFixed(2),
    'theirs, GB': theirs[0]?.peak_rss_gb?.toFixed(2) ?? '–',
  });
  console.log(JSON.stringify({ part: name, ours, theirs }));
}
console.table(table);

function runPeer(part) {
  if (!python || !existsSync(python) || !script) return undefined;
  return run(python, [script, part]);
}

function run(command, args) {
  const { stdout, stderr, status } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const line = stdout
    .split('\n')
    .reverse()
    .find((each) => each.startsWith('{'));
  if (status !== 0 || !line) {
    console.error(`${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
    process.exit(1);
  }
  return JSON.parse(line);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
