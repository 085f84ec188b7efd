// The rows that each fold of a choice trains on and is scored on.

import type { Problem } from './problem.js';
import { scratchIntegers } from './scratch.js';

/** Most rows that a fold trains on and is scored on, as DoWhy has it. */
export const MOST_ROWS: number = 20_000;

/** A fold's rows. */
export interface FoldRows {
  readonly fold: number;
  readonly train: Int32Array;
  readonly held: Int32Array;
}

/**
 * Part a problem's rows by folds; folds whose training part has one class are left out.
 * @param notes Receives what the reader should know.
 */
export function foldRows(problem: Problem, notes: string[]): FoldRows[] {
  const { rows, foldOf, folds, classOf, classes } = problem;
  const splits: FoldRows[] = [];
  let lacking = 0;
  for (let fold = 0; fold < folds; fold++) {
    const { held, train } = rowsOfFold(rows, foldOf, fold);
    if (held.length === 0 || train.length === 0) continue;
    if (classes && classOf) {
      const seen = new Uint8Array(classes.length);
      for (const r of train) seen[classOf[r]] = 1;
      const found = seen.reduce((sum, s) => sum + s, 0);
      if (found < 2) {
        notes.push(`fold ${fold + 1} left out: its training part has one class`);
        continue;
      }
      if (found < classes.length) lacking++;
    }
    splits.push({ fold, train, held });
  }
  if (lacking > 0) notes.push(`${lacking} of ${folds} folds train without a rare class`);
  return splits;
}

/** The rows that a fold holds out, and the first of the others. */
function rowsOfFold(
  rows: Int32Array,
  foldOf: Uint8Array,
  fold: number,
): { held: Int32Array; train: Int32Array } {
  let out = 0;
  for (let i = 0; i < rows.length; i++) if (foldOf[rows[i]] === fold) out++;
  const held = scratchIntegers(out);
  const train = scratchIntegers(Math.min(rows.length - out, MOST_ROWS));
  let h = 0;
  let t = 0;
  for (let i = 0; i < rows.length; i++) {
    if (foldOf[rows[i]] === fold) held[h++] = rows[i];
    else if (t < train.length) train[t++] = rows[i];
  }
  return { held, train };
}
