import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const bin = join(root, '.venv', 'bin');

interface Output {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly metadata?: { readonly causalmixft?: { readonly progress?: boolean } };
}
interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: string | readonly string[];
    readonly outputs?: readonly Output[];
  }[];
}

/** Run a notebook from a clean kernel; a cell that fails rejects with its traceback. */
async function execute(name: string, out: string): Promise<Notebook> {
  if (!existsSync(join(bin, 'python'))) {
    throw new Error(`Cannot run notebooks as ${bin} is absent; run "npm run setup" first`);
  }
  const script = join(import.meta.dirname, 'run_notebook.py');
  await run(join(bin, 'python'), [script, join(root, 'notebooks', name), out], {
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    maxBuffer: 1 << 26,
  });
  return JSON.parse(readFileSync(out, 'utf8')) as Notebook;
}

const results = (notebook: Notebook) =>
  notebook.cells
    .flatMap((cell) => cell.outputs ?? [])
    .filter((output) => !output.metadata?.causalmixft?.progress)
    .map((output) => output.data ?? {});

describe('notebooks/01-quickstart.ipynb', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causalmixft-notebook-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let first: Notebook;
  beforeAll(async () => {
    first = await execute('01-quickstart.ipynb', join(folder, 'first.ipynb'));
  }, 600_000);

  it('shows the graph, the rows, the scores and the widget, each with a form that needs no extension', () => {
    const shown = results(first);
    const types = new Set(shown.flatMap((data) => Object.keys(data)));
    for (const type of [
      'application/vnd.causalmixft.dag+json',
      'application/vnd.causalmixft.correlation+json',
      'application/vnd.plotly.v1+json',
      'image/svg+xml',
      'text/html',
    ]) {
      expect(types).toContain(type);
    }
    for (const data of shown) expect(Object.keys(data)).toContain('text/plain');
  });

  it('gives the same numbers when it is run again', async () => {
    const second = await execute('01-quickstart.ipynb', join(folder, 'second.ipynb'));
    expect(results(second)).toEqual(results(first));
  }, 600_000);

  it('is committed with the outputs of its present code', () => {
    const committed = JSON.parse(
      readFileSync(join(root, 'notebooks', '01-quickstart.ipynb'), 'utf8'),
    ) as Notebook;
    const kinds = (notebook: Notebook) => results(notebook).map((data) => Object.keys(data).sort());
    expect(kinds(committed)).toEqual(kinds(first));
  });
});

describe('every notebook', () => {
  it.each(readdirSync(join(root, 'notebooks')).filter((name) => name.endsWith('.ipynb')))(
    '%s holds no timing, no path of one machine and no error',
    (name) => {
      const text = readFileSync(join(root, 'notebooks', name), 'utf8');
      const notebook = JSON.parse(text) as Notebook;
      expect(text).not.toMatch(/"execution":|iopub\.|\/home\/|\/Users\//);
      for (const output of notebook.cells.flatMap((cell) => cell.outputs ?? [])) {
        expect(output.output_type).not.toBe('error');
      }
    },
  );
});
