// Metrics of predicted numbers: pure functions of the true and the predicted values.

import { column, isNumeric, type Table } from '../data/table.js';

/** A score of predicted numbers. */
export type RegressionMetric = (truth: Float64Array, predicted: Float64Array) => number;

/** Every metric that a run with a numeric target records. */
export interface RegressionScores {
  readonly rmse: number;
  readonly mae: number;
  /** Share of the variance that is explained; NaN where the truth is constant. */
  readonly rSquared: number;
}

/** Compute the root of the mean squared error. */
export function rmse(truth: Float64Array, predicted: Float64Array): number {
  const n = checkLengths('the RMSE', truth, predicted);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (truth[i] - predicted[i]) ** 2;
  return Math.sqrt(sum / n);
}

/** Compute the mean absolute error. */
export function mae(truth: Float64Array, predicted: Float64Array): number {
  const n = checkLengths('the mean absolute error', truth, predicted);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.abs(truth[i] - predicted[i]);
  return sum / n;
}

/** Compute R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)², ȳ the mean of the true values given here. */
export function rSquared(truth: Float64Array, predicted: Float64Array): number {
  const n = checkLengths('R²', truth, predicted);
  const mean = truth.reduce((a, b) => a + b, 0) / n;
  const total = truth.reduce((sum, y) => sum + (y - mean) ** 2, 0);
  return total > 0 ? 1 - (rmse(truth, predicted) ** 2 * n) / total : Number.NaN;
}

/** What `evaluateRegressor` needs of a regressor. */
export interface NumberModel {
  /** Name of the target column (default: the table's own). */
  readonly target?: string;
  predict(table: Table): Promise<Float64Array>;
}

/**
 * Score a regressor's predictions of a table with every metric.
 * @param table Rows with known targets.
 * @throws RangeError where the target is no column of numbers, or a row lacks it.
 */
export async function evaluateRegressor(
  model: NumberModel,
  table: Table,
): Promise<RegressionScores> {
  const name = model.target ?? table.target;
  if (name === undefined) {
    throw new RangeError(
      'Cannot score predictions as the table must name a target: it names none; use withTarget(table, name)',
    );
  }
  const truth = column(table, name);
  if (!isNumeric(truth)) {
    throw new RangeError(
      `Cannot score predictions as the target must be numeric: "${name}" is ${truth.type}; use evaluate`,
    );
  }
  const gap = truth.values.findIndex(Number.isNaN);
  if (gap >= 0) {
    throw new RangeError(
      `Cannot score predictions as every row must have a target: "${name}" is missing in row ${gap + 1}; use dropMissing(table, ["${name}"])`,
    );
  }
  const predicted = await model.predict(table);
  return {
    rmse: rmse(truth.values, predicted),
    mae: mae(truth.values, predicted),
    rSquared: rSquared(truth.values, predicted),
  };
}

function checkLengths(what: string, truth: Float64Array, predicted: Float64Array): number {
  if (truth.length === 0 || truth.length !== predicted.length) {
    throw new RangeError(
      `Cannot compute ${what} as there must be a prediction for every row: there are ${truth.length} rows and ${predicted.length} predictions`,
    );
  }
  return truth.length;
}
