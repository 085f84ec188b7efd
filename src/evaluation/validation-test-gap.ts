// Two readings of the published "validation-test performance correlation gap", whose definition is
// not public: how far the gain promised on validation rows is from the gain on test rows, and how
// badly the two scores go together along the steps of a run.

import { spearman } from './correlation.js';
import { higherIsBetter, type Scores } from './evaluate.js';
import { median, normalizedScore } from './summary.js';

/** Runs with both scores at every evaluated step; a `History` is one. */
export interface ScoredRuns {
  /** The metric of the scores. */
  readonly metric: keyof Scores;
  readonly runs: readonly {
    /** Step 0 is the pre-trained model: the baseline of the gains. */
    readonly steps: readonly {
      readonly step: number;
      readonly validation: number;
      readonly test?: number | undefined;
    }[];
    /** The step whose weights were kept. */
    readonly chosenStep: number;
  }[];
}

export interface ValidationTestGap {
  /** Median over runs of |normalised validation gain − normalised test gain| at the chosen step, in per cent. */
  readonly gainGap: number;
  /** Median over runs of 1 − Spearman's correlation of validation and test score along the steps. */
  readonly correlationGap: number;
  /** Runs in all. */
  readonly runs: number;
  /** Runs of which the correlation is defined: at least two steps, neither score constant. */
  readonly correlatedRuns: number;
}

/**
 * Compute both readings of the gap between validation and test scores.
 * @param history A `History`, or any record of runs with test scores.
 * @throws RangeError where a run lacks test scores, step 0 or its chosen step.
 */
export function validationTestGap(history: ScoredRuns): ValidationTestGap {
  const up = higherIsBetter(history.metric);
  const gains: number[] = [];
  const correlations: number[] = [];
  for (const [index, { steps, chosenStep }] of history.runs.entries()) {
    const scored = steps.map(({ step, validation, test }) => {
      if (test === undefined) {
        refuse(index, `every step must have a test score: step ${step} has none; fit with monitor`);
      }
      return { step, validation, test };
    });
    const find = (wanted: number): (typeof scored)[number] =>
      scored.find(({ step }) => step === wanted) ??
      refuse(index, `step ${wanted} must be among its steps: there are ${scored.length}`);
    const [first, chosen] = [find(0), find(chosenStep)];
    const gain = (of: 'validation' | 'test'): number => normalizedScore(chosen[of], first[of], up);
    gains.push(Math.abs(gain('validation') - gain('test')));
    const correlation = spearman(
      scored.map(({ validation }) => validation),
      scored.map(({ test }) => test),
    );
    if (!Number.isNaN(correlation)) correlations.push(1 - correlation);
  }
  return {
    gainGap: median(gains),
    correlationGap: median(correlations),
    runs: history.runs.length,
    correlatedRuns: correlations.length,
  };
}

function refuse(index: number, requirement: string): never {
  throw new RangeError(
    `Cannot compute the validation-test gap of run ${index + 1} as ${requirement}`,
  );
}
