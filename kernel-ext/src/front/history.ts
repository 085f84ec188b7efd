import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

interface Entry {
  readonly session: number;
  readonly line: number;
  readonly input: string;
  output?: string;
}

/** The cells of this and earlier sessions. */
export interface History {
  add(line: number, input: string): void;
  /** Remember the result of a line of this session. */
  result(line: number, output: string): void;
  /** Answer a history request. */
  query(content: Readonly<Record<string, unknown>>): unknown[][];
}

const most = 5_000;

/** Where the history is kept: one file per user. */
export function historyFile(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (environment.CAUSALMIXFT_HISTORY === '') return undefined;
  const root = environment.XDG_DATA_HOME || join(homedir(), '.local/share');
  return environment.CAUSALMIXFT_HISTORY ?? join(root, 'causalmixft', 'kernel-history.jsonl');
}

/**
 * Open the history; its file is read when first asked for.
 * @param file Where earlier sessions are kept; `undefined` keeps nothing.
 */
export function openHistory(file: string | undefined): History {
  let earlier: Entry[] | undefined;
  const own: Entry[] = [];
  let session = 1;
  const load = (): Entry[] => {
    if (!earlier) {
      earlier = file ? read(file) : [];
      session = (earlier.at(-1)?.session ?? 0) + 1;
      own.forEach((entry, i) => {
        own[i] = { ...entry, session };
      });
    }
    return earlier;
  };
  return {
    add(line, input) {
      load();
      const entry = { session, line, input };
      own.push(entry);
      if (own.length > most) own.shift();
      append(file, entry);
    },
    result(line, output) {
      const entry = own.findLast((e) => e.line === line);
      if (entry) entry.output = output;
    },
    query(content) {
      const all = [...load(), ...own];
      const { output, hist_access_type: access } = content;
      return pick(all, own, access, content, session).map(
        ({ session, line, input, output: out }) => [
          session,
          line,
          output ? [input, out ?? null] : input,
        ],
      );
    },
  };
}

function pick(
  all: readonly Entry[],
  own: readonly Entry[],
  access: unknown,
  content: Readonly<Record<string, unknown>>,
  session: number,
): readonly Entry[] {
  const n = Number(content.n ?? 0) || 0;
  if (access === 'range') {
    const wanted = Number(content.session ?? 0);
    const id = wanted <= 0 ? session + wanted : wanted;
    const start = Number(content.start ?? 1);
    const stop =
      content.stop === null || content.stop === undefined ? Infinity : Number(content.stop);
    const from = id === session ? own : all.filter((e) => e.session === id);
    return from.filter(({ line }) => line >= start && line < stop);
  }
  let found = all;
  if (access === 'search') {
    const pattern = glob(String(content.pattern ?? '*'));
    found = all.filter(({ input }) => pattern.test(input));
    if (content.unique) found = lastOfEach(found);
  }
  return n > 0 ? found.slice(-n) : found;
}

function lastOfEach(entries: readonly Entry[]): Entry[] {
  const byInput = new Map<string, Entry>();
  for (const entry of entries) {
    byInput.delete(entry.input);
    byInput.set(entry.input, entry);
  }
  return [...byInput.values()];
}

/** A pattern of the shell (`*`, `?`, `[…]`) over the whole input. */
function glob(pattern: string): RegExp {
  const source = pattern.replace(/\[(!?)([^\]]+)\]|[*?]|[^*?[]+|\[/g, (part, not, set) => {
    if (part === '*') return '[^]*';
    if (part === '?') return '[^]';
    if (set !== undefined) return `[${not ? '^' : ''}${String(set).replace(/[\\\]^]/g, '\\$&')}]`;
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

function read(file: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const entries = text.split('\n').flatMap((line): Entry[] => {
    try {
      const [session, number, input] = JSON.parse(line) as [number, number, string];
      return typeof input === 'string' ? [{ session, line: number, input }] : [];
    } catch {
      return [];
    }
  });
  if (entries.length > 2 * most) rewrite(file, entries.slice(-most));
  return entries.slice(-most);
}

function append(file: string | undefined, { session, line, input }: Entry): void {
  if (!file) return;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, `${JSON.stringify([session, line, input])}\n`, { mode: 0o600 });
  } catch {
    // A history that cannot be written is no reason to fail a cell.
  }
}

function rewrite(file: string, entries: readonly Entry[]): void {
  const lines = entries.map((e) => JSON.stringify([e.session, e.line, e.input]));
  try {
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  } catch {
    // It stays long.
  }
}
