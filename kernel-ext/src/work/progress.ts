import type { MimeBundle } from 'causalmixft/display';
import { currentCell } from './context.js';
import { sendToFront } from './pipe.js';

/** State of one piece of long work; the library's type of the same name. */
export interface ProgressState {
  readonly id: string;
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly note?: string;
  readonly ended?: 'finished' | 'stopped' | 'failed';
}

interface Bar {
  readonly cell: number;
  readonly displayId: string;
  readonly started: number;
  state: ProgressState;
  sent: number;
  timer?: NodeJS.Timeout;
}

const pause = 100;
const bars = new Map<string, Bar>();
let counter = 0;

/** Draw a state, at most ten times a second; the last state is always drawn. */
export function showProgress(state: ProgressState): void {
  const now = performance.now();
  let bar = bars.get(state.id);
  if (!bar) {
    const cell = currentCell()?.cell ?? 0;
    const displayId = `causalmixft-progress-${process.pid}-${++counter}`;
    bar = { cell, displayId, started: now, state, sent: -Infinity };
    bars.set(state.id, bar);
  }
  bar.state = state;
  if (state.ended || now - bar.sent >= pause) draw(bar, now);
  else bar.timer ??= setTimeout(draw, pause - (now - bar.sent), bar).unref();
  if (state.ended) bars.delete(state.id);
}

/** Draw what the pause between two drawings has kept back, before a cell ends. */
export function flushProgress(cell: number): void {
  for (const bar of bars.values()) if (bar.timer && bar.cell === cell) draw(bar);
}

function draw(bar: Bar, now: number = performance.now()): void {
  clearTimeout(bar.timer);
  delete bar.timer;
  const update = bar.sent !== -Infinity;
  bar.sent = now;
  const { cell, displayId } = bar;
  sendToFront({ type: 'display', cell, bundle: barBundle(bar, now), displayId, update });
}

function barBundle({ state, started }: Bar, now: number): MimeBundle {
  const seconds = (now - started) / 1000;
  const text = describe(state, seconds);
  const known = state.total > 0;
  const share = known ? Math.min(1, state.done / state.total) : state.ended === 'finished' ? 1 : 0;
  const percent = (100 * share).toFixed(1);
  const colour =
    state.ended === 'failed'
      ? 'var(--jp-error-color1, #d32f2f)'
      : state.ended === 'stopped'
        ? 'var(--jp-warn-color1, #f57c00)'
        : 'var(--jp-brand-color1, #1976d2)';
  const bounds =
    state.total > 0
      ? ` aria-valuemin="0" aria-valuemax="${state.total}" aria-valuenow="${state.done}"`
      : '';
  const html =
    `<div style="display:flex;align-items:center;gap:8px;font-size:var(--jp-ui-font-size1,13px)">` +
    `<span role="progressbar" aria-label="${markup(state.label)}"${bounds} style="display:inline-block;flex:none;width:180px;height:8px;border-radius:4px;overflow:hidden;background:var(--jp-layout-color3,#e0e0e0)">` +
    `<span style="display:block;height:100%;width:${percent}%;background:${colour}"></span></span>` +
    `<span>${markup(text)}</span></div>`;
  return {
    data: { 'text/html': html, 'text/plain': text },
    metadata: { causalmixft: { progress: true } },
  };
}

function describe({ label, done, total, note, ended }: ProgressState, seconds: number): string {
  const rate = seconds > 0.2 && done > 0 ? done / seconds : undefined;
  const parts = [
    total > 0 ? `${label} ${Math.floor((100 * Math.min(done, total)) / total)} %` : label,
    total > 0 ? `${done} of ${total}` : done > 0 ? `${done}` : '',
    ended ? `${ended === 'finished' ? 'in' : `${ended} after`} ${duration(seconds)}` : '',
    !ended && rate !== undefined ? `${Number(rate.toPrecision(2))}/s` : '',
    !ended && rate !== undefined && total > done ? `${duration((total - done) / rate)} left` : '',
    note ?? '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function markup(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A progress bar moved by hand. */
export interface ProgressBar {
  tick(units?: number, note?: string): void;
  set(done: number, note?: string): void;
  label(text: string): void;
  done(): void;
}

export interface ProgressOptions {
  /** Units in all; without it the bar only counts. */
  readonly total?: number;
  readonly label?: string;
}

/** Show the progress of a loop over `items`, or make a bar to be moved by hand. */
export function progress<T>(items: Iterable<T>, options?: ProgressOptions): Iterable<T>;
export function progress<T>(items: AsyncIterable<T>, options?: ProgressOptions): AsyncIterable<T>;
export function progress(options: ProgressOptions): ProgressBar;
export function progress<T>(
  what: Iterable<T> | AsyncIterable<T> | ProgressOptions,
  options: ProgressOptions = {},
): Iterable<T> | AsyncIterable<T> | ProgressBar {
  if (Symbol.iterator in what) return loop(what as Iterable<T>, options);
  if (Symbol.asyncIterator in what) return asyncLoop(what as AsyncIterable<T>, options);
  return createBar(what as ProgressOptions).bar;
}

function createBar({ total = 0, label = 'Working' }: ProgressOptions): {
  bar: ProgressBar;
  end: (how: ProgressState['ended']) => void;
} {
  let state: ProgressState = { id: `bar-${++counter}`, label, done: 0, total };
  const show = (change: Partial<ProgressState>): void => {
    if (state.ended) return;
    state = { ...state, ...change };
    showProgress(state);
  };
  show({});
  const bar: ProgressBar = {
    tick: (units = 1, note) => show({ done: state.done + units, ...(note ? { note } : {}) }),
    set: (done, note) => show({ done, ...(note ? { note } : {}) }),
    label: (text) => show({ label: text }),
    done: () => show({ ended: 'finished' }),
  };
  return { bar, end: (ended) => show(ended ? { ended } : {}) };
}

function sizeOf(items: unknown): number {
  const { length, size } = items as { length?: unknown; size?: unknown };
  return typeof length === 'number' ? length : typeof size === 'number' ? size : 0;
}

function* loop<T>(items: Iterable<T>, options: ProgressOptions): Iterable<T> {
  const { bar, end } = createBar({ total: sizeOf(items), ...options });
  let ended: ProgressState['ended'] = 'stopped';
  try {
    for (const item of items) {
      yield item;
      bar.tick();
    }
    ended = 'finished';
  } finally {
    end(ended);
  }
}

async function* asyncLoop<T>(items: AsyncIterable<T>, options: ProgressOptions): AsyncIterable<T> {
  const { bar, end } = createBar(options);
  let ended: ProgressState['ended'] = 'stopped';
  try {
    for await (const item of items) {
      yield item;
      bar.tick();
    }
    ended = 'finished';
  } finally {
    end(ended);
  }
}
