import { join } from 'node:path';
import { explain, SetupError } from './cannot.mjs';
import { withLock } from './lock.mjs';
import { stateFolder } from './places.mjs';
import { stopCommands } from './run-command.mjs';
import { readStamp, removeStamp, writeStamp } from './stamp.mjs';

/**
 * Run the steps in order, one line each; a step whose inputs are those of its last success is skipped.
 *
 * A step is `{ key, name, inputs?(context) → hash or undefined, isWhole?(context) → boolean, run(context) }`. `run`
 * gives the text for its line, or `{ note, warning }` for a success that should be tried again next time.
 * @param steps The steps.
 * @param context What the steps are told.
 */
export async function runSteps(steps, context) {
  const letGo = onStop();
  try {
    return await withLock(
      join(stateFolder, 'lock'),
      () => runEach(steps, context),
      (pid) => console.log(`Waiting for another set-up of this folder (process ${pid}) …`),
    );
  } catch (error) {
    throw stopped
      ? new SetupError('Set-up was stopped; run the command again to go on.')
      : explain(error, 'set up');
  } finally {
    letGo();
  }
}

async function runEach(steps, context) {
  for (const [index, step] of steps.entries()) {
    const line = startLine(`${index + 1}/${steps.length} ${step.name}`);
    try {
      const { note, warning } = await runStep(step, { ...context, say: line.say });
      line.end(note);
      if (warning) console.log(`    ! ${warning.split('\n').join('\n      ')}`);
    } catch (error) {
      line.end(stopped ? 'stopped' : 'failed');
      throw explain(error, `finish the step "${step.name}"`);
    }
    if (stopped) throw new SetupError('stopped');
  }
}

async function runStep(step, context) {
  const inputs = await step.inputs?.(context);
  const stamp = inputs && (await readStamp(step.key));
  if (stamp?.inputs === inputs && inputs && (await (step.isWhole?.(context) ?? true)))
    return { note: `${stamp.note} (unchanged)` };
  if (inputs) await removeStamp(step.key);
  const result = await step.run(context);
  if (typeof result !== 'string') return result;
  if (inputs) await writeStamp(step.key, { inputs, note: result });
  return { note: result };
}

// A line that shows what is going on where the terminal can rewrite it, and the time at its end.
function startLine(title) {
  const start = performance.now();
  const live = process.stdout.isTTY;
  const head = title.padEnd(26);
  const width = () => (process.stdout.columns || 80) - 1;
  const rewrite = (text) => process.stdout.write(`\r\x1b[2K${text.slice(0, width())}`);
  if (live) rewrite(`${head} …`);
  return {
    say: (text) => live && rewrite(`${head} ${text} …`),
    end: (note) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      if (live) process.stdout.write('\r\x1b[2K');
      console.log(`${head} ${`${seconds} s`.padStart(7)}  ${note}`);
    },
  };
}

let stopped = false;

// Ctrl-C: the programs are ended, the open step cleans up after itself, and the lock is given back.
function onStop() {
  const stop = () => {
    stopped = true;
    stopCommands();
    setTimeout(() => process.exit(130), 10_000).unref();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

/** Whether the set-up was ended by a signal. */
export function wasStopped() {
  return stopped;
}
