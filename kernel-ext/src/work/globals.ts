import { join } from 'node:path';
import { cellTools } from './cell-tools.js';
import { comm } from './comms.js';
import { currentCell } from './context.js';
import { confirm, prompt } from './input.js';
import { loaded } from './library.js';
import { requireFrom } from './load.js';
import { sendToFront } from './pipe.js';
import { progress } from './progress.js';
import { sh } from './shell.js';
import { anywidget } from './widget.js';

/** Clear the output of the running cell; with `wait`, when the next output comes. */
function clearOutput({ wait = false }: { readonly wait?: boolean } = {}): void {
  sendToFront({ type: 'clear', cell: currentCell()?.cell ?? 0, wait });
}

/** What ends the attempt to leave the process from a cell. */
class ProcessExit extends Error {
  override readonly name = 'ProcessExit';
}

/** Make the interface for users available in every cell. */
export function installGlobals(): void {
  const own = { progress, clearOutput, prompt, confirm, comm, sh, anywidget };
  for (const [name, value] of Object.entries(own)) replaceable(name, () => value);
  replaceable('require', () => requireFrom(process.cwd()));
  replaceable('__dirname', () => process.cwd());
  replaceable('__filename', () => join(process.cwd(), 'notebook.ts'));
  // Loaded by the first cell that mentions them, so that a kernel starts without the library.
  let cm: object | undefined;
  replaceable('cm', () => {
    if (loaded.whole) cm ??= withTools(loaded.whole);
    return cm;
  });
  replaceable('display', () => loaded.display?.display);
  console.clear = () => clearOutput();
  process.exit = (code?: number | string | null): never => {
    throw new ProcessExit(
      `process.exit(${code ?? ''}) was called; the cell ends here, the kernel and its variables stay`,
    );
  };
}

/** The library's names together with the tools of the kernel. */
function withTools(library: object): object {
  return Object.create(library, Object.getOwnPropertyDescriptors(cellTools(library))) as object;
}

function replaceable(name: string, get: () => unknown): void {
  const set = (value: unknown): void => {
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  };
  Object.defineProperty(globalThis, name, { configurable: true, get, set });
}
