import { describe, expect, it } from 'vitest';
import {
  inScratch,
  releaseScratch,
  scratchBytes,
  scratchDoubles,
  scratchIntegers,
} from '../../src/scm/scratch.js';

describe('inScratch()', () => {
  it('hands the same memory to one piece of work after the other, as zeros', () => {
    const buffers = [1, 2].map((fill) =>
      inScratch(() => {
        const array = scratchDoubles(1000);
        expect(array.every((v) => v === 0)).toBe(true);
        array.fill(fill);
        return array.buffer;
      }),
    );
    expect(buffers[1]).toBe(buffers[0]);
  });

  it('keeps an array until its own piece of work ends, not an inner one', () => {
    inScratch(() => {
      const outer = scratchIntegers(10).fill(7);
      // More than the first area holds: the inner work goes on in further ones.
      for (const size of [3, 100_000, 1_000_000]) {
        inScratch(() => {
          scratchBytes(size).fill(1);
          scratchDoubles(size).fill(2);
        });
      }
      const next = scratchDoubles(5).fill(3);
      expect(Array.from(outer)).toEqual(new Array(10).fill(7));
      expect(next.buffer).toBe(outer.buffer);
    });
  });

  it('gives arrays that do not overlap, whatever their lengths', () => {
    inScratch(() => {
      const arrays = Array.from({ length: 60 }, (_, k) => {
        const length = (k * 7919) % 40_000;
        const make = [scratchBytes, scratchIntegers, scratchDoubles][k % 3];
        return make(length).fill(k);
      });
      arrays.forEach((array, k) => {
        expect(array.every((v) => v === k)).toBe(true);
      });
    });
  });

  it('ends where the work fails, too', () => {
    const failing = (): void =>
      inScratch(() => {
        scratchDoubles(10);
        throw new Error('planted');
      });
    expect(failing).toThrow('planted');
    const [a, b] = [scratchDoubles(10), scratchDoubles(10)];
    expect(a.buffer).not.toBe(b.buffer);
  });

  it('leaves arrays outside of any work alone', () => {
    const mine = scratchDoubles(100).fill(5);
    inScratch(() => scratchDoubles(100).fill(9));
    releaseScratch();
    expect(mine.every((v) => v === 5)).toBe(true);
  });
});
