// Prints as one line of JSON the memory that fitting and drawing take beyond the table: bytes of a table of
// ROWS × COLUMNS, of the fitted model, and by how much the process grew at its height.
//
//     node memory.mjs ROWS COLUMNS WORKERS

import { dag } from '../../../dist/discovery/dag.js';
import { randomNormal } from '../../../dist/math/draws.js';
import { stream } from '../../../dist/math/random.js';
import { fitScm, sampleScm } from '../../../dist/scm/scm.js';

const [rows, columns, workers] = process.argv.slice(2).map(Number);

function classesOf(values) {
  const codes = new Int32Array(values.length);
  for (let i = 0; i < codes.length; i++) codes[i] = values[i] < -0.5 ? 0 : values[i] < 0.5 ? 1 : 2;
  return codes;
}

/** Every third column categorical; each with the two before it as parents. */
function tableOf(n) {
  const random = stream(1, 'memory');
  const made = [];
  for (let j = 0; j < columns; j++) {
    // Filled in place: garbage of the making would stay resident, and hide as much of what follows.
    const before = made.slice(-2).map((c) => c.values ?? c.codes);
    const values = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      values[i] = randomNormal(random);
      for (const c of before) values[i] += 0.5 * c[i];
    }
    const name = `c${j}`;
    made.push(
      j % 3 === 2
        ? {
            name,
            type: 'categorical',
            categories: ['a', 'b', 'c'],
            codes: classesOf(values),
          }
        : { name, type: 'numeric', values },
    );
  }
  return { kind: 'table', rows: n, columns: made };
}

const edges = Array.from({ length: columns }, (_, j) =>
  [j - 2, j - 1].filter((k) => k >= 0).map((k) => [`c${k}`, `c${j}`]),
).flat();

const seen = new WeakSet();
function bytesOf(value) {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return Object.values(value).reduce((sum, v) => sum + bytesOf(v), 0);
}

async function work(table) {
  const scm = await fitScm(table, dag(table, edges), { seed: 1, workers, onProgress: () => {} });
  return { scm, drawn: sampleScm(scm, table.rows, { seed: 1 }) };
}

// Once on few rows: what code and threads take is no matter of the table.
await work(tableOf(500));
const table = tableOf(rows);
globalThis.gc?.();
const before = process.memoryUsage().rss;
const { scm } = await work(table);
console.log(
  JSON.stringify({
    table: bytesOf(table.columns),
    model: bytesOf(scm.nodes),
    before,
    peak: process.resourceUsage().maxRSS * 1024,
  }),
);
