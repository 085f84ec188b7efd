import { Worker } from 'node:worker_threads';
import type { ToWorker } from '../channel.js';
import { receiveComm } from './comms.js';
import { asPartOf, currentCell, followCallbacks } from './context.js';
import { cellOfError, mapStacks, reportError } from './errors.js';
import { installGlobals } from './globals.js';
import { installHost } from './host.js';
import { receiveInput } from './input.js';
import { receiveModules } from './load.js';
import { sendToFront } from './pipe.js';
import { dropScopes, interrupt, runCell } from './run-cell.js';
import { noteInterrupt, shared } from './run-state.js';
import { captureStreams } from './streams.js';
import { listVariables } from './variables.js';

// The process that runs the cells. The front starts it with these descriptors: 1 and 2 for what
// native code prints, 3 for messages to the front, 4 for requests to stop, and Node's own channel.

// TensorFlow's addon calls two functions that Node 23 took away.
const util = process.getBuiltinModule('node:util') as Record<string, unknown>;
util.isNullOrUndefined ??= (value: unknown): boolean => value === null || value === undefined;
util.isArray ??= Array.isArray;

mapStacks();
followCallbacks();
captureStreams();
installHost();
installGlobals();

// An interrupt from a terminal reaches the front, which decides; here it must only not kill.
process.on('SIGINT', () => interrupt());
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

// Node would write its warnings past the streams of the cells.
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') process.stderr.write(`${name}: ${message}\n`);
});
process.on('unhandledRejection', (reason) => late(reason));
process.on('uncaughtException', (error) => late(error));

/** Report an error that no cell waits for, as output of the cell that it comes from. */
function late(error: unknown): void {
  const cell = cellOfError(error) ?? currentCell()?.cell ?? 0;
  sendToFront({ type: 'error', cell, error: reportError(error) });
}

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'run':
      startWatcher();
      void runCell(message);
      break;
    case 'interrupt':
      noteInterrupt();
      interrupt();
      break;
    case 'input':
      receiveInput(message.id, message.value, message.refusal);
      break;
    case 'modules':
      receiveModules(message.id, message.answer);
      break;
    case 'comm':
      receive(message);
      break;
    case 'drop':
      dropScopes(message.cells);
      break;
    case 'variables':
      sendToFront({ type: 'variables', id: message.id, variables: listVariables(message.owners) });
      break;
  }
});

let watching = false;

/** Start the thread that stops loops, with the first cell: a kernel that is only opened does without. */
function startWatcher(): void {
  if (watching) return;
  watching = true;
  const watcher = new Worker(new URL('./watcher.js', import.meta.url), {
    workerData: { memory: shared, descriptor: 4 },
    stdout: true,
    stderr: true,
    execArgv: [],
  });
  watcher.unref();
  watcher.on('error', () => {});
}

function receive(message: Extract<ToWorker, { type: 'comm' }>): void {
  const { cell } = message;
  const context = { cell, stop: new AbortController(), running: true };
  try {
    asPartOf(context, () => receiveComm(message));
  } catch (error) {
    sendToFront({ type: 'error', cell, error: reportError(error) });
  }
  sendToFront({ type: 'handled', cell });
}

sendToFront({ type: 'ready' });
