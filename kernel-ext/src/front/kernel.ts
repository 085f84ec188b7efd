import type { CommMessage, Done, FromWorker, RunRequest } from '../channel.js';
import { readConnection } from '../protocol/connection.js';
import type { Channel, Sockets } from '../protocol/sockets.js';
import type { Message } from '../protocol/wire.js';
import { initialSettings } from '../settings.js';
import { createCommRegistry, readComm } from './comm-registry.js';
import { createCompilerLink } from './compiler-link.js';
import { createExecution } from './execution.js';
import { createHelp } from './help.js';
import { historyFile, openHistory } from './history.js';
import { kernelInfo } from './kernel-info.js';
import { createOutput } from './output.js';
import { currentSnapshot } from './snapshots.js';
import { createVariableService } from './variable-service.js';
import { createWorkerLink } from './worker-link.js';

/**
 * Run the kernel of a connection file until it is told to shut down.
 * @param connectionFile Path of the file that Jupyter wrote.
 */
export async function runKernel(connectionFile: string): Promise<void> {
  const connection = readConnection(connectionFile);
  const cwd = process.cwd();
  const settings = initialSettings();
  // The two other processes start while this one loads what it needs.
  const compiler = createCompilerLink(cwd, currentSnapshot());
  let sockets: Sockets | undefined;
  const output = createOutput((message) => sockets?.send('iopub', message));
  const comms = createCommRegistry();
  const history = openHistory(historyFile());
  const columns = new Map<string, readonly string[]>();

  const status = (message: Message, state: 'busy' | 'idle'): void => {
    if (state === 'idle') output.flush();
    const content = { execution_state: state };
    sockets?.send('iopub', { type: 'status', content, parent: message.header, to: ['status'] });
  };
  const answer = (channel: Channel, message: Message, type: string, content: object): void => {
    sockets?.send(channel, { type, content, parent: message.header, to: message.identities });
  };

  const link = createWorkerLink({ cwd, settings, output, comms, handle, onLost });
  const variables = createVariableService({
    owners: compiler.owners,
    ask: (message) => link.send(message),
    send: (message) => sockets?.send('iopub', message),
  });
  const help = createHelp(compiler, output);
  const execution = createExecution({
    output,
    settings,
    compiler,
    run: async (request: RunRequest): Promise<Done> => {
      const done = await link.run(request);
      await help.shown();
      return done;
    },
    reply: (message, content) => answer('shell', message, 'execute_reply', content),
    status,
    onDone: (done) => {
      for (const [name, list] of Object.entries(done?.columns ?? {})) columns.set(name, list);
      variables.changed();
    },
    onInput: (count, code) => history.add(count, code),
  });
  const { openSockets } = await import('../protocol/sockets.js');
  sockets = await openSockets(connection, receive);

  /** Messages of the worker that concern more than the output of a cell. */
  function handle(message: FromWorker): void {
    switch (message.type) {
      case 'ask':
        ask(message);
        break;
      case 'result':
        output.publish(message.cell, {
          type: 'execute_result',
          content: {
            data: message.bundle.data,
            metadata: message.bundle.metadata ?? {},
            execution_count: execution.count,
          },
        });
        history.result(execution.count, String(message.bundle.data['text/plain'] ?? ''));
        break;
      case 'help':
        help.show(message);
        break;
      case 'variables':
        variables.listed(message.id, message.variables);
        break;
      case 'compile': {
        const { id, path } = message;
        void compiler
          .modules(path)
          .catch((error: Error) => error.message)
          .then((answer) => link.send({ type: 'modules', id, answer }));
        break;
      }
      case 'settings':
        Object.assign(settings, message.settings);
        break;
    }
  }

  function onLost(): void {
    compiler.reset();
    columns.clear();
    variables.clear();
    for (const id of comms.clear()) {
      output.publish(0, { type: 'comm_close', content: { comm_id: id, data: {} } });
    }
  }

  let asking: { id: number; message: Message } | undefined;
  function ask(request: Extract<FromWorker, { type: 'ask' }>): void {
    const message = execution.current();
    const isOwn = message && output.parentOf(request.cell)?.msg_id === message.header.msg_id;
    if (!message || !isOwn || message.content.allow_stdin !== true) {
      const refusal = !isOwn
        ? 'Cannot ask for input as the cell has ended'
        : 'Cannot ask for input as this front end does not allow it';
      link.send({ type: 'input', id: request.id, refusal });
      return;
    }
    asking = { id: request.id, message };
    output.flush();
    const content = { prompt: request.prompt, password: request.password };
    sockets?.send('stdin', {
      type: 'input_request',
      content,
      parent: message.header,
      to: message.identities,
    });
  }

  function receive(channel: Channel, message: Message): void {
    if (channel === 'stdin') {
      if (message.header.msg_type === 'input_reply' && asking) {
        link.send({ type: 'input', id: asking.id, value: String(message.content.value ?? '') });
        asking = undefined;
      }
      return;
    }
    const { msg_type: type } = message.header;
    if (type === 'execute_request') {
      if (channel === 'shell') execution.add(message);
      return;
    }
    if (type.startsWith('comm_') && type !== 'comm_info_request') {
      receiveComm(message);
      return;
    }
    status(message, 'busy');
    void respond(channel, message)
      .catch((error: Error) => {
        const { name: ename, message: evalue, stack = '' } = error;
        const content = { status: 'error', ename, evalue, traceback: stack.split('\n') };
        answer(channel, message, type.replace(/_request$/, '_reply'), content);
      })
      .then(() => status(message, 'idle'));
  }

  async function respond(channel: Channel, message: Message): Promise<void> {
    const { content } = message;
    const code = typeof content.code === 'string' ? content.code : '';
    const cursor = typeof content.cursor_pos === 'number' ? content.cursor_pos : code.length;
    const reply = (body: object): void =>
      answer(channel, message, message.header.msg_type.replace(/_request$/, '_reply'), {
        status: 'ok',
        ...body,
      });
    switch (message.header.msg_type) {
      case 'kernel_info_request':
        reply(kernelInfo());
        break;
      case 'complete_request': {
        const names = [...new Set([...columns.values()].flat())];
        const found = await compiler.complete(code, cursor, names);
        reply({
          matches: found.matches,
          cursor_start: found.start,
          cursor_end: found.end,
          metadata: { _jupyter_types_experimental: found.suggestions },
        });
        break;
      }
      case 'inspect_request': {
        const data = await compiler.inspect(code, cursor);
        reply({ found: data !== null, data: data ?? {}, metadata: {} });
        break;
      }
      case 'is_complete_request':
        answer(channel, message, 'is_complete_reply', await compiler.isComplete(code));
        break;
      case 'history_request':
        reply({ history: history.query(content) });
        break;
      case 'comm_info_request':
        reply({ comms: comms.info(content.target_name) });
        break;
      case 'interrupt_request':
        reply({});
        interrupt();
        break;
      case 'shutdown_request':
        void shutdown(channel, message);
        break;
      default:
        break;
    }
  }

  function receiveComm(message: Message): void {
    const comm = readComm(message);
    status(message, 'busy');
    const isKnown = comm && comms.note(comm);
    if (!comm || !isKnown || variables.receive(comm, message.header)) {
      status(message, 'idle');
      return;
    }
    void link.deliver(comm as CommMessage, message.header).then(() => status(message, 'idle'));
  }

  function interrupt(): void {
    compiler.interrupt();
    link.interrupt();
  }

  function end(): void {
    compiler.close();
    link.close();
  }

  async function shutdown(channel: Channel, message: Message): Promise<void> {
    const restart = message.content.restart === true;
    end();
    answer(channel, message, 'shutdown_reply', { status: 'ok', restart });
    await sockets?.close();
    process.exit(0);
  }

  process.on('SIGINT', interrupt);
  process.on('SIGTERM', () => process.exit(0));
  process.on('exit', end);
  exitWithParent();
  sockets.send('iopub', {
    type: 'status',
    content: { execution_state: 'starting' },
    to: ['status'],
  });
}

const parent = process.ppid;

/** End when the server that started the kernel has gone. */
function exitWithParent(): void {
  if (!process.env.JPY_PARENT_PID) return;
  setInterval(() => {
    const isOrphan = process.ppid === 1 && process.env.JPY_PARENT_PID !== '1';
    if (isOrphan || process.ppid !== parent) process.exit(0);
  }, 500).unref();
}
