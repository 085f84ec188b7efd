import { type Column, type Table, table } from '../../data/table.js';
import { stream } from '../../math/random.js';
import { type DrawnTable, drawTable, type PriorMix, type PriorName } from './prior.js';

/** What table to draw from the priors of pre-training. */
export interface SyntheticTableOptions {
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** One prior by name, or how often each is drawn (default: the mixture of pre-training). */
  readonly prior?: PriorName | PriorMix;
  /** Number of rows (default `300`). */
  readonly rows?: number;
  /** Number of features (default `6`). */
  readonly features?: number;
  /** Drop tables that simple predictors cannot learn (default `true`). */
  readonly filter?: boolean;
}

/**
 * Draw a table such as the small models are pre-trained on.
 * @returns Columns `x1`, `x2`, … and the target `class`.
 */
export function syntheticTable(options: SyntheticTableOptions): Table {
  const { seed, prior, rows = 300, features = 6, filter = true } = options;
  for (const [name, value, least] of [
    ['rows', rows, 40],
    ['features', features, 1],
  ] as const) {
    if (!(Number.isInteger(value) && value >= least)) {
      throw new RangeError(
        `Cannot draw a table as ${name} must be an integer >= ${least}: current value is ${value}`,
      );
    }
  }
  const mix = typeof prior === 'string' ? { [prior]: 1 } : prior;
  const drawn = drawTable(stream(seed, 'synthetic-table'), {
    rows,
    features,
    filter,
    ...(mix ? { mix } : {}),
  });
  return asTable(drawn);
}

function asTable({ columns, labels, levels, classes }: DrawnTable): Table {
  const letters = (count: number, first: string): string[] =>
    Array.from({ length: count }, (_, k) =>
      count <= 26 ? String.fromCharCode(first.charCodeAt(0) + k) : `${first}${k + 1}`,
    );
  const features = columns.map((values, j): Column => {
    const name = `x${j + 1}`;
    if (!levels[j]) return { name, type: 'numeric', values };
    const top = values.reduce((a, b) => Math.max(a, b), 0);
    const codes = Int32Array.from(values);
    return { name, type: 'categorical', categories: letters(top + 1, 'a'), codes };
  });
  const target: Column = {
    name: 'class',
    type: 'categorical',
    categories: letters(classes, 'A'),
    codes: labels,
  };
  return table([...features, target], { target: 'class' });
}
