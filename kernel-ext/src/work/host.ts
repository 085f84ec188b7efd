import type { MimeBundle } from 'causalmixft/display';
import { currentCell } from './context.js';
import { sendToFront } from './pipe.js';
import { type ProgressState, showProgress } from './progress.js';

/** What the library finds under `Symbol.for('causalmixft.host')`; see its `src/work/host.ts`. */
interface Host {
  send(bundle: MimeBundle, displayId?: string, update?: boolean): void;
  progress(state: ProgressState): void;
  readonly signal: AbortSignal | undefined;
}

/** Show a bundle as output of the running cell. */
export function sendDisplay(bundle: MimeBundle, displayId?: string, update?: boolean): void {
  sendToFront({
    type: 'display',
    cell: currentCell()?.cell ?? 0,
    bundle: { data: bundle.data, metadata: bundle.metadata ?? {} },
    ...(displayId === undefined ? {} : { displayId }),
    ...(update ? { update } : {}),
  });
}

/** Give the library its host; to be called before anything loads it. */
export function installHost(): void {
  const host: Host = {
    send: sendDisplay,
    progress: showProgress,
    get signal() {
      return currentCell()?.stop.signal;
    },
  };
  (globalThis as Record<symbol, unknown>)[Symbol.for('causalmixft.host')] = host;
}
