import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withLock } from '../../binder/tools/lock.mjs';
import { runCommand } from '../../binder/tools/run-command.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causalmixft-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lockModule = new URL('../../binder/tools/lock.mjs', import.meta.url).href;

// Adds one to the number in a file, slowly, in a way that loses additions when two overlap.
function adder(times: number): string {
  return `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { withLock } from ${JSON.stringify(lockModule)};
    for (let i = 0; i < ${times}; i++)
      await withLock(${JSON.stringify(join(folder, 'lock'))}, async () => {
        const before = Number(readFileSync(${JSON.stringify(join(folder, 'sum'))}, 'utf8'));
        await sleep(5);
        writeFileSync(${JSON.stringify(join(folder, 'sum'))}, String(before + 1));
      });
  `;
}

it('withLock() lets one process work at a time', async () => {
  writeFileSync(join(folder, 'sum'), '0');
  const runs = await Promise.all(
    [1, 2, 3].map(() =>
      runCommand(process.execPath, ['--input-type=module', '-e', adder(5)], undefined),
    ),
  );
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(readFileSync(join(folder, 'sum'), 'utf8')).toBe('15');
  expect(existsSync(join(folder, 'lock'))).toBe(false);
}, 30_000);

it('withLock() takes over the lock of a process that was killed', async () => {
  const path = join(folder, 'lock');
  const holder = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => holder.once('exit', resolve));
  writeFileSync(path, JSON.stringify({ pid: holder.pid, host: hostname(), token: 'dead' }));
  expect(await withLock(path, async () => 'done', undefined)).toBe('done');
  expect(existsSync(path)).toBe(false);
});

it('withLock() gives the lock back when the work fails', async () => {
  const path = join(folder, 'lock');
  const fail = async () => {
    throw new Error('no');
  };
  await expect(withLock(path, fail, undefined)).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});
