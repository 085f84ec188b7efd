// Draw DAGs from edge strengths: visit the pairs in random order, draw one of i → j, j → i and none
// with probabilities P_ij, P_ji and 1 − P_ij − P_ji; an edge that would close a cycle is turned, and
// dropped where it cannot be. Required edges come first; a forbidden direction has probability 0.

import { type BitMatrix, bitMatrix, hasBit, orRow, setBit } from '../math/bits.js';
import { permutation, type Random, stream } from '../math/random.js';
import { dagOfPairs } from './dag.js';
import type { EdgeStrengths } from './edge-strengths.js';
import type { Dag } from './graph.js';
import { type Knowledge, type ResolvedKnowledge, resolveKnowledge } from './knowledge.js';

/** A DAG drawn from edge strengths, with what the draw had to change. */
export interface SampledDag extends Dag {
  /** Edges that point the other way than drawn, as they would have closed a cycle. */
  readonly turned: number;
  /** Edges left out, as both directions were ruled out. */
  readonly dropped: number;
}

/** How DAGs are drawn. */
export interface SampleDagOptions {
  /** Settles every random choice. */
  readonly seed: number;
  /** What every DAG keeps to (default: the strengths' own). */
  readonly knowledge?: Knowledge;
}

/** What sampling needs of edge strengths. */
export type SampledStrengths = Pick<
  EdgeStrengths,
  'names' | 'probabilities' | 'target' | 'knowledge' | 'targetIsSink'
>;

/**
 * Draw a DAG from edge strengths.
 * @throws RangeError where the strengths are no probabilities.
 */
export function sampleDag(strengths: SampledStrengths, options: SampleDagOptions): SampledDag {
  return sampleDags(strengths, 1, options)[0];
}

/**
 * Draw several DAGs from edge strengths, each from its own random stream.
 * @param count How many.
 */
export function sampleDags(
  strengths: SampledStrengths,
  count: number,
  options: SampleDagOptions,
): SampledDag[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(
      `Cannot draw DAGs as their number must be a positive integer: current value is ${count}`,
    );
  }
  const { names, probabilities } = strengths;
  const p = names.length;
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [probabilities[i * p + j], probabilities[j * p + i]];
      if (!(a >= 0 && b >= 0 && a + b <= 1 + 1e-9)) {
        throw new RangeError(
          `Cannot draw a DAG as the strengths of a pair must be probabilities: those of ${names[j]} and ${names[i]} are ${b} and ${a}`,
        );
      }
    }
  }
  const known = resolveKnowledge(
    options.knowledge ?? strengths.knowledge,
    names,
    strengths.targetIsSink ? strengths.target : undefined,
  );
  return Array.from({ length: count }, (_, k) =>
    draw(strengths, known, stream(options.seed, 'sample-dag', k)),
  );
}

function draw(strengths: SampledStrengths, known: ResolvedKnowledge, random: Random): SampledDag {
  const { names, probabilities } = strengths;
  const p = names.length;
  const reach = bitMatrix(p, p); // row i: all nodes that i leads to
  const edges: [number, number][] = [];
  const placed = new Uint8Array(p * p);
  const place = (i: number, j: number): void => {
    edges.push([i, j]);
    placed[i * p + j] = placed[j * p + i] = 1;
    connect(reach, p, i, j);
  };
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) if (known.required[i * p + j]) place(i, j);
  }
  const chance = (i: number, j: number): number =>
    known.forbidden[i * p + j] ? 0 : probabilities[i * p + j];
  let turned = 0;
  let dropped = 0;
  for (const pair of permutation(random, (p * (p - 1)) / 2)) {
    const j = Math.floor((1 + Math.sqrt(1 + 8 * pair)) / 2);
    const i = pair - (j * (j - 1)) / 2;
    if (placed[i * p + j]) continue;
    const u = random();
    const there = chance(i, j);
    const back = chance(j, i);
    if (u >= there + back) continue;
    const [a, b] = u < there ? [i, j] : [j, i];
    if (!hasBit(reach, b, a)) {
      place(a, b);
    } else if (!known.forbidden[b * p + a] && !hasBit(reach, a, b)) {
      place(b, a);
      turned++;
    } else {
      dropped++;
    }
  }
  return { ...dagOfPairs(names, edges, strengths.target), turned, dropped };
}

/** Add i → j to the reachability: all that lead to i now lead to j and to what j leads to. */
function connect(reach: BitMatrix, p: number, i: number, j: number): void {
  if (hasBit(reach, i, j)) return;
  for (let a = 0; a < p; a++) {
    if (a !== i && !hasBit(reach, a, i)) continue;
    setBit(reach, a, j);
    orRow(reach, a, j);
  }
}
