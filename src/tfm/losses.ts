import type { LossGradient } from './mitra-gradient.js';

export interface CrossEntropyOptions {
  /** Classes that count; the others' logits are left out (default: all outputs). */
  readonly classes?: number;
  /** Share of the probability spread evenly over the classes (default `0`). */
  readonly labelSmoothing?: number;
}

/**
 * Mean cross-entropy over the rows with a label, and its gradient.
 * @param labels Slot of every row; −1 leaves the row out.
 * @param outputs Logits a row.
 */
export function crossEntropy(
  labels: ArrayLike<number>,
  outputs: number,
  options: CrossEntropyOptions = {},
): LossGradient {
  const { classes = outputs, labelSmoothing = 0 } = options;
  return (logits) => {
    const gradient = new Float32Array(logits.length);
    let counted = 0;
    for (let i = 0; i < labels.length; i++) if (labels[i] >= 0) counted++;
    let loss = 0;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] < 0) continue;
      const at = i * outputs;
      let top = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < classes; j++) top = Math.max(top, logits[at + j]);
      let sum = 0;
      for (let j = 0; j < classes; j++) sum += Math.exp(logits[at + j] - top);
      const logSum = top + Math.log(sum);
      for (let j = 0; j < classes; j++) {
        const target = (j === labels[i] ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
        loss += target * (logSum - logits[at + j]);
        gradient[at + j] = (Math.exp(logits[at + j] - logSum) - target) / counted;
      }
    }
    return { loss: loss / Math.max(1, counted), gradient };
  };
}

/**
 * Mean squared error of one output a row, and its gradient.
 * @param targets One number a row.
 */
export function squaredError(targets: ArrayLike<number>): LossGradient {
  return (outputs) => {
    const gradient = new Float32Array(outputs.length);
    let loss = 0;
    for (let i = 0; i < outputs.length; i++) {
      const error = outputs[i] - targets[i];
      loss += error * error;
      gradient[i] = (2 * error) / outputs.length;
    }
    return { loss: loss / outputs.length, gradient };
  };
}
