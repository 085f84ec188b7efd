import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseCsv, writeCsv } from '../../src/data/csv.js';
import { fromRecords } from '../../src/data/records.js';
import { knowledge } from '../../src/discovery/knowledge.js';
import { pc } from '../../src/discovery/pc.js';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { causalmixft } from './run.js';

vi.setConfig({ testTimeout: 180_000 }); // whole processes, on a machine that may be busy

const published = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'causal-learn');

let folder: string;
const at = (name: string) => join(folder, name);

// x → z ← y, z → w
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causalmixft-cli-'));
  const random = stream(1, 'rows');
  const rows = Array.from({ length: 800 }, () => {
    const [x, y] = [randomNormal(random), randomNormal(random)];
    const z = x + y + 0.7 * randomNormal(random);
    return { x, y, z, w: z + 0.7 * randomNormal(random) };
  });
  writeFileSync(at('collider.csv'), writeCsv(fromRecords(rows)));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('causalmixft discover', () => {
  it('prints the marks of the graph that PC learns', async () => {
    const { code, stdout } = await causalmixft(['discover', at('collider.csv')]);
    expect(code).toBe(0);
    expect(stdout).toBe('0 0 -1 0\n0 0 -1 0\n1 1 0 -1\n0 0 1 0\n');
  });

  it.skipIf(!existsSync(published))(
    'prints the matrices that causal-learn printed (needs ../shared/data)',
    async () => {
      const rules = ['overwrite', 'bidirect', 'keep', 'stronger'];
      for (const [code, rule] of rules.entries()) {
        const { stdout } = await causalmixft([
          ...['discover', join(published, 'data_linear_10.txt.gz'), '--test', 'fisher-z'],
          ...['--compat', 'causal-learn', '--conflict', rule, '--quiet'],
        ]);
        const file = `linear_10_pc_fisherz_0.05_stable_0_${code}.txt`;
        const wanted = readFileSync(join(published, 'benchmark_returned_results', file), 'utf8');
        const numbers = (text: string) => text.trim().split(/\s+/).map(Number);
        expect(numbers(stdout), rule).toEqual(numbers(wanted));
      }
    },
  );

  it('writes the graph as a document, as a picture and with everything that was found', async () => {
    const args = ['discover', at('collider.csv'), '--algorithm', 'fci', '--test', 'fisher-z'];
    const document = JSON.parse((await causalmixft([...args, '--format', 'json'])).stdout);
    expect(document).toMatchObject({ version: 1, kind: 'pag' });
    expect(document.edges.map(({ id }: { id: string }) => id).sort()).toEqual([
      'x→z',
      'y→z',
      'z→w',
    ]);
    const picture = await causalmixft([...args, '--format', 'svg']);
    expect(picture.stdout).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    const tetrad = await causalmixft([...args, '--format', 'tetrad']);
    expect(tetrad.stdout).toMatch(/^Graph Nodes:\nx;y;z;w\n\nGraph Edges:\n1\. x o-> z/);
    expect((await causalmixft([...args, '--format', 'dot'])).stdout).toMatch(/^(di)?graph /);
    expect((await causalmixft([...args, '--format', 'dagitty'])).stdout).toMatch(/^pag \{/);
    const all = JSON.parse((await causalmixft([...args, '--json'])).stdout);
    expect(all).toMatchObject({ kind: 'discovery', algorithm: 'fci', test: 'fisher-z', rows: 800 });
    expect(all.graph.names).toEqual(['x', 'y', 'z', 'w']);
  });

  it('heeds alpha, rules and knowledge as the library does', async () => {
    writeFileSync(at('known.json'), JSON.stringify({ tiers: [['w'], ['x', 'y', 'z']] }));
    const { stdout } = await causalmixft([
      ...['discover', at('collider.csv'), '--alpha', '0.01', '--collider-rule', 'max-p'],
      ...['--conflict', 'keep', '--knowledge', at('known.json'), '--json'],
    ]);
    const table = parseCsv(readFileSync(at('collider.csv')));
    const wanted = await pc(table, {
      alpha: 0.01,
      colliderRule: 'max-p',
      conflict: 'keep',
      knowledge: knowledge({ tiers: [['w'], ['x', 'y', 'z']] }),
      onProgress: () => {},
    });
    expect(JSON.parse(stdout).graph.marks).toEqual([...wanted.graph.marks]);
    writeFileSync(at('known.txt'), '/knowledge\naddtemporal\n1 w\n2 x y z\n');
    const tetrad = await causalmixft([
      ...['discover', at('collider.csv'), '--alpha', '0.01', '--collider-rule', 'max-p'],
      ...['--conflict', 'keep', '--knowledge', at('known.txt'), '--json'],
    ]);
    expect(tetrad.stdout).toBe(stdout);
  });

  it('refuses knowledge that is no JSON, and options of another algorithm', async () => {
    writeFileSync(at('broken.json'), '{');
    const broken = await causalmixft([
      ...['discover', at('collider.csv'), '--knowledge', at('broken.json')],
    ]);
    expect([broken.code, broken.stdout]).toEqual([1, '']);
    expect(broken.stderr).toContain('must be JSON or begin with /knowledge');
    const fci = await causalmixft([
      ...['discover', at('collider.csv'), '--algorithm', 'fci', '--conflict', 'keep'],
    ]);
    expect([fci.code, fci.stdout]).toEqual([2, '']);
    expect((await causalmixft(['discover', at('collider.csv'), '--alpha', '1'])).code).toBe(2);
  });
});

describe('the other algorithms, tests and limits of causalmixft discover', () => {
  const run = (...options: string[]) =>
    causalmixft(['discover', at('collider.csv'), '--quiet', ...options]);

  it.each([
    ['rfci', 'x,z,circle,arrow'],
    ['boss', 'x,z,tail,arrow'],
    ['direct-lingam', 'from,to,fromMark,toMark'],
  ])('learns with %s', async (algorithm, line) => {
    const { code, stdout, stderr } = await run('--algorithm', algorithm, '--format', 'csv');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toContain(line);
  });

  it('takes the names that other libraries give to tests, and draws the features of RCIT from the seed', async () => {
    const marks = async (...options: string[]) => (await run(...options)).stdout;
    expect(await marks('--test', 'fisherz')).toBe(await marks('--test', 'fisher-z'));
    expect(await marks('--test', 'degenerate-gaussian')).toBe(await marks('--test', 'mixed'));
    const found = await run('--test', 'rcit', '--seed', '3', '--max-depth', '0', '--json');
    expect(JSON.parse(found.stdout)).toMatchObject({ test: 'rcit', depth: 0 });
    const wrong = await run('--test', 'chi');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Allowed choices are auto, fisher-z, chi2, g2, mixed');
  });

  it('heeds limits, the target and what an algorithm lacks', async () => {
    const sink = await run('--target', 'z', '--target-is-sink', '--format', 'csv');
    expect(sink.stdout).not.toContain('z,w,tail');
    expect((await run('--target', 'v')).stderr).toContain('as it must be a column of the table');
    const fci = ['--algorithm', 'fci', '--max-possible-dsep', '0', '--max-path-length', '4'];
    expect((await run(...fci, '--no-selection-bias')).code).toBe(0);
    const lacking = await run('--algorithm', 'boss', '--no-stable');
    expect([lacking.code, lacking.stdout]).toEqual([2, '']);
    expect(lacking.stderr).toContain('--no-stable is an option of --algorithm pc, fci, rfci only');
    const compat = await run('--compat', 'causal-learn', '--guarantee-cpdag');
    expect([compat.code, compat.stdout]).toEqual([1, '']);
    expect(compat.stderr).toContain('causal-learn has no such option: guaranteeCpdag is given');
  });
});

describe('causalmixft strengths', () => {
  it('prints the probability of each edge, the same for any number of threads', async () => {
    const args = ['strengths', at('collider.csv'), '--resamples', '6', '--seed', '4', '--quiet'];
    const one = await causalmixft([...args, '--workers', '1']);
    expect(one.code, one.stderr).toBe(0);
    const rows = one.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    expect(rows.map((row) => row.length)).toEqual([4, 4, 4, 4]);
    expect(rows[0][2]).toBeGreaterThan(0.5); // x → z
    expect(rows[2][3]).toBeGreaterThan(0.5); // z → w
    expect(rows[0][1]).toBeLessThan(0.3); // x and y are apart
    expect((await causalmixft([...args, '--workers', '2'])).stdout).toBe(one.stdout);
    const json = JSON.parse((await causalmixft([...args, '--json'])).stdout);
    expect(json).toMatchObject({ kind: 'edge-strengths', names: ['x', 'y', 'z', 'w'], seed: 4 });
    expect(json.probabilities).toEqual(rows.flat());
    const svg = await causalmixft([...args, '--format', 'svg']);
    expect(svg.stdout).toMatch(/^<svg /);
  });
});
