import { describe, expect, it } from 'vitest';
import { bootstrap } from '../src/augmentation/bootstrap.js';
import { causalMixFT, joinHistories, standardFineTuning } from '../src/causal-mix-ft.js';
import { bundled } from '../src/data/bundled.js';
import { dropMissing } from '../src/data/missing.js';
import { split } from '../src/data/split.js';
import { withTarget } from '../src/data/table.js';
import { evaluate } from '../src/evaluation/evaluate.js';
import { evaluateRegressor } from '../src/evaluation/regression.js';
import { loadTfm } from '../src/tfm/load-tfm.js';

const table = await bundled('penguins');
const { train, validation, test } = split(table, { seed: 7 });
const tfm = await loadTfm();
const quick = { tfm, seed: 7, steps: 3 } as const;
const causal = () => causalMixFT({ ...quick, generator: bootstrap() });

describe('causalMixFT()', () => {
  it('records validation and test at every step, the pre-trained model included', async () => {
    const model = await causal().fit(train, validation, { monitor: test });
    const [run] = model.history.runs;
    expect(run.steps.map((s) => s.step)).toEqual([0, 1, 2, 3]);
    expect(run.method).toBe('CausalMixFT');
    const zeroShot = await evaluate(await tfm.fit(train, { seed: 7 }), validation);
    expect(run.steps[0].validation).toBeCloseTo(zeroShot.logLoss, 6);
    for (const step of run.steps) {
      expect(step.validation).toBe(step.scores.validation.logLoss);
      expect(step.test).toBe(step.scores.test?.logLoss);
    }
  });

  it('keeps the step that is best on the validation rows, never worse than the pre-trained', async () => {
    const model = await causal().fit(train, validation);
    const [run] = model.history.runs;
    const best = Math.min(...run.steps.map((s) => s.validation));
    expect(run.steps.find((s) => s.step === run.chosenStep)?.validation).toBe(best);
    expect((await evaluate(model, validation)).logLoss).toBeCloseTo(best, 5);
  });

  it('never lets the monitored rows change anything but their own scores', async () => {
    const seen = await causal().fit(train, validation, { monitor: test });
    const unseen = await causal().fit(train, validation);
    const without = seen.history.runs[0].steps.map(({ test: _, scores, ...step }) => ({
      ...step,
      scores: { validation: scores.validation },
    }));
    expect(without).toEqual(unseen.history.runs[0].steps);
    expect(await seen.predictProba(test)).toEqual(await unseen.predictProba(test));
  });

  it('gives the same numbers for the same seed', async () => {
    const [a, b] = [await causal().fit(train, validation), await causal().fit(train, validation)];
    expect(a.history).toEqual(b.history);
    expect(await a.predictProba(test)).toEqual(await b.predictProba(test));
  });

  it('tunes for a numeric target and keeps the step of least error', async () => {
    const [few, held, other] = [train, validation, test].map((part) =>
      dropMissing(withTarget(part, 'body_mass_g'), ['body_mass_g']),
    );
    for (const way of [causal(), standardFineTuning(quick)]) {
      const model = await way.fitRegressor(few, held, { monitor: other });
      const { steps, chosenStep } = model.tuning;
      expect(steps.map((s) => s.step)).toEqual([0, 1, 2, 3]);
      const best = Math.min(...steps.map((s) => s.score));
      expect(steps[chosenStep].score).toBe(best);
      expect((await evaluateRegressor(model, held)).rmse).toBeCloseTo(best, 1);
      const after = await evaluateRegressor(model, other);
      expect(steps[chosenStep].monitor?.rmse).toBeCloseTo(after.rmse, 1);
    }
    await expect(causal().fit(few, held)).rejects.toThrow(/to predict numbers use fitRegressor/);
    await expect(causal().fitRegressor(train, validation)).rejects.toThrow(/use fit for classes/);
  });

  it('refuses a negative ratio', () => {
    expect(() => causalMixFT({ ...quick, ratio: -1 })).toThrow(
      'Cannot mix rows as ratio must be a number >= 0: current value is -1',
    );
  });

  it('stops at the next step when its signal is aborted', async () => {
    const controller = new AbortController();
    const run = causalMixFT({ ...quick, steps: 50, generator: bootstrap() }).fit(
      train,
      validation,
      {
        signal: controller.signal,
        onProgress: (state) => {
          if (state.done >= 2) controller.abort(new Error('enough'));
        },
      },
    );
    await expect(run).rejects.toThrow('enough');
  });
});

describe('joinHistories()', () => {
  it('puts runs side by side and refuses those of another model', async () => {
    const a = (await causal().fit(train, validation)).history;
    const b = (await standardFineTuning(quick).fit(train, validation)).history;
    expect(joinHistories(a, b).runs.map((r) => r.method)).toEqual(['CausalMixFT', 'fine-tuning']);
    expect(() => joinHistories(a, { ...b, model: 'another' })).toThrow('Cannot join histories');
  });
});
