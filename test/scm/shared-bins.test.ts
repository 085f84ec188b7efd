import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseArff } from '../../src/data/arff.js';
import { bundled } from '../../src/data/bundled.js';
import { parseCsv } from '../../src/data/csv.js';
import { dropColumns, type Table } from '../../src/data/table.js';
import { stream } from '../../src/math/random.js';
import { bin, binCodes, MISSING } from '../../src/scm/bins.js';
import { columnOf, fitNode, type NodeSettings } from '../../src/scm/fit-node.js';
import { dealFolds } from '../../src/scm/folds.js';
import { type FrameColumn, frame } from '../../src/scm/frame.js';
import { classifiers, regressors } from '../../src/scm/learners.js';
import { type Problem, problem } from '../../src/scm/problem.js';

const shared = join(import.meta.dirname, '../../../shared');
const settings: NodeSettings = {
  seed: 1,
  quality: 'good',
  score: 'logLoss',
  folds: 5,
  race: false,
  noise: 'out-of-fold',
  clip: false,
  snap: false,
  localNoise: false,
  missing: 'complete',
  links: {},
};

/** Each column with the two before it as parents. */
function neighbouringParents(names: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name, j) => [name, names.slice(Math.max(0, j - 2), j)]));
}

function sharedTable(name: string): { table: Table; parents: Record<string, readonly string[]> } {
  const { items } = JSON.parse(readFileSync(join(shared, 'data/index.json'), 'utf8'));
  const facts = items.find((item: { name: string }) => item.name === name);
  const bytes = readFileSync(join(shared, 'data', facts.file));
  const text = (facts.file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  const options = {
    target: facts.target,
    types: Object.fromEntries(
      [...facts.categorical, facts.target].map((c: string) => [c, 'categorical' as const]),
    ),
  };
  const table =
    facts.format === 'arff'
      ? parseArff(text, options)
      : parseCsv(text, { ...options, missing: ['', 'NA', '?'] });
  const left = table.columns
    .map((c) => c.name)
    .filter((c) => facts.idColumns.includes(c) || facts.excludeColumns.includes(c));
  const { parents } = JSON.parse(readFileSync(join(shared, `peers/dags/${name}.json`), 'utf8'));
  return { table: dropColumns(table, left), parents };
}

/** A column whose bins come from some rows only. */
function binnedOn(column: FrameColumn, rows: Int32Array): FrameColumn {
  const { values, type, categories } = column;
  const own = bin(
    Float64Array.from(rows, (r) => values[r]),
    type === 'ordinal' ? undefined : categories?.length,
  );
  const codes = binCodes(values, own.binning);
  return { ...column, binned: () => ({ ...own, codes, missing: codes.includes(MISSING) }) };
}

function lossOf(p: Problem, held: Int32Array, predicted: Float64Array): number {
  let sum = 0;
  held.forEach((r, i) => {
    sum +=
      p.classes && p.classOf
        ? -Math.log(Math.max(predicted[p.classOf[r] * held.length + i], Number.EPSILON))
        : (p.target.values[r] - predicted[i]) ** 2;
  });
  return sum / held.length;
}

/** What is chosen for each node with bins of the whole table, and with bins of each fold's training rows. */
function compare(table: Table, parents: Readonly<Record<string, readonly string[]>>) {
  const whole = frame(table);
  return whole.columns.flatMap((target) => {
    const names = [...(parents[target.name] ?? [])].sort();
    if (names.length === 0 || target.distinct < 2) return [];
    const { choice } = fitNode(whole, target.name, names, settings);
    const boosted = choice?.candidates.find((c) => c.name === 'boosting');
    if (!choice || boosted?.score === undefined) return [];
    const random = stream(settings.seed, 'folds', target.name);
    const categorical = target.categories !== undefined;
    const foldOf = dealFolds(target.values, categorical, settings.folds, random);
    const columns = names.map((name) => columnOf(whole, name));
    let score = 0;
    for (let fold = 0; fold < settings.folds; fold++) {
      const known = Int32Array.from(foldOf.keys()).filter((r) => foldOf[r] < 255);
      const train = known.filter((r) => foldOf[r] !== fold);
      const held = known.filter((r) => foldOf[r] === fold);
      const own = columns.map((column) => binnedOn(column, train));
      const p = problem(target, own, foldOf, settings.folds);
      const learner = categorical ? classifiers.boosting : regressors.boosting;
      const { predicted } = learner.fit(p, train, held, stream(1, 'unused'));
      score += lossOf(p, held, predicted) / settings.folds;
    }
    const others = choice.candidates.filter((c) => c !== boosted && c.score !== undefined);
    const rival = Math.min(...others.map((c) => c.score as number));
    return [
      {
        node: target.name,
        shared: boosted.score,
        perFold: score,
        spread: boosted.spread as number,
        sameChoice: boosted.score < rival === score < rival,
        // How far apart boosting and its best rival are.
        margin: Math.abs(boosted.score - rival),
      },
    ];
  });
}

function expectAlike(found: ReturnType<typeof compare>): void {
  expect(found.length).toBeGreaterThan(3);
  for (const { node, shared: ours, perFold, spread, sameChoice, margin } of found) {
    // Bins move the score by less than the folds do …
    expect(Math.abs(ours - perFold), node).toBeLessThan(spread + 1e-12);
    // … and the choice only where boosting and its rival are as good as equal.
    if (!sameChoice) expect(margin, node).toBeLessThan(0.2 * spread);
  }
}

describe('bins of the whole table, shared by all folds,', { timeout: 300_000 }, () => {
  for (const name of ['penguins', 'wine', 'heart'] as const) {
    it(`choose as bins of each fold's training rows do: ${name}`, async () => {
      const table = await bundled(name);
      expectAlike(compare(table, neighbouringParents(table.columns.map((c) => c.name))));
    });
  }

  for (const name of ['fitness-club', 'good-customer']) {
    it.skipIf(!existsSync(shared))(
      `choose as bins of each fold's training rows do: ${name} (needs ../shared/data)`,
      () => {
        const { table, parents } = sharedTable(name);
        const found = compare(table, parents);
        expectAlike(found);
        expect(found.every((f) => f.sameChoice)).toBe(true);
      },
    );
  }
});
