// Metrics of class probabilities: pure functions of labels, probabilities and the number of classes.
//   n rows, k classes; labels: n class indices; probabilities: n × k, row-major, rows adding up to one.
// Where a metric has no value (AUC of rows that are all of one class) it is NaN, never a stand-in.
// References: scikit-learn 1.9 for AUC, log-loss, F1 and Brier score; Naeini, Cooper & Hauskrecht
// (2015) for the calibration error, with bins of equal mass (Nguyen & O'Connor 2015).

/** A score of predicted class probabilities. */
export type Metric = (labels: Int32Array, probabilities: Float64Array, classes: number) => number;

/**
 * Compute the area under the ROC curve; ties count half.
 *
 * Two classes: that of class 1. More: one-vs-rest, the mean over the classes that occur.
 * @returns NaN where all rows are of one class.
 */
export function rocAuc(labels: Int32Array, probabilities: Float64Array, classes: number): number {
  const n = checkSizes('the ROC-AUC', labels, probabilities, classes);
  if (classes === 2) return oneVsRest(labels, probabilities, 1, 2);
  let sum = 0;
  let present = 0;
  for (let k = 0; k < classes; k++) {
    if (!labels.includes(k)) continue;
    sum += oneVsRest(labels, probabilities, k, classes);
    present++;
  }
  return n > 0 && present > 1 ? sum / present : Number.NaN;
}

/**
 * Compute the mean negative logarithm of the true class's probability, clipped to
 * [2⁻⁵², 1 − 2⁻⁵²] as scikit-learn does.
 */
export function logLoss(labels: Int32Array, probabilities: Float64Array, classes: number): number {
  const n = checkSizes('the log-loss', labels, probabilities, classes);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const p = probabilities[i * classes + labels[i]];
    sum -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
  }
  return sum / n;
}

/** Compute the share of rows whose most probable class (the first of equals) is the true one. */
export function accuracy(labels: Int32Array, probabilities: Float64Array, classes: number): number {
  const n = checkSizes('the accuracy', labels, probabilities, classes);
  let right = 0;
  for (let i = 0; i < n; i++) if (mostProbable(probabilities, i, classes) === labels[i]) right++;
  return right / n;
}

/** Compute the F1 score's mean over the classes that occur or are predicted (macro average). */
export function f1(labels: Int32Array, probabilities: Float64Array, classes: number): number {
  const scores = f1PerClass(labels, probabilities, classes).filter((score) => !Number.isNaN(score));
  return scores.reduce((a, b) => a + b, 0) / scores.length;
}

/** Compute the F1 score of the class with the fewest rows, the last of equals. */
export function f1Minority(
  labels: Int32Array,
  probabilities: Float64Array,
  classes: number,
): number {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]++;
  let rarest = -1;
  for (let k = 0; k < classes; k++) {
    if (counts[k] > 0 && (rarest < 0 || counts[k] <= counts[rarest])) rarest = k;
  }
  return rarest < 0 ? Number.NaN : f1PerClass(labels, probabilities, classes)[rarest];
}

/**
 * Compute the Brier score: the mean squared distance of probabilities and truth, summed over
 * classes; of class 1 alone where there are two, so that it lies in [0, 1] (else in [0, 2]).
 */
export function brier(labels: Int32Array, probabilities: Float64Array, classes: number): number {
  const n = checkSizes('the Brier score', labels, probabilities, classes);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let k = classes === 2 ? 1 : 0; k < classes; k++) {
      sum += (probabilities[i * classes + k] - (labels[i] === k ? 1 : 0)) ** 2;
    }
  }
  return sum / n;
}

/**
 * Compute the expected calibration error of the most probable class: the mean over bins of equal
 * mass of |confidence − accuracy|, weighted by the bins' rows.
 *
 * Rows of equal confidence share their accuracy, so that the order of rows does not matter where
 * they fall into two bins.
 * @param bins Number of bins (default 15).
 */
export function calibrationError(
  labels: Int32Array,
  probabilities: Float64Array,
  classes: number,
  bins = 15,
): number {
  const n = checkSizes('the calibration error', labels, probabilities, classes);
  const confidence = new Float64Array(n);
  const right = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const top = mostProbable(probabilities, i, classes);
    confidence[i] = probabilities[i * classes + top];
    right[i] = top === labels[i] ? 1 : 0;
  }
  const order = ascending(confidence);
  const sorted = Float64Array.from(order, (i) => right[i]);
  forTies(confidence, order, (from, to) => {
    const mean = sorted.subarray(from, to).reduce((a, b) => a + b, 0) / (to - from);
    sorted.fill(mean, from, to);
  });
  let error = 0;
  for (let b = 0; b < bins; b++) {
    let gap = 0;
    for (let r = Math.floor((b * n) / bins); r < Math.floor(((b + 1) * n) / bins); r++) {
      gap += confidence[order[r]] - sorted[r];
    }
    error += Math.abs(gap);
  }
  return error / n;
}

/** Compute the area under the ROC curve of one class against the rest by the rank-sum formula. */
function oneVsRest(
  labels: Int32Array,
  probabilities: Float64Array,
  positive: number,
  classes: number,
): number {
  const n = labels.length;
  const score = new Float64Array(n);
  for (let i = 0; i < n; i++) score[i] = probabilities[i * classes + positive];
  const order = ascending(score);
  let positives = 0;
  let rankSum = 0;
  forTies(score, order, (from, to) => {
    let met = 0;
    for (let r = from; r < to; r++) if (labels[order[r]] === positive) met++;
    positives += met;
    rankSum += met * ((from + 1 + to) / 2); // ranks from + 1 … to, their mean for each
  });
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (n - positives));
}

/** F1 = 2 TP / (2 TP + FP + FN) of each class; NaN where a class neither occurs nor is predicted. */
function f1PerClass(labels: Int32Array, probabilities: Float64Array, classes: number): number[] {
  const n = checkSizes('the F1 score', labels, probabilities, classes);
  const hit = new Int32Array(classes);
  const either = new Int32Array(classes); // occurrences + predictions
  for (let i = 0; i < n; i++) {
    const top = mostProbable(probabilities, i, classes);
    either[top]++;
    either[labels[i]]++;
    if (top === labels[i]) hit[top]++;
  }
  return Array.from(hit, (h, k) => (2 * h) / either[k]);
}

function mostProbable(probabilities: Float64Array, row: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) {
    if (probabilities[row * classes + k] > probabilities[row * classes + best]) best = k;
  }
  return best;
}

/** Indices in ascending order of their values. */
function ascending(values: Float64Array): Int32Array {
  return Int32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
}

/** Call `visit` with the bounds of each run of equal values. */
function forTies(
  values: Float64Array,
  order: Int32Array,
  visit: (from: number, to: number) => void,
): void {
  let from = 0;
  for (let r = 1; r <= order.length; r++) {
    if (r < order.length && values[order[r]] === values[order[from]]) continue;
    visit(from, r);
    from = r;
  }
}

/** Check that the arrays fit each other and return the number of rows. */
function checkSizes(
  what: string,
  labels: Int32Array,
  probabilities: Float64Array,
  classes: number,
): number {
  const n = labels.length;
  if (!(Number.isInteger(classes) && classes >= 2)) {
    throw new RangeError(
      `Cannot compute ${what} as classes must be an integer >= 2: current value is ${classes}`,
    );
  }
  if (n === 0) throw new RangeError(`Cannot compute ${what} as there must be rows: there are none`);
  if (probabilities.length !== n * classes) {
    throw new RangeError(
      `Cannot compute ${what} as probabilities must be rows × classes = ${n} × ${classes}: their length is ${probabilities.length}`,
    );
  }
  for (let i = 0; i < n; i++) {
    if (!(labels[i] >= 0 && labels[i] < classes)) {
      throw new RangeError(
        `Cannot compute ${what} as labels must be from 0 to ${classes - 1}: that of row ${i + 1} is ${labels[i]}`,
      );
    }
  }
  for (let i = 0; i < probabilities.length; i++) {
    if (Number.isNaN(probabilities[i])) {
      throw new RangeError(
        `Cannot compute ${what} as probabilities must be numbers: row ${Math.floor(i / classes) + 1} has NaN`,
      );
    }
  }
  return n;
}
