import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { causalmixft } from './run.js';

vi.setConfig({ testTimeout: 180_000 }); // whole processes, on a machine that may be busy

const root = join(import.meta.dirname, '..', '..');

describe('causalmixft', () => {
  it('tells its version and lists its commands', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await causalmixft(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
    const help = await causalmixft(['--help']);
    expect(help.code).toBe(0);
    for (const name of ['fit', 'predict', 'augment', 'data', 'doctor']) {
      expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
  });

  it('ends with 2 where it is used wrongly', async () => {
    for (const [args, message] of [
      [[], 'Usage: causalmixft'],
      [['nonsense'], "unknown command 'nonsense'"],
      [['data', 'info'], "missing required argument 'table'"],
      [['data', 'info', 'bundled:wine', '--sead', '1'], "unknown option '--sead'"],
      [['data', 'info', 'bundled:wine', '--seed', '1.5'], 'It must be an integer.'],
      [['fit', 'bundled:wine', '--out', 'x'], "required option '--target <name>' not specified"],
      [['data', 'fetch', 'bundled:wine'], 'bundled:wine must begin with openml:'],
      [['augment', 'bundled:wine', '--target', 'cultivar', '--rows', '0'], 'at least 1'],
      [
        ['augment', 'bundled:wine', '--target', 'cultivar', '--generator', 'magic'],
        'Allowed choices',
      ],
    ] as const) {
      const { code, stdout, stderr } = await causalmixft(args);
      expect([code, stdout], args.join(' ')).toEqual([2, '']);
      expect(stderr).toContain(message);
    }
  });

  it('ends with 1 and a message where it fails', async () => {
    vi.stubEnv('CAUSALMIXFT_OPENML', 'http://127.0.0.1:9'); // nobody there
    vi.stubEnv('XDG_CACHE_HOME', join(tmpdir(), 'causalmixft-no-cache'));
    for (const [args, message] of [
      [['data', 'info', 'no/such.csv'], 'Cannot read no/such.csv as there must be such a file'],
      [['data', 'info', 'bundled:iris'], 'one of penguins, wine, heart: current value is "iris"'],
      [['data', 'info', 'bundled:wine', '--target', 'colour'], '"colour" is none of'],
      [['data', 'fetch', 'openml:31'], 'OpenML data set 31 from http://127.0.0.1:9/'],
      [['predict', root, 'bundled:wine'], 'must hold a readable classifier.json'],
    ] as const) {
      const { code, stdout, stderr } = await causalmixft(args);
      expect([code, stdout], args.join(' ')).toEqual([1, '']);
      expect(stderr).toContain(message);
      expect(stderr).not.toMatch(/^ +at /m);
    }
    vi.unstubAllEnvs();
  });

  it('shows defaults, choices and an example in the help of every command', async () => {
    for (const name of [
      ['fit'],
      ['predict'],
      ['augment'],
      ['data', 'info'],
      ['data', 'list'],
      ['data', 'fetch'],
      ['doctor'],
    ]) {
      const { code, stdout } = await causalmixft([...name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Options of every command:\n {2}--seed <integer> .*\(default: 0\)/);
      expect(stdout).toContain(`Example:\n  causalmixft ${name.join(' ')}`);
    }
  });

  it('is content with a reader that leaves early', async () => {
    const command = `"${process.execPath}" "${join(root, 'dist', 'cli', 'main.js')}" data info bundled:heart --json | head -c 10`;
    const child = spawn('bash', ['-o', 'pipefail', '-c', command]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('causalmixft data', () => {
  it('lists the bundled tables', async () => {
    const { code, stdout } = await causalmixft(['data', 'list', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      name: 'bundled:heart',
      rows: 303,
      columns: 14,
      target: 'disease',
    });
  });

  it('tells what a table holds, for people and for programs', async () => {
    const text = await causalmixft(['data', 'info', 'bundled:heart']);
    expect(text.stdout).toContain('303 rows × 14 columns, 7 missing cells, target disease');
    expect(text.stdout).toMatch(/^thallium_scan +categorical +2 +3 +normal 166, /m);
    const json = JSON.parse(
      (await causalmixft(['data', 'info', 'bundled:heart', '--json'])).stdout,
    );
    expect(json).toMatchObject({ kind: 'table-summary', rows: 303, missing: 7 });
    expect(json.columns[0]).toMatchObject({
      name: 'age',
      type: 'integer',
      minimum: 29,
      maximum: 77,
    });
  });
});

describe('causalmixft doctor', () => {
  it('looks at Node, the library, the tensors and the embedded model', async () => {
    const { code, stdout } = await causalmixft(['doctor', '--json']);
    const checks = JSON.parse(stdout) as { name: string; status: string; found: string }[];
    expect(checks.map(({ name }) => name)).toEqual([
      'Node',
      'library',
      'tensors',
      'embedded model',
    ]);
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(checks[0].found).toContain(process.version);
    expect(code).toBe(0);
    expect((await causalmixft(['doctor'])).stdout).toMatch(/^✓ Node +v\d/);
  });
});
