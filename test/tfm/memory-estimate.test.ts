import { describe, expect, it } from 'vitest';
import type { Tab2DConfig } from '../../src/tfm/config.js';
import { estimateMemory, planMemory } from '../../src/tfm/memory-estimate.js';

const published: Tab2DConfig = {
  dim: 512,
  dim_output: 10,
  n_layers: 12,
  n_heads: 4,
  task: 'CLASSIFICATION',
};
const size = { support: 256, query: 256, features: 20 };

describe('planMemory()', () => {
  it('keeps everything of small tables and networks', () => {
    const small = { ...published, dim: 64, n_layers: 2 };
    expect(planMemory(small, { ...size, features: 4 }, 1e9)).toEqual({ recompute: false, keep: 0 });
  });

  it('keeps no more of large ones than the parameters take, and than half of what is left', () => {
    const { parameters, recomputed } = estimateMemory(published, size);
    expect(planMemory(published, size, 1e12)).toEqual({ recompute: true, keep: parameters });
    const available = parameters + recomputed + 1e9;
    const { keep } = planMemory(published, size, available);
    expect(Math.abs(keep - 0.5e9)).toBeLessThanOrEqual(1);
    expect(planMemory(published, size, 1e9)).toEqual({ recompute: true, keep: 0 });
  });

  it('refuses what does not fit into the machine, with the numbers', () => {
    const huge = { support: 1e6, query: 1e6, features: 500 };
    expect(() => planMemory(published, huge)).toThrow(
      /1000000 \+ 1000000 rows × 500 features need about \S+ GB and this machine has \S+ GB/,
    );
  });
});
