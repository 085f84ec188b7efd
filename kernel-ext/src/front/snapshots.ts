import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { snapshotFile } from '../compiler/snapshot.js';

const mainFile = fileURLToPath(new URL('../main.js', import.meta.url));

/** How long a kernel without a snapshot runs before it has one made, out of the way of the user. */
const pause = 5_000;

/** The snapshot to start the compiler from; where there is none, the next kernel shall have one. */
export function currentSnapshot(): string | undefined {
  if (process.env.CAUSALMIXFT_SNAPSHOT === 'off') return undefined;
  const file = snapshotFile();
  if (existsSync(file)) return file;
  setTimeout(make, pause).unref();
  return undefined;
}

function make(): void {
  const child = spawn(process.execPath, [mainFile, 'snapshot'], { stdio: 'ignore' });
  child.on('error', () => {});
  child.unref();
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
}
