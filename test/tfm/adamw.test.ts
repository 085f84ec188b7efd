import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stream } from '../../src/math/random.js';
import { arrayLoops, ready, useFused } from '../../src/math/tf.js';
import { adamState, adamWStep } from '../../src/tfm/adamw.js';

const options = { weightDecay: 0.1 };

describe('adamWStep()', () => {
  beforeAll(() => ready());
  afterEach(() => {
    useFused(true);
  });

  it('makes the steps of the formula', () => {
    const weights = new Map([['w', Float32Array.of(1)]]);
    const state = adamState();
    adamWStep(weights, new Map([['w', Float32Array.of(0.5)]]), state, 0.1, options);
    // The first step moves every weight by the rate, after the decay.
    expect(weights.get('w')?.[0]).toBeCloseTo(1 - 0.1 * 0.1 - 0.1, 6);
    expect(state.step).toBe(1);
  });

  it('gives the same numbers in native code and in TypeScript, on one thread and on several', () => {
    expect(arrayLoops()).toBeDefined();
    for (const n of [0, 1, 17, 250_001]) {
      const run = (fused: boolean) => {
        useFused(fused);
        const random = stream(n, 'adam');
        // Gradients of very different sizes, some of them 0.
        const draw = () =>
          Float32Array.from(
            { length: n },
            () => (random() - 0.5) * 10 ** -Math.floor(12 * random()),
          );
        const weights = new Map([['w', draw()]]);
        const state = adamState();
        for (let t = 0; t < 3; t++) {
          const gradient = draw();
          if (n > 0) gradient[0] = 0;
          adamWStep(weights, new Map([['w', gradient]]), state, 1e-3, options);
        }
        return [weights, state.m, state.v].map((each) =>
          Buffer.from(each.get('w')?.buffer as ArrayBuffer),
        );
      };
      const typescript = run(false);
      run(true).forEach((numbers, i) => {
        expect(numbers.equals(typescript[i])).toBe(true);
        expect(numbers.length).toBe(4 * n);
      });
    }
  });

  it('refuses arrays of different lengths in native code', () => {
    const [two, three] = [new Float32Array(2), new Float32Array(3)];
    const step = () => arrayLoops()?.adamW(two, two, two, three, 1, 1, 0.9, 0.999, 1, 1e-8);
    expect(step).toThrow('Cannot step as four arrays of one length');
  });
});
