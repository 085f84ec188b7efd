/** A result in several forms at once, keyed by MIME type: the unit that Jupyter displays. */
export interface MimeBundle {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** State of one piece of long work, as a progress bar needs it. */
export interface ProgressState {
  /** Stable while the same work goes on; distinguishes bars shown at once. */
  readonly id: string;
  /** What is going on, for people: "Fitting 8 SCMs". */
  readonly label: string;
  /** Units finished, of `total`. */
  readonly done: number;
  /** Units in all; 0 where it is not known. */
  readonly total: number;
  /** What happened last: "step 12, validation log-loss 0.41". */
  readonly note?: string;
  /** How it ended; absent while it goes on. */
  readonly ended?: 'finished' | 'stopped' | 'failed';
}

/** Where results, progress and the Stop button live, when the library runs inside a notebook. */
export interface Host {
  /** Show a bundle; with `update`, replace what was shown under `displayId`. */
  send(bundle: MimeBundle, displayId?: string, update?: boolean): void;
  /** Draw the state of long work. May be called often: the host thins it out. */
  progress(state: ProgressState): void;
  /** Aborted when the user presses Stop on the running cell. */
  readonly signal?: AbortSignal;
}

// A registered symbol rather than a module variable: a kernel sets the host before the library is
// loaded, and two copies of the library in one process still share it.
const key = Symbol.for('causalmixft.host');
const shared = globalThis as { [key]?: Host };

/** Name the host that shows results from now on; `undefined` takes it away. */
export function setHost(host: Host | undefined): void {
  shared[key] = host;
}

/** The host, where the library runs in a notebook. */
export function currentHost(): Host | undefined {
  return shared[key];
}
