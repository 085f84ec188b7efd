import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Kernel, startKernel } from './client.js';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let kernel: Kernel;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel.stop());

describe('nothing is lost', () => {
  it.each([20_000, 200_000])('%i printed lines arrive in order before idle', async (count) => {
    const { stdout, outputs, status } = await kernel.execute(
      `for (let i = 0; i < ${count}; i++) console.log('line ' + i)`,
    );
    expect(status).toBe('ok');
    const lines = stdout.split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.length).toBe(count);
    expect(lines.findIndex((line, i) => line !== `line ${i}`)).toBe(-1);
    expect(outputs.filter((m) => m.type === 'stream').length).toBeLessThan(count / 50);
  });

  it('3,000 executes are all answered', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3_000; i++) {
      ids.push(
        await kernel.send(
          'execute_request',
          kernel.executeContent(i % 10 ? '' : `${i}`, { store_history: false }),
        ),
      );
    }
    let answered = 0;
    for (const id of ids)
      answered += (await kernel.answer(id, 'one of 3,000')).status === 'ok' ? 1 : 0;
    expect(answered).toBe(3_000);
  });

  it('a display of 10 MB arrives whole', async () => {
    const { outputs } = await kernel.execute(
      "display.bundle({ 'text/plain': 'x'.repeat(10_000_000) })",
    );
    const [shown] = outputs.filter((m) => m.type === 'display_data');
    expect(shown!.content.data['text/plain']).toHaveLength(10_000_000);
  });

  it('text is sent at once when a long calculation follows', async () => {
    const id = await kernel.send(
      'execute_request',
      kernel.executeContent(
        "console.log('early'); const end = Date.now() + 1500; while (Date.now() < end) {}\nconsole.log('late')",
      ),
    );
    const early = await kernel.until('early', () => kernel.of(id).find((m) => m.type === 'stream'));
    expect(early.content.text).toBe('early\n');
    expect(kernel.of(id).some((m) => m.type === 'execute_reply')).toBe(false);
    expect((await kernel.answer(id, 'cell')).stdout).toBe('early\nlate\n');
  });

  it('output of stdout, stderr and displays keeps its order', async () => {
    const { outputs } = await kernel.execute(
      "console.log('1'); console.error('2'); display.html('3'); console.log('4'); process.stdout.write('5'); 6",
    );
    expect(outputs.map((m) => m.content.text ?? m.content.data?.['text/plain'])).toEqual([
      undefined,
      '1\n',
      '2\n',
      '3',
      '4\n5',
      '6',
    ]);
  });

  it('what child processes print on the inherited streams is kept, broken bytes too', async () => {
    const { stdout, stderr } = await kernel.execute(
      "require('node:child_process').execSync('echo out; printf \"\\\\377bad\\\\n\" >&2', { stdio: 'inherit' })",
    );
    expect(stdout).toBe('out\n');
    expect(stderr).toBe('\uFFFDbad\n');
  });
});

describe('display', () => {
  it('sends bundles with metadata and a display id', async () => {
    const { outputs } = await kernel.execute(
      "display.bundle({ 'text/plain': 'p', 'application/vnd.x+json': { a: [1] } }, { 'text/plain': { m: 1 } })",
    );
    expect(outputs[1]!.content).toMatchObject({
      data: { 'text/plain': 'p', 'application/vnd.x+json': { a: [1] } },
      metadata: { 'text/plain': { m: 1 } },
    });
    expect(outputs[1]!.content.transient.display_id).toEqual(expect.any(String));
  });

  it('updates from the same and from a later cell', async () => {
    const first = await kernel.execute("const shown = display.html('one'); shown.update('two')");
    const later = await kernel.execute('shown.update([{ a: 1 }])');
    const id = first.outputs[1]!.content.transient.display_id;
    expect(first.outputs.map((m) => m.type)).toEqual([
      'execute_input',
      'display_data',
      'update_display_data',
    ]);
    expect(later.outputs[1]).toMatchObject({
      type: 'update_display_data',
      content: { transient: { display_id: id } },
    });
    expect(later.outputs[1]!.content.data['text/html']).toContain('<table');
  });

  it.each(['html', 'md', 'svg', 'json', 'image'])(
    'display.%s sends its type and text',
    async (name) => {
      const types: Record<string, string> = {
        html: 'text/html',
        md: 'text/markdown',
        svg: 'image/svg+xml',
        json: 'application/json',
        image: 'image/png',
      };
      const { outputs } = await kernel.execute(`display.${name}('<svg></svg>')`);
      expect(Object.keys(outputs[1]!.content.data)).toEqual(
        expect.arrayContaining([types[name], 'text/plain']),
      );
    },
  );

  it('clears with and without waiting', async () => {
    const { outputs } = await kernel.execute('clearOutput(); clearOutput({ wait: true })');
    expect(outputs.slice(1).map((m) => [m.type, m.content.wait])).toEqual([
      ['clear_output', false],
      ['clear_output', true],
    ]);
  });

  it('is the same object in the library and in the notebook', async () => {
    const { result } = await kernel.execute(
      "import { display as own } from 'causalmixft/display'; own === display",
    );
    expect(result).toBe('true');
  });

  it('shows results as results, lists of records as tables', async () => {
    const { outputs } = await kernel.execute('[{ a: 1, b: "<script>alert(1)</script>" }]');
    const { data } = outputs[1]!.content;
    expect(outputs[1]!.type).toBe('execute_result');
    expect(Object.keys(data)).toEqual(
      expect.arrayContaining(['text/html', 'text/markdown', 'text/plain']),
    );
    expect(data['text/html']).not.toContain('<script');
  });

  it('caps large values and shows them whole when asked', async () => {
    const { result } = await kernel.execute("const large = 'x'.repeat(100_000); large");
    expect(result!.length).toBeLessThan(50_000);
    const { outputs } = await kernel.execute('cm.full(large)');
    expect(outputs[1]!.content.data['text/plain']).toHaveLength(100_000);
    const table = await kernel.execute(
      'const rows = Array.from({ length: 300 }, (_, i) => ({ i })); rows; cm.full(rows)',
    );
    expect(table.outputs[1]!.content.data['text/html'].match(/<tr>/g)).toHaveLength(301);
  });

  it('offers help as Markdown', async () => {
    const { outputs } = await kernel.execute('cm.help(); cm.help(cm.help)');
    expect(outputs[1]!.content.data['text/markdown']).toContain('progress');
    expect(outputs).toHaveLength(3);
  });

  it('helps with the documentation of what has one, by value or by name', async () => {
    await kernel.execute('/** Says twice. */ function twice(x: string) { return x + x }');
    const { outputs } = await kernel.execute(
      "cm.help(cm.readTable); cm.help('pc'); cm.help(display); cm.help(twice); cm.help('nope')",
    );
    const texts = outputs.slice(1).map((m) => m.content.data['text/markdown']);
    expect(texts).toHaveLength(5);
    for (const [i, part] of [
      'Read a table',
      'function pc(table: Table',
      'richest form',
      'Says twice.',
      'Nothing is called `nope`',
    ].entries()) {
      expect(texts[i]).toContain(part);
    }
  });

  it('shows nothing twice where a cell ends in what has shown something', async () => {
    for (const code of ["display.html('<b>1</b>')", 'await sh`echo once`', "display('x')"]) {
      const { outputs } = await kernel.execute(code);
      expect(outputs.filter((m) => m.type !== 'execute_input')).toHaveLength(1);
    }
    await kernel.execute('const said = await sh`echo once`');
    expect((await kernel.execute('said')).result).toContain('once');
  });

  it('tells how long something took', async () => {
    const { stdout, result } = await kernel.execute("cm.time(() => 7, 'Seven took')");
    expect(stdout).toMatch(/^Seven took [\d.]+ (µs|ms|s) \(processor/);
    expect(result).toBe('7');
  });
});

describe('progress', () => {
  it('is drawn at most ten times a second, its last state always', async () => {
    const { outputs } = await kernel.execute(
      'const t0 = Date.now(); const bar = progress({ total: 100000, label: "Counting" }); let i = 0; while (Date.now() - t0 < 1000) { i++; bar.tick() } bar.done()',
    );
    const drawn = outputs.filter((m) => m.type.endsWith('display_data'));
    expect(drawn[0]!.type).toBe('display_data');
    expect(drawn.length).toBeGreaterThan(3);
    expect(drawn.length).toBeLessThan(14);
    expect(new Set(drawn.map((m) => m.content.transient.display_id)).size).toBe(1);
    expect(drawn.at(-1)!.content.data['text/plain']).toContain('Counting');
    expect(drawn[0]!.content.data['text/html']).toContain('role="progressbar"');
    expect(drawn[0]!.content.data['text/html']).not.toContain('<script');
  });

  it('follows loops, nested and asynchronous, and says when they ended early', async () => {
    const { outputs } = await kernel.execute(
      `for (const a of progress([1, 2], { label: 'outer' })) for (const b of progress(new Set([1, 2, 3]), { label: 'inner' })) {}
       for await (const c of progress((async function* () { yield 1 })(), { label: 'async' })) {}
       for (const d of progress([1, 2, 3], { label: 'early' })) break`,
    );
    const drawn = outputs.filter((m) => m.type.endsWith('display_data'));
    const last = new Map(
      drawn.map((m) => [m.content.transient.display_id, m.content.data['text/plain']]),
    );
    expect([...last.values()].map((text) => text.split(' ')[0]).sort()).toEqual([
      'async',
      'early',
      'inner',
      'inner',
      'outer',
    ]);
    expect([...last.values()].find((text) => text.startsWith('outer'))).toContain('2 of 2');
    expect([...last.values()].find((text) => text.startsWith('early'))).toContain('stopped');
  });

  it("draws the library's long work", async () => {
    const { outputs } = await kernel.execute(
      `const host = (globalThis as any)[Symbol.for('causalmixft.host')];
       host.progress({ id: 'w1', label: 'Fitting 8 SCMs', done: 1, total: 8 });
       host.progress({ id: 'w1', label: 'Fitting 8 SCMs', done: 8, total: 8, ended: 'finished' })`,
    );
    const drawn = outputs.filter((m) => m.type.endsWith('display_data'));
    expect(drawn.map((m) => m.type)).toEqual(['display_data', 'update_display_data']);
    expect(drawn[1]!.content.data['text/plain']).toContain('100 %');
  });
});

describe('stdin', () => {
  async function asked(code: string, value: string | undefined, allow = true) {
    const id = await kernel.send(
      'execute_request',
      kernel.executeContent(code, { allow_stdin: allow }),
    );
    if (value !== undefined) {
      const request = await kernel.until('input_request', () =>
        kernel.received.find((m) => m.type === 'input_request' && m.parent === id),
      );
      await kernel.send('input_reply', { value }, { channel: 'stdin' });
      return { request: request.content, ...(await kernel.answer(id, 'cell with a prompt')) };
    }
    return { request: undefined, ...(await kernel.answer(id, 'cell with a prompt')) };
  }

  it('asks for a line, a password, a decision', async () => {
    const line = await asked("await prompt('name? ')", 'Ada');
    expect(line.request).toEqual({ prompt: 'name? ', password: false });
    expect(line.result).toBe("'Ada'");
    const secret = await asked("(await prompt.password('key? ')).length", 'secret');
    expect(secret.request.password).toBe(true);
    expect(secret.result).toBe('6');
    expect((await asked("await confirm('sure?')", 'y')).result).toBe('true');
    expect((await asked("await confirm('sure?')", 'n')).result).toBe('false');
  });

  it('is refused clearly where the front end has none', async () => {
    const { errors, request } = await asked("await prompt('name? ')", undefined, false);
    expect(request).toBeUndefined();
    expect(errors[0]!.evalue).toContain('does not allow');
  });

  it('goes to the front end that asked', async () => {
    const { request } = await asked("await prompt('mine? ')", 'x');
    expect(request.prompt).toBe('mine? ');
    expect(
      kernel.received.filter((m) => m.type === 'input_request').every((m) => m.channel === 'stdin'),
    ).toBe(true);
  });
});

describe('sh', () => {
  it('streams what a command prints and gives it back', async () => {
    const { stdout, stderr, result } = await kernel.execute(
      '(await sh`echo out; echo err >&2`).stdout',
    );
    expect([stdout, stderr, result]).toEqual(['out\n', 'err\n', "'out\\n'"]);
  });

  it('quotes values and fails with the exit code', async () => {
    const { stdout } = await kernel.execute(
      "const odd = `a'b; echo no`; await sh`printf %s ${odd}`",
    );
    expect(stdout).toBe("a'b; echo no");
    expect((await kernel.execute('await sh`exit 3`')).errors[0]!.evalue).toContain('exit code 3');
  });
});
