import { statSync } from 'node:fs';
import type { TypeScript } from './tslab.js';

/** Looks at the user's files before a cell that imports, instead of waiting for the system to tell. */
export interface FileWatch {
  watch(path: string, changed: TypeScript.FileWatcherCallback): TypeScript.FileWatcher;
  refresh(): void;
}

interface Watched {
  readonly changed: TypeScript.FileWatcherCallback;
  stamp: string;
}

/** `FileWatcherEventKind` of TypeScript, which is not loaded here. */
const kinds = { changed: 1, deleted: 2 };

export function watchFiles(): FileWatch {
  const files = new Map<string, Watched>();
  return {
    watch(path, changed) {
      // Packages and declarations of the language stay as they are while a kernel runs.
      if (path.includes('/node_modules/')) return { close() {} };
      files.set(path, { changed, stamp: stampOf(path) });
      return { close: () => void files.delete(path) };
    },
    refresh() {
      for (const [path, file] of files) {
        const stamp = stampOf(path);
        if (stamp === file.stamp) continue;
        file.stamp = stamp;
        file.changed(path, stamp ? kinds.changed : kinds.deleted);
      }
    },
  };
}

function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.mtimeNs} ${stat.size} ${stat.ino}` : '';
}
