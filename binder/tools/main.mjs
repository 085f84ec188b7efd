import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SetupError } from './cannot.mjs';
import { wasStopped } from './run-steps.mjs';

/** Whether a module was started as a program. */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

/** Run a program: its number is the exit code; an error that the user can mend is shown without a stack. */
export async function runMain(program) {
  try {
    process.exitCode = (await program()) ?? 0;
  } catch (error) {
    const wrongUse = error.code?.startsWith?.('ERR_PARSE_ARGS');
    console.error(`\n${error instanceof SetupError || wrongUse ? error.message : error.stack}`);
    process.exitCode = wasStopped() ? 130 : wrongUse ? 2 : 1;
  }
}
