import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Miniature, miniature } from './miniature.js';

let tree: Miniature;
beforeEach(() => {
  tree = miniature();
});
afterEach(() => tree.remove());

const setup = ['setup.mjs'];

describe('set-up', () => {
  it('goes on with WebAssembly where there is no compiler, and says so with the remedy', async () => {
    const { code, output } = await tree.run(setup);
    expect(output).toMatch(/TensorFlow runs on WebAssembly, as there is no C\+\+ compiler\./);
    expect(output).toMatch(/For native speed: .*(?:g\+\+|xcode-select).*, then: npm run setup/);
    expect(output).toContain('Set-up is complete');
    expect(code).toBe(0);
    expect(existsSync(join(tree.root, 'cache/causalmixft/libtensorflow'))).toBe(false);
  });

  it('skips what is done, and does again what has changed', async () => {
    await tree.run(setup);
    const second = await tree.run(setup);
    expect(second.code).toBe(0);
    expect(second.output.match(/\(unchanged\)/g)).toHaveLength(6);

    tree.write('src/index.ts', '// changed');
    const third = await tree.run(setup);
    const unchanged = third.output.split('\n').filter((line) => line.includes('(unchanged)'));
    expect(unchanged.join('\n')).not.toMatch(/library|kernel {2}/);
    expect(unchanged.join('\n')).toMatch(/Python/);

    rmSync(join(tree.root, '.venv'), { recursive: true });
    expect((await tree.run(setup)).code).toBe(0);
    expect(existsSync(join(tree.root, '.venv/share/jupyter/kernels/causalmixft'))).toBe(true);
  });

  it('puts kernelspec and extension into the environment that --prefix names', async () => {
    const prefix = join(tree.root, 'conda');
    const none = await tree.run([...setup, '--prefix', prefix]);
    expect(none.code).toBe(1);
    expect(none.output).toContain(
      `Cannot install into the Python environment as the folder must have bin/python: current value is ${prefix} without it`,
    );

    mkdirSync(join(prefix, 'bin'), { recursive: true });
    const python = readFileSync(join(tree.programs, 'python3'), 'utf8').replaceAll(
      '.venv',
      'conda',
    );
    tree.write('conda/bin/python', python, true);
    const { code, output } = await tree.run([...setup, '--prefix', prefix]);
    expect(output).toContain(`into ${prefix}`);
    expect(code).toBe(0);
    expect(
      existsSync(join(prefix, 'share/jupyter/labextensions/@causalmixft/lab/package.json')),
    ).toBe(true);
    expect(existsSync(join(tree.root, '.venv'))).toBe(false);
  });
});

describe('set-up ends with a clear message and exit code 1', () => {
  async function refuses(message: RegExp, env: Record<string, string> = {}): Promise<void> {
    const { code, output } = await tree.run(setup, { env });
    expect(output).toMatch(message);
    expect(output).not.toMatch(/^ {4}at /m);
    expect(code).toBe(1);
    expect(existsSync(join(tree.root, '.setup/lock'))).toBe(false);
  }

  it('when there is no Python', async () => {
    rmSync(join(tree.programs, 'python3'));
    await refuses(
      /Cannot set up JupyterLab as Python 3\.10 or later must be on the PATH: current value is no Python\n.*python3/,
    );
    expect(existsSync(join(tree.root, '.venv'))).toBe(false);
  });

  it('when Python is too old', async () => {
    tree.write('programs/python3', '#!/bin/sh\necho 3.8.18\n', true);
    await refuses(
      /Python 3\.10 or later must be on the PATH: current value is 3\.8\.18 \(python3\)/,
    );
  });

  it('when CAUSALMIXFT_PYTHON does not run', async () => {
    await refuses(
      /what CAUSALMIXFT_PYTHON names: current value is \/nowhere\/python, which does not run/,
      {
        CAUSALMIXFT_PYTHON: '/nowhere/python',
      },
    );
  });

  it('when Python has no venv module', async () => {
    tree.write(
      'programs/python3',
      '#!/bin/sh\ncase "$*" in *version_info*) echo 3.11.2;; *) mkdir -p "$3"; echo "ensurepip is not available"; exit 1;; esac\n',
      true,
    );
    await refuses(/python3 must have the modules venv and ensurepip: .*\n.*venv/);
    expect(existsSync(join(tree.root, '.venv'))).toBe(false);
  });

  it('when CAUSALMIXFT_LIBTENSORFLOW names a folder without libraries', async () => {
    await refuses(/Cannot use CAUSALMIXFT_LIBTENSORFLOW as the folder must hold libtensorflow_cc/, {
      CAUSALMIXFT_LIBTENSORFLOW: tree.root,
    });
    expect(existsSync(join(tree.root, 'node_modules/@tensorflow/tfjs-node'))).toBe(false);
  });

  it('when the source has a type error', async () => {
    tree.write(
      'node_modules/typescript/bin/tsc',
      'console.log("src/index.ts(1,1): error TS1: wrong"); process.exitCode = 2;',
    );
    await refuses(/Cannot build the library as .*\n.*src\/index\.ts\(1,1\): error TS1: wrong/);
  });

  it('when the npm registry cannot be reached', async () => {
    rmSync(join(tree.root, 'node_modules/.package-lock.json'));
    tree.write(
      'package-lock.json',
      JSON.stringify({
        name: 'causalmixft',
        lockfileVersion: 3,
        packages: {
          '': { name: 'causalmixft', dependencies: { 'csv-parse': '7.0.3' } },
          'node_modules/csv-parse': { version: '7.0.3' },
        },
      }),
    );
    tree.write('package.json', '{"name": "causalmixft", "dependencies": {"csv-parse": "7.0.3"}}');
    await refuses(
      /the npm registry must be reachable: current value is no connection \(.*\)\n.*proxy/,
      {
        npm_config_registry: 'http://127.0.0.1:9/',
        npm_config_fetch_retries: '0',
      },
    );
  });
});

describe('an interrupted set-up', () => {
  const atVenv = (signal: NodeJS.Signals) => {
    const mark = join(tree.root, 'slow');
    const done = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (!existsSync(mark)) return;
        clearInterval(timer);
        resolve();
      }, 20);
    });
    let pid = 0;
    const run = tree.run(setup, {
      env: { SLOW_VENV: mark },
      onOutput: (_, id) => {
        pid = id;
      },
    });
    return done.then(() => {
      process.kill(pid, signal);
      return run;
    });
  };

  it('that was asked to stop gives the lock back and says how to go on', async () => {
    const { code, output } = await atVenv('SIGINT');
    expect(output).toContain('Set-up was stopped; run the command again to go on.');
    expect(code).toBe(130);
    expect(existsSync(join(tree.root, '.setup/lock'))).toBe(false);
  });

  it('that was killed is made whole by the next one', async () => {
    await atVenv('SIGKILL');
    expect(existsSync(join(tree.root, '.venv/bin'))).toBe(true);
    expect(existsSync(join(tree.root, '.venv/bin/python'))).toBe(false);
    const { code, output } = await tree.run(setup);
    expect(output).toContain('Set-up is complete');
    expect(code).toBe(0);
  });
});

describe('the doctor', () => {
  it('has a remedy for each check that fails, as text and as JSON', async () => {
    const text = await tree.run(['doctor.mjs']);
    expect(text.code).toBe(1);
    expect(text.output).toMatch(/✓ Node/);
    expect(text.output).toMatch(/✗ Python +no Python in .*\n +→ npm run setup/);

    const { code, output } = await tree.run(['doctor.mjs', '--json']);
    const results: { name: string; status: string; remedy?: string }[] = JSON.parse(output);
    expect(code).toBe(1);
    expect(results.filter(({ status, remedy }) => status !== 'ok' && !remedy)).toEqual([]);
    expect(results.filter(({ status }) => status === 'failed').map(({ name }) => name)).toContain(
      'kernel',
    );
  });

  it('passes after set-up, with a note that there is no native TensorFlow', async () => {
    await tree.run(setup);
    const { code, output } = await tree.run(['doctor.mjs']);
    expect(output).toMatch(/! TensorFlow +WebAssembly: .*\n +→ For native speed: /);
    expect(output).not.toContain('✗');
    expect(code).toBe(0);
  });

  it('refuses an option that it does not know', async () => {
    const { code, output } = await tree.run(['doctor.mjs', '--jsno']);
    expect(output).toContain("Unknown option '--jsno'");
    expect(code).toBe(2);
  });
});
