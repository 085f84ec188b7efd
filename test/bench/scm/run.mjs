// `npm run bench -- scm [trees] [dowhy] [dags] [memory]`: structural causal models against DoWhy and scikit-learn,
// both in one run on the same rows. The originals are those of ../shared/peers; their Python is that of
// $CAUSALMIXFT_PEERS/.venv or ../shared/peers/.venv. CPU seconds stand beside wall seconds: on a busy
// machine they are the steadier ones.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseArff } from '../../../dist/data/arff.js';
import { parseCsv } from '../../../dist/data/csv.js';
import { dropMissing } from '../../../dist/data/missing.js';
import { dropColumns, takeRows } from '../../../dist/data/table.js';
import { dag } from '../../../dist/discovery/dag.js';
import { edgeStrengths, sampleDags } from '../../../dist/discovery/edge-strengths.js';
import { randomNormal } from '../../../dist/math/draws.js';
import { stream } from '../../../dist/math/random.js';
import { bin } from '../../../dist/scm/bins.js';
import { fitBoosting } from '../../../dist/scm/boosting.js';
import { fitScm, sampleScm } from '../../../dist/scm/scm.js';

const shared = join(import.meta.dirname, '../../../../shared');
const peers = process.env.CAUSALMIXFT_PEERS ?? join(shared, 'peers');
const python = join(peers, '.venv/bin/python');
const quiet = { onProgress: () => {} };
const parts = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const wanted = (part) => parts.length === 0 || parts.includes(part);

const seconds = (s) => (s < 1 ? `${(1000 * s).toPrecision(3)} ms` : `${s.toPrecision(3)} s`);

/** Smallest wall and CPU seconds of some calls, the first left out. */
function best(repeats, call) {
  const wall = [];
  const cpu = [];
  for (let k = 0; k <= repeats; k++) {
    const before = process.cpuUsage();
    const start = performance.now();
    call();
    wall.push((performance.now() - start) / 1000);
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1e6);
  }
  return { wall: Math.min(...wall.slice(1)), cpu: Math.min(...cpu.slice(1)) };
}

function needPython() {
  if (existsSync(python)) return true;
  console.log(`(no ${python}: the originals are not timed; see ../shared/peers/README.md)`);
  return false;
}

function readTable(name) {
  const { items } = JSON.parse(readFileSync(join(shared, 'data/index.json'), 'utf8'));
  const facts = items.find((item) => item.kind === 'table' && item.name === name);
  let bytes = readFileSync(join(shared, 'data', facts.file));
  if (facts.file.endsWith('.gz')) bytes = gunzipSync(bytes);
  const text = bytes.toString();
  const types = Object.fromEntries(
    [...facts.categorical, facts.target].map((c) => [c, 'categorical']),
  );
  const missing = ['', '?', ...(facts.missingToken ? [facts.missingToken] : [])];
  const table =
    facts.format === 'arff'
      ? parseArff(text, { target: facts.target, types })
      : parseCsv(text, { target: facts.target, delimiter: facts.delimiter, missing, types });
  const out = [...facts.idColumns, ...facts.excludeColumns];
  return dropColumns(
    table,
    table.columns.map((c) => c.name).filter((c) => out.includes(c) || c === ''),
  );
}

/** Complete rows whose categories occur at least 10 times, as the original is given them. */
function readAsPeers(name) {
  let table = dropMissing(readTable(name));
  for (const { name: column, codes } of table.columns) {
    if (!codes) continue;
    const now = table.columns.find((c) => c.name === column).codes;
    const counts = new Map();
    for (const c of now) counts.set(c, (counts.get(c) ?? 0) + 1);
    table = takeRows(
      table,
      [...now.keys()].filter((r) => counts.get(now[r]) >= 10),
    );
  }
  const { parents } = JSON.parse(readFileSync(join(shared, 'peers/dags', `${name}.json`), 'utf8'));
  const edges = Object.entries(parents).flatMap(([to, from]) => from.map((f) => [f, to]));
  return { table, graph: dag(table, edges) };
}

function trees() {
  console.log(
    '\n## Boosted trees, one thread, 100 iterations (scikit-learn: HistGradientBoosting)\n',
  );
  const folder = mkdtempSync(join(tmpdir(), 'causalmixft-bench-'));
  try {
    const tables = [
      [1000, 10],
      [10_000, 20],
    ].map(([rows, columns]) => {
      const random = stream(1, 'bench', rows);
      const x = Array.from({ length: columns }, () =>
        Float64Array.from({ length: rows }, () => randomNormal(random)),
      );
      const y = Float64Array.from(
        { length: rows },
        (_, i) => Math.sin(2 * x[0][i]) + x[1][i] * x[2][i] + 0.3 * randomNormal(random),
      );
      const name = `${rows}x${columns}`;
      const all = new Float64Array((columns + 1) * rows);
      [...x, y].forEach((c, j) => {
        all.set(c, j * rows);
      });
      writeFileSync(join(folder, `${name}.bin`), Buffer.from(all.buffer));
      return { name, rows, columns, x, y };
    });
    writeFileSync(
      join(folder, 'tables.json'),
      JSON.stringify(tables.map(({ name, rows, columns }) => ({ name, rows, columns }))),
    );
    // Ours, theirs, ours again: the better of ours' two turns, so that a busy spell hits both.
    const ours = () =>
      new Map(
        tables.flatMap(({ name, rows, x, y }) => {
          const median = Float64Array.from(y).sort()[rows >> 1];
          return ['squared error', 'logistic'].map((loss) => [
            `${name} ${loss}`,
            best(5, () => {
              const b = x.map((c) => bin(c, undefined));
              const counts = new Float64Array(2 * rows);
              for (let i = 0; i < rows; i++) counts[(y[i] > median ? rows : 0) + i]++;
              fitBoosting(
                {
                  size: rows,
                  codes: b.map((c) => c.codes),
                  bins: b.map((c) => c.bins),
                  categorical: b.map(() => false),
                  count: new Float64Array(rows).fill(1),
                },
                loss === 'logistic'
                  ? { loss: 'log', classes: 2, counts }
                  : { loss: 'squared', sum: y },
                { earlyStopping: false, random: stream(1, 'unused') },
              );
            }),
          ]);
        }),
      );
    const first = ours();
    const theirs = new Map();
    if (needPython()) {
      const script = join(import.meta.dirname, 'trees.py');
      const out = execFileSync(python, [script, folder, '5'], {
        encoding: 'utf8',
        env: { ...process.env, OMP_NUM_THREADS: '1' },
      });
      for (const line of out.trim().split('\n')) {
        const row = JSON.parse(line);
        theirs.set(`${row.name} ${row.loss}`, row);
      }
    }
    const second = ours();
    console.log(
      '| rows × columns, loss | ours | scikit-learn | faster (wall) | faster (CPU) |\n|---|---|---|---|---|',
    );
    for (const [key, a] of first) {
      const b = second.get(key);
      const wall = Math.min(a.wall, b.wall);
      const cpu = Math.min(a.cpu, b.cpu);
      const t = theirs.get(key);
      console.log(
        `| ${key} | ${seconds(wall)} | ${t ? seconds(t.wall) : '–'} | ${t ? (t.wall / wall).toFixed(2) : '–'} | ${t ? (t.cpu / cpu).toFixed(2) : '–'} |`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function dowhy() {
  console.log(
    '\n## Choose, fit and draw 10,000 rows, quality good (DoWhy 0.14: assign + fit, draw)\n',
  );
  console.log('| table | ours fit | DoWhy | faster | ours draw | DoWhy | faster |');
  console.log('|---|---|---|---|---|---|---|');
  const rows = [];
  for (const name of ['fitness-club', 'good-customer', 'churn']) {
    const { table, graph } = readAsPeers(name);
    const before = process.cpuUsage();
    const start = performance.now();
    const scm = await fitScm(table, graph, { seed: 1, ...quiet });
    const fit = (performance.now() - start) / 1000;
    const used = process.cpuUsage(before);
    const draw = best(20, () => sampleScm(scm, 10_000, { seed: 1 }));
    let theirs;
    if (needPython()) {
      const out = execFileSync(python, [join(shared, 'peers/scm_bench.py'), '--table', name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      theirs = JSON.parse(out);
    }
    const t = theirs?.seconds;
    const other = t ? t.assign + t.fit : Number.NaN;
    const drawn = t ? Math.min(t.draw, t.draw_again) : Number.NaN;
    const cpu = (used.user + used.system) / 1e6;
    console.log(
      `| ${name} | ${seconds(fit)} (CPU ${seconds(cpu)}) | ${seconds(other)} | ${(other / fit).toFixed(1)} | ${seconds(draw.wall)} | ${seconds(drawn)} | ${(drawn / draw.wall).toFixed(1)} |`,
    );
    rows.push({ name, theirs, scm });
  }
  console.log('\nChosen (ours ↔ DoWhy), where they differ:');
  for (const { name, theirs, scm } of rows) {
    if (!theirs) continue;
    let alike = 0;
    let nodes = 0;
    for (const node of scm.nodes) {
      if (!node.choice) continue;
      nodes++;
      const other = theirs.chosen[node.name];
      if (familyOf(other) === node.choice.chosen.replace('-logistic', '')) alike++;
      else {
        const scores = node.choice.candidates.map(
          (c) => `${c.name} ${c.score?.toPrecision(5) ?? '–'}`,
        );
        console.log(
          `  ${name}, ${node.name}: ${node.choice.chosen} ↔ ${other} (${scores.join(', ')})`,
        );
      }
    }
    console.log(`  ${name}: ${alike} of ${nodes} alike`);
  }
}

/** Our name for the model in DoWhy's description of a mechanism. */
function familyOf(text) {
  if (/Pipeline/.test(text)) return 'polynomial';
  if (/HistGradient/.test(text)) return 'boosting';
  if (/LogisticRegression/.test(text)) return 'logistic';
  if (/DecisionTree/.test(text)) return 'contingency';
  return /LinearRegression/.test(text) ? 'linear' : text;
}

async function dags() {
  console.log('\n## 8 DAGs over the 20 features of credit-g, 1,000 rows, strengths given\n');
  const table = dropColumns(readTable('credit-g'), ['class']);
  const strengths = await edgeStrengths(table, { seed: 1, ...quiet });
  const graphs = sampleDags(strengths, 8, { seed: 1 });
  for (const workers of [2, 1]) {
    const before = process.cpuUsage();
    const start = performance.now();
    const scm = await fitScm(table, graphs, { seed: 1, workers, ...quiet });
    sampleScm(scm, table.rows, { seed: 1 });
    const wall = (performance.now() - start) / 1000;
    const used = process.cpuUsage(before);
    const { fitted, pairs, hitRate } = scm.cache;
    const memory = process.memoryUsage();
    console.log(
      `workers ${workers}: ${seconds(wall)} (CPU ${seconds((used.user + used.system) / 1e6)}); ${fitted} of ${pairs} pairs fitted, hit rate ${(100 * hitRate).toFixed(0)} %; resident ${(memory.rss / 2 ** 20).toFixed(0)} MiB`,
    );
  }
}

/**
 * The must: at most 6 bytes a byte of table, models apart. A small table's threads and code take more than
 * that, so threads are limited to 6 tables or 40 MiB, whichever is more. What a run takes is told for each
 * size, and as the line through the larger ones: a part that any table takes, and what more rows add.
 */
function memory() {
  console.log('\n## Memory beyond the table: fit, then draw as many rows\n');
  console.log(
    '| rows × columns | workers | table | models | process grew by | less models, × table | within 6 tables or 40 MiB |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const script = join(import.meta.dirname, 'memory.mjs');
  const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const lines = [];
  for (const columns of [12, 20]) {
    for (const workers of [1, 2, 4]) {
      const found = [50_000, 100_000, 200_000, 600_000].map((rows) => {
        const given = ['--expose-gc', script, `${rows}`, `${columns}`, `${workers}`];
        const one = JSON.parse(execFileSync(process.execPath, given, { encoding: 'utf8' }));
        const grown = one.peak - one.before;
        const beyond = grown - one.model;
        const within = beyond <= Math.max(6 * one.table, 40 * 2 ** 20);
        console.log(
          `| ${rows} × ${columns} | ${workers} | ${mib(one.table)} | ${mib(one.model)} | ${mib(grown)} | ${mib(beyond)}, ${(beyond / one.table).toFixed(1)} × | ${within ? 'yes' : 'no'} |`,
        );
        return { table: one.table, beyond };
      });
      // Below, tables are smaller than a block of rows or a fold may be.
      const [, small, , large] = found;
      const slope = (large.beyond - small.beyond) / (large.table - small.table);
      lines.push(
        `${columns} columns, ${workers} workers: ${mib(small.beyond - slope * small.table)} whatever the table, and ${slope.toFixed(1)} bytes a byte of it`,
      );
    }
  }
  console.log(`\n${lines.join('\n')}`);
}

if (wanted('trees')) trees();
if (wanted('dowhy')) await dowhy();
if (wanted('dags')) await dags();
if (wanted('memory')) memory();
