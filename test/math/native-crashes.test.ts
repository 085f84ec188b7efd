import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const engine = join(import.meta.dirname, '..', '..', 'dist', 'math', 'tf.js');
const evaluate = ['--input-type=module', '--eval'];

// Many more threads than processors: a thread may lose its processor at any place.
it('fused operations outlive more threads than there are processors', async () => {
  const program = `
    const { operation, ready, tf, tidy } = await import(${JSON.stringify(engine)});
    await ready();
    const x = tf().randomNormal([400, 300]);
    const one = () => tidy(() => (operation('CmxSoftmax', [x], 1), null));
    for (let i = 0; i < 20000; i++) one();
    console.log('alive');`;
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '64' };
  const { stdout } = await run(process.execPath, [...evaluate, program], { env });
  expect(stdout).toBe('alive\n');
}, 120_000);

// libtensorflow's own product of two matrices does not: see product().
it('matrix products outlive signals', async () => {
  const program = `
    const { product, ready, tf, tidy } = await import(${JSON.stringify(engine)});
    await ready();
    process.on('SIGWINCH', () => {});
    const [x, w, v] = [[300, 48], [48, 48], [128, 128]].map((shape) => tf().ones(shape));
    const y = tf().ones([600, 128]);
    process.send('ready');
    for (let i = 0; i < 4000; i++) {
      tidy(() => {
        product(x, w, false, true);
        product(x, x, true);
        product(y, v);
        product(y, v, false, true);
        product(y, y, true);
        return null;
      });
    }
    process.exit(0);`;
  const child = spawn(process.execPath, [...evaluate, program], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  let running = true;
  child.on('message', () => {
    const disturb = (): void => {
      if (!running) return;
      child.kill('SIGWINCH');
      setImmediate(disturb);
    };
    disturb();
  });
  expect(await ended).toEqual({ code: 0, signal: null });
  running = false;
}, 120_000);
