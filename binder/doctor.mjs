// Is everything here and working? npm run doctor [-- --json] [--prefix FOLDER]. Exit code 1 when something failed.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runChecks } from './checks.mjs';
import { isMain, runMain } from './tools/main.mjs';
import { root } from './tools/places.mjs';

const marks = { ok: '✓', note: '!', failed: '✗' };

async function doctor({ json, prefix }) {
  const results = await runChecks(resolve(prefix ?? join(root, '.venv')));
  if (json) console.log(JSON.stringify(results, null, 2));
  else for (const result of results) print(result);
  return results.some(({ status }) => status === 'failed') ? 1 : 0;
}

function print({ name, status, found, remedy }) {
  console.log(`${marks[status]} ${name.padEnd(22)} ${found}`);
  if (remedy)
    console.log(`  ${''.padEnd(22)} → ${remedy.split('\n').join(`\n  ${''.padEnd(24)} `)}`);
}

if (isMain(import.meta.url))
  await runMain(() =>
    doctor(
      parseArgs({ options: { json: { type: 'boolean' }, prefix: { type: 'string' } } }).values,
    ),
  );
