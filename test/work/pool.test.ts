import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parallelMap } from '../../src/work/pool.js';

const echo = new URL('../fixtures/work/echo.worker.mjs', import.meta.url);
const tasks = Array.from({ length: 7 }, (_, value) => ({ value, wait: (7 - value) * 5 }));

describe('parallelMap()', () => {
  it.each([1, 2, 4])(
    'returns results in the order of the tasks with %i workers',
    async (workers) => {
      const results = await parallelMap(echo, tasks, { workers });
      expect(results).toEqual([0, 2, 4, 6, 8, 10, 12]);
    },
  );

  it('sends the setup to every worker and tells of results and reports as they come', async () => {
    const seen: number[] = [];
    const reports: unknown[] = [];
    await parallelMap<{ value: number }, number>(echo, tasks, {
      workers: 3,
      setup: { factor: 10 },
      onResult: (value, index) => seen.push(value / 10 - index),
      onReport: (value) => reports.push(value),
    });
    expect(seen).toEqual(new Array(7).fill(0));
    expect(reports.sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('uses its workers again, with the setup of the call', async () => {
    const run = (factor: number) =>
      parallelMap<{ value: number }, number>(echo, tasks, { workers: 2, setup: { factor } });
    expect(await run(2)).toEqual([0, 2, 4, 6, 8, 10, 12]);
    expect(await run(3)).toEqual([0, 3, 6, 9, 12, 15, 18]);
    // Two calls at once have workers of their own.
    const [one, two] = await Promise.all([run(5), run(7)]);
    expect([one[6], two[6]]).toEqual([30, 42]);
    const threads = await parallelMap<object, number>(echo, [{ thread: true }], { workers: 1 });
    const again = await parallelMap<object, number>(echo, [{ thread: true }], { workers: 1 });
    expect(again).toEqual(threads);
    // A worker that may not wait is gone, with what it held.
    const last = { workers: 1, keep: false };
    expect(await parallelMap(echo, [{ thread: true }], last)).toEqual(threads);
    expect(await parallelMap(echo, [{ thread: true }], last)).not.toEqual(threads);
  });

  it('does not keep the process from ending', async () => {
    const script = `
      import { parallelMap } from ${JSON.stringify(new URL('../../dist/work/pool.js', import.meta.url).href)};
      await parallelMap(new URL(${JSON.stringify(echo.href)}), [{ value: 1 }], { workers: 1 });
      const done = performance.now();
      process.on('exit', () => console.log(performance.now() - done < 5000));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--input-type=module', '-e', script],
    ]);
    expect(stdout).toBe('true\n');
  });

  it('does nothing for no tasks', async () => {
    expect(await parallelMap(echo, [])).toEqual([]);
  });

  it('rejects with the error of a task, its type kept', async () => {
    const run = parallelMap(echo, [...tasks, { value: 7, fail: true }], { workers: 2 });
    await expect(run).rejects.toThrow(new RangeError('task 7 failed'));
  });

  it('rejects when a worker exits', async () => {
    await expect(parallelMap(echo, [{ value: 1, exit: true }])).rejects.toThrow(
      'exited with code 3',
    );
  });

  it('stops workers in the middle of a task when the signal is aborted', async () => {
    const controller = new AbortController();
    const running = new Int32Array(new SharedArrayBuffer(4));
    const forever = [{ forever: true }, { forever: true }, { forever: true }];
    const run = parallelMap(echo, forever, {
      workers: 2,
      setup: { running },
      signal: controller.signal,
    });
    const until = setInterval(() => {
      if (Atomics.load(running, 0) === 1) controller.abort(new Error('enough'));
    }, 1);
    await expect(run).rejects.toThrow('enough');
    clearInterval(until);
  });

  it('does not start when the signal is aborted already', async () => {
    const run = parallelMap(echo, tasks, { signal: AbortSignal.abort(new Error('no')) });
    await expect(run).rejects.toThrow('no');
  });

  it('refuses a number of workers that is none', async () => {
    await expect(parallelMap(echo, tasks, { workers: 0 })).rejects.toThrow(
      'must be a positive integer: current value is 0',
    );
  });

  it('says that a worker of uncompiled sources must be built', async () => {
    const lost = new URL('../../src/discovery/no-such.worker.js', import.meta.url);
    await expect(parallelMap(lost, tasks)).rejects.toThrow('run npm run build');
  });
});
