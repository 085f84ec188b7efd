// The embedded model beside four ordinary classifiers, on the same rows and folds.
//
//   npm run bench -- embedded [--model FOLDER] [--arms zero-shot,ensemble8,fine-tuned] [--tables NAMES]
//       [--folds 5] [--data ../shared/data] [--out FOLDER]
//
// Writes results.json (what is there already is not computed again), table.md and two diagrams.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  readBaselineScores,
  readBaselineTables,
} from '../../../dist/experiments/baseline-tables.js';
import { loadTfm } from '../../../dist/tfm/load-tfm.js';
import { criticalDifferenceSvg } from './critical-difference.mjs';
import { arms as allArms, isWorse, pooledCalibration, scoreTable, wins } from './protocol.mjs';

const root = join(import.meta.dirname, '..', '..', '..');
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    arms: { type: 'string', default: 'zero-shot,ensemble8' },
    tables: { type: 'string' },
    folds: { type: 'string', default: '5' },
    members: { type: 'string', default: '8' },
    'learning-rate': { type: 'string' },
    steps: { type: 'string' },
    data: { type: 'string', default: join(root, '..', 'shared', 'data') },
    out: { type: 'string', default: join(tmpdir(), 'causalmixft-bench-embedded') },
  },
});
const arms = values.arms.split(',');
const unknown = arms.find((arm) => !(arm in allArms));
if (unknown) throw new Error(`Cannot score "${unknown}"; the ways are ${Object.keys(allArms)}`);
const folds = Number(values.folds);
const options = {
  members: Number(values.members),
  learningRate: Number(values['learning-rate']) || undefined,
  steps: Number(values.steps) || undefined,
};
const tfm = await loadTfm(values.model);
const hash = createHash('sha256');
for (const [key, numbers] of tfm.weights) hash.update(key).update(new Uint8Array(numbers.buffer));
const model = hash.digest('hex').slice(0, 12);
mkdirSync(values.out, { recursive: true });
const file = join(values.out, 'results.json');
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const baselines = await readBaselineScores(values.data);
const tables = await readBaselineTables(values.data, values.tables?.split(','));
for (const table of tables) {
  for (const arm of arms) {
    const key = JSON.stringify([model, arm, table.name, folds, options]);
    if (!results[key]) {
      results[key] = await scoreTable(tfm, arm, table, folds, options);
      writeFileSync(file, JSON.stringify(results));
    }
    const { rocAuc, logLoss, seconds } = results[key];
    console.error(table.name.padEnd(26), arm.padEnd(10), rocAuc, logLoss, `${seconds} s`);
  }
}
const of = (arm, name) => results[JSON.stringify([model, arm, name, folds, options])];
const names = tables.map((t) => t.name);
const rivals = Object.keys(baselines[names[0]]);
const columns = [...arms, ...rivals];
const score = (column, name, metric) =>
  (arms.includes(column) ? of(column, name) : baselines[name][column])[metric];
const mean = (column, metric) =>
  names.reduce((sum, name) => sum + score(column, name, metric), 0) / names.length;
const pair = (column, name) =>
  `${score(column, name, 'rocAuc').toFixed(4)} / ${score(column, name, 'logLoss').toFixed(4)}`;
const lines = [
  `${tfm.name}, ${tfm.parameters} parameters, weights ${model}; ${folds} folds. ROC-AUC / log-loss.`,
  '',
  `| table | ${columns.join(' | ')} |`,
  `|${'---|'.repeat(columns.length + 1)}`,
  ...names.map((name) => `| ${name} | ${columns.map((c) => pair(c, name)).join(' | ')} |`),
  `| **mean of ${names.length}** | ${columns.map((c) => `${mean(c, 'rocAuc').toFixed(4)} / ${mean(c, 'logLoss').toFixed(4)}`).join(' | ')} |`,
  '',
  '| won/tied/lost (within 0.002) | ROC-AUC | log-loss |',
  '|---|---|---|',
];
for (const arm of arms) {
  for (const rival of rivals) {
    const cells = ['rocAuc', 'logLoss'].map((metric) => {
      const list = (column) => names.map((name) => score(column, name, metric));
      const { won, tied, lost } = wins(list(arm), list(rival), metric === 'rocAuc');
      return `${won}/${tied}/${lost}`;
    });
    lines.push(`| ${arm} against ${rival} | ${cells.join(' | ')} |`);
  }
}
lines.push('');
for (const arm of arms) {
  const rows = names.flatMap((name) => of(arm, name).rows);
  lines.push(
    `${arm}: calibration error of ${rows.length} pooled rows, 15 equal-mass bins: ${pooledCalibration(rows).toFixed(4)}`,
  );
}
if (arms.includes('fine-tuned') && arms.includes('zero-shot')) {
  // Rows are counted over the folds, which are all of them where there are five.
  const large = names.filter((name) => of('fine-tuned', name).rows.length >= 60 * folds);
  for (const [at, metric, sign] of [
    [0, 'ROC-AUC', -1],
    [1, 'log-loss', 1],
  ]) {
    const worse = large.filter((name) =>
      isWorse(of('fine-tuned', name).folds, of('zero-shot', name).folds, at, sign),
    );
    lines.push(
      '',
      `Of ${large.length} tables of at least 300 rows, fine-tuned worse than zero-shot in ${metric} by more than 0.005 and one paired standard error over folds: ${worse.join(', ') || 'none'}`,
    );
  }
}
if (folds !== 5)
  lines.push(
    '',
    'The ordinary classifiers are means over five folds, the model is not: compare with care.',
  );
const text = `${lines.join('\n')}\n`;
writeFileSync(join(values.out, 'table.md'), text);
for (const metric of ['rocAuc', 'logLoss']) {
  const grid = names.map((name) => columns.map((c) => score(c, name, metric)));
  const label = metric === 'rocAuc' ? 'ROC-AUC' : 'log-loss';
  const title = `Average ranks in ${label} over ${names.length} tables`;
  const svg = criticalDifferenceSvg(columns, grid, metric === 'rocAuc', title);
  writeFileSync(join(values.out, `ranks-${metric}.svg`), svg);
}
console.log(text);
console.error(`Written to ${values.out}`);
