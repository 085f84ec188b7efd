import { spawn } from 'node:child_process';
import { currentCell } from './context.js';
import { noteShown } from './shown.js';

/** What a command that succeeded printed. */
export interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
}

const kept = 1_000_000;

/**
 * Run a shell command, showing its output as it comes.
 *
 * Values put into the template are quoted, so that they stay one word each.
 * @returns What it printed (the last megabyte); rejects when it fails or the cell is stopped.
 */
export async function sh(
  strings: TemplateStringsArray | string,
  ...values: unknown[]
): Promise<ShellResult> {
  const command =
    typeof strings === 'string' ? strings : String.raw({ raw: strings }, ...values.map(quote));
  const started = currentCell();
  const signal = started?.stop.signal;
  signal?.throwIfAborted();
  const child = spawn(command, {
    shell: process.env.SHELL?.endsWith('bash') ? process.env.SHELL : true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: process.env.FORCE_COLOR ?? '0' },
    // A group of its own, so that Stop reaches what the command starts in turn.
    detached: true,
  });
  const stop = (): void => kill(child.pid);
  signal?.addEventListener('abort', stop, { once: true });
  process.once('exit', stop);
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      process[name].write(text);
      out[name] = (out[name] + text).slice(-kept);
    });
  }
  try {
    const [code, killed] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...how) => resolve(how));
    });
    signal?.throwIfAborted();
    if (code !== 0) {
      const how = code === null ? `was ended by ${killed}` : `ended with exit code ${code}`;
      throw Object.assign(new Error(`Cannot run \`${command}\` to its end: it ${how}`), {
        exitCode: code,
      });
    }
    noteShown(out, started?.cell);
    return out;
  } finally {
    signal?.removeEventListener('abort', stop);
    process.removeListener('exit', stop);
  }
}

/** End a command with all that it started. */
function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
    setTimeout(() => {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It ended when asked to.
      }
    }, 300).unref();
  } catch {
    // It has ended by itself.
  }
}

function quote(value: unknown): string {
  if (Array.isArray(value)) return value.map(quote).join(' ');
  const text = String(value);
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
