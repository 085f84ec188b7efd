import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const mainFile = fileURLToPath(new URL('../../kernel-ext/dist/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'kernel command '));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** An environment without any jupyter on the path. */
const bare = { HOME: root, PATH: '/nowhere' };
const run = (args: string[], env: Record<string, string> = bare) =>
  spawnSync(process.execPath, [mainFile, ...args], { encoding: 'utf8', env, cwd: root });

describe('causalmixft-kernel', () => {
  it('installs into a prefix with spaces, and again over itself', () => {
    const prefix = join(root, 'a prefix');
    for (let i = 0; i < 2; i++) {
      const { status, stdout } = run(['install', '--prefix', prefix]);
      expect(status).toBe(0);
      expect(stdout).toContain(join(prefix, 'share/jupyter/kernels/causalmixft'));
    }
    const folder = join(prefix, 'share/jupyter/kernels/causalmixft');
    expect(readdirSync(folder).sort()).toEqual([
      'kernel.json',
      'logo-32x32.png',
      'logo-64x64.png',
      'logo-svg.svg',
    ]);
    const spec = JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8'));
    expect(spec).toEqual({
      argv: [process.execPath, mainFile, 'run', '--connection-file', '{connection_file}'],
      display_name: 'TypeScript (CausalMixFT)',
      language: 'typescript',
      interrupt_mode: 'message',
      kernel_protocol_version: '5.5',
      env: {},
      metadata: { debugger: false },
    });
    for (const size of [32, 64]) {
      const png = readFileSync(join(folder, `logo-${size}x${size}.png`));
      expect(png.readUInt32BE(16)).toBe(size);
    }
  });

  it('installs under another name and title, for the user and the active environment', () => {
    expect(run(['install', '--user', '--name', 'mine', '--display-name', 'Mine']).status).toBe(0);
    const file = join(root, '.local/share/jupyter/kernels/mine/kernel.json');
    expect(JSON.parse(readFileSync(file, 'utf8')).display_name).toBe('Mine');
    const venv = join(root, 'venv');
    expect(run(['install', '--sys-prefix'], { ...bare, VIRTUAL_ENV: venv }).status).toBe(0);
    expect(existsSync(join(venv, 'share/jupyter/kernels/causalmixft/kernel.json'))).toBe(true);
  });

  it('refuses what it cannot do, with a reason', () => {
    const name = run(['install', '--name', '../evil']);
    expect([name.status, name.stderr]).toEqual([1, expect.stringContaining('letters, digits')]);
    const prefix = run(['install', '--sys-prefix']);
    expect([prefix.status, prefix.stderr]).toEqual([
      1,
      expect.stringContaining('no virtual environment'),
    ]);
    expect(run(['run']).stderr).toContain('--connection-file must be given');
    expect(run(['install', '--nonsense']).status).toBe(1);
    expect(run(['nonsense']).status).toBe(2);
    expect(run(['--help']).stdout).toContain('uninstall');
  });

  it('uninstalls, and says so when there is nothing', () => {
    const prefix = join(root, 'gone');
    run(['install', '--prefix', prefix]);
    const other = join(prefix, 'share/jupyter/kernels/other');
    mkdirSync(other);
    writeFileSync(join(other, 'kernel.json'), '{}');
    expect(run(['uninstall', '--prefix', prefix]).stdout).toContain('Removed');
    expect(existsSync(join(prefix, 'share/jupyter/kernels/causalmixft'))).toBe(false);
    expect(existsSync(other)).toBe(true);
    const again = run(['uninstall', '--prefix', prefix]);
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('No kernel')]);
  });

  it('examines itself, in words and as JSON', () => {
    const { status, stdout } = run(['doctor']);
    expect(stdout).toMatch(/^ok {3}Node: v/);
    expect(status).toBe(0);
    const checks = JSON.parse(run(['doctor', '--json']).stdout);
    const byName = Object.fromEntries(checks.map((c: { name: string }) => [c.name, c]));
    expect(byName.Compiler).toMatchObject({ ok: true, found: expect.stringContaining('steered') });
    expect(byName.ZeroMQ.ok).toBe(true);
    expect(byName.Library.ok).toBe(true);
    expect(byName.Kernelspec.found).toContain('no jupyter on the path');
  });

  it('names every kernelspec that Jupyter sees, and what is wrong with the first', () => {
    const bin = join(root, 'bin');
    mkdirSync(bin);
    const [first, second] = [join(root, 'first'), join(root, 'second')];
    run(['install', '--prefix', first]);
    run(['install', '--prefix', second]);
    const data = [first, second].map((prefix) => join(prefix, 'share/jupyter'));
    writeFileSync(
      join(bin, 'jupyter'),
      `#!${process.execPath}\nconsole.log(${JSON.stringify(JSON.stringify({ data }))})\n`,
      { mode: 0o755 },
    );
    const env = { ...bare, PATH: `${bin}:/bin:/usr/bin` };
    const check = () =>
      JSON.parse(run(['doctor', '--json'], env).stdout).find(
        (c: { name: string }) => c.name === 'Kernelspec',
      );
    expect(check()).toMatchObject({ ok: true, found: expect.stringContaining('hides') });
    const file = join(data[0]!, 'kernels/causalmixft/kernel.json');
    const spec = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(
      file,
      JSON.stringify({ ...spec, argv: ['/no/such/node', ...spec.argv.slice(1)] }),
    );
    expect(check()).toMatchObject({ ok: false, found: expect.stringContaining('/no/such/node') });
    expect(run(['doctor'], env).status).toBe(1);
  });

  it('is a bin of the package', () => {
    expect(execFileSync(process.execPath, [mainFile, '--help'], { encoding: 'utf8' })).toContain(
      'causalmixft-kernel',
    );
    expect(readFileSync(mainFile, 'utf8')).toMatch(/^#!\/usr\/bin\/env node/);
  });
});
