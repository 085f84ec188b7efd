import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Kernel, startKernel } from './client.js';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const register = `comm.register('test.echo', (c, open) => {
  c.send({ opened: open.data });
  c.onMessage((m) => c.send({ echo: m.data }, { buffers: m.buffers, metadata: { from: 'kernel' } }));
  c.onClose(() => console.log('closed by the browser'));
});`;

describe('comms', () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel();
    await kernel.execute(register);
  });
  afterAll(() => kernel.stop());

  const idleAfter = (id: string) =>
    kernel.until('idle after a comm message', () =>
      kernel.of(id).find((m) => m.type === 'status' && m.content.execution_state === 'idle'),
    );
  const messages = (comm: string) =>
    kernel.received.filter((m) => m.type === 'comm_msg' && m.content.comm_id === comm);

  it('open from the browser, talk both ways with buffers, and close', async () => {
    const opened = await kernel.send('comm_open', {
      comm_id: 'a',
      target_name: 'test.echo',
      data: { n: 1 },
    });
    await idleAfter(opened);
    expect(messages('a')[0]!.content.data).toEqual({ opened: { n: 1 } });
    expect(messages('a')[0]!.parent).toBe(opened);
    const info = await kernel.request('comm_info_request', { target_name: 'test.echo' });
    expect(info.reply.comms).toEqual({ a: { target_name: 'test.echo' } });
    const bytes = [Buffer.from([0, 1, 255]), Buffer.alloc(100_000, 7)];
    await idleAfter(
      await kernel.send('comm_msg', { comm_id: 'a', data: { m: 2 } }, { buffers: bytes }),
    );
    const echo = messages('a')[1]!;
    expect(echo.content.data).toEqual({ echo: { m: 2 } });
    expect(echo.metadata).toEqual({ from: 'kernel' });
    expect(echo.buffers.map((b, i) => b.equals(bytes[i]!))).toEqual([true, true]);
    const closing = await kernel.send('comm_close', { comm_id: 'a', data: {} });
    await idleAfter(closing);
    expect(kernel.of(closing).find((m) => m.type === 'stream')!.content.text).toBe(
      'closed by the browser\n',
    );
    expect((await kernel.request('comm_info_request', {})).reply.comms).toEqual({});
  });

  it('open from the kernel', async () => {
    const { outputs } = await kernel.execute(
      "const out = comm.open('browser.target', { hello: 1 }, { buffers: [new Uint8Array([9])] }); out.onMessage((m) => out.send({ back: m.data }))",
    );
    const open = outputs.find((m) => m.type === 'comm_open')!;
    expect(open.content).toMatchObject({ target_name: 'browser.target', data: { hello: 1 } });
    expect([...open.buffers[0]!]).toEqual([9]);
    const id = open.content.comm_id;
    await idleAfter(await kernel.send('comm_msg', { comm_id: id, data: 5 }));
    expect(messages(id)[0]!.content.data).toEqual({ back: 5 });
    await kernel.execute('out.close()');
    expect((await kernel.request('comm_info_request', {})).reply.comms).toEqual({});
    expect((await kernel.execute('out.send(1)')).errors[0]!.evalue).toContain('closed');
  });

  it('of an unknown target are closed again', async () => {
    const id = await kernel.send('comm_open', { comm_id: 'u', target_name: 'nobody', data: {} });
    await idleAfter(id);
    expect(kernel.of(id).find((m) => m.type === 'comm_close')!.content.comm_id).toBe('u');
    expect((await kernel.request('comm_info_request', {})).reply.comms).toEqual({});
  });

  it('report errors of their handlers and go on', async () => {
    await kernel.execute("comm.register('test.bad', () => { throw new Error('handler') })");
    const id = await kernel.send('comm_open', { comm_id: 'b', target_name: 'test.bad', data: {} });
    await idleAfter(id);
    expect(kernel.of(id).find((m) => m.type === 'error')!.content.evalue).toBe('handler');
  });

  it('carry a hundred messages with buffers both ways, in order', async () => {
    await idleAfter(
      await kernel.send('comm_open', { comm_id: 'f', target_name: 'test.echo', data: {} }),
    );
    const sent: string[] = [];
    for (let i = 0; i < 100; i++) {
      sent.push(
        await kernel.send('comm_msg', { comm_id: 'f', data: i }, { buffers: [Buffer.from([i])] }),
      );
    }
    for (const id of sent) await idleAfter(id);
    const back = messages('f').slice(1);
    expect(back.map((m) => m.content.data.echo)).toEqual([...Array(100).keys()]);
    expect(back.map((m) => m.buffers[0]![0])).toEqual([...Array(100).keys()]);
  });

  it('list the variables of the notebook', async () => {
    await kernel.execute(
      "const table1 = { kind: 'table', rows: 3, columns: [1, 2] }; const big = new Float64Array(1000); let text1 = 'abc'; class Cls {} const nested = [[1, 2, 3], [4, 5, 6]]",
    );
    const open = await kernel.send('comm_open', {
      comm_id: 'v',
      target_name: 'causalmixft.variables',
      data: {},
    });
    const listed = await kernel.until(
      'variables',
      () => messages('v').at(0)?.content.data.variables,
    );
    await idleAfter(open);
    const byName = Object.fromEntries(listed.map((v: { name: string }) => [v.name, v]));
    expect(byName.table1).toMatchObject({ type: 'table', shape: '3 × 2' });
    expect(byName.big).toMatchObject({ type: 'Float64Array', shape: '1000', size: 8000 });
    expect(byName.text1).toMatchObject({ type: 'string', preview: "'abc'" });
    expect(byName.Cls.type).toBe('class');
    expect(byName.nested.shape).toBe('2 × 3');
    await kernel.send('comm_msg', { comm_id: 'v', data: { method: 'list' } });
    await kernel.until('variables again', () => messages('v').at(1));
  });

  it('make a widget by the conventions of anywidget', async () => {
    const { outputs } = await kernel.execute(
      "const w = anywidget('export default { render() {} }', { value: 1 }); const heard: number[] = []; w.onChange((c) => heard.push(c.value!)); w",
    );
    const open = outputs.find((m) => m.type === 'comm_open')!;
    expect(open.metadata).toEqual({ version: '2.1.0' });
    expect(open.content).toMatchObject({
      target_name: 'jupyter.widget',
      data: {
        state: {
          _model_module: 'anywidget',
          _model_name: 'AnyModel',
          _view_name: 'AnyView',
          value: 1,
        },
      },
    });
    const shown = outputs.find((m) => m.type === 'execute_result')!;
    expect(shown.content.data['application/vnd.jupyter.widget-view+json'].model_id).toBe(
      open.content.comm_id,
    );
    const id = open.content.comm_id;
    await idleAfter(
      await kernel.send('comm_msg', {
        comm_id: id,
        data: { method: 'update', state: { value: 5 }, buffer_paths: [] },
      }),
    );
    expect((await kernel.execute('[w.state.value, heard]')).result).toBe('[ 5, [ 5 ] ]');
    const { outputs: set } = await kernel.execute('w.set({ value: 9 })');
    expect(set.find((m) => m.type === 'comm_msg')!.content.data).toMatchObject({
      method: 'update',
      state: { value: 9 },
    });
  });

  it('edit a graph from views and from cells, with revisions and undo', async () => {
    await kernel.execute(
      "const graph1 = cm.editable(cm.dag(['a', 'b', 'c'], [['a', 'b']])); const changes: any[] = []; graph1.on('change', (c) => changes.push([c.revision, c.overtook, c.undo[0]!.op]))",
    );
    const shown = (await kernel.execute('graph1')).outputs.find(
      (m) => m.type === 'execute_result',
    )!;
    const data = shown.content.data['application/vnd.causalmixft.dag+json'];
    expect(data).toMatchObject({ revision: 0, edges: [{ source: 'a', target: 'b' }] });
    expect(Object.keys(shown.content.data)).toContain('image/svg+xml');
    const open = (id: string) =>
      kernel.send('comm_open', {
        comm_id: id,
        target_name: 'causalmixft.graph',
        data: { graph: data.comm },
      });
    await idleAfter(await open('g1'));
    await idleAfter(await open('g2'));
    expect(messages('g1')[0]!.content.data).toMatchObject({ method: 'state', revision: 0 });
    const edge = { ...data.edges[0], id: 'b→c', source: 'b', target: 'c', status: 'edited' };
    const patch = (id: string, revision: number, steps: object[]) =>
      kernel.send('comm_msg', { comm_id: id, data: { method: 'patch', revision, steps } });
    await idleAfter(await patch('g1', 0, [{ op: 'set-edge', edge }]));
    expect(messages('g1')[1]!.content.data).toMatchObject({
      method: 'patched',
      own: true,
      revision: 1,
    });
    expect(messages('g2')[1]!.content.data).toMatchObject({
      own: false,
      undo: [{ op: 'remove-edge', id: 'b→c' }],
    });
    // Made on the state before: it has the last word, and says so.
    await idleAfter(await patch('g2', 0, [{ op: 'remove-edge', id: data.edges[0].id }]));
    expect(messages('g1')[2]!.content.data).toMatchObject({ revision: 2, overtook: 1 });
    expect((await kernel.execute('graph1.edges')).result).toBe("[ [ 'b', 'c' ] ]");
    // Refused as a whole.
    await idleAfter(await patch('g1', 2, [{ op: 'set-node', node: { id: 'nobody' } }]));
    expect(messages('g1').at(-1)!.content.data).toMatchObject({ method: 'refused', revision: 2 });
    await kernel.execute("graph1.edit({ op: 'set-node', node: { id: 'a', note: 'root' } })");
    expect(messages('g2').at(-1)!.content.data).toMatchObject({ own: false, revision: 3 });
    expect((await kernel.execute('changes')).result).toBe(
      "[ [ 1, 0, 'remove-edge' ], [ 2, 1, 'set-edge' ], [ 3, 0, 'set-node' ] ]",
    );
    const gone = await kernel.send('comm_open', {
      comm_id: 'g3',
      target_name: 'causalmixft.graph',
      data: { graph: 'no such' },
    });
    await idleAfter(gone);
    expect(kernel.of(gone).some((m) => m.type === 'comm_close')).toBe(true);
    expect((await kernel.execute('cm.editable({ kind: "nothing" })')).errors[0]!.evalue).toContain(
      'must be a graph',
    );
  });

  it('end when the worker is replaced', async () => {
    await kernel.execute("const lost = comm.open('browser.target')");
    await kernel.execute('process.kill(process.pid, "SIGKILL"); await new Promise(() => {})');
    expect((await kernel.request('comm_info_request', {})).reply.comms).toEqual({});
    expect(kernel.received.some((m) => m.type === 'comm_close' && m.content.comm_id !== 'u')).toBe(
      true,
    );
  });
});
