// The choice between candidates by 5-fold cross-validation: regressors by mean squared error,
// classifiers by log-loss (as DoWhy 0.14) or macro-F1 (as older versions). Ties go to the earlier
// candidate. The folds' predictions for held-out rows also give the out-of-fold residuals.

import type { Random } from '../math/random.js';
import { foldRows, MOST_ROWS } from './fold-rows.js';
import type { Learner } from './learners.js';
import { type Model, type ModelName, predictModel } from './model.js';
import type { Problem } from './problem.js';
import { inScratch, scratchDoubles, scratchIntegers } from './scratch.js';

/** What classifiers are compared by. */
export type ClassifierScore = 'logLoss' | 'f1';

/** A candidate and how it did. */
export interface Candidate {
  readonly name: ModelName;
  /** Mean over the folds; smaller is better (F1 is negated). Absent where it was not tried. */
  readonly score?: number;
  /** Standard deviation over the folds. */
  readonly spread?: number;
  /** Folds after which it was given up as it could no longer win; absent where it went through all. */
  readonly folds?: number;
  /** Why it was not tried. */
  readonly excluded?: string;
}

/** The outcome of a choice. */
export interface Choice {
  readonly model: Model;
  readonly criterion: 'mse' | ClassifierScore;
  readonly candidates: readonly Candidate[];
  readonly chosen: ModelName;
  /** What the reader should know: folds left out, classes that folds lack. */
  readonly notes: readonly string[];
  /** For each of `problem.rows` what the models that did not see it say: the value, or its class's probability. */
  readonly outOfFold: Float64Array;
  /** What the final model says of the same rows, where asked for. */
  readonly inSample?: Float64Array;
}

/** Standard errors by which a candidate must be behind to be given up, and rows it must have lost them on. */
const HOPELESS = 5;
const FEWEST_ROWS = 50;

/**
 * Choose among learners and fit the winner on all rows.
 * @param race Whether a candidate is given up once it is hopelessly behind, or only where it has lost for sure.
 * @param source A random source for each name of a part, so that candidates do not change each other's draws.
 * @param wantsInSample Whether the final model's predictions are wanted too.
 */
export function choose(
  problem: Problem,
  learners: readonly Learner[],
  classifierScore: ClassifierScore,
  race: boolean,
  source: (...names: readonly (string | number)[]) => Random,
  wantsInSample = false,
): Choice {
  const { rows, foldOf, folds } = problem;
  const criterion = problem.classes ? classifierScore : 'mse';
  const outOfFold = scratchDoubles(rows.length);
  const { best, candidates, notes, tried } = inScratch(() =>
    compare(problem, learners, criterion, race, source, outOfFold),
  );
  if (!best) {
    notes.push('too few rows to compare candidates: the parents are not used');
    const model = constant(problem);
    const said = own(problem, predictModel(model, [], rows.length));
    return {
      model,
      criterion,
      candidates,
      chosen: 'constant',
      notes,
      outOfFold: said,
      inSample: said,
    };
  }
  // Predictions of the final model are worth their memory only where they are read.
  const reads = wantsInSample || tried.size < folds;
  const { learner, last } = best;
  const { model, predicted } = learner.fit(
    problem,
    rows,
    reads ? rows : rows.subarray(0, 0),
    source(learner.name, 'all'),
    last,
  );
  const inSample = reads ? own(problem, predicted) : undefined;
  if (inSample) {
    // Rows of folds that were left out.
    rows.forEach((r, i) => {
      if (!tried.has(foldOf[r])) outOfFold[i] = inSample[i];
    });
  }
  return {
    model,
    criterion,
    candidates,
    chosen: learner.name,
    notes,
    outOfFold,
    ...(inSample ? { inSample } : {}),
  };
}

/** What comparing candidates found. */
interface Comparison {
  readonly candidates: readonly Candidate[];
  /** The winner, and what it found on the last fold; absent where no candidate could be scored. */
  readonly best: { readonly learner: Learner; readonly last: Model } | undefined;
  /** The folds that candidates were fitted on. */
  readonly tried: ReadonlySet<number>;
  readonly notes: string[];
}

/**
 * Score the candidates fold by fold.
 * @param said Receives the winner's predictions for the rows that each fold held out.
 */
function compare(
  problem: Problem,
  learners: readonly Learner[],
  criterion: Choice['criterion'],
  race: boolean,
  source: (...names: readonly (string | number)[]) => Random,
  said: Float64Array,
): Comparison {
  const { rows, classOf } = problem;
  const notes: string[] = [];
  const splits = foldRows(problem, notes);
  let best: { learner: Learner; mean: number; outOfFold: Float64Array; last: Model } | undefined;
  let spare: Float64Array | undefined;
  const most = Math.min(rows.length, splits.length * MOST_ROWS);
  const place = scratchIntegers(problem.target.values.length);
  rows.forEach((r, i) => {
    place[r] = i;
  });

  const candidates = learners.map((learner): Candidate => {
    const excluded = learner.excluded?.(problem);
    if (excluded) return { name: learner.name, excluded };
    const outOfFold = spare ?? scratchDoubles(rows.length);
    spare = undefined;
    const scores: number[] = [];
    const lost = { rows: 0, sum: 0, squares: 0 };
    let previous: Model | undefined;
    let sum = 0;
    for (const { fold, train, held } of splits) {
      // Losses are never negative: who has lost more in some folds than the best in all is out.
      if (criterion !== 'f1' && best && sum > best.mean * splits.length) break;
      if (race && criterion !== 'f1' && best && isHopeless(lost, most, best.mean)) break;
      const random = source(learner.name, fold);
      const score = inScratch(() => {
        const { model, predicted } = learner.fit(problem, train, held, random, previous, true);
        previous = model;
        for (let i = 0; i < held.length; i++) {
          const k = classOf ? classOf[held[i]] : 0;
          outOfFold[place[held[i]]] = predicted[k * held.length + i];
        }
        const scored = held.subarray(0, MOST_ROWS);
        return scoreOf(problem, scored, held.length, predicted, criterion, lost);
      });
      scores.push(score);
      sum += score;
    }
    const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
    const spread = Math.sqrt(
      scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / Math.max(1, scores.length - 1),
    );
    const stopped = scores.length < splits.length;
    if (previous && !stopped && Number.isFinite(mean) && (!best || mean < best.mean)) {
      spare = best?.outOfFold;
      best = { learner, mean, outOfFold, last: previous };
    } else spare = outOfFold;
    return {
      name: learner.name,
      score: mean,
      spread,
      ...(stopped ? { folds: scores.length } : {}),
    };
  });

  if (best) said.set(best.outOfFold);
  return { candidates, best, notes, tried: new Set(splits.map((split) => split.fold)) };
}

/** A prediction's part that concerns a row: the value, or the probability of the row's own class. */
function own({ rows, classOf }: Problem, predicted: Float64Array): Float64Array {
  if (!classOf) return predicted;
  const said = scratchDoubles(rows.length);
  for (let i = 0; i < rows.length; i++) said[i] = predicted[classOf[rows[i]] * rows.length + i];
  return said;
}

/** What a candidate has lost so far: sums over rows of its losses and of their squares. */
interface Lost {
  rows: number;
  sum: number;
  squares: number;
}

/**
 * Whether a candidate's losses so far foretell a total so far above the best one's that chance cannot
 * make up for it: the prediction of a mean of n + m rows from n of them has the standard error
 * s √(m / n (n + m)). One row's loss, however large, never suffices, as it adds to s too.
 */
function isHopeless({ rows, sum, squares }: Lost, most: number, bestMean: number): boolean {
  if (rows < FEWEST_ROWS || rows >= most) return false;
  const mean = sum / rows;
  const variance = Math.max(squares / rows - mean ** 2, 0) * (rows / (rows - 1));
  const error = Math.sqrt((variance * (most - rows)) / (rows * most));
  return mean - HOPELESS * error > bestMean;
}

/** The score on held-out rows; losses of single rows are added to `lost`. */
function scoreOf(
  { target, classOf, classes }: Problem,
  held: Int32Array,
  n: number,
  predicted: Float64Array,
  criterion: Choice['criterion'],
  lost: Lost,
): number {
  if (criterion !== 'f1') {
    let sum = 0;
    for (let i = 0; i < held.length; i++) {
      const loss =
        classes && classOf
          ? -Math.log(Math.max(predicted[classOf[held[i]] * n + i], Number.EPSILON))
          : (target.values[held[i]] - predicted[i]) ** 2;
      sum += loss;
      lost.squares += loss ** 2;
    }
    lost.sum += sum;
    lost.rows += held.length;
    return sum / held.length;
  }
  if (!classes || !classOf) return Number.NaN;
  const right = new Float64Array(classes.length);
  const said = new Float64Array(classes.length);
  const there = new Float64Array(classes.length);
  for (let i = 0; i < held.length; i++) {
    let top = 0;
    for (let k = 1; k < classes.length; k++) {
      if (predicted[k * n + i] > predicted[top * n + i]) top = k;
    }
    said[top]++;
    there[classOf[held[i]]]++;
    if (top === classOf[held[i]]) right[top]++;
  }
  let f1 = 0;
  for (let k = 0; k < classes.length; k++) {
    if (said[k] + there[k] > 0) f1 += (2 * right[k]) / (said[k] + there[k]);
  }
  return -f1 / classes.length;
}

function constant({ target, rows, classes, classOf }: Problem): Model {
  const values = new Float64Array(classes?.length ?? 1);
  for (const r of rows) {
    if (classes && classOf) values[classOf[r]] += 1 / rows.length;
    else values[0] += target.values[r] / rows.length;
  }
  return { model: 'constant', values };
}
