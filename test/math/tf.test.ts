import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const engine = join(import.meta.dirname, '..', '..', 'dist', 'math', 'tf.js');

it('ready() loads the native engine without a word on stderr, and leaves stderr as it was', async () => {
  const program = `
    process.stderr.write('before\\n');
    const { ready } = await import(${JSON.stringify(engine)});
    console.log((await ready()).name);
    process.stderr.write('after\\n');`;
  const { stdout, stderr } = await run(process.execPath, [
    '--input-type=module',
    '--eval',
    program,
  ]);
  expect(stdout).toBe('tensorflow\n');
  expect(stderr).toBe('before\nafter\n');
});
