import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './browser.js';

const output = join(root, 'lab-extension', 'causalmixft_lab', 'labextension');

function json(path: string): Record<string, unknown> {
  if (!existsSync(path)) {
    throw new Error(
      `Cannot look at the extension as it must be built: ${path} does not exist; run "npm run setup", or "npm run build" in lab-extension`,
    );
  }
  return JSON.parse(readFileSync(path, 'utf8'));
}

describe('the built extension', () => {
  it('has plugins, MIME renderers and styles', () => {
    const { jupyterlab } = json(join(output, 'package.json'));
    const { _build } = jupyterlab as { _build: Record<string, string> };
    expect(Object.keys(_build).sort()).toEqual(['extension', 'load', 'mimeExtension', 'style']);
    expect(existsSync(join(output, _build.load))).toBe(true);
  });

  it('accepts every JupyterLab from 4.0 on, not only the one it was built with', () => {
    const entry = readdirSync(join(output, 'static')).find((f) => f.startsWith('remoteEntry'));
    const text = readFileSync(join(output, 'static', entry ?? ''), 'utf8');
    const wanted = [...text.matchAll(/requiredVersion:\s*"([^"]+)"/g)].map(
      ([, version]) => version,
    );
    expect(wanted.length).toBeGreaterThan(0);
    for (const version of wanted) expect(version).toMatch(/^\^(4\.[01]|2\.0|7\.0)\.0$/);
  });

  it('loads little at first: Plotly is a chunk of its own', () => {
    const files = readdirSync(join(output, 'static')).filter((f) => f.endsWith('.js'));
    const sizes = files.map((f) => statSync(join(output, 'static', f)).size);
    const large = sizes.filter((size) => size > 1e6);
    expect(large).toHaveLength(1);
    expect(sizes.reduce((sum, size) => sum + size, 0) - large[0]).toBeLessThan(250_000);
  });

  it('brings no package under the GPL', () => {
    const { packages } = json(join(output, 'static', 'third-party-licenses.json')) as {
      packages: { name: string; licenseId: string }[];
    };
    const names = packages.map((p) => p.name);
    expect(names).toEqual(
      expect.arrayContaining(['@dagrejs/dagre', 'plotly.js-cartesian-dist-min']),
    );
    for (const { name, licenseId } of packages)
      expect(licenseId, name).toMatch(/^(MIT|BSD|Apache|ISC)/);
  });

  it('is installed from a lockfile without registry addresses', () => {
    const lock = readFileSync(join(root, 'lab-extension', 'package-lock.json'), 'utf8');
    expect(lock).not.toMatch(/"resolved"/);
  });
});
