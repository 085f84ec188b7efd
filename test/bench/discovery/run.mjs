// Causal discovery against Tetrad, causal-learn and pgmpy on the same files in one run; ratios are
// theirs to ours. Needs the built library, and for the peers their folder with its environment.
//
//   npm run bench -- discovery [--only gauss-p100,credit-g] [--test chisq] [--repeats 3] [--no-peers] [--growth FILE.svg] [--limits FILE.md]
import { execFileSync, fork } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { growthPlot } from './growth.mjs';
import { limitStudy } from './limits.mjs';

const root = join(import.meta.dirname, '../../..');
const peers = process.env.CAUSALMIXFT_PEERS ?? join(root, '../shared/peers');
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    test: { type: 'string' },
    repeats: { type: 'string', default: '5' },
    'no-peers': { type: 'boolean', default: false },
    growth: { type: 'string' },
    limits: { type: 'string' },
    seeds: { type: 'string', default: '3' },
  },
});
const only = options.only?.split(',');
const python = join(peers, '.venv/bin/python');
const simulated = join(peers, 'simulated');

/** Which peers a line is compared with, and the ratio that it must and should reach. */
const lines = [
  {
    data: 'gauss-p100',
    algorithm: 'pc',
    test: 'fisherz',
    peers: ['tetrad', 'causal-learn'],
    base: 'tetrad',
    must: 8,
    aim: 20,
  },
  {
    data: 'gauss-p1000',
    algorithm: 'pc',
    test: 'fisherz',
    peers: ['tetrad'],
    base: 'tetrad',
    must: 40,
    aim: 120,
    repeats: 2,
  },
  {
    data: 'alarm-n10000',
    algorithm: 'pc',
    test: 'chisq',
    peers: ['tetrad', 'causal-learn', 'pgmpy'],
    must: 4,
    aim: 15,
  },
  {
    data: 'insurance-n10000',
    algorithm: 'pc',
    test: 'chisq',
    peers: ['tetrad', 'causal-learn', 'pgmpy'],
    must: 4,
    aim: 15,
  },
  {
    data: 'win95pts-n10000',
    algorithm: 'pc',
    test: 'chisq',
    peers: ['tetrad', 'causal-learn', 'pgmpy'],
    must: 4,
    aim: 15,
  },
  {
    data: 'alarm-n10000',
    algorithm: 'pc',
    test: 'gsq',
    peers: ['tetrad', 'causal-learn', 'pgmpy'],
    must: 4,
    aim: 15,
  },
  {
    data: 'insurance-n10000',
    algorithm: 'pc',
    test: 'gsq',
    peers: ['tetrad', 'causal-learn', 'pgmpy'],
    must: 4,
    aim: 15,
  },
  {
    data: 'win95pts-n10000',
    algorithm: 'pc',
    test: 'gsq',
    peers: ['tetrad', 'causal-learn', 'pgmpy'],
    must: 4,
    aim: 15,
  },
  {
    data: 'hailfinder-n10000',
    algorithm: 'pc',
    test: 'chisq',
    peers: ['causal-learn'],
    must: 4,
    aim: 15,
  },
  {
    data: 'gauss-p100',
    algorithm: 'fci',
    test: 'fisherz',
    peers: ['tetrad', 'causal-learn'],
    base: 'tetrad',
    must: 8,
    aim: 20,
  },
];

if (options.growth) {
  writeFileSync(options.growth, await growthPlot());
  console.log(`growth: ${options.growth}`);
} else if (options.limits) {
  writeFileSync(options.limits, await limitStudy(Number(options.seeds)));
  console.log(`limits: ${options.limits}`);
} else {
  const rows = [];
  for (const line of lines) {
    if (only && !only.includes(line.data)) continue;
    if (options.test && options.test !== line.test) continue;
    rows.push(compare(line, await ours({ ...line, file: join(simulated, `${line.data}.csv.gz`) })));
    console.log(rows.at(-1));
  }
  if (!only || only.includes('credit-g')) {
    for (const kind of ['strengths', 'scaling']) {
      const found = await ours({
        kind,
        file: join(root, '../shared/data/tables/credit-g.arff.gz'),
      });
      console.log(`| ${kind} credit-g | ${found.text} |`);
    }
  }
  console.log(
    '\n| work | ours s (min) | processor s | MB | edges | peers s | ratio | must | aim |\n|---|---|---|---|---|---|---|---|---|',
  );
  for (const row of rows) console.log(row);
}

/** One line of the table. */
function compare(line, mine) {
  const theirs = options['no-peers']
    ? []
    : line.peers.map((name) => [name, peer(name, line)]).filter(([, r]) => r);
  const base = line.base ? theirs.filter(([name]) => name === line.base) : theirs;
  const best = Math.min(...base.map(([, r]) => r.min));
  const ratio = Number.isFinite(best) ? `${(best / mine.min).toFixed(1)}×` : '–';
  const others = theirs
    .map(([name, r]) => `${name} ${r.min.toFixed(3)} (${r.edges} edges)`)
    .join(', ');
  return `| ${line.algorithm} ${line.test} ${line.data} | ${mine.min.toFixed(4)} | ${mine.cpu.toFixed(4)} | ${mine.megabytes.toFixed(0)} | ${mine.edges} | ${others || '–'} | ${ratio} | ${line.must}× | ${line.aim}× |`;
}

/** Our own run, in a process of its own. */
function ours(task) {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'ours.mjs'), [], { stdio: 'inherit' });
    child.on('message', resolve);
    child.on('error', reject);
    child.on('exit', (code) => code && reject(new Error(`our run ended with code ${code}`)));
    child.send({ repeats: Number(options.repeats), ...task });
  });
}

function peer(name, { data, algorithm, test }) {
  const args = [
    '--algorithm',
    algorithm,
    '--test',
    test,
    '--data',
    join(simulated, `${data}.csv.gz`),
    '--alpha',
    '0.05',
  ];
  const [command, list] =
    name === 'tetrad'
      ? [join(peers, 'tetrad/run.sh'), args]
      : [python, [join(peers, 'discovery_bench.py'), '--library', name, ...args]];
  if (name !== 'tetrad' && !existsSync(python)) return undefined;
  try {
    const out = execFileSync(command, list, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 600_000,
    });
    const { min, edges } = JSON.parse(out.trim().split('\n').at(-1));
    return { min, edges };
  } catch (error) {
    console.error(`${name}: ${String(error.message).split('\n')[0]}`);
    return undefined;
  }
}
