// Over 300 lines: every request of the protocol once, on one kernel.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Subscriber } from 'zeromq';
import { type Kernel, startKernel } from './client.js';

describe('the protocol', () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel();
  });
  afterAll(() => kernel.stop());

  it('answers kernel_info on shell and control', async () => {
    for (const channel of ['shell', 'control'] as const) {
      const { reply } = await kernel.request('kernel_info_request', {}, channel);
      expect(reply).toMatchObject({
        status: 'ok',
        protocol_version: '5.5',
        implementation: 'causalmixft',
        supported_features: [],
        language_info: {
          name: 'typescript',
          mimetype: 'application/typescript',
          file_extension: '.ts',
          codemirror_mode: 'typescript',
          pygments_lexer: 'typescript',
          nbconvert_exporter: 'script',
        },
      });
      expect(reply.banner).toContain('TypeScript');
      expect(reply.help_links.length).toBeGreaterThan(0);
    }
  });

  it('echoes the heartbeat', async () => {
    expect(await kernel.heartbeat()).toBeGreaterThan(0);
  });

  it('welcomes a new subscriber of iopub', async () => {
    const socket = new Subscriber({ linger: 0, receiveTimeout: 30_000 });
    socket.connect(`tcp://127.0.0.1:${kernel.connection.iopub_port}`);
    socket.subscribe('');
    const frames = (await socket.receive()).map(String);
    socket.close();
    expect(JSON.parse(frames[frames.indexOf('<IDS|MSG>') + 2]!).msg_type).toBe('iopub_welcome');
    expect(JSON.parse(frames[frames.indexOf('<IDS|MSG>') + 5]!)).toEqual({ subscription: '' });
  });

  it('sends the messages of a cell in order', async () => {
    const { outputs, reply } = await kernel.execute('console.log(1); display.html("<b>2</b>"); 3');
    const id = outputs[0]!.parent;
    const order = kernel
      .of(id)
      .filter((m) => m.channel === 'iopub')
      .map((m) => (m.type === 'status' ? m.content.execution_state : m.type));
    expect(order).toEqual([
      'busy',
      'execute_input',
      'stream',
      'display_data',
      'execute_result',
      'idle',
    ]);
    expect(reply).toMatchObject({ status: 'ok', payload: [], user_expressions: {} });
    expect(outputs[0]!.content.execution_count).toBe(reply.execution_count);
  });

  it('counts cells that are neither silent nor kept from history', async () => {
    const first = (await kernel.execute('1')).reply.execution_count;
    const silent = await kernel.execute('2', { silent: true });
    expect(silent.outputs).toEqual([]);
    expect(silent.status).toBe('ok');
    const aside = await kernel.execute('3', { store_history: false });
    expect(aside.result).toBe('3');
    expect((await kernel.execute('4')).reply.execution_count).toBe(first + 1);
  });

  it('evaluates user expressions, each failing alone', async () => {
    const { reply } = await kernel.execute('const ux = 20', {
      user_expressions: {
        good: 'ux + 1',
        bad: 'notAName',
        thrown: '(() => { throw new Error("u") })()',
      },
    });
    expect(reply.user_expressions.good).toMatchObject({
      status: 'ok',
      data: { 'text/plain': '21' },
    });
    expect(reply.user_expressions.bad).toMatchObject({ status: 'error', ename: 'TypeScriptError' });
    expect(reply.user_expressions.thrown).toMatchObject({ status: 'error', evalue: 'u' });
  });

  it('aborts what waits behind a failed cell, and only that', async () => {
    const codes = ['throw new Error("first")', '1', '2'];
    const ids: string[] = [];
    for (const code of codes)
      ids.push(await kernel.send('execute_request', kernel.executeContent(code)));
    const answers = [];
    for (const id of ids) answers.push((await kernel.answer(id, 'queued cell')).status);
    expect(answers).toEqual(['error', 'aborted', 'aborted']);
    expect((await kernel.execute('5')).result).toBe('5');
  });

  it('runs what waits behind a failed cell when told not to stop', async () => {
    const ids: string[] = [];
    for (const code of ['throw new Error("first")', '7']) {
      ids.push(
        await kernel.send('execute_request', kernel.executeContent(code, { stop_on_error: false })),
      );
    }
    const answers = [];
    for (const id of ids) answers.push((await kernel.answer(id, 'queued cell')).status);
    expect(answers).toEqual(['error', 'ok']);
  });

  it('completes members and globals with kind, place and signature', async () => {
    await kernel.execute(
      'const word: string = "abc"; const docs = { /** Says it. */ speak(n: number) {} }',
    );
    const { reply } = await kernel.request('complete_request', {
      code: 'word.toUpperC',
      cursor_pos: 13,
    });
    expect(reply).toMatchObject({
      status: 'ok',
      matches: ['toUpperCase'],
      cursor_start: 5,
      cursor_end: 13,
    });
    expect(reply.metadata._jupyter_types_experimental).toEqual([
      expect.objectContaining({ text: 'toUpperCase', type: 'function', start: 5, end: 13 }),
    ]);
    expect(reply.metadata._jupyter_types_experimental[0].signature).toContain('string');
    const own = await kernel.request('complete_request', { code: 'docs.', cursor_pos: 5 });
    expect(own.reply.matches).toContain('speak');
    const none = await kernel.request('complete_request', { code: '', cursor_pos: 0 });
    expect(none.reply.matches).toContain('word');
    expect(none.reply.matches.filter((m: string) => m.startsWith('$$'))).toEqual([]);
  });

  it('counts code points before the cursor', async () => {
    const code = "const face = '😀😀'; face.toUpp";
    const cursor = [...code].length;
    const { reply } = await kernel.request('complete_request', { code, cursor_pos: cursor });
    expect(reply.matches).toEqual(['toUpperCase']);
    expect([...code].slice(reply.cursor_start, reply.cursor_end).join('')).toBe('toUpp');
    const inspected = await kernel.request('inspect_request', {
      code: "'😀'; Math.max",
      cursor_pos: 13,
      detail_level: 0,
    });
    expect(inspected.reply.data['text/plain']).toContain('max');
  });

  it('completes packages, paths and columns inside strings', async () => {
    const matches = async (code: string) =>
      (await kernel.request('complete_request', { code, cursor_pos: code.length })).reply.matches;
    expect(await matches("import { x } from 'causalm")).toContain('causalmixft');
    expect(await matches("import { x } from 'node:path")).toContain('node:path');
    await kernel.execute("require('node:fs').writeFileSync('some-data.csv', 'a,b')");
    expect(await matches("readTable('some-d")).toEqual(['some-data.csv']);
    await kernel.execute(
      "const people = { kind: 'table', rows: 1, columns: [{ name: 'age' }, { name: 'income' }] }",
    );
    expect(await matches("column(people, 'inc")).toEqual(['income']);
  });

  // The machine may be busy with other work.
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

  it('inspects names, calls and documentation', async () => {
    await kernel.execute(
      '/** Doubles a number. */\nfunction documented(a: number): number { return 2 * a; }',
    );
    const ask = async (code: string, at = code.length) =>
      (await kernel.request('inspect_request', { code, cursor_pos: at, detail_level: 0 })).reply;
    const found = await ask('documented');
    expect(found.found).toBe(true);
    expect(found.data['text/plain']).toContain('documented(a: number): number');
    expect(found.data['text/markdown']).toContain('Doubles a number.');
    expect((await ask('documented(')).data['text/plain']).toContain('Doubles');
    expect((await ask('Math.max')).data['text/plain']).toContain('larger of a set');
    expect(await ask('nothingOfThatName')).toMatchObject({ found: false, data: {} });
    expect(await ask('')).toMatchObject({ status: 'ok', found: false });
  });

  it.each([
    ['const x = 1;', 'complete'],
    ['1 +', 'incomplete'],
    ['function f() {', 'incomplete'],
    ['const b = [1,', 'incomplete'],
    ['`abc', 'incomplete'],
    ['/* open', 'incomplete'],
    ['if (true)', 'incomplete'],
    ['let = = 3;', 'invalid'],
    ['function f) {}', 'invalid'],
    ['const s = "open', 'invalid'],
    ['}', 'invalid'],
    ['', 'complete'],
  ])('is_complete of %j is %s', async (code, status) => {
    const { reply } = await kernel.request('is_complete_request', { code });
    expect(reply.status).toBe(status);
    if (status === 'incomplete') expect(typeof reply.indent).toBe('string');
  });

  it('indents after an opening bracket', async () => {
    const { reply } = await kernel.request('is_complete_request', { code: '  if (x) {' });
    expect(reply).toMatchObject({ status: 'incomplete', indent: '    ' });
  });

  it('remembers cells: tail, range, search, unique, output', async () => {
    for (const code of ['11 + 1', '22 + 2', '22 + 2', '33 + 3']) await kernel.execute(code);
    const ask = async (content: object) =>
      (await kernel.request('history_request', { output: false, raw: true, ...content })).reply
        .history;
    const tail = await ask({ hist_access_type: 'tail', n: 2 });
    expect(tail.map((e: unknown[]) => e[2])).toEqual(['22 + 2', '33 + 3']);
    const search = await ask({ hist_access_type: 'search', pattern: '22*', n: 5 });
    expect(search.map((e: unknown[]) => e[2])).toEqual(['22 + 2', '22 + 2']);
    expect(
      await ask({ hist_access_type: 'search', pattern: '22*', unique: true, n: 5 }),
    ).toHaveLength(1);
    const line = tail[1][1];
    const range = await ask({
      hist_access_type: 'range',
      session: 0,
      start: line,
      stop: line + 1,
      output: true,
    });
    expect(range[0][2]).toEqual(['33 + 3', '36']);
  });

  it('gives errors the same three fields in output and reply, once', async () => {
    const { reply, outputs, errors } = await kernel.execute(
      'interface P {\n  x: number;\n}\nfunction fail(p: P): never {\n  throw new TypeError("boom " + p.x);\n}\nfail({ x: 1 });',
    );
    expect(outputs.map((m) => m.type)).toEqual(['execute_input', 'error']);
    expect(reply).toMatchObject({ status: 'error', ename: 'TypeError', evalue: 'boom 1' });
    expect(errors[0]).toEqual({
      ename: reply.ename,
      evalue: reply.evalue,
      traceback: reply.traceback,
    });
    const count = reply.execution_count;
    expect(reply.traceback.slice(0, 3)).toEqual([
      'TypeError: boom 1',
      `    at fail (cell[${count}].ts:5:9)`,
      `    at cell[${count}].ts:7:1`,
    ]);
    expect(reply.traceback.join('\n')).not.toMatch(/node:internal|kernel-ext/);
  });

  it('maps frames of async functions and of functions of earlier cells', async () => {
    const first = await kernel.execute(
      'async function deep() {\n  await null;\n  throw new Error("async");\n}',
    );
    const { reply } = await kernel.execute('\nawait deep()');
    const text = reply.traceback.join('\n');
    expect(text).toContain(`cell[${first.reply.execution_count}].ts:3:9`);
    expect(text).toContain(`cell[${reply.execution_count}].ts:2:1`);
  });

  it('shows cause and members of an aggregate', async () => {
    const { reply } = await kernel.execute(
      'throw new AggregateError([new Error("one"), new Error("two")], "many", { cause: "why" } as any)',
    );
    const text = reply.traceback.join('\n');
    for (const part of ['many', 'Error 1 of 2', 'one', 'two']) expect(text).toContain(part);
    const caused = await kernel.execute(
      'throw new Error("outer", { cause: new RangeError("inner") })',
    );
    expect(caused.reply.traceback.join('\n')).toContain('Caused by:\n  RangeError: inner');
  });

  it('tells of type errors with place, source line and mark', async () => {
    const { reply } = await kernel.execute("const fine = 1;\nconst n: number = 'text';");
    expect(reply.ename).toBe('TypeScriptError');
    expect(reply.traceback).toEqual([
      `cell[${reply.execution_count}].ts:2:7 TS2322 Type 'string' is not assignable to type 'number'.`,
      "  const n: number = 'text';",
      '        ^',
    ]);
  });

  it('answers an unknown request with idle and goes on', async () => {
    const id = await kernel.send('no_such_request', {});
    await kernel.until('idle', () =>
      kernel.of(id).find((m) => m.type === 'status' && m.content.execution_state === 'idle'),
    );
    expect((await kernel.execute('1')).status).toBe('ok');
  });

  it('sends late output under the cell that caused it', async () => {
    const first = await kernel.execute(
      'setTimeout(() => console.log("late one"), 30); Promise.resolve().then(async () => { await new Promise((r) => setTimeout(r, 60)); console.log("late two"); }); 1',
    );
    const id = first.outputs[0]!.parent;
    await kernel.execute('await new Promise((r) => setTimeout(r, 150)); console.log("mine")');
    const text = kernel
      .of(id)
      .filter((m) => m.type === 'stream')
      .map((m) => m.content.text)
      .join('');
    expect(text).toBe('late one\nlate two\n');
  });

  it('shuts down on control and echoes restart', async () => {
    const other = await startKernel();
    const pids = other.pids();
    // Front, compiler and worker.
    expect(pids).toHaveLength(3);
    const id = await other.send('shutdown_request', { restart: true }, { channel: 'control' });
    const reply = await other.until('shutdown_reply', () =>
      other.of(id).find((m) => m.type === 'shutdown_reply'),
    );
    expect(reply.content).toMatchObject({ status: 'ok', restart: true });
    await new Promise((resolve) => {
      if (other.child.exitCode !== null) resolve(undefined);
      else other.child.once('exit', resolve);
    });
    await other.stop();
  });
});
