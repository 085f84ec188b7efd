import { inspect } from 'node:util';
import type { ErrorReport } from '../channel.js';
import { originalPosition, parseSourceMap, type SourceMap } from './source-map.js';

interface Script {
  readonly json: string;
  /** Lines of ours before the first line of the source. */
  readonly prefix: number;
  readonly headerLines: number;
  readonly cell?: number;
  map?: SourceMap;
}

const scripts = new Map<string, Script>();
const remembered = 1_000;

/** Remember how the code of a cell or of a local file maps to its source. */
export function registerSource(
  file: string,
  json: string,
  options: { readonly prefix: number; readonly headerLines: number; readonly cell?: number },
): void {
  scripts.delete(file);
  scripts.set(file, { json, ...options });
  if (scripts.size > remembered) scripts.delete(scripts.keys().next().value!);
}

/** The cell named in a stack trace. */
export function cellOfError(error: unknown): number | undefined {
  const stack = (error as { stack?: unknown } | null | undefined)?.stack;
  if (typeof stack !== 'string') return undefined;
  const place = /\(?((?:cell|silent)\[\d+\]\.ts):\d+:\d+\)?/.exec(stack);
  return place ? scripts.get(place[1]!)?.cell : undefined;
}

/** Describe anything that was thrown as Jupyter shows errors, in lines of the source. */
export function reportError(error: unknown): ErrorReport {
  if (!isErrorLike(error)) {
    const text = inspect(error, { depth: 2, maxArrayLength: 20, maxStringLength: 2_000 });
    return { ename: 'Thrown', evalue: text, traceback: [`Thrown: ${text}`] };
  }
  const ename = nameOf(error);
  const evalue = textOf(error.message);
  return { ename, evalue, traceback: lines(error, new Set()) };
}

interface ErrorLike {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return (
    value instanceof Error ||
    (typeof value === 'object' && value !== null && 'stack' in value && 'message' in value)
  );
}

function nameOf(error: ErrorLike): string {
  return typeof error.name === 'string' && error.name ? error.name : 'Error';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

/** How many frames were left out of the stack of an error. */
const left = new WeakMap<object, number>();

/**
 * Have every stack tell lines of the source and nothing of Node and the kernel, also where a cell
 * prints an error or a trace.
 */
export function mapStacks(): void {
  Error.prepareStackTrace = (error, sites) => {
    const frames = sites.map((site) => mapFrame(`at ${site}`));
    const shown = frames.filter((frame) => frame !== undefined);
    // What comes from Node alone keeps its frames, there is nothing else to show.
    const isForeign = shown.length === 0 && sites.length > 0 && !sites.some(isOurs);
    if (!isForeign) left.set(error, frames.length - shown.length);
    const kept = isForeign ? sites.map((site) => `at ${site}`) : shown;
    return [headOf(error), ...kept.map((frame) => `    ${frame}`)].join('\n');
  };
}

function isOurs(site: NodeJS.CallSite): boolean {
  return isKernelFile(String(site.getFileName()).replace(/^file:\/\//, ''));
}

function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function lines(error: ErrorLike, seen: Set<unknown>): string[] {
  seen.add(error);
  const head = `${nameOf(error)}: ${textOf(error.message)}`;
  const made = [...head.split('\n'), ...frames(error), ...ownProperties(error)];
  for (const [index, member] of Array.isArray(error.errors) ? error.errors.entries() : []) {
    if (!seen.has(member))
      made.push(
        `Error ${index + 1} of ${(error.errors as unknown[]).length}:`,
        ...nested(member, seen),
      );
  }
  if (error.cause !== undefined && !seen.has(error.cause)) {
    made.push('Caused by:', ...nested(error.cause, seen));
  }
  return made;
}

function nested(value: unknown, seen: Set<unknown>): string[] {
  const made = isErrorLike(value) ? lines(value, seen) : [inspect(value, { depth: 2 })];
  return made.map((line) => `  ${line}`);
}

/** Properties that say more about the error, such as the `code` of a system error. */
function ownProperties(error: ErrorLike): string[] {
  const told = new Set(['name', 'message', 'stack', 'cause', 'errors']);
  const entries = Object.entries(error).filter(([name]) => !told.has(name));
  if (entries.length === 0) return [];
  return inspect(Object.fromEntries(entries.slice(0, 10)), {
    depth: 1,
    maxStringLength: 500,
  }).split('\n');
}

/** The frames of the stack in source lines; those of Node and of the kernel are counted only. */
function frames(error: ErrorLike): string[] {
  if (typeof error.stack !== 'string') return [];
  const shown: string[] = [];
  const mapped = left.get(error);
  let hidden = mapped ?? 0;
  for (const line of error.stack.split('\n').filter((text) => /^\s+at /.test(text))) {
    const frame = mapped === undefined ? mapFrame(line.trim()) : line.trim();
    if (frame) shown.push(`    ${frame}`);
    else hidden++;
  }
  if (hidden > 0) shown.push(`    (${hidden} internal frame${hidden > 1 ? 's' : ''} hidden)`);
  return shown;
}

function mapFrame(frame: string): string | undefined {
  const place = /^at (?:(.+) \()?(.+?):(\d+):(\d+)\)?$/.exec(frame);
  // Frames without a place are Node's: `at new Promise (<anonymous>)`, `at Array.map (native)`.
  if (!place) return undefined;
  const [, callee, address, line, column] = place as unknown as (string | undefined)[];
  const isAsync = address!.startsWith('async ');
  const file = address!.replace(/^async /, '').replace(/^file:\/\//, '');
  if (file.startsWith('node:') || isKernelFile(file)) return undefined;
  const shown = sourcePlace(file, Number(line), Number(column));
  if (!shown) return undefined;
  const who = callee && !isWrapper(callee) ? callee : isAsync ? 'async' : '';
  return who ? `at ${who} (${shown})` : `at ${shown}`;
}

/** Names that V8 gives to the function which holds a cell. */
function isWrapper(callee: string): boolean {
  return /^(eval|<anonymous>|Object\.<anonymous>|async <anonymous>)$/.test(callee);
}

/** The place in the source; `undefined` where the code is ours rather than the user's. */
function sourcePlace(file: string, line: number, column: number): string | undefined {
  const script = scripts.get(file);
  if (!script) return `${file}:${line}:${column}`;
  script.map ??= parseSourceMap(script.json);
  const found = originalPosition(script.map, line - 1 - script.headerLines, column - 1);
  if (!found || found.line < script.prefix) return undefined;
  return `${file}:${found.line - script.prefix + 1}:${found.column + 1}`;
}

const ownFolder = new URL('..', import.meta.url).pathname;

function isKernelFile(file: string): boolean {
  return (
    file.startsWith(ownFolder) ||
    file.startsWith('evalmachine.') ||
    file.endsWith('/__causalmixft_import__.js')
  );
}
