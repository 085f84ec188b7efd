import type { Command } from 'commander';
import { bundled } from '../data/bundled.js';
import { ready, tf, tidy } from '../math/tf.js';
import { loadTfm } from '../tfm/load-tfm.js';
import { packageVersion } from './about.js';
import { addCommand, type Context, jsonText, type Shared } from './command.js';

/** One thing that was looked at. */
interface Check {
  readonly name: string;
  /** `note`: works, but not as well as it could. */
  readonly status: 'ok' | 'note' | 'failed';
  readonly found: string;
  readonly remedy?: string;
}

/** `causalmixft doctor`. */
export function addDoctor(program: Command, context: Context): void {
  addCommand(
    program,
    'doctor',
    'Check that everything the library needs is here and works.',
    'causalmixft doctor --json',
  ).action(async (options: Shared) => {
    const checks = [nodeVersion(), await library(), await backend(), await model()];
    await context.write(options.json ? jsonText(checks) : checks.map(line).join('\n'));
    if (checks.some(({ status }) => status === 'failed')) context.fail();
  });
}

function nodeVersion(): Check {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const found = `${process.version} on ${process.platform}-${process.arch}`;
  return major > 20 || (major === 20 && minor >= 19)
    ? { name: 'Node', status: 'ok', found }
    : { name: 'Node', status: 'failed', found, remedy: 'install Node 20.19 or newer' };
}

async function library(): Promise<Check> {
  return attempt('library', 'install the package again', async () => {
    const { rows } = await bundled('penguins');
    return {
      status: 'ok',
      found: `causalmixft ${packageVersion()}, bundled tables readable (${rows} penguins)`,
    };
  });
}

async function backend(): Promise<Check> {
  const remedy = 'run "npm run setup" in the repository for the native TensorFlow library';
  return attempt('tensors', remedy, async () => {
    const { name, version, threads } = await ready();
    const product = tidy(() => tf().matMul(tf().ones([2, 3]), tf().ones([3, 2])));
    const [first] = await product.data();
    product.dispose();
    if (first !== 3) throw new Error(`a product of matrices gave ${first} for 3`);
    const found = `${name} ${version}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
    return name === 'tensorflow' ? { status: 'ok', found } : { status: 'note', found, remedy };
  });
}

async function model(): Promise<Check> {
  return attempt('embedded model', 'install the package again', async () => {
    const { name, parameters } = await loadTfm();
    return { status: 'ok', found: `${name}, ${parameters.toLocaleString('en')} parameters` };
  });
}

async function attempt(
  name: string,
  remedy: string,
  check: () => Promise<Omit<Check, 'name'>>,
): Promise<Check> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { name, status: 'failed', found, remedy };
  }
}

const marks = { ok: '✓', note: '!', failed: '✗' };

function line({ name, status, found, remedy }: Check): string {
  return `${marks[status]} ${name.padEnd(16)} ${found}${remedy ? `\n  ${''.padEnd(16)} → ${remedy}` : ''}`;
}
