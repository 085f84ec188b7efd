import type { Table } from '../data/table.js';
import type { Random } from '../math/random.js';
import type { LongWork } from '../work/long-work.js';

/** A way to make synthetic rows from real ones. */
export interface Generator {
  /** Short name, as in result rows: "causal", "bootstrap". */
  readonly name: string;
  /**
   * Learn from a table; the table is left as it is.
   * @param table Training rows only.
   */
  fit(table: Table, options: FitGeneratorOptions): Promise<FittedGenerator>;
}

export interface FitGeneratorOptions extends LongWork {
  readonly random: Random;
}

/** A generator that has seen its training rows. */
export interface FittedGenerator {
  /**
   * Draw synthetic rows with the training table's schema: columns, types, categories and target.
   * @param size Number of rows, at least 1.
   */
  sample(size: number, options: { readonly random: Random }): Table;
}
