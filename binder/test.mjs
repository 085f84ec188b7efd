// npm test [-- ARGUMENTS OF VITEST]: sets everything up, then types, lint and every test; the last line counts them.
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { setup } from './setup.mjs';
import { isMain, runMain } from './tools/main.mjs';
import { root } from './tools/places.mjs';
import { countTests, describeCounts } from './tools/test-counts.mjs';

const modules = join(root, 'node_modules');
const results = join(root, 'test-results');

// These start JupyterLab, kernels and a browser and wait for them: one file at a time, with nothing beside them.
const alone = [
  'test/kernel-ext/',
  'test/lab-extension/',
  'test/notebooks/',
  'test/binder/jupyterlab',
];

async function test(args) {
  await setup();
  const counts = [
    await check('types', ['typescript/bin/tsc', '-p', 'test']),
    await check('lint', ['@biomejs/biome/bin/biome', 'check', '--max-diagnostics=50', '.']),
  ];
  const chromium = await findBrowser();
  if (!chromium) counts.push(outcome('browser', false));
  const env = chromium && { CHROMIUM_PATH: chromium.path };
  if (args.length > 0) counts.push(await vitest('chosen', args, env));
  else {
    counts.push(
      await vitest(
        'unit',
        alone.flatMap((folder) => ['--exclude', `${folder}**`]),
        env,
      ),
    );
    counts.push(await vitest('jupyter', [...alone, '--maxWorkers=1', '--passWithNoTests'], env));
  }
  console.log(`\n${describeCounts(counts)}`);
  return counts.some(({ failed }) => failed > 0) ? 1 : 0;
}

// Without a browser its tests fail; all others still say what they have to say.
async function findBrowser() {
  try {
    return await ensureChromium();
  } catch (error) {
    console.error(`\n${error.message}\n`);
    return undefined;
  }
}

async function check(name, [program, ...args]) {
  const start = performance.now();
  const code = await run([join(modules, program), ...args]);
  console.log(
    `${name}: ${code === 0 ? 'passed' : 'failed'} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );
  return outcome(name, code === 0);
}

function outcome(name, ok) {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, failures: ok ? [] : [name], skipped: [] };
}

async function vitest(name, args, env) {
  const file = join(results, `${name}.json`);
  await rm(file, { force: true });
  const code = await run(
    [
      join(modules, 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      // A busy machine is no failure: a test that names no limit of its own gets three minutes.
      '--testTimeout=180000',
      ...args,
    ],
    env,
  );
  const report = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
  return countTests(report, code);
}

function run(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    });
    // The terminal sends Ctrl-C to the child too; we wait for it to end in order.
    const wait = () => {};
    process.on('SIGINT', wait);
    child.once('exit', (code, signal) => {
      process.off('SIGINT', wait);
      if (signal === 'SIGINT') process.exit(130);
      resolve(code ?? 1);
    });
  });
}

if (isMain(import.meta.url)) await runMain(() => test(process.argv.slice(2)));
