// npm run bench -- data
// Reading and writing 100,000 rows × 20 columns, ours and pandas in turn: wall and processor seconds,
// the median of three. Pandas needs CAUSALMIXFT_PEERS, a folder whose .venv has it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folds, readTable, stream, summarize, writeCsv } from '../../dist/index.js';

const rows = 100_000;
const folder = mkdtempSync(join(tmpdir(), 'causalmixft-bench-'));
const random = stream(1, 'bench');
const words = ['red', 'green', 'blue', 'a longer one'];
const cell = (c) =>
  c < 12
    ? random().toFixed(6)
    : c < 16
      ? Math.floor(random() * 100)
      : words[Math.floor(random() * 4)];
const names = Array.from({ length: 20 }, (_, c) => `c${c}`);
const lines = Array.from({ length: rows }, () => names.map((_, c) => cell(c)).join(','));
const text = `${names.join(',')}\n${lines.join('\n')}\n`;
const files = { plain: 'plain.csv', quoted: 'quoted.csv', packed: 'packed.csv.gz' };
writeFileSync(join(folder, files.plain), text);
writeFileSync(join(folder, files.quoted), text.replaceAll('a longer one', '"a longer one"'));
writeFileSync(join(folder, files.packed), gzipSync(text));

const table = await readTable(join(folder, files.plain), { target: 'c19' });
const ours = {
  'read CSV': () => readTable(join(folder, files.plain)),
  'read CSV with quotes': () => readTable(join(folder, files.quoted)),
  'read CSV, gzip': () => readTable(join(folder, files.packed)),
  'write CSV': () => writeCsv(table),
  summarize: () => summarize(table),
  '10 folds': () => folds(table, { seed: 1 }),
};
const theirs = {
  'read CSV': `pd.read_csv("${join(folder, files.plain)}")`,
  'read CSV with quotes': `pd.read_csv("${join(folder, files.quoted)}")`,
  'read CSV, gzip': `pd.read_csv("${join(folder, files.packed)}")`,
  'write CSV': `t.to_csv(index=False)`,
  summarize: `t.describe(include="all")`,
};
const python = process.env.CAUSALMIXFT_PEERS
  ? join(process.env.CAUSALMIXFT_PEERS, '.venv', 'bin', 'python')
  : undefined;

try {
  const results = [];
  for (const [name, run] of Object.entries(ours)) {
    const own = await time(run);
    const other = python && theirs[name] ? pandas(theirs[name]) : undefined;
    results.push({
      work: name,
      'ours, s': own.wall.toFixed(2),
      'processor, s': own.cpu.toFixed(2),
      'pandas, s': other?.wall.toFixed(2) ?? '–',
      ratio: other ? (own.wall / other.wall).toFixed(2) : '–',
    });
  }
  console.table(results);
} finally {
  rmSync(folder, { recursive: true });
}

async function time(run) {
  const found = [];
  for (let i = 0; i < 3; i++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await run();
    const { user, system } = process.cpuUsage(cpu);
    found.push({ wall: (performance.now() - start) / 1e3, cpu: (user + system) / 1e6 });
  }
  return found.sort((a, b) => a.wall - b.wall)[1];
}

function pandas(expression) {
  const script = `
import time, pandas as pd
t = pd.read_csv("${join(folder, files.plain)}")
times = []
for _ in range(3):
    start = time.perf_counter()
    ${expression}
    times.append(time.perf_counter() - start)
print(sorted(times)[1])`;
  const { stdout, status, stderr } = spawnSync(python, ['-c', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { wall: Number(stdout) };
}
