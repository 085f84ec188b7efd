import { describe, expect, it } from 'vitest';
import { validationTestGap } from '../../src/evaluation/validation-test-gap.js';

function run(validation: number[], test: (number | undefined)[], chosenStep: number) {
  return {
    chosenStep,
    steps: validation.map((v, step) => ({ step, validation: v, test: test[step] })),
  };
}

describe('validationTestGap()', () => {
  it('reads the gap at the chosen step and along the steps', () => {
    const runs = [
      run([0.4, 0.3, 0.2], [0.5, 0.45, 0.4], 2), // gains 50 % and 20 %, in step
      run([0.4, 0.3, 0.36], [0.5, 0.6, 0.55], 1), // gains 25 % and −20 %, against each other
      run([0.4, 0.2, 0.3], [0.4, 0.2, 0.1], 1), // gains 50 % and 50 %, rank correlation ½
    ];
    const gap = validationTestGap({ metric: 'logLoss', runs });
    expect(gap.gainGap).toBeCloseTo(30, 10);
    expect(gap.correlationGap).toBeCloseTo(0.5, 12);
    expect([gap.runs, gap.correlatedRuns]).toEqual([3, 3]);
  });

  it('knows that more AUC is a gain', () => {
    const up = validationTestGap({ metric: 'rocAuc', runs: [run([0.8, 0.88], [0.8, 0.84], 1)] });
    expect(up.gainGap).toBeCloseTo(5, 10);
    expect(up.correlationGap).toBeCloseTo(0, 12);
  });

  it('leaves out runs without a correlation and counts the others', () => {
    const runs = [run([0.4], [0.5], 0), run([0.4, 0.3], [0.5, 0.5], 1), run([2, 1], [1, 2], 1)];
    const gap = validationTestGap({ metric: 'logLoss', runs });
    expect([gap.runs, gap.correlatedRuns, gap.correlationGap]).toEqual([3, 1, 2]);
  });

  it('refuses runs without test scores, step 0 or the chosen step', () => {
    const bad = (r: ReturnType<typeof run>) => () =>
      validationTestGap({ metric: 'logLoss', runs: [r] });
    expect(bad(run([1, 2], [1, undefined], 1))).toThrow('step 1 has none; fit with monitor');
    expect(bad(run([1, 2], [1, 2], 7))).toThrow('step 7 must be among its steps');
    expect(bad({ chosenStep: 1, steps: [{ step: 1, validation: 1, test: 1 }] })).toThrow('step 0');
  });
});
