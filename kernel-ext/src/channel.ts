import type { MimeBundle } from 'causalmixft/display';
import type { LocalModule } from './compiler/local-modules.js';

/** What went wrong, as Jupyter shows it. */
export interface ErrorReport {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** What the front asks of the worker. */
export type ToWorker =
  | RunRequest
  /** Abort the signal of the running cell. */
  | { readonly type: 'interrupt' }
  | {
      readonly type: 'input';
      readonly id: number;
      readonly value?: string;
      readonly refusal?: string;
    }
  /** A message from the browser; what its handling prints belongs to `cell`. */
  | (CommMessage & { readonly cell: number })
  /** Objects of cells whose names have all been replaced. */
  | { readonly type: 'drop'; readonly cells: readonly number[] }
  /** What came of compiling a local file: modules, or why there are none. */
  | {
      readonly type: 'modules';
      readonly id: number;
      readonly answer: readonly LocalModule[] | string;
    }
  | {
      readonly type: 'variables';
      readonly id: number;
      readonly owners: readonly [string, number][];
    };

export interface RunRequest {
  readonly type: 'run';
  /** Identity of this run; also names the object that holds the names the cell declares. */
  readonly cell: number;
  /** What stack traces call the cell. */
  readonly file: string;
  readonly code: string;
  readonly map: string;
  readonly source: string;
  readonly scopes: readonly number[];
  /** Names with a value that the cell declares. */
  readonly names: readonly string[];
  readonly modules: readonly LocalModule[];
  readonly resolved: Readonly<Record<string, string>>;
  /** Whether the value of the last expression is handed back instead of shown. */
  readonly quiet: boolean;
  readonly settings: Settings;
}

/** What users can set; see `cm.settings`. */
export interface Settings {
  types: 'error' | 'warn' | 'off';
  maxRows: number;
  colour: boolean;
  /** Megabytes of memory for the cells; takes effect with the next worker. */
  memory: number;
}

/** What the worker tells the front; `cell` says which cell it concerns. */
export type FromWorker =
  | { readonly type: 'ready' }
  | {
      readonly type: 'stream';
      readonly cell: number;
      readonly name: 'stdout' | 'stderr';
      readonly text: string;
    }
  | {
      readonly type: 'display';
      readonly cell: number;
      readonly bundle: MimeBundle;
      readonly displayId?: string;
      readonly update?: boolean;
    }
  | { readonly type: 'result'; readonly cell: number; readonly bundle: MimeBundle }
  | { readonly type: 'error'; readonly cell: number; readonly error: ErrorReport }
  | { readonly type: 'clear'; readonly cell: number; readonly wait: boolean }
  | {
      readonly type: 'ask';
      readonly cell: number;
      readonly id: number;
      readonly prompt: string;
      readonly password: boolean;
    }
  | { readonly type: 'forget'; readonly id: number }
  /** Show the documentation of the first of some names that has any, else a text in Markdown. */
  | {
      readonly type: 'help';
      readonly cell: number;
      readonly names: readonly string[];
      readonly text: string;
    }
  /** A local file is to be compiled, which only the running code knows. */
  | { readonly type: 'compile'; readonly id: number; readonly path: string }
  | (CommMessage & { readonly cell: number })
  /** A message from the browser has been handled. */
  | { readonly type: 'handled'; readonly cell: number }
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'variables'; readonly id: number; readonly variables: readonly Variable[] }
  | Done;

/** The end of a run. */
export interface Done {
  readonly type: 'done';
  readonly cell: number;
  readonly error?: ErrorReport;
  /** Value of the last expression, where the run was quiet. */
  readonly value?: MimeBundle;
  /** Column names of the tables that the cell declared. */
  readonly columns?: Readonly<Record<string, readonly string[]>>;
}

/** A message of a comm, either way. */
export interface CommMessage {
  readonly type: 'comm';
  readonly kind: 'open' | 'msg' | 'close';
  readonly id: string;
  readonly target?: string;
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

/** One line of the variable inspector. */
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly shape?: string;
  /** Bytes, where they are known. */
  readonly size?: number;
  readonly preview: string;
}
