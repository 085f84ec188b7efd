// The choice between candidates by 5-fold cross-validation: regressors by mean squared error,
// classifiers by log-loss (as DoWhy 0.14) or macro-F1 (as older versions). Ties go to the earlier
// candidate. The folds' predictions for held-out rows also give the out-of-fold residuals.

import type { Random } from '../math/random.js';
import type { Learner } from './learners.js';
import { type Model, type ModelName, predictModel } from './model.js';
import type { Problem } from './problem.js';

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
  /** Predictions for each of `problem.rows` by the models that did not see it (k · rows + i). */
  readonly outOfFold: Float64Array;
  /** Predictions of the final model for the same rows. */
  readonly inSample: Float64Array;
}

/** Most rows that a fold trains on and is scored on, as DoWhy has it. */
const MOST_ROWS = 20_000;

/** Standard errors by which a candidate must be behind to be given up, and rows it must have lost them on. */
const HOPELESS = 5;
const FEWEST_ROWS = 50;

/**
 * Choose among learners and fit the winner on all rows.
 * @param race Whether a candidate is given up once it is hopelessly behind, or only where it has lost for sure.
 * @param source A random source for each name of a part, so that candidates do not change each other's draws.
 */
export function choose(
  problem: Problem,
  learners: readonly Learner[],
  classifierScore: ClassifierScore,
  race: boolean,
  source: (...names: readonly (string | number)[]) => Random,
): Choice {
  const { rows, classes } = problem;
  const criterion = classes ? classifierScore : 'mse';
  const notes: string[] = [];
  const splits = foldRows(problem, notes);
  const outputs = classes?.length ?? 1;
  let best: { learner: Learner; mean: number; outOfFold: Float64Array; last: Model } | undefined;
  const most = Math.min(rows.length, splits.length * MOST_ROWS);
  const place = new Int32Array(problem.target.values.length);
  rows.forEach((r, i) => {
    place[r] = i;
  });

  const candidates = learners.map((learner): Candidate => {
    const excluded = learner.excluded?.(problem);
    if (excluded) return { name: learner.name, excluded };
    const outOfFold = new Float64Array(outputs * rows.length);
    const scores: number[] = [];
    const lost = { rows: 0, sum: 0, squares: 0 };
    let previous: Model | undefined;
    let sum = 0;
    for (const { fold, train, held } of splits) {
      // Losses are never negative: who has lost more in some folds than the best in all is out.
      if (criterion !== 'f1' && best && sum > best.mean * splits.length) break;
      if (race && criterion !== 'f1' && best && isHopeless(lost, most, best.mean)) break;
      const random = source(learner.name, fold);
      const { model, predicted } = learner.fit(problem, train, held, random, previous, true);
      previous = model;
      for (let k = 0; k < outputs; k++) {
        for (let i = 0; i < held.length; i++) {
          outOfFold[k * rows.length + place[held[i]]] = predicted[k * held.length + i];
        }
      }
      const score = scoreOf(
        problem,
        held.subarray(0, MOST_ROWS),
        held.length,
        predicted,
        criterion,
        lost,
      );
      scores.push(score);
      sum += score;
    }
    const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
    const spread = Math.sqrt(
      scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / Math.max(1, scores.length - 1),
    );
    const stopped = scores.length < splits.length;
    if (previous && !stopped && Number.isFinite(mean) && (!best || mean < best.mean)) {
      best = { learner, mean, outOfFold, last: previous };
    }
    return {
      name: learner.name,
      score: mean,
      spread,
      ...(stopped ? { folds: scores.length } : {}),
    };
  });

  if (!best) {
    notes.push('too few rows to compare candidates: the parents are not used');
    return { ...constant(problem), criterion, candidates, chosen: 'constant', notes };
  }
  const { model, predicted } = best.learner.fit(
    problem,
    rows,
    rows,
    source(best.learner.name, 'all'),
    best.last,
  );
  return {
    model,
    criterion,
    candidates,
    chosen: best.learner.name,
    notes,
    outOfFold: filled(problem, splits, best.outOfFold, predicted),
    inSample: predicted,
  };
}

interface FoldRows {
  readonly fold: number;
  readonly train: Int32Array;
  readonly held: Int32Array;
}

function foldRows(problem: Problem, notes: string[]): FoldRows[] {
  const { rows, foldOf, folds, classOf, classes } = problem;
  const splits: FoldRows[] = [];
  let lacking = 0;
  for (let fold = 0; fold < folds; fold++) {
    const held = rows.filter((r) => foldOf[r] === fold);
    const train = rows.filter((r) => foldOf[r] !== fold).subarray(0, MOST_ROWS);
    if (held.length === 0 || train.length === 0) continue;
    if (classes && classOf) {
      const seen = new Uint8Array(classes.length);
      for (const r of train) seen[classOf[r]] = 1;
      const found = seen.reduce((sum, s) => sum + s, 0);
      if (found < 2) {
        notes.push(`fold ${fold + 1} left out: its training part has one class`);
        continue;
      }
      if (found < classes.length) lacking++;
    }
    splits.push({ fold, train, held });
  }
  if (lacking > 0) notes.push(`${lacking} of ${folds} folds train without a rare class`);
  return splits;
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

/** Rows of folds that were left out get the final model's predictions. */
function filled(
  { rows, foldOf, classes }: Problem,
  splits: readonly FoldRows[],
  outOfFold: Float64Array,
  inSample: Float64Array,
): Float64Array {
  const tried = new Set(splits.map((s) => s.fold));
  const outputs = classes?.length ?? 1;
  rows.forEach((r, i) => {
    if (tried.has(foldOf[r])) return;
    for (let k = 0; k < outputs; k++) {
      outOfFold[k * rows.length + i] = inSample[k * rows.length + i];
    }
  });
  return outOfFold;
}

function constant(problem: Problem): Pick<Choice, 'model' | 'outOfFold' | 'inSample'> {
  const { target, rows, classes, classOf } = problem;
  const values = new Float64Array(classes?.length ?? 1);
  for (const r of rows) {
    if (classes && classOf) values[classOf[r]] += 1 / rows.length;
    else values[0] += target.values[r] / rows.length;
  }
  const model: Model = { model: 'constant', values };
  const predicted = predictModel(model, [], rows.length);
  return { model, outOfFold: predicted, inSample: predicted };
}
