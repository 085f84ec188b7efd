import { spawn } from 'node:child_process';

const running = new Set();

/**
 * Run a program and wait for it.
 * @param command The program.
 * @param args Its arguments.
 * @param options `cwd`; `env`, added to ours; `onLine`, called with each line of output.
 * @returns `code` (127 when the program is absent) and `output`, both streams together.
 */
export function runCommand(command, args, { cwd, env, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, to be ended with all that it has started.
      detached: true,
    });
    running.add(child);
    let output = '';
    let line = '';
    const take = (text) => {
      output += text;
      if (!onLine) return;
      const lines = (line + text).split(/\r?\n/);
      line = lines.pop();
      for (const each of lines) onLine(each);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const finish = (result) => {
      running.delete(child);
      resolve(result);
    };
    child.on('error', (error) =>
      finish({ code: error.code === 'ENOENT' ? 127 : 126, output: error.message }),
    );
    child.on('close', (code) => finish({ code: code ?? 128, output }));
  });
}

/** End all programs that are running, and what they have started. */
export function stopCommands() {
  for (const child of running) {
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It has ended in the meantime.
    }
  }
}

/** The last lines of a program's output, for an error message. */
export function tail(output, lines = 12) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
