import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundled } from '../../src/data/bundled.js';
import { parseCsv, writeCsv } from '../../src/data/csv.js';
import { toRecords } from '../../src/data/records.js';
import { split } from '../../src/data/split.js';
import { type CategoricalColumn, column, dropColumns } from '../../src/data/table.js';
import { evaluate } from '../../src/evaluation/evaluate.js';
import { loadClassifier } from '../../src/tfm/load-classifier.js';
import { causalmixft } from './run.js';

vi.setConfig({ testTimeout: 180_000 }); // whole processes, on a machine that may be busy

const shared = join(import.meta.dirname, '..', '..', '..', 'shared');
const regressor = join(shared, 'fixtures', 'mitra', 'regressor');

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causalmixft-cli-'));
  const { train, validation, test } = split(await bundled('heart'), { seed: 5 });
  for (const [name, rows] of Object.entries({ train, validation, test })) {
    writeFileSync(at(`${name}.csv`), writeCsv(rows));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('causalmixft fit and predict', () => {
  it('save a classifier and predict with it, by the same numbers as the library', async () => {
    const fitted = await causalmixft([
      ...['fit', at('train.csv'), '--validation', at('validation.csv'), '--target', 'disease'],
      ...['--method', 'fine-tune', '--steps', '3', '--out', at('model'), '--json', '--quiet'],
    ]);
    expect(fitted.code, fitted.stderr).toBe(0);
    const report = JSON.parse(fitted.stdout);
    expect(report).toMatchObject({
      method: 'fine-tune',
      rows: { train: 182, validation: 45 },
      history: { kind: 'history', runs: [{ method: 'fine-tuning', seed: 0 }] },
    });
    const [{ steps, chosenStep }] = report.history.runs;
    expect(steps.map(({ step }: { step: number }) => step)).toEqual([0, 1, 2, 3]);
    expect(report.validation.logLoss).toBe(
      Math.min(...steps.map(({ validation }: { validation: number }) => validation)),
    );
    expect(report.validation.logLoss).toBe(steps[chosenStep].validation);

    const test = parseCsv(readFileSync(at('test.csv')), { target: 'disease' });
    const model = await loadClassifier(at('model'));
    expect((await evaluate(model, test)).rocAuc).toBeGreaterThan(0.8);
    const features = dropColumns(test, ['disease']);
    writeFileSync(at('features.csv'), writeCsv(features));
    const p = await causalmixft(['predict', at('model'), at('features.csv'), '--probabilities']);
    expect(p.code, p.stderr).toBe(0);
    const table = parseCsv(p.stdout);
    expect(table.columns.map((c) => c.name)).toEqual(['absent', 'present']);
    const wanted = await model.predictProba(test);
    const found = toRecords(table).flatMap(({ absent, present }) => [absent, present]);
    expect(found).toHaveLength(wanted.length);
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i], 6);

    const classes = await causalmixft(['predict', at('model'), at('features.csv'), '--json']);
    const names = (JSON.parse(classes.stdout) as { disease: string }[]).map((row) => row.disease);
    expect(names).toEqual(await model.predict(test));
  });

  it('say which categories the model has not seen, and which column is absent', async () => {
    await causalmixft([
      ...['fit', at('train.csv'), '--target', 'disease', '--method', 'zero-shot'],
      ...['--out', at('zero'), '--quiet'],
    ]);
    const text = readFileSync(at('test.csv'), 'utf8');
    writeFileSync(at('strange.csv'), text.replace('asympt', 'imagined'));
    const strange = await causalmixft(['predict', at('zero'), at('strange.csv')]);
    expect([strange.code, strange.stderr]).toEqual([
      0,
      expect.stringContaining('Note: 1 cell of "chest_pain" hold categories'),
    ]);
    writeFileSync(at('narrow.csv'), writeCsv(dropColumns(parseCsv(text), ['age'])));
    const narrow = await causalmixft(['predict', at('zero'), at('narrow.csv')]);
    expect([narrow.code, narrow.stdout]).toEqual([1, '']);
    expect(narrow.stderr).toContain('must have a column "age"');
  });

  it('print the history for people, with the step that was kept', async () => {
    const { code, stdout } = await causalmixft([
      ...['fit', 'bundled:penguins', '--target', 'sex', '--method', 'fine-tune', '--steps', '2'],
      ...['--seed', '3', '--out', at('penguins')],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/266 rows to learn from, 67 to validate on/);
    expect(stdout).toMatch(/^ +0 +– +0\.\d+ +0\.\d+/m);
    expect(stdout.match(/← kept/g)).toHaveLength(1);
    expect(stdout).toMatch(/^logLoss +0\.\d+$/m);
  });

  it('stop at Ctrl-C with 130, leaving nothing behind', async () => {
    let asked = false;
    const stopped = await causalmixft(
      [
        ...['fit', at('train.csv'), '--target', 'disease', '--method', 'fine-tune'],
        ...['--steps', '5000', '--out', at('stopped')],
      ],
      (child, stderr) => {
        if (asked || !stderr.includes('fine-tuning')) return;
        asked = true;
        child.kill('SIGINT');
      },
    );
    expect([stopped.code, stopped.stdout]).toEqual([130, '']);
    expect(stopped.stderr).toMatch(/Stopped\.\n$/);
    expect(existsSync(at('stopped'))).toBe(false);
  });

  it.skipIf(!existsSync(regressor))(
    'save a regressor for a numeric target and predict with it (needs ../shared/fixtures)',
    async () => {
      const args = ['fit', 'bundled:penguins', '--target', 'body_mass_g', '--out', at('mass')];
      const tuned = await causalmixft([
        ...[...args, '--method', 'fine-tune', '--steps', '3', '--model', regressor, '--quiet'],
      ]);
      expect(tuned.code, tuned.stderr).toBe(0);
      expect(tuned.stdout).toMatch(/step +training loss +validation RMSE/);
      expect(tuned.stdout).toMatch(/\n *3 .*\n/);
      expect(tuned.stdout).toContain('← kept');
      const fitted = await causalmixft([
        ...[...args, '--method', 'zero-shot', '--model', regressor, '--json', '--quiet'],
      ]);
      expect(fitted.code, fitted.stderr).toBe(0);
      const { validation } = JSON.parse(fitted.stdout);
      expect(validation.rmse).toBeGreaterThan(validation.mae);
      const predicted = await causalmixft(['predict', at('mass'), 'bundled:penguins']);
      const masses = parseCsv(predicted.stdout).columns[0];
      expect(masses).toMatchObject({ name: 'body_mass_g', type: 'numeric' });
      const p = await causalmixft(['predict', at('mass'), 'bundled:penguins', '--probabilities']);
      expect(p.code).toBe(1);
      expect(p.stderr).toContain('the model must be a classifier');
    },
  );

  it('leave out rows without a target, and say so', async () => {
    const text = readFileSync(at('train.csv'), 'utf8').replace(/,present\n/, ',\n');
    writeFileSync(at('gap.csv'), text);
    const { code, stdout, stderr } = await causalmixft([
      ...['fit', at('gap.csv'), '--target', 'disease', '--method', 'zero-shot', '--json'],
      ...['--out', at('gap')],
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Note: 1 of 182 rows have no "disease" and are left out');
    expect(JSON.parse(stdout).rows).toEqual({ train: 145, validation: 36 });
  });

  it('refuse a target of one class', async () => {
    writeFileSync(at('one.csv'), 'x,y\n1,a\n2,a\n3,a\n4,a\n5,a\n6,a\n');
    const { code, stderr } = await causalmixft([
      ...['fit', at('one.csv'), '--target', 'y', '--method', 'zero-shot', '--out', at('one')],
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('at least two classes must occur: "y" is "a" in every row');
  });
});

describe('causalmixft augment', () => {
  it('writes as many rows as asked for, with the columns of the table', async () => {
    const args = ['augment', at('train.csv'), '--target', 'disease', '--generator', 'bootstrap'];
    const { code, stdout } = await causalmixft([...args, '--rows', '40', '--seed', '2', '--quiet']);
    expect(code).toBe(0);
    const rows = parseCsv(stdout, { target: 'disease' });
    expect([rows.rows, rows.columns.length]).toEqual([40, 14]);
    const real = parseCsv(readFileSync(at('train.csv')));
    const known = new Set(toRecords(real).map((row) => JSON.stringify(row)));
    expect(toRecords(rows).every((row) => known.has(JSON.stringify(row)))).toBe(true);
    expect((column(rows, 'disease') as CategoricalColumn).categories).toEqual([
      'absent',
      'present',
    ]);

    const again = await causalmixft([
      ...[...args, '--rows', '40', '--seed', '2', '--quiet', '--out', at('more.csv')],
    ]);
    expect([again.code, again.stdout]).toEqual([0, '']);
    expect(readFileSync(at('more.csv'), 'utf8')).toBe(stdout);
    const other = await causalmixft([...args, '--rows', '40', '--seed', '3', '--quiet']);
    expect(other.stdout).not.toBe(stdout);
  });

  it('writes rows of structural causal models, reproducibly', async () => {
    const args = ['augment', at('validation.csv'), '--target', 'disease', '--rows', '30'];
    const first = await causalmixft([...args, '--seed', '1', '--quiet']);
    expect(first.code, first.stderr).toBe(0);
    const real = parseCsv(readFileSync(at('validation.csv')), { target: 'disease' });
    const rows = parseCsv(first.stdout, { target: 'disease' });
    expect(rows.rows).toBe(30);
    expect(rows.columns.map((c) => c.name)).toEqual(real.columns.map((c) => c.name));
    const { categories } = column(rows, 'chest_pain') as CategoricalColumn;
    for (const name of categories) {
      expect((column(real, 'chest_pain') as CategoricalColumn).categories).toContain(name);
    }
    expect((await causalmixft([...args, '--seed', '1', '--quiet'])).stdout).toBe(first.stdout);
  });
});
