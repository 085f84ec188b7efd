import type { CommMessage, Done, FromWorker, RunRequest, Settings, ToWorker } from '../channel.js';
import type { Header } from '../protocol/wire.js';
import type { CommRegistry } from './comm-registry.js';
import type { Output } from './output.js';
import { startWorker, type WorkerProcess } from './worker-process.js';

export interface WorkerLinkSetup {
  readonly cwd: string;
  readonly settings: Settings;
  readonly output: Output;
  readonly comms: CommRegistry;
  /** Receives what is no output. */
  handle(message: FromWorker): void;
  /** Called when the worker is lost and a new one takes its place. */
  onLost(): void;
}

/** The worker as the front uses it: one that is replaced when it ends. */
export interface WorkerLink {
  run(request: RunRequest): Promise<Done>;
  send(message: ToWorker): void;
  /** Hand over a message of a comm; resolves when it has been handled. */
  deliver(message: CommMessage, parent: Header): Promise<void>;
  interrupt(): void;
  close(): void;
}

/** How long a cell may go on after Stop before the worker is replaced. */
const patience = 1_900;
/** Identities of comm messages, apart from those of cells. */
const firstEvent = 1_000_000_000;

export function createWorkerLink(setup: WorkerLinkSetup): WorkerLink {
  const { output } = setup;
  let running: { cell: number; finish: (done: Done) => void } | undefined;
  const events = new Map<number, () => void>();
  let nextEvent = firstEvent;
  let closing = false;
  let reason: string | undefined;
  let worker: WorkerProcess = start();

  function start(): WorkerProcess {
    return startWorker(setup.cwd, setup.settings.memory, {
      message: receive,
      native(name, text) {
        const shown = withoutNoise(text);
        if (shown) output.stream(running?.cell ?? 0, name, shown);
      },
      exit: lost,
    });
  }

  function receive(message: FromWorker): void {
    switch (message.type) {
      case 'stream':
        output.stream(message.cell, message.name, message.text);
        break;
      case 'display': {
        const { bundle, displayId, update } = message;
        const transient = displayId === undefined ? {} : { display_id: displayId };
        const content = { data: bundle.data, metadata: bundle.metadata ?? {}, transient };
        output.publish(message.cell, {
          type: update ? 'update_display_data' : 'display_data',
          content,
        });
        break;
      }
      case 'error':
        output.publish(message.cell, { type: 'error', content: message.error });
        break;
      case 'clear':
        output.publish(message.cell, { type: 'clear_output', content: { wait: message.wait } });
        break;
      case 'comm':
        publishComm(message);
        break;
      case 'handled':
        events.get(message.cell)?.();
        events.delete(message.cell);
        break;
      case 'done':
        // What native code has printed is read in the same turn.
        setImmediate(() => finish(message));
        break;
      default:
        setup.handle(message);
    }
  }

  function publishComm(message: CommMessage & { readonly cell: number }): void {
    const { kind, id, target, data, metadata, buffers, cell } = message;
    setup.comms.note(message);
    const content = { comm_id: id, data, ...(kind === 'open' ? { target_name: target } : {}) };
    output.publish(cell, { type: `comm_${kind}`, content, metadata, buffers });
  }

  function finish(done: Done): void {
    if (running?.cell !== done.cell) return;
    const { finish: resolve } = running;
    running = undefined;
    resolve(done);
  }

  /** The worker has ended: tell why, and start another. */
  function lost(code: number | null, signal: NodeJS.Signals | null): void {
    if (closing) return;
    const how =
      reason ?? (signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`);
    reason = undefined;
    const evalue = `Kernel worker restarted; variables lost (${how})`;
    const error = { ename: 'WorkerLost', evalue, traceback: [`WorkerLost: ${evalue}`] };
    for (const settle of events.values()) settle();
    events.clear();
    worker = start();
    setup.onLost();
    if (running) finish({ type: 'done', cell: running.cell, error });
    else output.publish(0, { type: 'error', content: error });
  }

  return {
    run(request) {
      return new Promise((resolve) => {
        running = { cell: request.cell, finish: resolve };
        worker.send(request);
      });
    },
    send: (message) => worker.send(message),
    deliver(message, parent) {
      const cell = nextEvent++;
      output.open(cell, parent);
      return new Promise((resolve) => {
        events.set(cell, resolve);
        worker.send({ ...message, cell });
      });
    },
    interrupt() {
      const stopped = running?.cell;
      if (stopped === undefined) return;
      worker.interrupt();
      setTimeout(() => {
        if (running?.cell !== stopped) return;
        reason = 'the cell did not stop within two seconds';
        worker.kill();
      }, patience).unref();
    },
    close() {
      closing = true;
      worker.kill();
    },
  };
}

/** Drop what TensorFlow says about itself however quiet it is asked to be. */
function withoutNoise(text: string): string {
  if (!/oneDNN|TF_ENABLE_ONEDNN_OPTS|cpu_feature_guard/.test(text)) return text;
  return text
    .split(/(?<=\n)/)
    .filter(
      (line) =>
        !/oneDNN|TF_ENABLE_ONEDNN_OPTS|cpu_feature_guard|rebuild TensorFlow with/.test(line),
    )
    .join('');
}
