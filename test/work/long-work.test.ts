import { afterEach, describe, expect, it } from 'vitest';
import { type ProgressState, setHost } from '../../src/work/host.js';
import { longWork, quietly } from '../../src/work/long-work.js';

afterEach(() => setHost(undefined));

describe('longWork()', () => {
  it('reports its start, every unit and its end', async () => {
    const states: ProgressState[] = [];
    const result = await longWork(
      'counting',
      2,
      { onProgress: (s) => states.push(s) },
      async (work) => {
        work.tick();
        work.tick(1, 'two');
        return 42;
      },
    );
    expect(result).toBe(42);
    expect(states.map(({ done, note, ended }) => [done, note, ended])).toEqual([
      [0, undefined, undefined],
      [1, undefined, undefined],
      [2, 'two', undefined],
      [2, 'two', 'finished'],
    ]);
    expect(new Set(states.map((s) => s.id)).size).toBe(1);
  });

  it('rejects with the reason of its signal and says that it was stopped', async () => {
    const controller = new AbortController();
    const ends: ProgressState['ended'][] = [];
    const run = longWork(
      'waiting',
      0,
      { signal: controller.signal, onProgress: (s) => ends.push(s.ended) },
      async (work) => {
        for (;;) {
          await work.breathe();
          controller.abort(new Error('enough'));
        }
      },
    );
    await expect(run).rejects.toThrow('enough');
    expect(ends.at(-1)).toBe('stopped');
  });

  it('does not begin once its signal is aborted', async () => {
    let begun = false;
    const run = longWork('nothing', 1, { signal: AbortSignal.abort() }, async () => {
      begun = true;
    });
    await expect(run).rejects.toThrow();
    expect(begun).toBe(false);
  });

  it('says that it failed when it throws', async () => {
    const ends: ProgressState['ended'][] = [];
    const run = longWork('failing', 1, { onProgress: (s) => ends.push(s.ended) }, async () => {
      throw new Error('broken');
    });
    await expect(run).rejects.toThrow('broken');
    expect(ends.at(-1)).toBe('failed');
  });

  it('uses the bar and the Stop button of its host', async () => {
    const controller = new AbortController();
    const states: ProgressState[] = [];
    setHost({ send: () => {}, progress: (s) => states.push(s), signal: controller.signal });
    const run = longWork('hosted', 1, {}, async (work) => {
      controller.abort(new Error('Stop was pressed'));
      await work.breathe();
    });
    await expect(run).rejects.toThrow('Stop was pressed');
    expect(states.map((s) => s.label)).toContain('hosted');
  });

  it('lets the event loop run while it breathes', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await longWork('busy', 0, { onProgress: () => {} }, async (work) => {
      const end = performance.now() + 200;
      while (performance.now() < end) await work.breathe();
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it('keeps parts of larger work quiet but stoppable', async () => {
    const labels: string[] = [];
    const controller = new AbortController();
    const outer = {
      signal: controller.signal,
      onProgress: (s: ProgressState) => labels.push(s.label),
    };
    await longWork('outer', 1, outer, (work) =>
      longWork('inner', 1, quietly(work), async (inner) => {
        expect(inner.signal).toBe(controller.signal);
      }),
    );
    expect(new Set(labels)).toEqual(new Set(['outer']));
  });
});
