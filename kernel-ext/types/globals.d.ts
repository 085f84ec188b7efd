// What every cell sees without an import. Checked by TypeScript 5.0.

type CausalMixFTSettings = {
  /** Whether type errors fail a cell (`error`), are shown (`warn`) or are not looked for (`off`). */
  types: 'error' | 'warn' | 'off';
  /** Rows of a table that are shown. */
  maxRows: number;
  /** Whether results are coloured. */
  colour: boolean;
  /** Megabytes of memory for the cells, 0 for Node's default; takes effect at the next start. */
  memory: number;
};

interface CausalMixFTCellTools {
  /** Show what is available, or the documentation of one thing. */
  help(about?: unknown): void;
  /** How the kernel behaves; assign to change. */
  readonly settings: CausalMixFTSettings;
  /** Run `work` and print how long it takes; returns what it returns. */
  time<T>(work: () => T, label?: string): T;
  /** Show a value whole, however large it is. */
  full(value: unknown): void;
  /** Make a graph that can be edited in its view, from a graph or the result of a search. */
  editable(value: object): CausalMixFTEditableGraph;
}

type CausalMixFTGraphStep =
  /** Add an edge, or replace the one of the same id. */
  | { op: 'set-edge'; edge: import('causalmixft/display').DagEdge }
  | { op: 'remove-edge'; id: string }
  /** Change some fields of a node. */
  | { op: 'set-node'; node: Partial<import('causalmixft/display').DagNode> & { id: string } };

interface CausalMixFTGraphChange {
  readonly revision: number;
  readonly steps: readonly CausalMixFTGraphStep[];
  /** Steps that lead back. */
  readonly undo: readonly CausalMixFTGraphStep[];
  /** How many edits had been made meanwhile: this one has the last word. */
  readonly overtook: number;
}

interface CausalMixFTEditableGraph {
  readonly id: string;
  readonly data: import('causalmixft/display').DagData;
  /** Rises by one with each edit. */
  readonly revision: number;
  /** Directed edges as [from, to], as `dag` takes them. */
  readonly edges: readonly (readonly [string, string])[];
  /** Call `listen` after each edit, wherever it was made. */
  on(event: 'change', listen: (change: CausalMixFTGraphChange) => void): void;
  off(event: 'change', listen: (change: CausalMixFTGraphChange) => void): void;
  /** Edit it here; its views follow. */
  edit(...steps: CausalMixFTGraphStep[]): void;
}

interface CausalMixFTProgressBar {
  /** Count `units` more as finished (default 1). */
  tick(units?: number, note?: string): void;
  set(done: number, note?: string): void;
  label(text: string): void;
  done(): void;
}

interface CausalMixFTCommEvent {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the browser sends, to be read without a cast
  readonly data: any;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

interface CausalMixFTCommOptions {
  readonly buffers?: readonly (Uint8Array | ArrayBuffer | ArrayBufferView)[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

interface CausalMixFTComm {
  readonly id: string;
  readonly target: string;
  send(data: unknown, options?: CausalMixFTCommOptions): void;
  onMessage(listen: (event: CausalMixFTCommEvent) => void): void;
  onClose(listen: (event: CausalMixFTCommEvent) => void): void;
  close(data?: unknown, options?: CausalMixFTCommOptions): void;
}

interface CausalMixFTWidget<State extends object> {
  readonly id: string;
  readonly state: Readonly<State>;
  /** Change the state here and in the browser. */
  set(change: Partial<State>): void;
  /** Called when the browser changes the state. */
  onChange(listen: (change: Partial<State>) => void): void;
  /** Send a message that is no state to the view. */
  send(content: unknown): void;
  close(): void;
}

/** Cryptography of the platform. */
declare const crypto: {
  randomUUID(): string;
  getRandomValues<T extends ArrayBufferView | null>(array: T): T;
  // biome-ignore lint/suspicious/noExplicitAny: its types are a tenth of all of Node's
  readonly subtle: any;
};

/** WebAssembly of the platform. */
// biome-ignore lint/suspicious/noExplicitAny: its types come with those of browsers only
declare const WebAssembly: any;

/** What a module knows of itself; in a cell the notebook's folder. */
interface ImportMeta {
  readonly dirname: string;
  readonly filename: string;
}

/** The library, with the tools of the notebook. */
declare const cm: typeof import('causalmixft') & CausalMixFTCellTools;

/** Show a value in its richest form; `display.html`, `.md`, `.svg`, `.json`, `.image` and `.bundle` show one form. */
declare const display: typeof import('causalmixft/display').display;

/** Show the progress of a loop over `items`. */
declare function progress<T>(
  items: Iterable<T>,
  options?: { total?: number; label?: string },
): Iterable<T>;
declare function progress<T>(
  items: AsyncIterable<T>,
  options?: { total?: number; label?: string },
): AsyncIterable<T>;
/** Make a progress bar that is moved by hand. */
declare function progress(options: { total?: number; label?: string }): CausalMixFTProgressBar;

/** Clear the output of the running cell; with `wait`, when the next output comes. */
declare function clearOutput(options?: { wait?: boolean }): void;

/** Ask the user for a line of text. */
declare const prompt: {
  (text?: string): Promise<string>;
  /** The same without showing what is typed. */
  password(text?: string): Promise<string>;
};

/** Ask the user a question that is answered with yes or no. */
declare function confirm(text?: string): Promise<boolean>;

/** Run a shell command, showing its output as it comes; rejects when it fails. */
declare function sh(
  strings: TemplateStringsArray | string,
  ...values: unknown[]
): Promise<{ readonly stdout: string; readonly stderr: string }>;

/** Channels between cells and the browser. */
declare const comm: {
  open(target: string, data?: unknown, options?: CausalMixFTCommOptions): CausalMixFTComm;
  register(
    target: string,
    opened: (comm: CausalMixFTComm, event: CausalMixFTCommEvent) => void,
  ): void;
  unregister(target: string): void;
};

/** Show a widget by the conventions of anywidget: `esm` exports `render({ model, el })`. */
declare function anywidget<State extends object>(
  esm: string,
  state: State,
): CausalMixFTWidget<State>;
