import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Kernel, startKernel } from './client.js';
import { eventually, isAlive } from './processes.js';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Ask for Stop, once the cell has said that it is under way. */
async function stopCell(kernel: Kernel, code: string) {
  const id = await kernel.send(
    'execute_request',
    kernel.executeContent(`console.log('under way');\n${code}`, { allow_stdin: true }),
  );
  await kernel.until('first output of the cell', () =>
    kernel.of(id).find((m) => m.type === 'stream' && m.content.text.includes('under way')),
  );
  const start = performance.now();
  const interrupt = await kernel.send('interrupt_request', {}, { channel: 'control' });
  const answer = await kernel.answer(id, 'stopped cell');
  const seconds = (performance.now() - start) / 1000;
  const reply = await kernel.until('interrupt_reply', () =>
    kernel.of(interrupt).find((m) => m.type === 'interrupt_reply'),
  );
  expect(reply.content).toEqual({ status: 'ok' });
  return { ...answer, seconds };
}

describe('Stop', () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel();
    await kernel.execute('let keep = 41; async function spin() { for (;;) await null }');
  });
  afterAll(() => kernel.stop());

  it.each([
    ['a busy loop', 'while (true) {}'],
    ['a busy loop after an await', 'await null; while (true) {}'],
    [
      'a busy loop in a callback of a timer',
      'await new Promise(() => setTimeout(() => { for (;;) {} }))',
    ],
    ['a pending await', 'await new Promise(() => {})'],
    ['a microtask loop', 'await spin()'],
    ['an asynchronous loop', 'for (;;) await new Promise((r) => setTimeout(r, 1))'],
    [
      'an endless generator',
      'for await (const x of (async function* () { for (;;) yield 1 })()) {}',
    ],
    ['a loop that catches everything', 'for (;;) { try { for (;;) {} } catch {} finally {} }'],
    ['a loop that prints', "for (;;) console.log('x'.repeat(1000))"],
    ['a regular expression that explodes', "/^(a+)+$/.test('a'.repeat(40) + 'b')"],
    ['a prompt', "await prompt('name? ')"],
    ['a thread that waits', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a progress bar', 'for (const i of progress(Array(1e9).keys() as Iterable<number>)) {}'],
  ])('ends %s and keeps the variables', async (_, code) => {
    const { status, errors } = await stopCell(kernel, code);
    expect(status).toBe('error');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ ename: 'Interrupted' });
    expect((await kernel.execute('keep + 1')).result).toBe('42');
  });

  it('ends a long loop of tensors, and tensors work afterwards', async () => {
    const setUp = await kernel.execute(
      "const tf = await import('@tensorflow/tfjs-node').catch(() => import('@tensorflow/tfjs'))",
    );
    expect(setUp.status).toBe('ok');
    const { errors, seconds } = await stopCell(
      kernel,
      'let t = tf.ones([300, 300]); for (;;) { t = tf.tidy(() => tf.matMul(t, t).div(300)); t.dataSync() }',
    );
    expect(errors[0]).toMatchObject({ ename: 'Interrupted' });
    expect(seconds).toBeLessThan(20);
    expect((await kernel.execute('(await tf.ones([2]).sum().data())[0]')).result).toBe('2');
  });

  it('is heard by code that listens to the signal of the library', async () => {
    const { stdout, errors } = await stopCell(
      kernel,
      `const host = (globalThis as any)[Symbol.for('causalmixft.host')];
       const signal = host.signal as AbortSignal;
       try { await new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))) }
       finally { console.log('tidied up') }`,
    );
    expect(stdout).toContain('tidied up');
    expect(errors[0]).toMatchObject({ ename: 'Interrupted' });
  });

  it('ends a command with all that it started', async () => {
    const started = kernel.pids().length;
    const { errors } = await stopCell(kernel, 'await sh`sleep 300 & sleep 300; wait`');
    expect(errors[0]).toMatchObject({ ename: 'Interrupted' });
    await eventually('rid of the commands', () => kernel.pids().length === started);
  });

  it('lets an asynchronous loop not go on in the background', async () => {
    await kernel.execute('let ticks = 0');
    await stopCell(kernel, 'for (;;) { await new Promise((r) => setTimeout(r, 1)); ticks++ }');
    const before = (await kernel.execute('ticks')).result;
    await kernel.execute('await new Promise((r) => setTimeout(r, 50))');
    expect((await kernel.execute('ticks')).result).toBe(before);
  });

  it('aborts the cells that wait behind the stopped one', async () => {
    const running = kernel.send(
      'execute_request',
      kernel.executeContent("console.log('go'); for (;;) {}"),
    );
    const waiting = kernel.send('execute_request', kernel.executeContent('1'));
    const [first, second] = await Promise.all([running, waiting]);
    await kernel.until('output', () => kernel.of(first).find((m) => m.type === 'stream'));
    await kernel.request('interrupt_request', {}, 'control');
    expect((await kernel.answer(first, 'stopped')).status).toBe('error');
    expect((await kernel.answer(second, 'waiting')).status).toBe('aborted');
  });

  it('does nothing to an idle kernel', async () => {
    expect((await kernel.request('interrupt_request', {}, 'control')).reply.status).toBe('ok');
    expect((await kernel.execute('keep')).result).toBe('41');
  });

  it('replaces the worker where a native call does not return, and says what is lost', async () => {
    const { errors, outputs } = await stopCell(
      kernel,
      "require('node:child_process').spawnSync('sleep', ['300'])",
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]!.evalue).toContain('variables lost');
    expect(outputs.at(-1)!.type).toBe('error');
    expect((await kernel.execute('keep')).errors[0]!.evalue).toContain('Cannot find name');
    expect((await kernel.execute('const again = 1; again + 1')).result).toBe('2');
  });

  it('ends a synchronous child process with the worker', async () => {
    const { errors } = await stopCell(
      kernel,
      "require('node:child_process').execSync('echo $$ > child.pid; sleep 300')",
    );
    expect(errors[0]!.evalue).toContain('variables lost');
    const { result } = await kernel.execute(
      "Number(require('node:fs').readFileSync('child.pid', 'utf8'))",
    );
    expect(isAlive(Number(result))).toBe(false);
  });

  it('comes by SIGINT too', async () => {
    const id = await kernel.send(
      'execute_request',
      kernel.executeContent("console.log('go'); for (;;) {}"),
    );
    await kernel.until('output', () => kernel.of(id).find((m) => m.type === 'stream'));
    kernel.child.kill('SIGINT');
    expect((await kernel.answer(id, 'cell')).errors[0]).toMatchObject({ ename: 'Interrupted' });
  });
});

describe('while a cell is busy', () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel();
    await kernel.execute('const arr = [1, 2, 3]');
    await kernel.request('complete_request', { code: 'arr.con', cursor_pos: 7 });
  });
  afterAll(() => kernel.stop());

  it.each([
    ['waits for a timer', 'await new Promise((r) => setTimeout(r, 60_000))'],
    [
      'computes in an asynchronous loop',
      'for (;;) { const t = Date.now(); while (Date.now() - t < 5) {} await new Promise((r) => setTimeout(r)) }',
    ],
    ['computes without a pause', 'for (;;) {}'],
  ])('everything else is answered: the cell %s', async (_, code) => {
    const id = await kernel.send(
      'execute_request',
      kernel.executeContent(`console.log('busy')\n${code}`),
    );
    await kernel.until('output', () => kernel.of(id).find((m) => m.type === 'stream'));
    const completed = await kernel.request('complete_request', { code: 'arr.con', cursor_pos: 7 });
    expect(completed.reply.matches).toContain('concat');
    expect(
      (await kernel.request('inspect_request', { code: 'arr', cursor_pos: 2 })).reply.found,
    ).toBe(true);
    expect((await kernel.request('is_complete_request', { code: '1' })).reply.status).toBe(
      'complete',
    );
    expect((await kernel.request('kernel_info_request', {}, 'control')).reply.status).toBe('ok');
    expect((await kernel.request('comm_info_request', {})).reply.status).toBe('ok');
    expect(
      (await kernel.request('history_request', { hist_access_type: 'tail', n: 1 })).reply.status,
    ).toBe('ok');
    await kernel.heartbeat();
    // None of that waited for the cell: it is still under way.
    expect(kernel.of(id).some((m) => m.type === 'execute_reply')).toBe(false);
    await kernel.request('interrupt_request', {}, 'control');
    await kernel.answer(id, 'busy cell');
  });
});
