import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 200_000, hookTimeout: 120_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const python = join(root, '.venv/bin/python');
const mainFile = join(root, 'kernel-ext/dist/main.js');
const prefix = mkdtempSync(join(tmpdir(), 'kernel-python-'));

beforeAll(() => {
  spawnSync(process.execPath, [mainFile, 'install', '--prefix', prefix]);
});
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

/** Run Python where it finds the kernel and nothing else. */
function run(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(python, args, {
    cwd: join(root, 'test/kernel-ext'),
    encoding: 'utf8',
    env: {
      ...process.env,
      JUPYTER_PATH: join(prefix, 'share/jupyter'),
      CAUSALMIXFT_HISTORY: join(prefix, 'history.jsonl'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    timeout: 190_000,
  });
}

describe.skipIf(!existsSync(python))('Jupyter (needs .venv, which the set-up makes)', () => {
  it('the official kernel tests pass, all but the pager', () => {
    const { stderr, stdout } = run('-m', 'unittest', '-v', 'official_kernel_test');
    expect(`${stdout}${stderr}`).toMatch(/Ran 16 tests in [\d.]+s\s+OK \(skipped=1\)/);
  });

  it('nbclient keeps every line and result, in order, and raises where a cell fails', () => {
    const { stderr, stdout, status } = run('nbclient_check.py');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      lines: [1000, 20000],
      inOrder: true,
      results: 100,
      resultsInOrder: true,
      errorRaised: true,
      errorOutputs: ['error'],
    });
    expect(status).toBe(0);
  });
});
