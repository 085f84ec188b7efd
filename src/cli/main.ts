#!/usr/bin/env node
// The command `causalmixft`: one file a command, results on stdout, progress and messages on stderr.
// Exit codes: 0 done, 1 failed, 2 wrong use, 130 stopped.

import { Command, CommanderError } from 'commander';
import { packageVersion } from './about.js';
import { addAugment } from './augment.js';
import { type Context, shareOptions } from './command.js';
import { addData } from './data.js';
import { addDiscover } from './discover.js';
import { addDoctor } from './doctor.js';
import { addFit } from './fit.js';
import { addPredict } from './predict.js';
import { addPretrain } from './pretrain.js';
import { addStrengths } from './strengths.js';

async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Error('Stopped')));
  }
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  let code = 0;
  const context: Context = {
    signal: controller.signal,
    write: (text) =>
      new Promise((resolve) => {
        process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve());
      }),
    fail: () => {
      code = 1;
    },
  };
  const program = new Command('causalmixft')
    .description('Causal data augmentation for fine-tuning tabular foundation models.')
    .version(packageVersion())
    .showHelpAfterError('(run it with --help for its options and an example)')
    .exitOverride();
  for (const add of [
    addDiscover,
    addStrengths,
    addFit,
    addPredict,
    addAugment,
    addData,
    addPretrain,
    addDoctor,
  ])
    add(program, context);
  shareOptions(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (controller.signal.aborted) {
      process.stderr.write('Stopped.\n');
      return 130;
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

main(process.argv.slice(2)).then((code) => process.exit(code));
