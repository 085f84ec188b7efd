import { currentHost, type ProgressState } from './host.js';

/** What every long function takes; in a notebook both default to the notebook's own. */
export interface LongWork {
  /** Ends the work early; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called as the work goes on (default: the notebook's progress bar, else a line on stderr). */
  readonly onProgress?: (state: ProgressState) => void;
}

/** One piece of long work under way. */
export interface Work {
  readonly signal: AbortSignal | undefined;
  /** Count `units` more as finished. */
  tick(units?: number, note?: string): void;
  /** Give a sign of life where the last report is a while ago. */
  alive(): void;
  /** Let the event loop run, at most every 20 ms, and throw if the work was stopped. */
  breathe(): Promise<void>;
}

let counter = 0;

/**
 * Run long work that shows progress and can be stopped.
 * @param label What is going on, for people.
 * @param total Units of work in all; 0 where it is not known.
 * @param options The caller's signal and progress function.
 * @param body The work; it calls `tick` as it goes and awaits `breathe` in its loops.
 * @returns What `body` returns; rejects with the signal's reason once it is aborted.
 */
export async function longWork<T>(
  label: string,
  total: number,
  options: LongWork,
  body: (work: Work) => Promise<T>,
): Promise<T> {
  const host = currentHost();
  const signal = options.signal ?? host?.signal;
  const report = options.onProgress ?? (host ? (s: ProgressState) => host.progress(s) : terminal());
  const id = `work-${++counter}`;
  let done = 0;
  let note: string | undefined;
  let lastBreath = performance.now();
  let lastReport = lastBreath;
  const state = (ended?: ProgressState['ended']): ProgressState => ({
    id,
    label,
    done,
    total,
    ...(note === undefined ? {} : { note }),
    ...(ended === undefined ? {} : { ended }),
  });
  const alive = (): void => {
    const now = performance.now();
    if (now - lastReport < 300) return;
    lastReport = now;
    report(state());
  };
  const work: Work = {
    signal,
    tick(units = 1, text) {
      done += units;
      note = text ?? note;
      lastReport = performance.now();
      report(state());
    },
    alive,
    async breathe() {
      if (performance.now() - lastBreath > 20) {
        await new Promise((resolve) => setImmediate(resolve));
        lastBreath = performance.now();
        // However large a unit of work is.
        alive();
      }
      signal?.throwIfAborted();
    },
  };
  signal?.throwIfAborted();
  report(state());
  try {
    const result = await body(work);
    report(state('finished'));
    return result;
  } catch (error) {
    report(state(signal?.aborted ? 'stopped' : 'failed'));
    throw error;
  }
}

/**
 * For the parts of larger work that report as a whole: same signal, no bar of their own. Their reports
 * are signs of life of the larger work.
 */
export function quietly(work: Work): LongWork {
  return { ...(work.signal ? { signal: work.signal } : {}), onProgress: () => work.alive() };
}

/** A progress line on stderr: redrawn on a terminal, once in five seconds in a log. */
function terminal(): (state: ProgressState) => void {
  const { stderr } = process;
  let last = performance.now();
  return (state) => {
    const now = performance.now();
    const wait = stderr.isTTY ? 100 : 5_000;
    if (!state.ended && now - last < wait) return;
    if (state.ended && !stderr.isTTY) return;
    last = now;
    const share = state.total > 0 ? ` ${Math.floor((100 * state.done) / state.total)} %` : '';
    const line = `${state.label}${share}${state.note ? ` · ${state.note}` : ''}`;
    if (stderr.isTTY) stderr.write(`\r\u001b[K${state.ended ? '' : line}`);
    else stderr.write(`${line}\n`);
  };
}
