import { type Command, InvalidArgumentError, Option } from 'commander';
import { type BundledName, bundled, bundledNames } from '../data/bundled.js';
import { openml } from '../data/openml.js';
import { type ReadTableOptions, readTable } from '../data/read-table.js';
import type { Table } from '../data/table.js';
import type { LongWork } from '../work/long-work.js';

/** What a command works with. */
export interface Context {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Write a result to stdout, ended by a line end. */
  write(text: string): Promise<void>;
  /** Make the exit code 1 although nothing was thrown. */
  fail(): void;
}

/** Options that every command has. */
export interface Shared {
  readonly seed: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Add a command with an example at the end of its help. */
export function addCommand(
  parent: Command,
  usage: string,
  description: string,
  example: string,
): Command {
  return parent
    .command(usage)
    .description(description)
    .addHelpText('after', `\nExample:\n  ${example}`);
}

/** Give every command below this one the options that all share, listed last. */
export function shareOptions(parent: Command): void {
  const heading = 'Options of every command:';
  for (const command of parent.commands) {
    if (command.commands.length > 0) {
      shareOptions(command);
      continue;
    }
    command
      .addOption(seedOption().helpGroup(heading))
      .addOption(new Option('--json', 'write the result as JSON').default(false).helpGroup(heading))
      .addOption(new Option('--quiet', 'show no progress').default(false).helpGroup(heading));
  }
}

function seedOption(): Option {
  return new Option('--seed <integer>', 'seed of everything that is drawn')
    .default(0)
    .argParser((text) => {
      const value = Number(text);
      if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be an integer.');
      return value;
    });
}

/** Read an option as a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(Number.isSafeInteger(value) && value >= least)) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** Signal and progress of a command's long work: the library's line on stderr, or none. */
export function longWorkOf({ signal }: Context, { quiet }: Shared): LongWork {
  return quiet ? { signal, onProgress: () => {} } : { signal };
}

/** Text of the help for an argument that names a table. */
export const tableHelp: string = `path or address of a CSV, TSV, ARFF, Parquet or JSON table, openml:NAME, or bundled:NAME (${bundledNames.join(', ')})`;

/** Read a table by path, address, `openml:NAME` or `bundled:NAME`. */
export async function readSource(
  source: string,
  { signal }: Context,
  options: Pick<ReadTableOptions, 'target' | 'types'> = {},
): Promise<Table> {
  const [, place, name] = /^(bundled|openml):(.*)$/.exec(source) ?? [];
  if (place === 'bundled') return bundled(name as BundledName, options);
  if (place === 'openml') return openml(name, { ...options, signal });
  return readTable(source, { ...options, signal });
}

/** JSON text of a result: typed arrays as lists, numbers that JSON lacks as null. */
export function jsonText(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) => (ArrayBuffer.isView(part) ? Array.from(part as Float64Array) : part),
    1,
  );
}

/** Text of numbers for people: six significant digits. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}
