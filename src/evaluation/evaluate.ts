import { column, isNumeric, type Table } from '../data/table.js';
import {
  accuracy,
  brier,
  calibrationError,
  f1,
  f1Minority,
  logLoss,
  type Metric,
  rocAuc,
} from './metrics.js';

/** Every metric that a run records. */
export interface Scores {
  /** Area under the ROC curve; one-vs-rest macro average for more than two classes. */
  readonly rocAuc: number;
  readonly logLoss: number;
  readonly accuracy: number;
  /** F1, macro average. */
  readonly f1: number;
  /** F1 of the rarest class. */
  readonly f1Minority: number;
  readonly brier: number;
  /** Expected calibration error, 15 bins of equal mass. */
  readonly calibrationError: number;
}

/** What each score is computed by. */
export const metrics: { readonly [name in keyof Scores]: Metric } = {
  rocAuc,
  logLoss,
  accuracy,
  f1,
  f1Minority,
  brier,
  calibrationError,
};

const lowerIsBetter: readonly string[] = ['logLoss', 'brier', 'calibrationError'];

/** Tell whether a larger value of the metric is the better one. */
export function higherIsBetter(metric: keyof Scores): boolean {
  return !lowerIsBetter.includes(metric);
}

/** What `evaluate` needs of a classifier. */
export interface ProbabilityModel {
  /** The class names, in the order of the probabilities' columns. */
  readonly classes: readonly string[];
  /** Name of the target column (default: the table's own). */
  readonly target?: string;
  /** Return rows × classes probabilities, row-major. */
  predictProba(table: Table): Promise<Float64Array>;
}

/**
 * Score a classifier's predictions of a table with every metric.
 * @param table Rows with known classes; they are matched to the model's by name.
 * @throws RangeError where a row's class is missing or one that the model does not know.
 */
export async function evaluate(model: ProbabilityModel, table: Table): Promise<Scores> {
  const labels = labelsOf(table, model.classes, model.target);
  const probabilities = await model.predictProba(table);
  return scores(labels, probabilities, model.classes.length);
}

/**
 * Compute every metric of predicted probabilities.
 * @param labels n class indices.
 * @param probabilities n × classes, row-major.
 */
export function scores(labels: Int32Array, probabilities: Float64Array, classes: number): Scores {
  const entries = Object.entries(metrics).map(([name, metric]) => [
    name,
    metric(labels, probabilities, classes),
  ]);
  return Object.fromEntries(entries) as Scores;
}

/**
 * Return each row's class as an index into the names of a model's classes.
 * @param classes The class names of the model.
 * @param target Name of the column (default: the table's target).
 * @throws RangeError where a row's class is missing or none of `classes`.
 */
export function labelsOf(
  table: Table,
  classes: readonly string[],
  target: string | undefined = table.target,
): Int32Array {
  if (target === undefined) {
    throw new RangeError(
      'Cannot score predictions as the table must name a target: it names none; use withTarget(table, name)',
    );
  }
  const truth = column(table, target);
  const place = new Map(classes.map((name, index) => [name, index]));
  return Int32Array.from({ length: table.rows }, (_, i) => {
    const code = isNumeric(truth) ? truth.values[i] : truth.codes[i];
    if (Number.isNaN(code) || (!isNumeric(truth) && code < 0)) {
      throw new RangeError(
        `Cannot score predictions as every row must have a class: "${target}" is missing in row ${i + 1}; use dropMissing(table, ["${target}"])`,
      );
    }
    const name = isNumeric(truth) ? String(code) : truth.categories[code];
    const label = place.get(name);
    if (label === undefined) {
      throw new RangeError(
        `Cannot score predictions as every row's class must be one that the model knows (${classes.join(', ')}): that of row ${i + 1} is "${name}"`,
      );
    }
    return label;
  });
}
