import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';
import { runningIn, seenIn } from './run-state.js';

/**
 * The thread that can stop a loop which never yields, and that ends the process when the front has
 * gone. It listens to a pipe of its own: while the main thread is busy, nothing else is heard.
 */
const { memory, descriptor } = workerData as { memory: Int32Array; descriptor: number };

/** How long the event loop of the main thread has to show that it is alive. */
const patience = 30;

const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
pipe.on('data', (bytes) => {
  for (const _ of bytes) stopIfDeaf();
});
pipe.on('close', () => {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
});
pipe.on('error', () => {});

/** End what the main thread executes, unless it hears the request to stop by itself. */
function stopIfDeaf(): void {
  const cell = runningIn(memory);
  const seen = seenIn(memory);
  if (cell === 0) return;
  setTimeout(() => {
    if (runningIn(memory) !== cell || seenIn(memory) !== seen) return;
    const session = new Session();
    session.connectToMainThread();
    session.post('Runtime.terminateExecution', () => session.disconnect());
  }, patience);
}
