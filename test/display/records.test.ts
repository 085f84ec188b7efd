import { describe, expect, it } from 'vitest';
import { summarize } from '../../src/data/summarize.js';
import { takeRows } from '../../src/data/table.js';
import { dag } from '../../src/discovery/dag.js';
import { bundle } from '../../src/display/index.js';
import { stream } from '../../src/math/random.js';
import { evaluateScm } from '../../src/scm/evaluate-scm.js';
import { fitScm } from '../../src/scm/scm.js';
import { summarizeScm } from '../../src/scm/summarize-scm.js';
import { history, mixed } from './samples.js';

function text(value: unknown): string {
  const made = bundle(value);
  expect(Object.keys(made?.data ?? {})).toEqual(
    expect.arrayContaining(['text/html', 'text/markdown', 'text/plain']),
  );
  return String(made?.data['text/plain']);
}

/** y = 2 x + noise, 60 rows. */
function line() {
  const random = stream(3, 'line');
  const x = Float64Array.from({ length: 60 }, () => random());
  const y = x.map((v) => 2 * v + 0.1 * (random() - 0.5));
  return {
    kind: 'table' as const,
    rows: 60,
    target: 'y',
    columns: [
      { name: 'x', type: 'numeric' as const, values: x },
      { name: 'y', type: 'numeric' as const, values: y },
    ],
  };
}

function whole({ name, values }: { name: string; values: Float64Array }) {
  return { name, type: 'integer' as const, values: values.map((v) => Math.round(10 * v)) };
}

describe('the views of small records', () => {
  it('show a summary of a table column by column', () => {
    const shown = text(summarize(mixed));
    expect(shown).toContain('4 rows × 3 columns, 2 missing values, target ill');
    expect(shown).toMatch(/age +integer +1 \(25 %\) +3 +31 … 45 … 60; mean 45\.33 ± 14\.5/);
    expect(shown).toMatch(/ill +target · categorical +1 \(25 %\) +2 +yes 66\.7 %, no 33\.3 %/);
  });

  it('show what was fitted at each node of an SCM, and what was chosen', async () => {
    const table = line();
    const graphs = [dag(table, 'x -> y'), dag(table, [])];
    const scm = await fitScm(table, graphs, { seed: 1, workers: 1 });
    const shown = text(scm);
    expect(shown).toContain('over 2 graphs, fitted on 60 rows, quality good; 3 of 4 mechanisms');
    expect(shown).toMatch(/x +– +empirical distribution +2 of 2/);
    expect(shown).toMatch(/y \(target\) +x +f\(parents\) \+ noise: \w+ +noise sd 0\.0\d+ +1 of 2/);
    expect(text(summarizeScm(scm))).toMatch(/y +x +additive-noise +\w+ +.*linear/);
  });

  it('show integers as a rounded function plus whole noise, and which rows a model was held to', async () => {
    const { kind, rows: size, columns } = line();
    const counts = { kind, rows: size, columns: columns.map(whole) };
    const scm = await fitScm(counts, dag(counts, 'x -> y'), { seed: 1, workers: 1 });
    expect(text(scm)).toMatch(/y +x +round\(f\(parents\)\) \+ noise: \w+/);
    const on = async (rows: number): Promise<string> =>
      text(
        await evaluateScm(
          scm,
          takeRows(
            counts,
            Array.from({ length: rows }, (_, i) => i),
          ),
          { seed: 1 },
        ),
      );
    expect(await on(60)).toContain('against 60 rows, those that it was fitted on');
    expect(await on(40)).toContain('against 40 rows, not the table that it was fitted on');
  });

  it('show a tuned model by its history, a plain one by what it predicts', () => {
    const model = {
      kind: 'classifier',
      classes: ['no', 'yes'],
      target: 'ill',
      tfm: 'a model',
      notes: ['10 rows left out'],
      temperature: 1,
    };
    expect(text(model)).toMatch(/predicts +ill: no, yes[\s\S]*note +10 rows left out/);
    expect(text({ ...model, history })).toContain('good, seed 1: chosen step 2 of 3');
  });

  it('show the first, the chosen and the last steps of a fine-tuning', () => {
    const steps = Array.from({ length: 30 }, (_, step) => ({ step, score: 1 / (1 + step) }));
    const shown = text({
      kind: 'fine-tuned',
      tfm: { name: 'a model' },
      steps,
      chosenStep: 12,
      preset: 'stock',
    });
    expect(shown).toContain('step 12 of 29 kept');
    expect(shown.match(/^ *★? ?\d+ .*$/gm)).toHaveLength(8);
    expect(shown).toContain('… 22 more steps not shown');
  });

  it('show effects and where a change comes from', () => {
    const effect = {
      kind: 'average-effect',
      treatment: 'dose',
      from: 0,
      to: 1,
      outcome: 'ill',
      category: 'yes',
      effect: -0.25,
      interval: [-0.3, -0.2],
      resamples: 20,
    };
    expect(text(effect)).toMatch(
      /on +P\(ill = yes\)\nof +dose: 0 → 1\neffect +−0\.25\n95 % interval +−0\.3 … −0\.2 \(20 resamples\)/,
    );
    const change = {
      kind: 'change-attribution',
      column: 'y',
      before: 1,
      after: 3,
      contributions: [
        { node: 'x', contribution: 0.5 },
        { node: 'y', contribution: 1.5 },
      ],
    };
    expect(text(change)).toMatch(
      /Change of y: 1 → 3 \(\+2\)[\s\S]*y +\+1\.5 +75 %\nx +\+0\.5 +25 %/,
    );
  });

  it('show a falsification with its histogram', () => {
    const value = {
      kind: 'falsification',
      tests: 6,
      violations: [{ node: 'a', other: 'b', given: ['c'], p: 0.01 }],
      permuted: [3, 4, 4, 5],
      pLmc: 0.02,
      pTpa: 0,
      falsifiable: true,
      falsified: false,
    };
    expect(text(value)).toMatch(
      /Graph not falsified[\s\S]*a not independent of b given c \(p = 0\.01\)/,
    );
    const svg = String(bundle(value)?.data['image/svg+xml']);
    expect(svg.match(/<rect x=/g)).toHaveLength(3);
    expect(svg).toContain('4 permuted graphs have from 3 to 5');
  });
});
