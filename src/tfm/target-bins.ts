// How a numeric target enters and leaves a network: as a number (Mitra v1), as one of 1000 bins on
// [−0.5, 1.5] of the min–max-scaled target (Mitra v2, arXiv 2609.04540), or, for a classifier, as one
// of up to ten groups of equal size.

import { hasNumericTarget, type Tab2DConfig } from './config.js';
import { softmaxRows } from './in-context.js';
import { crossEntropy, squaredError } from './losses.js';
import type { LossGradient } from './mitra-gradient.js';

/** A way between target values and what the network takes and gives. Plain data. */
export interface TargetCode {
  readonly way: 'number' | 'bins' | 'groups';
  /** Smallest and largest target of the context. */
  readonly low: number;
  readonly high: number;
  /** Values that the outputs stand for: bin centres or group means, in target units. */
  readonly centres: readonly number[];
  /** Upper ends of the groups but the last, in target units, ascending. */
  readonly edges: readonly number[];
}

/** Learn the way from the context's targets. */
export function fitTargetCode(config: Tab2DConfig, y: Float64Array): TargetCode {
  const sorted = y.slice().sort();
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  const span = high - low || 1;
  if (hasNumericTarget(config)) return { way: 'number', low, high, centres: [], edges: [] };
  const outputs = config.dim_output;
  if (config.task === 'REGRESSION') {
    const at = (position: number): number => low + span * (-0.5 + (2 * position) / outputs);
    return {
      way: 'bins',
      low,
      high,
      centres: Array.from({ length: outputs }, (_, i) => at(i + 0.5)),
      edges: [],
    };
  }
  // Groups of about equal size that no tie is parted by.
  const edges: number[] = [];
  for (let g = 1; g < outputs; g++) {
    const edge = sorted[Math.max(0, Math.ceil((g * y.length) / outputs) - 1)];
    if (edge < high && edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(edge);
  }
  const sums = new Float64Array(edges.length + 1);
  const counts = new Float64Array(edges.length + 1);
  for (const value of y) {
    const g = slotOf(edges, value);
    sums[g] += value;
    counts[g]++;
  }
  return { way: 'groups', low, high, centres: [...sums].map((s, g) => s / counts[g]), edges };
}

/** Turn targets into labels: slots, or numbers scaled to [0, 1]. */
export function encodeTargets(code: TargetCode, y: Float64Array, mirrored = false): Float64Array {
  const flip = (value: number): number => (mirrored ? code.low + code.high - value : value);
  const { low, high, way, centres, edges } = code;
  if (way === 'groups') return y.map((value) => slotOf(edges, value));
  const scaled = y.map((value) => (flip(value) - low) / (high - low || 1));
  if (way === 'number') return scaled;
  // In float32, as the reference: targets on the edge of two bins count to the lower.
  const ends = Float32Array.from({ length: centres.length - 1 }, (_, i) => {
    return -0.5 + (2 * (i + 1)) / centres.length;
  });
  return scaled.map((value) => slotOf(ends, Math.fround(value)));
}

/** Probabilities of the slots of every row: rows × centres; for numbers there are none. */
export function slotProbabilities(
  code: TargetCode,
  outputs: Float32Array,
  width: number,
): Float64Array {
  const slots = code.centres.length;
  const rows = outputs.length / width;
  const own = new Float64Array(rows * slots);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < slots; j++) own[i * slots + j] = outputs[i * width + j];
  }
  return softmaxRows(own, slots);
}

/** Turn the network's outputs into target values: the number, or the mean over the slots. */
export function decodeTargets(
  code: TargetCode,
  outputs: Float32Array,
  width: number,
  mirrored = false,
): Float64Array {
  const { low, high, centres } = code;
  const flip = (value: number): number => (mirrored ? low + high - value : value);
  if (code.way === 'number') {
    return Float64Array.from(outputs, (value) => flip(low + value * (high - low || 1)));
  }
  const slots = centres.length;
  const p = slotProbabilities(code, outputs, width);
  return Float64Array.from({ length: p.length / slots }, (_, i) => {
    let mean = 0;
    for (let j = 0; j < slots; j++) mean += p[i * slots + j] * centres[j];
    return code.way === 'bins' ? flip(mean) : mean;
  });
}

/** The loss that a network of this kind is tuned with. */
export function targetLoss(code: TargetCode, labels: Float64Array, outputs: number): LossGradient {
  return code.way === 'number' ? squaredError(labels) : crossEntropy(labels, outputs);
}

/** Count the edges strictly below the value. */
function slotOf(edges: ArrayLike<number>, value: number): number {
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (edges[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
