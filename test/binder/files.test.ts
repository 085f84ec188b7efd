import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { missingEntries } from '../../binder/complete-lockfile.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

it('environment.yml and requirements.txt pin the same Python packages', () => {
  const pins = [...read('binder/requirements.txt').matchAll(/^([\w.-]+)==([\w.]+)$/gm)];
  const conda = new Map(
    [...read('binder/environment.yml').matchAll(/^ {2}- ([\w.-]+)=([\w.]+)$/gm)].map(
      ([, name, version]) => [name, version],
    ),
  );
  expect(pins.length).toBeGreaterThan(2);
  for (const [, name, version] of pins) expect(conda.get(name)).toBe(version);
  expect(conda.get('python')).toBe('3.12');
  expect(Number(conda.get('nodejs'))).toBeGreaterThanOrEqual(20);
});

it('JupyterLab of the environment and of the extension are one minor version', () => {
  const python = /^jupyterlab==(\d+\.\d+)\./m.exec(read('binder/requirements.txt'))?.[1];
  const { devDependencies } = JSON.parse(read('lab-extension/package.json'));
  expect(devDependencies['@jupyterlab/application']).toMatch(new RegExp(`^${python}\\.`));
});

it.each(['binder/postBuild', '.ci/run'])('%s is an executable bash script that parses', (path) => {
  execFileSync('bash', ['-n', join(root, path)]);
  expect(statSync(join(root, path)).mode & 0o111).toBe(0o111);
  expect(read(path)).toContain('set -euo pipefail');
});

it.each(['', 'lab-extension'])(
  'the lockfile in "%s" is complete for every platform and names no registry',
  (folder) => {
    const path = join(folder, 'package-lock.json');
    expect(existsSync(join(root, path))).toBe(true);
    const { packages } = JSON.parse(read(path));
    expect(missingEntries(packages).map(({ name }: { name: string }) => name)).toEqual([]);
    expect(read(path)).not.toMatch(/"resolved": "https?:/);
  },
);
