import type { Tab2DConfig } from './config.js';

/** A published or measured way of fine-tuning. */
export interface Preset {
  /** Nominal learning rate; the warm-up decides what is reached. */
  readonly learningRate: number;
  /** Steps of the linear warm-up. */
  readonly warmup: number;
  readonly weightDecay: number;
  readonly steps: number;
  /** How many of the last layers are trained, with what reads them out (default: everything is). */
  readonly lastLayers?: number;
  /**
   * Candidates are averages of the steps' weights in which those of a step before count this much of
   * the next one's, the pre-trained ones first (default: a step's weights alone).
   */
  readonly average?: number;
}

export type PresetName = 'embedded' | 'stock' | 'v2';

/**
 * The presets. `stock`: AutoGluon's Mitra, whose rate reaches 5e-6 of 1e-4 in its 50 steps. `v2`:
 * Mitra v2 (arXiv 2609.04540). `embedded`: small networks, which need 30 to 100 times these rates; of
 * these, all layers at such a rate learn the few training rows by heart, where the last one does not.
 */
export const presets: Readonly<Record<PresetName, Preset>> = {
  embedded: {
    learningRate: 2e-3,
    warmup: 10,
    weightDecay: 0.3,
    steps: 20,
    lastLayers: 1,
    average: 0.9,
  },
  stock: { learningRate: 1e-4, warmup: 1000, weightDecay: 0.1, steps: 50 },
  v2: { learningRate: 1e-5, warmup: 10, weightDecay: 0.3, steps: 50 },
};

/** Choose the preset that suits a model: by its size, then by its published name. */
export function presetOf(config: Tab2DConfig, name: string): PresetName {
  if (config.dim <= 256) return 'embedded';
  return /(?:classifier|regressor)-2$/.test(name) ? 'v2' : 'stock';
}
