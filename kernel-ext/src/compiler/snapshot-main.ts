import { startupSnapshot } from 'node:v8';
import type { Places } from './places.js';
import { serve, warmCompiler } from './serve.js';

/** What the script of a snapshot runs: a compiler is made now and serves whenever the snapshot is started. */
export function buildSnapshot(places: Places): void {
  const compiler = withoutCollation(() => warmCompiler(places));
  startupSnapshot.setDeserializeMainFunction(serve, compiler);
}

/** Do something without the tables for sorting by language, which a snapshot cannot hold. */
function withoutCollation<T>(work: () => T): T {
  const { Collator } = Intl;
  const { localeCompare } = String.prototype;
  Object.assign(Intl, { Collator: undefined });
  String.prototype.localeCompare = function (this: string, other: string): number {
    return this < other ? -1 : this > other ? 1 : 0;
  };
  try {
    return work();
  } finally {
    Object.assign(Intl, { Collator });
    String.prototype.localeCompare = localeCompare;
  }
}
