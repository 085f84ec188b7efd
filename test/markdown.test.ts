import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

/** The TypeScript blocks of a page as one program: later blocks go on where earlier ones ended. */
function program(page: string): string {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]);
  const imports = new Set<string>();
  const body = blocks.join('\n').replace(/^import [^;]*?;\n/gms, (line) => {
    imports.add(line);
    return '';
  });
  return blocks.length === 0 ? '' : `${[...imports].join('')}\n${body}\nexport {};\n`;
}

describe('the code in the documents', () => {
  let folder: string;
  beforeAll(() => {
    // Inside the repository, so that `causalmixft` is found by its name as in a user's project.
    folder = mkdtempSync(join(root, 'dist', 'markdown-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const withCode = pages.filter((page) => program(page) !== '');
  it('is there to be run', () => expect(withCode).toContain('README.md'));

  it.each(withCode)('%s type-checks and runs', { timeout: 240_000 }, async (page) => {
    const name = page.replaceAll(/\W/g, '-');
    const source = join(folder, `${name}.mts`);
    writeFileSync(source, program(page));
    const options: ts.CompilerOptions = {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ['node'],
      skipLibCheck: true,
      rootDir: folder,
      outDir: folder,
    };
    const checked = ts.createProgram([source], options);
    const problems = ts
      .getPreEmitDiagnostics(checked)
      .map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
    expect(problems).toEqual([]);
    checked.emit();
    await run(process.execPath, [join(folder, `${name}.mjs`)], { cwd: root });
  });
});
