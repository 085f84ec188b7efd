import { inspect } from 'node:util';
import type { Settings } from '../channel.js';
import { refusal } from '../settings.js';
import { currentCell } from './context.js';
import { settings } from './current-settings.js';
import { type EditableGraph, editable } from './editable-graph.js';
import { helpNames, helpText } from './help.js';
import { sendDisplay } from './host.js';
import { loaded } from './library.js';
import { sendToFront } from './pipe.js';
import { mayHaveView, quietly } from './results.js';

/** What `cm` offers in a notebook besides the library. */
export interface CellTools {
  /** Show what is available, or the documentation of one thing. */
  help(about?: unknown): void;
  /** How the kernel behaves; assign to change. */
  readonly settings: Settings;
  /** Run `work` and show how long it takes; returns what it returns. */
  time<T>(work: () => T, label?: string): T;
  /** Show a value whole, however large it is. */
  full(value: unknown): void;
  /** Make a graph that can be edited in its view; `graph.on('change', …)` tells of edits. */
  editable(value: object): EditableGraph;
}

/** Make the tools that `cm` has in a notebook. */
export function cellTools(library: object): CellTools {
  return {
    help: (about) =>
      sendToFront({
        type: 'help',
        cell: currentCell()?.cell ?? 0,
        names: helpNames(about, library),
        text: helpText(about, library),
      }),
    settings: liveSettings(),
    time,
    editable,
    full: showWhole,
  };
}

function showWhole(value: unknown): void {
  const view = quietly(() => mayHaveView(value))
    ? loaded.display?.bundle(value, { maxRows: Infinity, maxColumns: Infinity } as object)
    : undefined;
  const all = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };
  const text = typeof value === 'string' ? value : inspect(value, { ...all, breakLength: 100 });
  sendDisplay(view ?? { data: { 'text/plain': text } });
}

/** Settings that travel to the front when they change. */
function liveSettings(): Settings {
  return new Proxy(settings, {
    set(target, name, value) {
      const problem = refusal(String(name), value);
      if (problem) throw new RangeError(problem);
      Object.assign(target, { [name]: value as unknown });
      sendToFront({ type: 'settings', settings: { ...target } });
      return true;
    },
  });
}

function time<T>(work: () => T, label = 'Took'): T {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const report = (): void => {
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    process.stdout.write(`${label} ${span(seconds)} (processor ${span((user + system) / 1e6)})\n`);
  };
  let result: T;
  try {
    result = work();
  } catch (error) {
    report();
    throw error;
  }
  if (!(result instanceof Promise)) {
    report();
    return result;
  }
  return result.finally(report) as T;
}

function span(seconds: number): string {
  if (seconds < 1e-3) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(1)} ms`;
  return seconds < 120 ? `${seconds.toFixed(2)} s` : `${(seconds / 60).toFixed(1)} min`;
}
