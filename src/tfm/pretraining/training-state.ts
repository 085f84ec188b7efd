import { type AdamState, adamState } from '../adamw.js';
import type { Weights } from '../weights.js';
import { initialWeights } from './initial-weights.js';
import type { MuonState } from './muon.js';
import { networkConfig, type PretrainConfig } from './pretrain-config.js';

/** All that a run needs to go on. Tables depend on the step alone, so no random state is kept. */
export interface TrainingState {
  readonly config: PretrainConfig;
  /** Steps made. */
  step: number;
  /** Tables seen. */
  tables: number;
  /** Seconds spent training, all sittings together. */
  seconds: number;
  readonly weights: Weights;
  /** Averaged weights: what is evaluated and kept. */
  readonly average: Weights;
  readonly adam: AdamState;
  readonly muon: MuonState;
}

/**
 * Start a run.
 * @param from Weights to go on from (default: drawn anew from the configuration's seed).
 */
export function startTraining(config: PretrainConfig, from?: Weights): TrainingState {
  const weights = copy(from ?? initialWeights(networkConfig(config), config.seed));
  return {
    config,
    step: 0,
    tables: 0,
    seconds: 0,
    weights,
    average: copy(weights),
    adam: adamState(),
    muon: new Map(),
  };
}

function copy(weights: Weights): Weights {
  return new Map([...weights].map(([key, numbers]) => [key, Float32Array.from(numbers)]));
}
