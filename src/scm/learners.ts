// The candidates among which a mechanism's function is chosen: each fits one kind of model.
// Kept together: a learner is a few lines around its model's own file, and the list reads as one.

import type { Random } from '../math/random.js';
import { type BoostingTarget, boostedProbabilities, fitBoosting } from './boosting.js';
import { cellNumbers, enoughPerCell, fitContingency, predictContingency } from './contingency.js';
import { type Design, encodedDesign } from './design.js';
import { type Encoding, encode, fitEncoding, oneHotWidth } from './encoding.js';
import { fitForest, predictForest } from './forest.js';
import { valuesAt } from './frame.js';
import type { Counts, Units } from './grow-tree.js';
import { fitLasso, fitLinearDesign, fitRidge, type LinearFit } from './linear.js';
import { fitLogisticCounts, type LogisticFit } from './logistic.js';
import { type Model, type ModelName, predictModel } from './model.js';
import { fitNaiveBayes } from './naive-bayes.js';
import { fitNeighbours } from './neighbours.js';
import type { Problem } from './problem.js';
import { inScratch, scratchBytes, scratchDoubles, scratchIntegers } from './scratch.js';

/** What a learner found on some rows, and what it says of others. */
export interface Learned {
  readonly model: Model;
  /** For the held-out rows: values, or the probability of class k for row i at k · rows + i. */
  readonly predicted: Float64Array;
}

/** A way to fit a function of the parents. */
export interface Learner {
  readonly name: ModelName;
  /** Why the learner cannot or need not be tried on a problem; `undefined` where it can. */
  excluded?(problem: Problem): string | undefined;
  /**
   * Fit.
   * @param train Rows of the table to fit on; for classes, at least two occur.
   * @param held Rows to predict.
   * @param random A source for learners that draw.
   * @param previous What the same learner found on another fold: a start for iterations.
   * @param trial Whether only the predictions count: trees of the model may be left out.
   */
  fit(
    problem: Problem,
    train: Int32Array,
    held: Int32Array,
    random: Random,
    previous?: Model,
    trial?: boolean,
  ): Learned;
}

/** Regressors by name. */
export const regressors: Readonly<
  Record<
    | 'linear'
    | 'boosting'
    | 'ridge'
    | 'lasso'
    | 'forest'
    | 'extra-trees'
    | 'tree'
    | 'neighbours'
    | 'polynomial',
    Learner
  >
> = {
  linear: leastSquares('linear', (design, _, y) => fitLinearDesign(design(), y), 1),
  ridge: leastSquares('ridge', (_, columns, y) => fitRidge(columns(), y), 1),
  lasso: leastSquares('lasso', (_, columns, y) => fitLasso(columns(), y), 1),
  boosting: boosting(),
  forest: trees('forest'),
  'extra-trees': trees('extra-trees'),
  tree: trees('tree'),
  neighbours: neighbours(),
  polynomial: leastSquares('polynomial', (design, _, y) => fitLinearDesign(design(), y), 2),
};

/** Classifiers by name. */
export const classifiers: Readonly<
  Record<
    | 'logistic'
    | 'boosting'
    | 'contingency'
    | 'forest'
    | 'extra-trees'
    | 'tree'
    | 'neighbours'
    | 'naive-bayes'
    | 'polynomial',
    Learner
  >
> = {
  logistic: logistic('logistic', 1),
  boosting: boosting(),
  contingency: contingency(),
  forest: trees('forest'),
  'extra-trees': trees('extra-trees'),
  tree: trees('tree'),
  neighbours: neighbours(),
  'naive-bayes': naiveBayes(),
  polynomial: logistic('polynomial-logistic', 3),
};

/** A polynomial is tried only where it stays small: at most 5 one-hot encoded parents, none missing. */
function tooManyForProducts({ parents }: Problem): string | undefined {
  const width = oneHotWidth(parents);
  if (width > 5) return `${width} encoded parents, at most 5 are raised to powers`;
  return parents.some((p) => p.missing > 0) ? 'parents with missing cells' : undefined;
}

function leastSquares(
  name: 'linear' | 'ridge' | 'lasso' | 'polynomial',
  solve: (design: () => Design, columns: () => Float64Array[], y: Float64Array) => LinearFit,
  degree: number,
): Learner {
  return {
    name,
    ...(degree > 1 ? { excluded: tooManyForProducts } : {}),
    fit(problem, train, held) {
      const { target, parents } = problem;
      const values = parents.map((p) => p.values);
      const encoding = fitEncoding(parents, train, degree, () => [target.values]);
      const fit = inScratch(() =>
        solve(
          () => encodedDesign(encoding, values, train),
          () => encode(encoding, values, train),
          targetAt(problem, train),
        ),
      );
      const model: Model = { model: name, encoding, ...fit };
      return { model, predicted: predictModel(model, values, held.length, held) };
    },
  };
}

function logistic(name: 'logistic' | 'polynomial-logistic', degree: number): Learner {
  return {
    name,
    ...(degree > 1 ? { excluded: tooManyForProducts } : {}),
    fit(problem, train, held, _random, previous) {
      const { parents } = problem;
      const values = parents.map((p) => p.values);
      const encoding = fitEncoding(parents, train, degree, () => indicators(problem));
      const fit = inScratch(() => {
        const { rows, counts, present } = classCounts(problem, train);
        const x = encodedDesign(encoding, values, rows);
        const from = startFrom(previous, encoding, x.width, present.length);
        const own = fitLogisticCounts(x, counts, present.length, from ? { from } : {});
        return allClasses(own, x.width, problem, present);
      });
      const model: Model = { model: name, encoding, ...fit };
      return { model, predicted: predictModel(model, values, held.length, held) };
    },
  };
}

function boosting(): Learner {
  return {
    name: 'boosting',
    fit(problem, train, held, random, _previous, trial) {
      const { target, parents, classes, classOf } = problem;
      const { unitsOfTrain, unitsOfHeld, ...features } = usedUnits(problem, train, held);
      const { size } = features;
      const most = commonest(unitsOfTrain, size);
      const counter = (length: number): Counts =>
        most < 256 ? scratchBytes(length) : scratchDoubles(length);
      const count = counter(size);
      for (let i = 0; i < unitsOfTrain.length; i++) count[unitsOfTrain[i]]++;
      let goal: BoostingTarget;
      if (classes && classOf) {
        const counts = counter(classes.length * size);
        for (let i = 0; i < train.length; i++) counts[classOf[train[i]] * size + unitsOfTrain[i]]++;
        goal = { loss: 'log', classes: classes.length, counts };
      } else {
        const sum = scratchDoubles(size);
        const squares = most > 1 ? scratchDoubles(size) : undefined;
        for (let i = 0; i < train.length; i++) {
          const y = target.values[train[i]];
          sum[unitsOfTrain[i]] += y;
          if (squares) squares[unitsOfTrain[i]] += y ** 2;
        }
        goal = { loss: 'squared', sum, ...(squares ? { squares } : {}) };
      }
      const { model, raw } = fitBoosting({ ...features, count }, goal, {
        random,
        keep: trial !== true,
        borrow: true,
      });
      const outputs = raw.length / size;
      const own = scratchDoubles(outputs * held.length);
      for (let k = 0; k < outputs; k++) {
        for (let i = 0; i < held.length; i++) {
          own[k * held.length + i] = raw[k * size + unitsOfHeld[i]];
        }
      }
      return {
        model: { model: 'boosting', binnings: parents.map((p) => p.binned().binning), ...model },
        predicted:
          model.loss === 'squared' ? own : boostedProbabilities(model.loss, own, held.length),
      };
    },
  };
}

/** Number of rows of the unit that has most. */
function commonest(unitOf: Int32Array, size: number): number {
  const counts = scratchIntegers(size);
  let most = 0;
  for (let i = 0; i < unitOf.length; i++) most = Math.max(most, ++counts[unitOf[i]]);
  return most;
}

/** The units of some rows only, in their order: of a large table a fold reads a part. */
function usedUnits(
  { units }: Problem,
  train: Int32Array,
  held: Int32Array,
): Omit<Units, 'count'> & { readonly unitsOfTrain: Int32Array; readonly unitsOfHeld: Int32Array } {
  const { unitOf, size, codes, bins, categorical } = units();
  const place = scratchIntegers(size);
  for (const r of train) place[unitOf[r]] = 1;
  for (const r of held) place[unitOf[r]] = 1;
  let used = 0;
  for (let u = 0; u < size; u++) place[u] = place[u] === 1 ? used++ : -1;
  const own =
    used === size
      ? codes
      : codes.map((column) => {
          const kept = scratchBytes(used);
          for (let u = 0; u < size; u++) if (place[u] >= 0) kept[place[u]] = column[u];
          return kept;
        });
  return {
    size: used,
    codes: own,
    bins,
    categorical,
    unitsOfTrain: placesOf(train, unitOf, place),
    unitsOfHeld: placesOf(held, unitOf, place),
  };
}

function placesOf(rows: Int32Array, unitOf: Int32Array, place: Int32Array): Int32Array {
  const found = scratchIntegers(rows.length);
  for (let i = 0; i < rows.length; i++) found[i] = place[unitOf[rows[i]]];
  return found;
}

/** The target's values in some rows. */
function targetAt({ target }: Problem, rows: Int32Array): Float64Array {
  const found = scratchDoubles(rows.length);
  for (let i = 0; i < rows.length; i++) found[i] = target.values[rows[i]];
  return found;
}

function trees(kind: 'forest' | 'extra-trees' | 'tree'): Learner {
  return {
    name: kind,
    fit({ target, parents, classes, classOf, units }, train, held, random) {
      const { unitOf, ...features } = units();
      const { size } = features;
      const outputs = classes?.length ?? 1;
      const count = scratchDoubles(size);
      const sums = scratchDoubles(outputs * size);
      for (const r of train) {
        const u = unitOf[r];
        count[u]++;
        if (classOf) sums[classOf[r] * size + u]++;
        else sums[u] += target.values[r];
      }
      const binnings = parents.map((p) => p.binned().binning);
      const grown = fitForest({ ...features, count }, binnings, sums, outputs, { kind, random });
      const model: Model = { model: kind, binnings, trees: grown, outputs };
      const codes = parents.map((p) => {
        const all = p.binned().codes;
        const own = scratchBytes(held.length);
        for (let i = 0; i < held.length; i++) own[i] = all[held[i]];
        return own;
      });
      return { model, predicted: predictForest(grown, codes, held.length, outputs) };
    },
  };
}

function neighbours(): Learner {
  return {
    name: 'neighbours',
    fit(problem, train, held) {
      const { target, parents, classes, classOf } = problem;
      const values = parents.map((p) => p.values);
      const outputs = (): Float64Array[] => (classes ? indicators(problem) : [target.values]);
      const encoding = fitEncoding(parents, train, 1, outputs);
      const targets = valuesAt(classOf ?? target.values, train);
      const x = encode(encoding, values, train);
      const model: Model = {
        model: 'neighbours',
        encoding,
        ...fitNeighbours(x, targets, classes?.length ?? 0),
      };
      return { model, predicted: predictModel(model, values, held.length, held) };
    },
  };
}

function naiveBayes(): Learner {
  return {
    name: 'naive-bayes',
    fit(problem, train, held) {
      const { parents, classes, classOf } = problem;
      const values = parents.map((p) => p.values);
      const encoding = fitEncoding(parents, train, 1, () => indicators(problem));
      const y = Int32Array.from(train, (r) => classOf?.[r] ?? 0);
      const model: Model = {
        model: 'naive-bayes',
        encoding,
        ...fitNaiveBayes(encode(encoding, values, train), y, classes?.length ?? 0),
      };
      return { model, predicted: predictModel(model, values, held.length, held) };
    },
  };
}

function contingency(): Learner {
  const sizesOf = ({ parents }: Problem): Int32Array =>
    Int32Array.from(parents, (p) => (p.categories?.length ?? 0) + 1);
  return {
    name: 'contingency',
    excluded(problem) {
      if (problem.parents.some((p) => p.categories === undefined))
        return 'parents that are numbers';
      const enough = inScratch(() => {
        const values = rowsOf(problem, problem.rows);
        return enoughPerCell(cellNumbers(values, sizesOf(problem), problem.rows.length));
      });
      return enough ? undefined : 'too few rows in a cell of the parents';
    },
    fit(problem, train, held) {
      const { classes, classOf } = problem;
      const sizes = sizesOf(problem);
      const cells = cellNumbers(rowsOf(problem, train), sizes, train.length);
      const y = scratchIntegers(train.length);
      for (let i = 0; i < train.length; i++) y[i] = classOf?.[train[i]] ?? 0;
      const fit = fitContingency(cells, sizes, y, classes?.length ?? 0);
      const predicted = predictContingency(fit, rowsOf(problem, held), held.length);
      return { model: { model: 'contingency', ...fit }, predicted };
    },
  };
}

function rowsOf({ parents }: Problem, rows: Int32Array): Float64Array[] {
  return parents.map(({ values }) => {
    const found = scratchDoubles(rows.length);
    for (let i = 0; i < rows.length; i++) found[i] = values[rows[i]];
    return found;
  });
}

/** One column per class: 1 where a row has it. */
function indicators({ classes, classOf }: Problem): Float64Array[] {
  return Array.from(classes ?? [], (_, k) => {
    const own = new Float64Array(classOf?.length ?? 0);
    classOf?.forEach((c, r) => {
      if (c === k) own[r] = 1;
    });
    return own;
  });
}

/**
 * Count classes over rows with the same parents.
 * @returns One row for each distinct combination of parents, the classes that occur, and how often
 *   each of them (k · rows + i).
 */
function classCounts(
  { classes, classOf, units }: Problem,
  train: Int32Array,
): { rows: Int32Array; counts: Float64Array | Uint8Array; present: Int32Array } {
  const seen = new Uint8Array(classes?.length ?? 0);
  for (const r of train) seen[classOf?.[r] ?? 0] = 1;
  const present = Int32Array.from(seen.keys()).filter((k) => seen[k] === 1);
  const place = new Int32Array(seen.length);
  present.forEach((k, i) => {
    place[k] = i;
  });
  const { unitOf, first, exact, size } = units();
  const grouped = exact && size < train.length;
  if (!grouped) {
    const n = train.length;
    const counts = scratchBytes(present.length * n);
    for (let i = 0; i < n; i++) counts[place[classOf?.[train[i]] ?? 0] * n + i] = 1;
    return { rows: train, counts, present };
  }
  const at = scratchIntegers(size).fill(-1);
  const rows = scratchIntegers(size);
  let n = 0;
  for (const r of train) {
    const u = unitOf[r];
    if (at[u] >= 0) continue;
    at[u] = n;
    rows[n++] = first[u];
  }
  const counts = scratchDoubles(present.length * n);
  for (const r of train) counts[place[classOf?.[r] ?? 0] * n + at[unitOf[r]]]++;
  return { rows: rows.subarray(0, n), counts, present };
}

/** Spread a fit over all classes: those that training lacks get probability 0. */
function allClasses(
  fit: LogisticFit,
  m: number,
  { classes }: Problem,
  present: Int32Array,
): LogisticFit {
  const all = classes?.length ?? 0;
  if (present.length === all) return fit;
  const coefficients = new Float64Array(all * m);
  const intercepts = new Float64Array(all).fill(Number.NEGATIVE_INFINITY);
  // Two classes have one output, that of the second; the first one's score is 0.
  const binary = fit.intercepts.length === 1;
  present.forEach((k, i) => {
    if (binary && i === 0) intercepts[k] = 0;
    else {
      const from = binary ? 0 : i;
      intercepts[k] = fit.intercepts[from];
      coefficients.set(fit.coefficients.subarray(from * m, (from + 1) * m), k * m);
    }
  });
  return { coefficients, intercepts };
}

/** The previous fold's solution, where it has the same columns and outputs. */
function startFrom(
  previous: Model | undefined,
  encoding: Encoding,
  m: number,
  classes: number,
): LogisticFit | undefined {
  if (previous?.model !== 'logistic' && previous?.model !== 'polynomial-logistic') return undefined;
  const outputs = classes === 2 ? 1 : classes;
  const alike =
    previous.intercepts.length === outputs &&
    previous.intercepts.every(Number.isFinite) &&
    previous.coefficients.length === outputs * m &&
    previous.encoding.parents.every((p, j) => {
      const q = encoding.parents[j];
      if (p.kind !== 'one-hot' || q.kind !== 'one-hot') return p.kind === q.kind;
      return p.levels.join() === q.levels.join();
    });
  return alike ? previous : undefined;
}
